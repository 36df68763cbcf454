"""Reads one entity of a mapping (people, orders …) with its fields, statuses and children."""

from __future__ import annotations

from collections.abc import Mapping

from orderwire.model.people import JsonScalar
from orderwire.sources.faults import Faults, did_you_mean
from orderwire.sources.fields import CHILDREN, FIELDS, HAPPENINGS, OPEN_PROPERTIES, REQUIRED, Sort, sort_of
from orderwire.sources.mapping import SKIP, Child, Entity, FieldRule, SourceKind, Statuses, StatusRule

_PLACE_BY_KIND = {SourceKind.SQL: ("table", "query"), SourceKind.FILES: ("files",)}
_RULE_KEYS = ("column", "value", "map", "negate", "approximate")


def parse_entity(faults: Faults, path: str, table: Mapping[str, object], kind: SourceKind) -> Entity | None:
    """Check one entity's table; None when it is too broken to go on with (the faults say why)."""
    places = _PLACE_BY_KIND[kind]
    known = [*places, "id", "fields", "keep", *CHILDREN.get(path, ())]
    known += ["changed_at"] if kind is SourceKind.SQL else []
    known += ["status"] if path == "orders" else []
    faults.check_keys(path, table, known)
    _check_one_place(faults, path, table, places)
    identifier = faults.text(path, table, "id")
    if identifier is None:
        if "id" not in table:
            faults.add(f"{path}.id", "is missing.", "Name the column that tells the rows apart.")
        return None
    return Entity(
        path=path,
        table=faults.text(path, table, "table"),
        query=_query(faults, path, table),
        files=faults.text(path, table, "files"),
        id=identifier,
        changed_at=faults.text(path, table, "changed_at") if kind is SourceKind.SQL else None,
        fields=_fields(faults, path, table),
        status=_statuses(faults, path, table) if path == "orders" and "status" in table else None,
        children=_children(faults, path, table, kind),
        keep=faults.texts(path, table, "keep"),
    )


def _query(faults: Faults, path: str, table: Mapping[str, object]) -> str | None:
    query = faults.text(path, table, "query")
    if query is None:
        return None
    query = query.strip().rstrip(";").rstrip()
    if ";" in query or not query.lower().startswith(("select", "with")):
        faults.add(f"{path}.query", "must be one SELECT.", "Rows are only ever read.")
    return query


def _check_one_place(faults: Faults, path: str, table: Mapping[str, object], places: tuple[str, ...]) -> None:
    given = [key for key in places if key in table]
    if len(given) != 1:
        problem = "says twice where its rows are." if given else "does not say where its rows are."
        faults.add(path, problem, f"Give exactly one of: {', '.join(places)}.")


def _children(faults: Faults, path: str, table: Mapping[str, object], kind: SourceKind) -> dict[str, Child]:
    found: dict[str, Child] = {}
    for name in CHILDREN.get(path, ()):
        if name in table and (given := faults.table(path, table, name)):
            found[name] = _child(faults, f"{path}.{name}", given, kind)
    return found


def _child(faults: Faults, path: str, table: Mapping[str, object], kind: SourceKind) -> Child:
    places = ("table", "query", "column") if kind is SourceKind.SQL else ("column", "rows")
    known = [*places, "id", "fields", "keep", *CHILDREN.get(path, ())]
    is_apart = "table" in table or "query" in table
    if is_apart:
        known += ["parent"] if path.count(".") > 1 else ["parent", "changed_at"]
    faults.check_keys(path, table, known)
    _check_one_place(faults, path, table, places)
    if is_apart and "parent" not in table:
        faults.add(f"{path}.parent", "is missing.", "Name the column that holds the parent's id.")
    if "id" not in table and path not in ("orders.lines", "carts.lines", "orders.refunds.lines"):
        faults.add(f"{path}.id", "is missing.", "Name the column that tells the rows apart.")
    if "changed_at" in table and "id" not in table:
        faults.add(f"{path}.id", "is missing.", "Rows with a clock of their own need it to be read page by page.")
    return Child(
        path=path,
        table=faults.text(path, table, "table"),
        query=_query(faults, path, table),
        column=faults.text(path, table, "column"),
        is_in_rows=faults.flag(path, table, "rows", default=False) if "rows" in places else False,
        id=faults.text(path, table, "id"),
        parent=faults.text(path, table, "parent"),
        changed_at=faults.text(path, table, "changed_at"),
        fields=_fields(faults, path, table),
        children=_children(faults, path, table, kind),
        keep=faults.texts(path, table, "keep"),
    )


def _fields(faults: Faults, path: str, table: Mapping[str, object]) -> dict[str, FieldRule]:
    place = f"{path}.fields"
    given = dict(_flattened(faults.table(path, table, "fields")))
    found: dict[str, FieldRule] = {}
    for name, value in given.items():
        sort = sort_of(path, name)
        if sort is None:
            known = [*FIELDS[path], *(["properties.<name>"] if path in OPEN_PROPERTIES else [])]
            faults.add(f"{place}.{name}", "is not a field.", did_you_mean(name, known))
        elif (rule := _rule(faults, f"{place}.{name}", value, sort)) is not None:
            found[name] = rule
    for name in REQUIRED.get(path, ()):
        if name not in given:
            faults.add(f"{place}.{name}", "is missing.", "Map it to a column, or give it a value.")
    if path == "consents" and not any(name in given for name in ("external_id", "email", "phone")):
        faults.add(place, "names nobody.", "Map at least one of: external_id, email, phone.")
    if path == "carts" and "updated_at" not in given and "changed_at" not in table:
        faults.add(f"{place}.updated_at", "is missing.", "Map it, or give the carts a changed_at.")
    if path == "orders.refunds" and "amount" not in given and "lines" not in table:
        faults.add(f"{place}.amount", "is missing.", "Map it, or map the refund's lines with their amounts.")
    return found


def _flattened(table: Mapping[str, object], prefix: str = "") -> list[tuple[str, object]]:
    """TOML's dotted keys come as nested tables: `address.city = "town"` is `{address: {city: "town"}}`."""
    found: list[tuple[str, object]] = []
    for key, value in table.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and path in ("address", "billing_address", "shipping_address", "properties"):
            found += _flattened(value, f"{path}.")
        else:
            found.append((path, value))
    return found


def _rule(faults: Faults, place: str, value: object, sort: Sort) -> FieldRule | None:
    if isinstance(value, str) and value.strip():
        return FieldRule(column=value)
    if not isinstance(value, Mapping):
        faults.add(place, "must be a column's name.", "Or a table: { column = … } or { value = … }.")
        return None
    faults.check_keys(place, value, _RULE_KEYS)
    if ("column" in value) == ("value" in value):
        faults.add(place, "needs either `column` or `value`.")
        return None
    constant = value.get("value")
    if not isinstance(constant, str | int | float | bool | None):
        faults.add(f"{place}.value", "must be a plain value.", "Write dates and times as text.")
        return None
    if "map" in value and "value" in value:
        faults.add(f"{place}.map", "means nothing beside `value`.", "Remove it.")
    if "approximate" in value and sort is not Sort.INSTANT:
        faults.add(f"{place}.approximate", "means something only for a point in time.", "Remove it.")
    if "negate" in value and sort is not Sort.MONEY:
        faults.add(f"{place}.negate", "means something only for an amount of money.", "Remove it.")
    return FieldRule(
        column=faults.text(place, value, "column"),
        value=constant,
        map=_value_map(faults, place, value) if "map" in value else None,
        negate=faults.flag(place, value, "negate", default=False),
        is_approximate=faults.flag(place, value, "approximate", default=False),
    )


def _value_map(faults: Faults, place: str, table: Mapping[str, object]) -> dict[str, JsonScalar]:
    found: dict[str, JsonScalar] = {}
    for key, value in faults.table(place, table, "map").items():
        if isinstance(value, str | int | float | bool):
            found[key] = value
        else:
            faults.add(f"{place}.map.{key}", "must be a plain value.")
    return found


def _statuses(faults: Faults, path: str, table: Mapping[str, object]) -> Statuses | None:
    place = f"{path}.status"
    given = faults.table(path, table, "status")
    faults.check_keys(place, given, ("column", "map"))
    column = faults.text(place, given, "column")
    if "column" not in given:
        faults.add(f"{place}.column", "is missing.", "Name the column that holds the order's status.")
    rules: dict[str, StatusRule] = {}
    for status, value in faults.table(place, given, "map").items():
        if (rule := _status_rule(faults, f"{place}.map.{status}", value)) is not None:
            rules[status] = rule
    if not rules:
        faults.add(f"{place}.map", "maps no status.", f"Say what each status means: {', '.join(HAPPENINGS)}.")
    return Statuses(column=column or "", rules=rules)


def _status_rule(faults: Faults, place: str, value: object) -> StatusRule | None:
    happening: str | None
    occurred_at: str | None = None
    if isinstance(value, str):
        happening = value
    elif isinstance(value, Mapping):
        faults.check_keys(place, value, ("happening", "occurred_at"))
        happening = faults.text(place, value, "happening")
        occurred_at = faults.text(place, value, "occurred_at")
    else:
        happening = None
    if happening is None or happening not in HAPPENINGS:
        remedy = did_you_mean(happening or "", HAPPENINGS)
        faults.add(place, f"must say what happened: {', '.join(HAPPENINGS)}.", remedy if happening else "")
        return None
    if happening == "placed" and occurred_at not in (None, SKIP):
        faults.add(place, "`placed` has its own time, `placed_at`.", "Remove occurred_at.")
    return StatusRule(happening=happening, occurred_at=occurred_at)
