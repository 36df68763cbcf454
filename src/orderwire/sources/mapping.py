"""How a shop's own tables or files become our records: the `[source.<name>]` table of `orderwire.toml`.

A whole small shop::

    [source.shop]
    kind = "sql"
    url = "env:SHOP_DATABASE_URL"      # or file:/run/secrets/shop, or a path of an SQLite file
    time_zone = "Europe/London"        # what the shop's naive timestamps mean
    currency = "GBP"                   # where no column tells
    knows_newsletter = true            # design: the two kinds of shop

    [source.shop.people]
    table = "customers"
    id = "customer_id"
    changed_at = "updated_at"
    fields = { email = "email", first_name = "forename", "address.country" = "country" }

    [source.shop.orders]
    table = "orders"
    id = "id"
    changed_at = "updated_at"
    [source.shop.orders.fields]
    external_id = "customer_id"
    placed_at = "created_at"
    paid_at = "paid_at"
    total = "grand_total"
    payment_method = { column = "pay", map = { cc = "card", inv = "invoice" } }
    store = { value = "uk" }

    [source.shop.orders.status]
    column = "status"
    map.open = "placed"
    map.paid = "paid"
    map.sent = { happening = "fulfilled", occurred_at = "updated_at" }   # approximate: never sent live
    map.done = { happening = "delivered", occurred_at = "skip" }         # not told at all

    [source.shop.orders.lines]
    table = "order_items"
    id = "id"
    parent = "order_id"
    fields = { name = "title", sku = "sku", quantity = "qty", unit_price = "price" }

    [source.shop.orders.refunds]
    table = "refunds"
    id = "id"
    parent = "order_id"
    changed_at = "created_at"          # its own clock: a refund alone makes its order be read again
    fields = { refunded_at = "created_at", amount = "amount" }

The time column of a happening decides whether it happened; the status adds those without one. A status that is
mapped to a happening without a time column needs the explicit choice shown above.
Only mapped columns (and those in `keep`) leave the shop's database.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct

from orderwire.errors import ConfigError
from orderwire.model.people import JsonScalar
from orderwire.sources.api.settings import ApiSettings
from orderwire.sources.fields import HAPPENINGS

SKIP = "skip"


class SourceKind(StrEnum):
    """What a source reads from."""

    SQL = "sql"
    FILES = "files"
    API = "api"
    """A shop product's own API; the settings name the product."""


class MoneyUnit(StrEnum):
    """How a shop writes amounts: `12.50`, or `1250`."""

    MAJOR = "major"
    MINOR = "minor"


class FieldRule(Struct, frozen=True, kw_only=True):
    """Where one of our fields comes from: a column, or a constant.

    `map` translates the column's text; the key "" stands for empty. `negate` turns the sign, for shops that keep
    refunds and discounts as negative amounts. `is_approximate` says that an instant is only a last-change time.
    """

    column: str | None = None
    value: JsonScalar = None
    map: Mapping[str, JsonScalar] | None = None
    negate: bool = False
    is_approximate: bool = False


class StatusRule(Struct, frozen=True, kw_only=True):
    """What one status of the shop says; `placed` says no more than that the order exists.

    `occurred_at` None: the happening's own time column tells; "skip": it is not told; else the column that stands
    in, marked approximate.
    """

    happening: str
    occurred_at: str | None = None


class Statuses(Struct, frozen=True, kw_only=True):
    """The status column of the orders, and what each status says."""

    column: str
    rules: Mapping[str, StatusRule]


class Child(Struct, frozen=True, kw_only=True):
    """Rows that belong to a parent: lines, refunds, shipments, variants.

    They are in a table or query of their own (`parent` names the column with the parent's id), in a JSON or list
    `column` of the parent, or in the parent's own `rows`, one child a row.
    """

    path: str
    """Such as `orders.refunds`."""
    table: str | None = None
    query: str | None = None
    column: str | None = None
    is_in_rows: bool = False
    id: str | None = None
    parent: str | None = None
    changed_at: str | None = None
    fields: Mapping[str, FieldRule] = {}
    children: Mapping[str, Child] = {}
    keep: tuple[str, ...] = ()


class Entity(Struct, frozen=True, kw_only=True):
    """One kind of record and where its rows are."""

    path: str
    table: str | None = None
    query: str | None = None
    files: str | None = None
    id: str
    changed_at: str | None = None
    """The time column for reading only what changed; without it everything is read again every `reread_after`."""
    fields: Mapping[str, FieldRule] = {}
    status: Statuses | None = None
    children: Mapping[str, Child] = {}
    keep: tuple[str, ...] = ()
    """Columns to keep with the raw record though no field needs them."""


class SourceMapping(Struct, frozen=True, kw_only=True):
    """A checked `[source.<name>]` table. Spans are in seconds.

    `url` is a reference to a secret or a plain SQLite path, never a password.
    """

    name: str
    kind: SourceKind
    url: str = ""
    folder: str = ""
    """Where a files source looks; globs of the entities are relative to it."""
    time_zone: str | None = None
    """What timestamps without a zone mean."""
    currency: str | None = None
    money: MoneyUnit = MoneyUnit.MAJOR
    knows_newsletter: bool = True
    """Whether the shop knows newsletter status itself; otherwise only the checkout tick states anything."""
    safety_lag: int = 60
    """Rows younger than this wait for the next pass, so that transactions still open are not stepped over."""
    overlap: int = 600
    """How far each pass reaches back before the end of the previous one."""
    reread_after: int = 86_400
    """How often an entity without `changed_at` is read in full."""
    page: int = 2000
    """Records in one page."""
    encoding: str = "utf-8"
    """Of text files."""
    entities: Mapping[str, Entity] = {}
    api: ApiSettings | None = None
    """How a shop's API is reached; then nothing is mapped, the connector knows what everything means."""

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone of naive timestamps."""
        return ZoneInfo(self.time_zone) if self.time_zone else None


class Undecided(Struct, frozen=True, kw_only=True):
    """A status that says something happened, without a column that says when and without a choice."""

    status: str
    happening: str


class MappingFaults(ConfigError):
    """Everything that is wrong with one mapping, found in one go.

    Args:
        name: the source's name.
        faults: one error each, with its own place, problem and remedy.
    """

    def __init__(self, name: str, faults: tuple[ConfigError, ...]) -> None:
        self.faults = faults
        listed = "".join(f"\n  {fault}" for fault in faults)
        super().__init__(f"source.{name}", f"{len(faults)} {'fault' if len(faults) == 1 else 'faults'}:{listed}")


def undecided(entity: Entity) -> tuple[Undecided, ...]:
    """Statuses of an entity that still need the choice between a stand-in time column and `skip`."""
    if entity.status is None:
        return ()
    return tuple(
        Undecided(status=status, happening=rule.happening)
        for status, rule in entity.status.rules.items()
        if rule.occurred_at is None and not has_own_time(entity, rule.happening)
    )


def has_own_time(entity: Entity, happening: str) -> bool:
    """Whether a column tells when this happening happened."""
    if HAPPENINGS[happening] in entity.fields:
        return True
    shipments = entity.children.get("shipments")
    shipment_field = {"fulfilled": "shipped_at", "delivered": "delivered_at"}.get(happening)
    return shipments is not None and shipment_field in shipments.fields
