"""Writes a first mapping from the names of a database's tables and columns, for a person to read and correct."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnClause, func, select
from sqlalchemy.sql import column, table

from orderwire.errors import ConfigError
from orderwire.sources import address
from orderwire.sources.fields import CHILDREN, HAPPENINGS, REQUIRED
from orderwire.sources.session import Session, Table
from orderwire.sources.usual_names import (
    CHILD_CLOCKS,
    CLOCKS,
    CONSENT_STATES,
    FIELD_NAMES,
    IDS,
    PARENTS,
    STATUS_COLUMNS,
    STATUSES,
    TABLES,
)

_MOST_STATUSES = 40
_SPEAKING_IDS = frozenset({"email", "sku", "number", "order_number"})
"""Ids that also say something: they are mapped to a field as well."""
_LINES = frozenset({"orders.lines", "carts.lines"})
_ENTITIES = ("consents", "people", "products", "orders", "carts")


def suggest(url: str, *, name: str = "shop", environment: Mapping[str, str] | None = None) -> str:
    """A first `[source.<name>]` table for the database at `url`, with comments where a person must decide.

    Args:
        url: a secret reference, a database URL or the path of an SQLite file; written as it is given.
        name: what to call the source.
        environment: where `env:` references are looked up; the process's own by default.

    Raises:
        ConfigError: the address leads nowhere, or no table looks like a shop's.
        Unavailable: the database was not reached.
    """
    place = f"source.{name}"
    session = Session(address.engine(url, place=f"{place}.url", environment=environment), place=place)
    try:
        return _Draft(name, url, session).text()
    finally:
        session.close()


def plain(word: str) -> str:
    """A name without case and underscores, for comparing."""
    return word.lower().replace("_", "").replace("-", "")


def pick(known: Iterable[str], wanted: Sequence[str]) -> str | None:
    """The first of the wanted names that is there, in the spelling it has there."""
    spelled = {plain(name): name for name in known}
    return next((spelled[plain(name)] for name in wanted if plain(name) in spelled), None)


class _Draft:
    """A mapping being written, line by line."""

    def __init__(self, name: str, url: str, session: Session) -> None:
        self._root = f"source.{name}"
        self._url = url
        self._session = session
        self._tables = {found.name: found for found in session.tables()}
        self._lines: list[str] = []

    def text(self) -> str:
        """The whole table as TOML."""
        self._lines = [
            f"[{self._root}]",
            'kind = "sql"',
            f"url = {_quoted(self._url)}",
            'time_zone = "UTC"        # what timestamps without a zone mean: correct it if the shop keeps local time',
            'currency = "EUR"         # where no column tells: correct it',
            'money = "major"          # "minor" if amounts are whole cents',
            "knows_newsletter = true  # false if only the checkout tick tells",
        ]
        for path in _ENTITIES:
            if found := self._table(path):
                self._entity(path, found)
        if not any(line == f"[{self._root}.{path}]" for path in _ENTITIES for line in self._lines):
            raise ConfigError(self._root, "no table looks like a shop's.", "Write the mapping by hand.")
        return "\n".join(self._lines) + "\n"

    def _table(self, path: str) -> Table | None:
        found = pick(self._tables, TABLES[path])
        return self._tables[found] if found else None

    def _entity(self, path: str, found: Table) -> None:
        own_id = self._id(path, found)
        if own_id is None:
            self._lines += ["", f"# {found.name} looks like {path}, but no column tells its rows apart."]
            return
        fields = self._fields(path, found, {own_id} - _SPEAKING_IDS)
        missing = [name for name in REQUIRED.get(path, ()) if name not in fields]
        if missing:
            self._lines += ["", f"# {found.name} looks like {path}, but no column looks like: {', '.join(missing)}."]
            return
        self._lines += ["", f"[{self._root}.{path}]", f"table = {_quoted(found.name)}", f"id = {_quoted(own_id)}"]
        if clock := pick(found.columns, CLOCKS):
            self._lines.append(f"changed_at = {_quoted(clock)}")
        else:
            self._lines.append("# no changed_at: everything is read again once a day")
        self._write_fields(path, fields, found)
        if path == "orders":
            self._status(found, fields)
        for child in CHILDREN.get(path, ()):
            if child_table := self._table(f"{path}.{child}"):
                self._child(f"{path}.{child}", child_table)

    def _child(self, path: str, found: Table) -> None:
        own_id, parent = self._id(path, found), pick(found.columns, PARENTS[path])
        if parent is None or own_id is None:
            self._lines += ["", f"# {found.name} looks like {path}, but lacks an id or its parent's id."]
            return
        fields = self._fields(path, found, {own_id, parent})
        if path in _LINES:
            fields = self._with_product(fields, found)
        missing = [name for name in REQUIRED.get(path, ()) if name not in fields]
        if missing:
            self._lines += ["", f"# {found.name} looks like {path}, but no column looks like: {', '.join(missing)}."]
            return
        self._lines += ["", f"[{self._root}.{path}]", f"table = {_quoted(found.name)}"]
        self._lines += [f"id = {_quoted(own_id)}", f"parent = {_quoted(parent)}"]
        clocks = CHILD_CLOCKS if path in ("orders.refunds", "orders.shipments") else CLOCKS
        if clock := pick(found.columns, clocks):
            self._lines.append(f"changed_at = {_quoted(clock)}")
        self._write_fields(path, fields, found)
        if path in _LINES and "product_id" not in fields:
            self._lines.append("# no column looks like the products' id: platforms cannot tell which product it was")

    def _with_product(self, fields: Mapping[str, str], lines: Table) -> dict[str, str]:
        """A line's product is named by the products' own id, where that has a name that says more than `id`."""
        products = self._table("products")
        product_id = self._id("products", products) if products else None
        shared = pick(lines.columns, (product_id,)) if product_id and plain(product_id) != "id" else None
        return {**fields, "product_id": shared} if shared else dict(fields)

    def _id(self, path: str, found: Table) -> str | None:
        return found.key or pick(found.columns, IDS[path])

    def _fields(self, path: str, found: Table, taken: set[str]) -> dict[str, str]:
        fields: dict[str, str] = {}
        for field, names in FIELD_NAMES[path].items():
            column_name = pick((name for name in found.columns if name not in taken), names)
            if column_name:
                fields[field] = column_name
                if not column_name.endswith("_at"):
                    taken = {*taken, column_name}
        return fields

    def _write_fields(self, path: str, fields: Mapping[str, str], found: Table) -> None:
        self._lines.append(f"[{self._root}.{path}.fields]")
        for field, column_name in fields.items():
            key = _quoted(field) if "." in field else field
            if (path, field) == ("consents", "state"):
                values = self._values(found, column_name)
                states = {value: CONSENT_STATES.get(value.lower(), "unsubscribed") for value in values}
                rule = f"{{ column = {_quoted(column_name)}, map = {_inline(states)} }}"
                self._lines.append(f"{key} = {rule}  # check this map")
            else:
                self._lines.append(f"{key} = {_quoted(column_name)}")

    def _status(self, found: Table, fields: Mapping[str, str]) -> None:
        status = pick(found.columns, STATUS_COLUMNS)
        if status is None:
            return
        place = f"{self._root}.orders.status"
        self._lines += [f"[{place}]", f"column = {_quoted(status)}", f"[{place}.map]"]
        for value in self._values(found, status):
            happening = STATUSES.get(value.lower())
            line = f"{_quoted(value)} = {_quoted(happening or 'placed')}"
            if happening is None:
                line += "  # a guess: say what this status means"
            elif HAPPENINGS[happening] not in fields:
                line += '  # no column tells when: choose { happening = …, occurred_at = "<column>" or "skip" }'
            self._lines.append(line)

    def _values(self, found: Table, column_name: str) -> list[str]:
        each: ColumnClause[Any] = column(column_name)
        statement = (
            select(each, func.count()).select_from(table(found.name, each)).group_by(each).limit(_MOST_STATUSES)
        )
        rows = self._session.rows(statement)
        return sorted(str(value) for value, _ in rows if value is not None)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _inline(values: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{_quoted(key)} = {_quoted(value)}" for key, value in values.items()) + " }"
