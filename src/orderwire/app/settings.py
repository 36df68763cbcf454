"""`orderwire.toml`: read, checked as a whole, with every problem reported at once.

Order of precedence: command-line flag, environment (`ORDERWIRE_LEDGER`), file, default. Secrets are references
(`env:NAME`, `file:PATH`), resolved when a worker starts, never kept in what is printed.
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from msgspec import Struct

from orderwire.app.alarms.settings import AlarmKind, AlarmSettings
from orderwire.app.frontdoor.settings import METRICS, ServerSettings
from orderwire.delivery.settings import DestinationSettings, UnknownPolicy
from orderwire.dialects import registry
from orderwire.dialects.contract import Account, Profile
from orderwire.errors import ConfigError, NotFound
from orderwire.model import Kind

FILE = "orderwire.toml"
_SPANS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
PASSWORD = re.compile(r"(?<=://)([^/@:]*):[^/@]*@")
"""The user and password in an address, so that it can be shown without them."""
_RATE = re.compile(r"(\d+)\s*/\s*(?:(\d+)\s*)?(s|min|m|h|d)\b")


class DestinationTable(Struct, frozen=True, kw_only=True):
    """A destination as the file says it, its secret still a reference."""

    settings: DestinationSettings
    key_reference: str
    place: str


class Settings(Struct, frozen=True, kw_only=True):
    """Everything the file says."""

    folder: Path
    ledger: str
    """A path (SQLite) or a `postgresql://` address."""
    sources: Mapping[str, Mapping[str, Any]] = {}
    """The tables `[source.<name>]` as they stand; the sources room checks them."""
    destinations: Mapping[str, DestinationTable] = {}
    workers: int = 2
    """Delivery processes of `orderwire sync`."""
    poll_every: timedelta = timedelta(seconds=30)
    """How often the sources are asked for changes."""
    lease: timedelta = timedelta(seconds=15)
    """How long a delivery lease lasts without renewal."""
    request_timeout: timedelta = timedelta(seconds=30)
    opt_outs_every: timedelta = timedelta(minutes=10)
    server: ServerSettings = ServerSettings()
    """The front door."""
    alarms: AlarmSettings = AlarmSettings()
    """Who is told when something needs them."""


class _Reader:
    """Takes known keys out of a table and complains about the rest."""

    def __init__(self, table: Mapping[str, Any], place: str, problems: list[ConfigError]) -> None:
        self._left = dict(table)
        self._known: list[str] = []
        self.place = place
        self.problems = problems

    def take(self, name: str, kind: type | tuple[type, ...], default: Any = None) -> Any:
        self._known.append(name)
        if name not in self._left:
            return default
        value = self._left.pop(name)
        is_wrong = not isinstance(value, kind) or (isinstance(value, bool) and kind is int)
        if is_wrong:
            wanted = kind.__name__ if isinstance(kind, type) else " or ".join(one.__name__ for one in kind)
            self.complain(name, f"is not a {wanted}.")
            return default
        return value

    def span(self, name: str, default: timedelta) -> timedelta:
        text = self.take(name, (str, int, float))
        if text is None:
            return default
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|min|m|h|d|w)", str(text).strip())
        if found is None:
            self.complain(name, "is not a span of time.", 'Write a number and a unit, such as "24h" or "30s".')
            return default
        return timedelta(seconds=float(found[1]) * _SPANS[found[2]])

    def complain(self, name: str, problem: str, remedy: str = "") -> None:
        self.problems.append(ConfigError(f"{self.place}.{name}".lstrip("."), problem, remedy))

    def finish(self) -> None:
        for name in self._left:
            near = difflib.get_close_matches(name, self._known, 1)
            remedy = f"Did you mean {near[0]!r}?" if near else f"Known here: {', '.join(sorted(self._known))}."
            self.complain(name, "is not a setting.", remedy)


class Problems(ConfigError):
    """Several problems of one file, reported together."""

    def __init__(self, place: str, problems: list[ConfigError]) -> None:
        self.problems = tuple(problems)
        super().__init__(place, "\n  " + "\n  ".join(str(problem) for problem in problems))


def load_or_empty(folder: Path) -> Settings:
    """The settings of a folder; those of an empty shop where it holds none.

    Raises:
        Problems: the file is wrong; every problem is named.
    """
    if (folder / FILE).exists():
        return load(folder)
    ledger = os.environ.get("ORDERWIRE_LEDGER") or str(folder / "orderwire.db")
    return Settings(folder=folder, ledger=ledger)


def load(folder: Path) -> Settings:
    """Read `orderwire.toml` of a folder.

    Raises:
        ConfigError: the file is missing, not TOML, or wrong; all problems at once.
    """
    path = folder / FILE
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            str(path), "there is no such file.", "Write one, or let `orderwire init URL` look at your database."
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(str(path), f"is not valid TOML: {error}.") from error
    problems: list[ConfigError] = []
    settings = _read(raw, folder, problems)
    if problems:
        raise Problems(str(path), problems)
    return settings


def _read(raw: Mapping[str, Any], folder: Path, problems: list[ConfigError]) -> Settings:
    reader = _Reader(raw, "", problems)
    # A shop of which only the checkout tick is known must not hint anybody as subscribed.
    knows = all(
        source.get("knows_newsletter", True) for source in raw.get("source", {}).values() if isinstance(source, dict)
    )
    destinations = {
        name: _destination(name, table, problems, knows_newsletter=knows)
        for name, table in reader.take("destination", dict, {}).items()
        if isinstance(table, dict)
    }
    ledger = os.environ.get("ORDERWIRE_LEDGER") or reader.take("ledger", str, "orderwire.db")
    reader.take("ledger", str)
    settings = Settings(
        folder=folder,
        ledger=ledger if "://" in ledger else str(folder / ledger),
        sources=reader.take("source", dict, {}),
        destinations={name: table for name, table in destinations.items() if table is not None},
        workers=reader.take("workers", int, 2),
        poll_every=reader.span("poll_every", timedelta(seconds=30)),
        lease=reader.span("lease", timedelta(seconds=15)),
        request_timeout=reader.span("request_timeout", timedelta(seconds=30)),
        opt_outs_every=reader.span("opt_outs_every", timedelta(minutes=10)),
        server=_server(reader.take("server", dict, {}), problems),
        alarms=_alarms(reader.take("alarms", dict, {}), problems),
    )
    reader.finish()
    return settings


def _server(table: Mapping[str, Any], problems: list[ConfigError]) -> ServerSettings:
    reader = _Reader(table, "server", problems)
    usual = ServerSettings()
    log = reader.take("log", str, usual.log)
    if log not in ("all", "errors", "none"):
        reader.complain("log", f"{log!r} is none of all, errors, none.")
    server = ServerSettings(
        host=reader.take("host", str, usual.host),
        port=reader.take("port", int, usual.port),
        workers=max(1, reader.take("workers", int, usual.workers)),
        only=tuple(sorted(_names(reader, "only") or ())),
        limits=reader.take("limits", bool, usual.limits),
        max_body=reader.take("max_body", int, usual.max_body),
        certificate=reader.take("certificate", str, ""),
        private_key=reader.take("private_key", str, ""),
        trusted_proxies=tuple(sorted(_names(reader, "trusted_proxies") or ())),
        log=log,
        metrics=reader.take("metrics", str, usual.metrics),
    )
    if server.metrics not in METRICS:
        reader.complain("metrics", f"{server.metrics!r} is none of {', '.join(METRICS)}.")
    for network in server.trusted_proxies:
        _check_network(reader, network)
    if bool(server.certificate) != bool(server.private_key):
        reader.complain("certificate", "and private_key belong together.", "Give both or neither.")
    reader.finish()
    return server


def _check_network(reader: _Reader, text: str) -> None:
    try:
        ip_network(text)
    except ValueError as error:
        has_more = "host bits" in str(error)
        remedy = f"Did you mean {ip_network(text, strict=False)}?" if has_more else "Such as 10.0.0.0/8 or ::1."
        reader.complain("trusted_proxies", f"{text!r} is no address and no network.", remedy)


def _alarms(table: Mapping[str, Any], problems: list[ConfigError]) -> AlarmSettings:
    reader = _Reader(table, "alarms", problems)
    usual = AlarmSettings()
    alarms = AlarmSettings(
        webhook=reader.take("webhook", str, ""),
        key=_reference(reader, "key"),
        allow_private=reader.take("allow_private", bool, usual.allow_private),
        mail=reader.take("mail", str, ""),
        mail_from=reader.take("mail_from", str, ""),
        smtp=_reference(reader, "smtp"),
        every=reader.span("every", usual.every),
        backlog_after=reader.span("backlog_after", usual.backlog_after),
        disk_below=reader.take("disk_below", int, usual.disk_below),
        mute=tuple(sorted(_names(reader, "mute") or ())),
    )
    if alarms.webhook and not alarms.webhook.startswith(("https://", "http://")):
        reader.complain("webhook", "is no address.", "Such as https://shop.example/alarms.")
    for name in ("mail", "mail_from"):
        address = getattr(alarms, name)
        if address and ("@" not in address or not address.isprintable()):
            reader.complain(name, "is no e-mail address.", "Such as ops@shop.example.")
    for name, needed in (("webhook", "key"), ("mail", "smtp")):
        if getattr(alarms, name) and not getattr(alarms, needed):
            reader.complain(needed, "is missing.", f"{name} needs it; refer to it as env:NAME or file:PATH.")
    for name in alarms.mute:
        if name.partition(":")[0] not in set(AlarmKind):
            reader.complain("mute", f"{name!r} is no alarm.", f"There are: {', '.join(AlarmKind)}.")
    reader.finish()
    return alarms


def _reference(reader: _Reader, name: str) -> str:
    """A reference to a secret; empty where none is given."""
    reference: str = reader.take(name, str, "")
    if reference and not reference.startswith(("env:", "file:")):
        reader.complain(name, "holds the secret itself.", "Refer to it as env:NAME or file:PATH.")
    return reference


def _destination(
    name: str, table: Mapping[str, Any], problems: list[ConfigError], *, knows_newsletter: bool
) -> DestinationTable | None:
    reader = _Reader(table, f"destination.{name}", problems)
    platform = reader.take("platform", str, name)
    try:
        profile = registry.dialect(platform).profile
    except NotFound as error:
        reader.complain("platform", f"{error}.")
        return None
    key = reader.take("key", str)
    if key is None:
        reader.complain("key", "is missing.", f"{profile.key_help} Refer to it as env:NAME or file:PATH.")
        key = ""
    elif not key.startswith(("env:", "file:")):
        reader.complain("key", "holds the secret itself.", "Refer to it as env:NAME or file:PATH.")
    base_url = reader.take("base_url", str, profile.base_url)
    if profile.is_address_given and not base_url:
        reader.complain("base_url", "is missing.", "Give the address that messages are posted to.")
    elif not base_url.startswith(("https://", "http://")):
        reader.complain("base_url", "is no address.", "Such as https://shop.example/orderwire.")
    account = Account(
        key="",
        base_url=base_url,
        account_id=reader.take("account_id", str, ""),
        knows_newsletter=reader.take("knows_newsletter", bool, knows_newsletter),
        options=_options(profile, reader.take("options", dict, {}), reader),
    )
    if profile.needs_account_id and not account.account_id:
        reader.complain("account_id", "is missing.", f"{profile.title} names the account in every address.")
    settings = DestinationSettings(
        name=name,
        platform=platform,
        account=account,
        kinds=_kinds(reader),
        sources=_names(reader, "sources"),
        stores=_names(reader, "stores"),
        since=_instant(reader, "since"),
        include_test_orders=reader.take("include_test_orders", bool, False),
        quiet_after=reader.span("quiet_after", timedelta(hours=24)),
        quiet_after_browsing=reader.span("quiet_after_browsing", timedelta(hours=1)),
        hold_unidentified=reader.span("hold_unidentified", timedelta(days=30)),
        on_unknown=_policy(reader),
        budgets=_limits(profile, reader),
        reserve=float(reader.take("reserve", (float, int), 0.02)),
        time_scale=float(reader.take("time_scale", (float, int), 1.0)),
    )
    reader.finish()
    return DestinationTable(settings=settings, key_reference=key, place=f"destination.{name}.key")


def _options(profile: Profile, given: Mapping[str, Any], reader: _Reader) -> dict[str, str | bool | int]:
    options: dict[str, str | bool | int] = {option.name: option.default for option in profile.options}
    for name, value in given.items():
        if name not in options:
            near = difflib.get_close_matches(name, list(options), 1)
            known = f"Did you mean {near[0]!r}?" if near else f"{profile.title} has: {', '.join(sorted(options))}."
            reader.complain(f"options.{name}", "is not an option.", known)
        elif not isinstance(value, type(options[name])):
            reader.complain(f"options.{name}", f"is not a {type(options[name]).__name__}.")
        else:
            options[name] = value
    return options


def _kinds(reader: _Reader) -> frozenset[str] | None:
    given = reader.take("kinds", list)
    if given is None:
        return None
    found: set[str] = set()
    for text in map(str, given):
        matching = _kinds_named(text)
        if not matching:
            near = difflib.get_close_matches(text, [kind.value for kind in Kind], 1)
            remedy = f"Did you mean {near[0]!r}?" if near else f"There are: {', '.join(Kind)}, custom.<name>."
            reader.complain("kinds", f"{text!r} is not a kind of fact.", remedy)
        found.update(matching)
    return frozenset(found)


def _kinds_named(text: str) -> set[str]:
    """`order.paid` is one kind, `order.*` several, `custom.wishlist` that event alone, `custom.*` all such events."""
    if text in (f"{Kind.CUSTOM}.*", Kind.CUSTOM.value):
        return {Kind.CUSTOM.value}
    noun, _, name = text.partition(".")
    if noun == Kind.CUSTOM.value and name and "*" not in name:
        return {text}
    return {kind.value for kind in Kind if kind.value == text or (name == "*" and kind.startswith(f"{noun}."))}


def _names(reader: _Reader, name: str) -> frozenset[str] | None:
    given = reader.take(name, list)
    return None if given is None else frozenset(str(one) for one in given)


def _instant(reader: _Reader, name: str) -> datetime | None:
    given = reader.take(name, (datetime, date))
    if given is None:
        return None
    if not isinstance(given, datetime):
        return datetime.combine(given, time(), UTC)
    if given.tzinfo is None:
        reader.complain(name, "has no time zone.", "Write it with an offset, such as 2020-01-01T00:00:00Z.")
        return given.replace(tzinfo=UTC)
    return given


def _policy(reader: _Reader) -> UnknownPolicy:
    text = reader.take("on_unknown", str, UnknownPolicy.DEFAULT.value)
    try:
        return UnknownPolicy(text)
    except ValueError:
        reader.complain("on_unknown", "is not a policy.", f"One of: {', '.join(UnknownPolicy)}.")
        return UnknownPolicy.DEFAULT


def _limits(profile: Profile, reader: _Reader) -> dict[str, tuple[tuple[int, float], ...]]:
    known = [budget.name for budget in profile.budgets]
    limits: dict[str, tuple[tuple[int, float], ...]] = {}
    for name, text in reader.take("limits", dict, {}).items():
        if name not in known:
            reader.complain(f"limits.{name}", "is not a rate budget.", f"{profile.title} has: {', '.join(known)}.")
        elif text == "learn":
            limits[name] = ()
        elif found := _RATE.findall(str(text)):
            limits[name] = tuple((int(count), int(many or 1) * _SPANS[unit]) for count, many, unit in found)
        else:
            reader.complain(f"limits.{name}", "is not a rate.", 'Write it like "10/s 150/min", or "learn".')
    return limits


def secret(reference: str, place: str) -> str:
    """The value a secret reference stands for.

    Raises:
        ConfigError: the variable or the file is missing or empty; the message never holds the value.
    """
    scheme, _, rest = reference.partition(":")
    if scheme == "env":
        value = os.environ.get(rest, "")
        if not value:
            raise ConfigError(place, f"the environment variable {rest} is not set.", "Export it and start again.")
        return value
    try:
        value = Path(rest).expanduser().read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(place, f"the file {rest} cannot be read ({error.strerror}).") from error
    if not value:
        raise ConfigError(place, f"the file {rest} is empty.", "Put the secret into it and start again.")
    return value
