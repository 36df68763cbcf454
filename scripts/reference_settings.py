"""Writes the page about `orderwire.toml`: every key with its value, its default and what it means.

Keys and defaults come from the program: what `orderwire config show` says of a shop with a destination at every
platform. Meanings are the docstrings beside the settings; the table below holds those that need more words.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import msgspec
from msgspec import Struct
from reference_markdown import attribute_docs, codes, page, table

from orderwire.app.alarms.settings import AlarmSettings
from orderwire.app.checking import origins
from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.app.settings import FILE, Settings
from orderwire.delivery.settings import DestinationSettings, UnknownPolicy
from orderwire.dialects.connector_registry import connector, connector_names
from orderwire.dialects.contract import Account, Profile
from orderwire.sources.api.settings import ApiSettings
from orderwire.sources.fields import CHILDREN, ENTITIES, FIELDS, HAPPENINGS, OPEN_PROPERTIES, REQUIRED
from orderwire.sources.mapping import Child, Entity, MoneyUnit, SourceKind, SourceMapping

HELP: Mapping[str, tuple[str, str]] = {
    "ledger": ("path or URL", "A path (SQLite; made when missing) or `postgresql://user@host/database`."),
    "workers": ("whole number", ""),
    "poll_every": ("span", ""),
    "lease": ("span", ""),
    "request_timeout": ("span", "How long a platform may take to answer a request."),
    "opt_outs_every": ("span", "How often opt-outs, bounces and complaints are read back from each platform."),
    "destination.platform": ("text", "Which dialect is spoken; the table's own name by default."),
    "destination.key": ("`env:NAME` or `file:PATH`", "Where the account's key is kept; never the key itself."),
    "destination.base_url": (
        "URL",
        "The platform's address; something else only for a stand-in or a proxy. For a webhook it is your own, and "
        "required.",
    ),
    "destination.account_id": ("text", "The account's id where the platform's addresses hold it."),
    "destination.knows_newsletter": (
        "yes or no",
        "The same as at the source, for what this account is told: whether the shop's newsletter state accompanies "
        "every record, or people count as not subscribed until they tick the box at checkout.",
    ),
    "destination.kinds": (
        "list of text",
        "Only these kinds of facts; `order.*` stands for all that begin so, `custom.wishlist` for that event alone.",
    ),
    "destination.sources": ("list of text", "Only facts from these sources."),
    "destination.stores": ("list of text", "Only orders and carts of these stores, as the mapping's `store` tells."),
    "destination.since": ("date, or instant with zone", ""),
    "destination.include_test_orders": (
        "yes or no",
        "Whether orders that the mapping calls `is_test` are delivered.",
    ),
    "destination.quiet_after": ("span", "How old a fact may be and still be news; afterwards it goes quietly."),
    "destination.quiet_after_browsing": ("span", "The same for carts, checkouts and browsing."),
    "destination.hold_unidentified": (
        "span",
        "How long a fact about somebody unknown waits for them to be identified; afterwards it is excluded.",
    ),
    "destination.on_unknown": (codes(UnknownPolicy), "What becomes of a fact whose outcome was never learned."),
    "destination.reserve": ("number", ""),
    "destination.time_scale": ("number", ""),
    "source.kind": (
        codes([SourceKind.SQL, SourceKind.FILES, *connector_names()]),
        "What the source reads from: a database, files, or a shop product's own API.",
    ),
    "source.url": ("`env:NAME`, `file:PATH`, URL, path", "The database; a URL in the file holds no password."),
    "source.folder": ("path", "Where the files are; from the folder of this file."),
    "source.time_zone": ("IANA name", ""),
    "source.currency": ("ISO 4217 letters", "What amounts are in, where no column tells."),
    "source.money": (codes(MoneyUnit), "Whether the shop writes `12.50` (major) or `1250` (minor)."),
    "source.encoding": ("text", ""),
    "source.knows_newsletter": ("yes or no", ""),
    "source.safety_lag": ("seconds", ""),
    "source.overlap": ("seconds", ""),
    "source.reread_after": ("seconds", ""),
    "source.page": ("whole number", ""),
    "entity.table": ("text", "The table or view with one row for each record; `schema.table` works."),
    "entity.query": ("SQL", "One `SELECT` in place of a table, for joins and casts."),
    "entity.files": ("pattern", "In a `files` source: which files, such as `orders-*.csv`."),
    "entity.id": ("column", "What tells the rows apart; it becomes the record's id."),
    "entity.changed_at": ("column", ""),
    "entity.fields": ("table", "Our field to the shop's column: see below."),
    "entity.keep": ("list of columns", ""),
    "entity.status": ("table", "Orders only: `column` holds the status, `map` says what each status means."),
    "child.table": ("text", "The table with the child rows."),
    "child.query": ("SQL", "One `SELECT` in place of a table."),
    "child.column": ("column", "The parent's own column that holds them as a JSON list."),
    "child.rows": ("yes or no", "In a `files` source: each row of the file is one child, and repeats its parent."),
    "child.id": ("column", "The child's own id: two lines of the same article are two lines."),
    "child.parent": ("column", "With `table` or `query`: the column with the parent's id."),
    "child.changed_at": ("column", "The child's own clock: when one changes, its parent is read again."),
    "child.fields": ("table", "As for the record itself."),
    "child.keep": ("list of columns", "Columns to keep with the raw record though no field needs them."),
    "field.column": ("column", 'Where the value is; `email = "mail"` is short for `email = { column = "mail" }`.'),
    "field.value": ("text, number, yes or no", "The same value for every row, in place of a column."),
    "field.map": ("table", 'Translates the column\'s values; the key `""` stands for empty.'),
    "field.negate": ("yes or no", "Turns the sign of an amount, for shops that keep refunds as negative amounts."),
    "field.approximate": ("yes or no", "The instant is only a last-change time: recorded, and never sent as news."),
}
"""The value and, where no docstring tells it, the meaning of each key."""
SHOP: Mapping[str, tuple[str, str]] = {
    "url": ("URL", "The shop's own address."),
    "webhook_secrets": (
        "list of `env:NAME` or `file:PATH`",
        "What the shop's webhooks are signed with, the newest first; with it `/hooks/<name>` is open.",
    ),
    "streams": ("list of text", ""),
    "knows_newsletter": ("yes or no", "Must be false for a product that does not know it itself."),
    "safety_lag": ("seconds", "Things younger than this wait for the next pass."),
    "overlap": ("seconds", "How far each pass reaches back before the end of the previous one."),
    "reread_after": ("seconds", "How often that is read again which no clock tells of."),
    "page": ("whole number", ""),
    "per_second": ("whole number", ""),
}
"""The same for a shop product."""
SERVER: Mapping[str, tuple[str, str]] = {
    "host": ("address", "Where to listen; `0.0.0.0` answers everybody."),
    "port": ("whole number", "Where to listen."),
    "workers": ("whole number", ""),
    "only": ("list of text", ""),
    "limits": ("yes or no", ""),
    "max_body": ("bytes", ""),
    "certificate": ("path", ""),
    "private_key": ("path", "The file of its private key."),
    "trusted_proxies": ("list of addresses and networks", ""),
    "log": ("`all`, `errors`, `none`", ""),
    "metrics": ("`loopback`, `key`, `open`, `off`", ""),
}
"""The same for the front door."""
ALARMS: Mapping[str, tuple[str, str]] = {
    "webhook": ("URL", ""),
    "key": ("`env:NAME` or `file:PATH`", ""),
    "allow_private": ("yes or no", ""),
    "mail": ("e-mail address", ""),
    "mail_from": ("e-mail address", ""),
    "smtp": ("`env:NAME` or `file:PATH`", ""),
    "every": ("span", ""),
    "backlog_after": ("span", ""),
    "disk_below": ("bytes", ""),
    "mute": ("list of text", ""),
}
"""The same for alarms."""


def settings_page(platforms: Sequence[Profile]) -> str:
    """Every setting of `orderwire.toml`."""
    defaults = _defaults(platforms)
    lines = [
        "The file `orderwire.toml` stands in the folder that every command is run in, or is given with `--dir`.",
        "An unknown key is an error that names the nearest known one; `orderwire config check` tells all at once.",
        'A span is a number with a unit: `ms`, `s`, `min`, `h`, `d`, `w`, such as `"24h"`.',
        "",
        "`orderwire config show --origin` says what is in force and where it comes from.",
        "An option on the command line wins over the environment, that over the file, and that over the default.",
        "The environment variable `ORDERWIRE_LEDGER` stands in for `ledger`.",
        "",
        "## The shop",
        "",
        *_table("", _top_keys(defaults), defaults, attribute_docs(Settings)),
        "## [server]",
        "",
        "How `orderwire serve` stands open.",
        "",
        *_struct_lines(ServerSettings, SERVER),
        "## [alarms]",
        "",
        "Who is told when something needs them; [alarms](../howto/be-told-when-something-is-wrong.md) tells of what.",
        "",
        *_struct_lines(AlarmSettings, ALARMS),
        "## [destination.<name>]",
        "",
        "An account that everything is delivered to; two accounts at one platform are two destinations.",
        "",
        *_table("destination", _destination_keys(defaults), defaults, _destination_docs()),
        *_platform_lines(platforms),
        *_source_lines(),
    ]
    return page("Settings", *lines)


def _struct_lines(settings: type[Struct], keys: Mapping[str, tuple[str, str]]) -> list[str]:
    """A table that has a class of its own."""
    docs = attribute_docs(settings)
    rows = []
    for field in msgspec.structs.fields(settings):
        value, meaning = keys[field.name]
        default = _shown(field.default)
        rows.append([f"`{field.name}`", value, f"`{default}`" if default else "", meaning or docs[field.name]])
    return table(["key", "value", "default", "meaning"], rows)


def _shown(default: object) -> str:
    """A default as it would stand in the file; empty where there is none."""
    match default:
        case timedelta():
            return f'"{default.total_seconds():g}s"'
        case str() | bool() | int() if default != "":
            return _toml(default)
    return ""


def _defaults(platforms: Sequence[Profile]) -> dict[str, str]:
    """What is in force where the file says no more than it must, by key."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_text("\n".join(map(_least, platforms)), encoding="utf-8")
        return {one.key: one.value for one in origins(Path(folder)) if one.origin == "default"}


def _least(profile: Profile) -> str:
    """A destination's table with no more than it must have."""
    address = 'base_url = "https://shop.example"\n' if profile.is_address_given else ""
    return f'[destination.{profile.name}]\nkey = "env:KEY"\naccount_id = "1"\n{address}'


def _top_keys(defaults: Mapping[str, str]) -> list[str]:
    return [key for key in defaults if "." not in key]


def _destination_keys(defaults: Mapping[str, str]) -> list[str]:
    """The keys that every destination has, in the order of `config show`."""
    found = [key.split(".", 2)[2] for key in defaults if key.startswith("destination.")]
    common = dict.fromkeys(key for key in found if "." not in key)
    return ["platform", "key", "base_url", "account_id", *(key for key in common if key != "platform")]


def _destination_docs() -> dict[str, str]:
    return attribute_docs(Account) | attribute_docs(DestinationSettings)


def _table(room: str, keys: Iterable[str], defaults: Mapping[str, str], docs: Mapping[str, str]) -> list[str]:
    rows = []
    for key in dict.fromkeys(keys):
        value, meaning = HELP[f"{room}.{key}".lstrip(".")]
        rows.append([f"`{key}`", value, _default(room, key, defaults), meaning or docs[key]])
    return table(["key", "value", "default", "meaning"], rows)


def _default(room: str, key: str, defaults: Mapping[str, str]) -> str:
    if not room:
        return f"`{Path(defaults[key]).name}`" if key == "ledger" else f"`{defaults[key]}`"
    if key == "key":
        return "required"
    if key in ("platform", "base_url"):
        return "the table's name" if key == "platform" else "the platform's"
    given = {value for name, value in defaults.items() if name.startswith(f"{room}.") and name.endswith(f".{key}")}
    return codes(given - {"", "-"}) if len(given) == 1 and key != "since" else ""


def _platform_lines(platforms: Sequence[Profile]) -> list[str]:
    lines = [
        "### [destination.<name>.options]",
        "",
        "What only one platform has; [platforms](platforms.md) tells where its key is found.",
        "",
    ]
    rows = [
        [profile.title, f"`{option.name}`", f"`{_toml(option.default)}`", option.help]
        for profile in platforms
        for option in profile.options
    ]
    lines += table(["platform", "option", "default", "meaning"], rows)
    lines += [
        "### [destination.<name>.limits]",
        "",
        "How much of a rate budget may be used, where the account's own limits differ: windows such as",
        '`"10/s 150/min"`, which all hold at once, or `"learn"`: only what the platform\'s replies tell.',
        "",
    ]
    budgets = [[profile.title, codes(budget.name for budget in profile.budgets)] for profile in platforms]
    lines += table(["platform", "budgets"], budgets)
    return [*lines, "[Limits](limits.md) has the figures that delivery starts from.", ""]


def _toml(value: str | bool | int) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def _source_lines() -> list[str]:
    docs = attribute_docs(SourceMapping)
    entity = [key.partition(".")[2] for key in HELP if key.startswith("entity.")]
    child = [key.partition(".")[2] for key in HELP if key.startswith("child.")]
    rule = [key.partition(".")[2] for key in HELP if key.startswith("field.")]
    source = [key.partition(".")[2] for key in HELP if key.startswith("source.")]
    rows = [
        [f"`{key}`", HELP[f"source.{key}"][0], _mapping_default(key), HELP[f"source.{key}"][1] or docs[key]]
        for key in source
    ]
    return [
        "## [source.<name>]",
        "",
        "Where records come from; [connect my database](../howto/connect-my-database.md) explains the mapping.",
        "",
        *table(["key", "value", "default", "meaning"], rows),
        "### [source.<name>.<entity>]",
        "",
        f"One table for each sort of record: {codes(ENTITIES)}.",
        "",
        *_plain("entity", entity, attribute_docs(Entity)),
        "### [source.<name>.<entity>.<child>]",
        "",
        f"Rows that belong to a record: {_families()}.",
        "",
        *_plain("child", child, attribute_docs(Child)),
        "### Status",
        "",
        "A status says what has happened to an order: " + codes(HAPPENINGS) + ".",
        'Where no column tells when, it needs a choice: `{ happening = "fulfilled", occurred_at = "updated_at" }` is',
        'recorded with an approximate time and never sent as news, `occurred_at = "skip"` is not told at all.',
        "",
        "### A field",
        "",
        "A field is a column's name, or a table with these keys.",
        "",
        *_plain("field", rule, {}),
        *_field_lines(),
        *_shop_lines(),
    ]


def _shop_lines() -> list[str]:
    """What the tables of shop products hold."""
    profiles = [connector(name).profile for name in connector_names()]
    docs = attribute_docs(ApiSettings)
    rows = [[f"`{key}`", value, docs.get(key) or meaning] for key, (value, meaning) in SHOP.items()]
    credentials = [
        [profile.title, f"`{one.name}`", f"{one.help}{' Optional.' if one.is_optional else ''}"]
        for profile in profiles
        for one in profile.credentials
    ]
    options = [
        [profile.title, f"`{option.name}`", f"`{_toml(option.default)}`", option.help]
        for profile in profiles
        for option in profile.options
    ]
    return [
        "## [source.<name>] of a shop product",
        "",
        "Where `kind` names a shop product, nothing is mapped: its connector knows what everything means.",
        "",
        *table(["key", "value", "meaning"], rows),
        "Each product has credentials of its own, as references.",
        "",
        *table(["product", "key", "where it is found"], credentials),
        "### [source.<name>.options]",
        "",
        *table(["product", "option", "default", "meaning"], options),
    ]


def _families() -> str:
    return "; ".join(f"`{path}` has {codes(names)}" for path, names in CHILDREN.items())


def _plain(room: str, keys: Sequence[str], docs: Mapping[str, str]) -> list[str]:
    rows = [[f"`{key}`", HELP[f"{room}.{key}"][0], HELP[f"{room}.{key}"][1] or docs[key]] for key in keys]
    return table(["key", "value", "meaning"], rows)


def _mapping_default(name: str) -> str:
    if name == "kind":
        return "required"
    default = next(field.default for field in msgspec.structs.fields(SourceMapping) if field.name == name)
    return f"`{_toml(default)}`" if isinstance(default, str | bool | int) and default != "" else ""


def _field_lines() -> list[str]:
    lines = [
        "## Fields",
        "",
        "What the `fields` of each entity and child may hold; one in bold must be there.",
        "",
    ]
    for path, fields in FIELDS.items():
        required = REQUIRED.get(path, ())
        rows = [[f"**`{name}`**" if name in required else f"`{name}`", sort.value] for name, sort in fields.items()]
        if path in OPEN_PROPERTIES:
            rows.append(["`properties.<name>`", "a plain value, kept under any name"])
        lines += [f"### {path}", "", *table(["field", "read as"], rows)]
    return lines
