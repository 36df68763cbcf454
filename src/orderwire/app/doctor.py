"""Whether everything that is needed is there: each finding with what to do about it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from orderwire.app.connecting import transport_to
from orderwire.app.settings import FILE, PASSWORD, DestinationTable, Problems, Settings, load, secret
from orderwire.app.talk import counted
from orderwire.dialects import registry
from orderwire.dialects.contract import Account, Profile
from orderwire.errors import ConfigError, NeedsMigration, StoreError, Unavailable
from orderwire.ledger import open_ledger
from orderwire.ledger.contract import Ledger
from orderwire.ledger.migrations import MAJOR
from orderwire.transport.redact import safe

OLDEST_PYTHON = (3, 11)
LITTLE_DISK, NO_DISK = 2_000_000_000, 200_000_000
"""Bytes left on the ledger's disk below which is warned, and below which a sync is likely to fail."""


class Health(StrEnum):
    """How a thing is."""

    FINE = "fine"
    DOUBTFUL = "doubtful"
    """It works; look at it."""
    WRONG = "wrong"
    """The settings or this machine are at fault."""
    BROKEN = "broken"
    """The ledger is at fault."""
    UNREACHED = "unreached"
    """The other side is at fault, or refuses the key."""


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was looked at: what was found, where, and what to do where it is not fine."""

    what: str
    health: Health
    detail: str = ""
    where: str = ""
    """The file with its setting, the address or the folder concerned."""
    remedy: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether there is nothing to do about it."""
        return self.health is Health.FINE


def examine(folder: Path) -> list[Finding]:
    """Look at everything; what is wrong with one thing does not keep the others from being looked at."""
    found = [_python(), _disk(folder)]
    try:
        settings = load(folder)
    except Problems as error:
        return [*found, *[_wrong("settings", one, folder) for one in error.problems]]
    except ConfigError as error:
        return [*found, Finding(what="settings", health=Health.WRONG, **_told(error), where=error.place)]
    counts = f"{counted(len(settings.sources), 'source')}, {counted(len(settings.destinations), 'destination')}"
    found.append(Finding(what="settings", health=Health.FINE, detail=counts, where=str(folder / FILE)))
    found += _ledger(settings)
    found += [_destination(settings, name) for name in settings.destinations]
    found += asyncio.run(_platforms(settings))
    return [*found, _public_keys()]


def _wrong(what: str, error: ConfigError, folder: Path) -> Finding:
    """A setting that is wrong."""
    return Finding(what=what, health=Health.WRONG, **_told(error), where=f"{folder / FILE}: {error.place}")


def _told(error: ConfigError) -> dict[str, str]:
    return {"detail": error.problem, "remedy": error.remedy or "Correct it, then: orderwire config check"}


def _python() -> Finding:
    is_new = sys.version_info >= OLDEST_PYTHON
    version = ".".join(map(str, sys.version_info[:3]))
    wanted = ".".join(map(str, OLDEST_PYTHON))
    return Finding(
        what="python",
        health=Health.FINE if is_new else Health.WRONG,
        detail=version if is_new else f"{version}: {wanted} or newer is needed",
        where=sys.executable,
        remedy="" if is_new else f"Install Python {wanted}, and Orderwire with it.",
    )


def _disk(folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding(
            what="disk",
            health=Health.WRONG,
            detail="is not a folder",
            where=str(folder),
            remedy="Name the folder that holds orderwire.toml: --dir FOLDER",
        )
    free = shutil.disk_usage(folder).free
    health = Health.WRONG if free < NO_DISK else Health.DOUBTFUL if free < LITTLE_DISK else Health.FINE
    remedy = (
        "" if health is Health.FINE else "Make room: a sync stops cleanly when the disk is full, and goes on after."
    )
    return Finding(
        what="disk", health=health, detail=f"{free / 1e9:.1f} GB free", where=str(folder.resolve()), remedy=remedy
    )


def _ledger(settings: Settings) -> list[Finding]:
    place = settings.ledger
    if "://" not in place and not Path(place).exists():
        return [Finding(what="ledger", health=Health.FINE, detail="is made by the first sync", where=place)]
    try:
        ledger = open_ledger(place)
    except StoreError as error:
        return [_broken(error, place)]
    try:
        detail = f"{counted(ledger.head(), 'fact')}; schema version {MAJOR}"
        return [
            Finding(what="ledger", health=Health.FINE, detail=detail, where=PASSWORD.sub(r"\1:…@", place)),
            *_paused(ledger),
        ]
    except StoreError as error:
        return [_broken(error, place)]
    finally:
        ledger.close()


def _broken(error: StoreError, place: str) -> Finding:
    remedy = "Is it an Orderwire ledger, and reached? Keep a copy before anything is tried with it."
    if isinstance(error, NeedsMigration):
        remedy = "Stop every sync, then run any command of the newer Orderwire: it migrates by itself."
    where = PASSWORD.sub(r"\1:…@", place)
    return Finding(what="ledger", health=Health.BROKEN, detail=str(error), where=where, remedy=remedy)


def _paused(ledger: Ledger) -> list[Finding]:
    states = [state for name in ledger.destinations() if (state := ledger.destination(name)) is not None]
    return [
        Finding(
            what=f"destination.{one.name}",
            health=Health.DOUBTFUL,
            detail=f"paused: {one.paused_reason}",
            where="the ledger",
            remedy=f"When the reason is gone: orderwire destination resume {one.name}",
        )
        for one in states
        if one.paused_reason
    ]


def _destination(settings: Settings, name: str) -> Finding:
    profile = registry.dialect(settings.destinations[name].settings.platform).profile
    return Finding(
        what=f"destination.{name}.revision",
        health=Health.FINE if profile.revision else Health.DOUBTFUL,
        detail=f"{profile.title} API, pinned to {profile.revision or 'nothing'}",
    )


async def _platforms(settings: Settings) -> list[Finding]:
    return list(await asyncio.gather(*[_platform(settings, name) for name in settings.destinations]))


async def _platform(settings: Settings, name: str) -> Finding:
    what = f"destination.{name}"
    try:
        account = _account(settings.destinations[name])
    except ConfigError as error:
        return _wrong(what, error, settings.folder)
    where = account.base_url
    dialect = registry.dialect(settings.destinations[name].settings.platform)
    request = dialect.authorize(dialect.check(account), account, datetime.now(UTC))
    given = settings.destinations[name].settings
    try:
        async with transport_to(dialect.profile, given, timeout=settings.request_timeout) as transport:
            reply = await transport.send(request, account.base_url)
    except Unavailable as error:
        remedy = f"Is base_url right{_usually(dialect.profile)}, and may this machine reach it?"
        return Finding(what=what, health=Health.UNREACHED, detail=str(error), where=where, remedy=remedy)
    if reply.status < 300:
        return Finding(what=what, health=Health.FINE, detail="the key is taken", where=where)
    if reply.status == 429:
        remedy = "Ask again later."
        return Finding(what=what, health=Health.DOUBTFUL, detail="reached, and busy", where=where, remedy=remedy)
    if reply.status in (401, 403):
        reference = settings.destinations[name].key_reference
        remedy = f"Put the right key into {reference}. {dialect.profile.key_help}"
        return Finding(
            what=what,
            health=Health.UNREACHED,
            detail=f"the key is refused ({reply.status})",
            where=f"{where}, {reference}",
            remedy=remedy,
        )
    detail = f"answered {reply.status}: {safe(reply.body.decode('utf-8', 'replace'), most=120)}"
    remedy = f"Is base_url right{_usually(dialect.profile)}, and account_id the account's own?"
    return Finding(what=what, health=Health.UNREACHED, detail=detail, where=where, remedy=remedy)


def _usually(profile: Profile) -> str:
    return f" (usually {profile.base_url})" if profile.base_url else ""


def _account(table: DestinationTable) -> Account:
    return replace(table.settings.account, key=secret(table.key_reference, table.place))


def _public_keys() -> Finding:
    detail = "none: nothing is taken from browsers"
    return Finding(what="public keys", health=Health.FINE, detail=detail)
