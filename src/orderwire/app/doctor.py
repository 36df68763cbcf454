"""Whether everything that is needed is there: each finding with what to do about it."""

from __future__ import annotations

import asyncio
import shutil
import sys
from enum import StrEnum
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from orderwire.app.settings import DestinationTable, Settings, load, secret
from orderwire.dialects import registry
from orderwire.dialects.contract import Account
from orderwire.errors import ConfigError, StoreError, Unavailable
from orderwire.ledger import open_ledger
from orderwire.ledger.contract import Ledger
from orderwire.ledger.migrations import MAJOR
from orderwire.transport.http import HttpTransport
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
    """One thing that was looked at."""

    what: str
    health: Health
    detail: str = ""


def examine(folder: Path) -> list[Finding]:
    """Look at everything; what is wrong with one thing does not keep the others from being looked at."""
    found = [_python(), _disk(folder)]
    try:
        settings = load(folder)
    except ConfigError as error:
        return [*found, Finding(what="settings", health=Health.WRONG, detail=str(error))]
    found.append(Finding(what="settings", health=Health.FINE, detail=f"{len(settings.sources)} sources"))
    found += _ledger(settings)
    found += [_destination(settings, name) for name in settings.destinations]
    found += asyncio.run(_platforms(settings))
    return [*found, _public_keys()]


def _python() -> Finding:
    is_new = sys.version_info >= OLDEST_PYTHON
    version = ".".join(map(str, sys.version_info[:3]))
    wanted = ".".join(map(str, OLDEST_PYTHON))
    return Finding(
        what="python",
        health=Health.FINE if is_new else Health.WRONG,
        detail=version if is_new else f"{version}: {wanted} or newer is needed",
    )


def _disk(folder: Path) -> Finding:
    if not folder.is_dir():
        return Finding(what="disk", health=Health.WRONG, detail=f"{folder} is not a folder")
    free = shutil.disk_usage(folder).free
    detail = f"{free / 1e9:.1f} GB free"
    if free < NO_DISK:
        return Finding(what="disk", health=Health.WRONG, detail=f"{detail}: make room first")
    return Finding(what="disk", health=Health.DOUBTFUL if free < LITTLE_DISK else Health.FINE, detail=detail)


def _ledger(settings: Settings) -> list[Finding]:
    place = settings.ledger
    if "://" not in place and not Path(place).exists():
        return [Finding(what="ledger", health=Health.FINE, detail=f"{place} is made by the first sync")]
    try:
        ledger = open_ledger(place)
    except StoreError as error:
        return [Finding(what="ledger", health=Health.BROKEN, detail=str(error))]
    try:
        detail = f"{ledger.head():,} facts; schema version {MAJOR}"
        return [Finding(what="ledger", health=Health.FINE, detail=detail), *_paused(ledger)]
    except StoreError as error:
        return [Finding(what="ledger", health=Health.BROKEN, detail=str(error))]
    finally:
        ledger.close()


def _paused(ledger: Ledger) -> list[Finding]:
    states = [state for name in ledger.destinations() if (state := ledger.destination(name)) is not None]
    return [
        Finding(what=f"destination.{one.name}", health=Health.DOUBTFUL, detail=f"paused: {one.paused_reason}")
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
    async with HttpTransport(timeout=settings.request_timeout.total_seconds()) as transport:
        return list(await asyncio.gather(*[_platform(settings, name, transport) for name in settings.destinations]))


async def _platform(settings: Settings, name: str, transport: HttpTransport) -> Finding:
    what = f"destination.{name}"
    try:
        account = _account(settings.destinations[name])
    except ConfigError as error:
        return Finding(what=what, health=Health.WRONG, detail=str(error))
    dialect = registry.dialect(settings.destinations[name].settings.platform)
    try:
        reply = await transport.send(dialect.authorize(dialect.check(account), account), account.base_url)
    except Unavailable as error:
        return Finding(what=what, health=Health.UNREACHED, detail=f"{account.base_url}: {error}")
    if reply.status < 300:
        return Finding(what=what, health=Health.FINE, detail="the key is taken")
    if reply.status == 429:
        return Finding(what=what, health=Health.DOUBTFUL, detail="reached, and busy: ask again later")
    if reply.status in (401, 403):
        return Finding(what=what, health=Health.UNREACHED, detail=f"the key is refused. {dialect.profile.key_help}")
    detail = f"answered {reply.status}: {safe(reply.body.decode('utf-8', 'replace'), most=120)}"
    return Finding(what=what, health=Health.UNREACHED, detail=detail)


def _account(table: DestinationTable) -> Account:
    return replace(table.settings.account, key=secret(table.key_reference, table.place))


def _public_keys() -> Finding:
    detail = "none: nothing is taken from browsers"
    return Finding(what="public keys", health=Health.FINE, detail=detail)
