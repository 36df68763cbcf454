"""Reading a shop's database: everything once, what changes afterwards, and nothing lost in between."""

import json
import tomllib
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest
from sqlalchemy import text

from orderwire.errors import ConfigError, NotFound, Unavailable
from orderwire.model import Order
from orderwire.sources import MappingFaults, Page, parse
from orderwire.sources.inspect import check, preview
from orderwire.sources.sql import SqlSource
from orderwire.sources.suggest import suggest

NOW = datetime(2024, 7, 1, 12, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-07-01 {text}")


def later(**span: int) -> datetime:
    return NOW + timedelta(**span)


class Shop(Protocol):
    url: str

    def place(self, order_id: int, *, updated_at: datetime | None, **more: Any) -> None: ...
    def touch(self, order_id: int, *, updated_at: datetime, **more: Any) -> None: ...
    def refund(self, refund_id: int, order_id: int, *, made: datetime) -> None: ...
    def write(self, statement: Any) -> None: ...


class Reader(Protocol):
    table: dict[str, Any]
    positions: dict[str, bytes]
    environment: dict[str, str]

    def source(self) -> SqlSource: ...
    def pages(self, now: datetime = ..., *, stop_after: int | None = None) -> list[Page]: ...
    def orders(self, now: datetime = ...) -> list[tuple[str, str, bool]]: ...


Make = Callable[..., Reader]


def orders_of(pages: list[Page]) -> list[Order]:
    return [d.record for page in pages for d in page.records if isinstance(d.record, Order)]


def five(shop: Shop) -> None:
    for order_id in (3, 1, 2, 5, 4):
        shop.place(order_id, updated_at=at("09:00:00"))


def test_the_first_pass_imports_everything_by_id(shop: Shop, reader: Make) -> None:
    five(shop)
    assert [("orders", str(order_id), True) for order_id in (1, 2, 3, 4, 5)] == reader().orders()


def test_an_order_comes_with_its_lines_and_exact_money(shop: Shop, reader: Make) -> None:
    shop.place(1, updated_at=at("09:00:00"), total=5.01)
    (order,) = orders_of(reader().pages())
    assert (501, [("10", 500)]) == (order.total, [(line.line_id, line.total) for line in order.lines])
    assert {"orderwire.mismatch_minor": 1} == order.properties


def test_pages_count_the_orders_that_do_not_add_up(shop: Shop, reader: Make) -> None:
    shop.place(1, updated_at=at("09:00:00"), total=5.01)
    shop.place(2, updated_at=at("09:00:00"))
    assert [1] == [page.mismatch_count for page in reader().pages()]


@pytest.mark.parametrize("pages_before_the_stop", [1, 2, 3])
def test_an_import_that_was_stopped_goes_on_where_it_was(
    shop: Shop, reader: Make, pages_before_the_stop: int
) -> None:
    five(shop)
    ours = reader()
    first = orders_of(ours.pages(stop_after=pages_before_the_stop))
    rest = orders_of(ours.pages())
    assert ["1", "2", "3", "4", "5"] == [order.order_id for order in (*first, *rest)]


def test_the_import_says_about_how_much_there_is(shop: Shop, reader: Make) -> None:
    five(shop)
    assert [5, 5, 5] == [page.total_hint for page in reader().pages()]


def test_a_second_pass_finds_nothing_new(shop: Shop, reader: Make) -> None:
    five(shop)
    ours = reader()
    ours.orders()
    assert [] == ours.orders(later(hours=1))


def test_what_changes_after_the_import_is_observed(shop: Shop, reader: Make) -> None:
    five(shop)
    ours = reader()
    ours.orders()
    shop.touch(3, updated_at=at("12:10:00"), status="paid")
    shop.place(6, updated_at=at("12:05:00"))
    assert [("orders", "6", False), ("orders", "3", False)] == ours.orders(later(hours=1))


def test_what_changes_while_the_import_runs_is_left_to_following(shop: Shop, reader: Make) -> None:
    five(shop)
    ours = reader()
    ours.pages(stop_after=1)
    shop.touch(4, updated_at=at("12:10:00"))
    assert [("orders", "3", True), ("orders", "5", True), ("orders", "4", False)] == ours.orders(later(hours=1))


def test_orders_without_a_change_time_are_imported_too(shop: Shop, reader: Make) -> None:
    shop.place(1, updated_at=None)
    shop.place(2, updated_at=at("09:00:00"))
    assert ["1", "2"] == [order for _, order, _ in reader().orders()]


def test_an_empty_shop_is_imported_and_then_followed(shop: Shop, reader: Make) -> None:
    ours = reader()
    assert [] == ours.orders()
    shop.place(1, updated_at=at("12:10:00"))
    assert [("orders", "1", False)] == ours.orders(later(hours=1))


def test_rows_younger_than_the_lag_wait(shop: Shop, reader: Make) -> None:
    ours = reader()
    ours.orders()
    shop.place(1, updated_at=at("12:09:30"))
    assert [[], ["1"]] == [[order for _, order, _ in ours.orders(later(minutes=minutes))] for minutes in (10, 11)]


def test_a_late_commit_within_the_overlap_is_not_lost(shop: Shop, reader: Make) -> None:
    five(shop)
    ours = reader()
    ours.orders()
    shop.touch(1, updated_at=at("12:30:00"))
    ours.orders(later(minutes=32))
    shop.touch(2, updated_at=at("12:25:00"))
    assert "2" in [order for _, order, _ in ours.orders(later(minutes=33))]


def test_a_window_that_was_stopped_goes_on_where_it_was(shop: Shop, reader: Make) -> None:
    five(shop)
    ours = reader()
    ours.orders()
    for order_id in (1, 2, 3, 4, 5):
        shop.touch(order_id, updated_at=at(f"12:2{order_id}:00"))
    first = orders_of(ours.pages(later(hours=1), stop_after=1))
    rest = orders_of(ours.pages(later(hours=2)))
    assert ["1", "2", "3", "4", "5"] == [order.order_id for order in (*first, *rest)]


def test_many_rows_of_one_moment_are_paged_by_id(shop: Shop, reader: Make) -> None:
    ours = reader()
    ours.orders()
    for order_id in (5, 3, 1, 2, 4):
        shop.place(order_id, updated_at=at("12:20:00"))
    assert ["1", "2", "3", "4", "5"] == [order for _, order, _ in ours.orders(later(hours=1))]


def test_a_refund_alone_makes_its_order_be_read_again(shop: Shop, reader: Make) -> None:
    five(shop)
    ours = reader()
    ours.orders()
    shop.refund(70, 3, made=at("12:10:00"))
    pages = ours.pages(later(hours=1))
    assert [("orders.refunds", "3", ["70"])] == [
        (page.stream, order.order_id, [refund.refund_id for refund in order.refunds])
        for page in pages
        for order in orders_of([page])
    ]


def test_an_order_with_several_new_refunds_comes_once_a_page(shop: Shop, reader: Make) -> None:
    five(shop)
    ours = reader()
    ours.orders()
    shop.refund(70, 3, made=at("12:10:00"))
    shop.refund(71, 3, made=at("12:10:00"))
    (order,) = orders_of(ours.pages(later(hours=1)))
    assert ["70", "71"] == [refund.refund_id for refund in order.refunds]


def test_a_refund_made_while_the_import_runs_is_observed_not_imported(shop: Shop, reader: Make) -> None:
    five(shop)
    shop.refund(70, 5, made=at("08:30:00"))
    ours = reader()
    ours.pages(stop_after=1)
    shop.refund(71, 5, made=at("12:10:00"))
    found = [
        (page.is_import, [refund.refund_id for refund in order.refunds])
        for page in ours.pages(later(hours=1))
        for order in orders_of([page])
        if order.order_id == "5"
    ]
    assert [(True, ["70"]), (False, ["70", "71"])] == found


def test_an_old_refund_is_imported_with_its_order(shop: Shop, reader: Make) -> None:
    shop.place(1, updated_at=at("09:00:00"))
    shop.refund(70, 1, made=at("09:30:00"))
    (order,) = orders_of(reader().pages())
    assert ["70"] == [refund.refund_id for refund in order.refunds]


def test_a_bad_row_is_named_and_the_rest_goes_on(shop: Shop, reader: Make) -> None:
    five(shop)
    shop.write("UPDATE orders SET placed = NULL WHERE id = 2")
    pages = reader().pages()
    assert ["1", "3", "4", "5"] == [order.order_id for order in orders_of(pages)]
    assert ["orders[2].placed_at"] == [problem.reason.path for page in pages for problem in page.problems]


def test_a_bad_row_is_kept_with_its_children_to_be_read_again(shop: Shop, reader: Make) -> None:
    five(shop)
    shop.write("UPDATE orders SET placed = NULL WHERE id = 2")
    (bad,) = [problem for page in reader().pages() for problem in page.problems]
    kept = json.loads(bad.raw)
    assert ("2", "orders.lines", True) == (bad.key, *(name for name in kept if name != "row"), bad.is_whole)


def entity(ours: Reader, **changes: Any) -> Reader:
    ours.table = deepcopy(ours.table)
    ours.table["orders"].update(changes)
    return ours


def test_without_a_time_column_everything_is_read_again_in_its_time(shop: Shop, reader: Make) -> None:
    shop.place(1, updated_at=at("09:00:00"))
    ours = reader(reread_after=3600)
    del (entity(ours)).table["orders"]["changed_at"]
    del ours.table["orders"]["refunds"]
    found = [ours.orders(later(minutes=minutes)) for minutes in (0, 59, 60, 61)]
    assert [[("orders", "1", True)], [], [("orders", "1", False)], []] == found


def test_a_query_may_hold_colons_and_percent_signs(shop: Shop, reader: Make) -> None:
    five(shop)
    query = "SELECT id, email, placed, total, updated_at, ':x 10:30' AS a FROM orders WHERE email LIKE 'a@%';"
    ours = entity(reader(), query=query)
    del ours.table["orders"]["table"]
    assert 5 == len(ours.orders())


def test_an_id_that_does_not_tell_rows_apart_is_refused(shop: Shop, reader: Make) -> None:
    five(shop)
    with pytest.raises(ConfigError, match="does not tell the rows apart"):
        entity(reader(), id="email").orders()


@pytest.mark.parametrize(
    ("change", "place", "remedy"),
    [
        ({"table": "order"}, "orders.table", 'Did you mean "orders"?'),
        ({"changed_at": "updated"}, "orders.changed_at", 'Did you mean "updated_at"?'),
        ({"fields": {"placed_at": "placed", "total": "totl"}}, "orders.fields.total", 'Did you mean "total"?'),
        ({"keep": ["mail"]}, "orders.keep", 'Did you mean "email"?'),
    ],
)
def test_what_is_not_there_is_named_with_what_is_near(
    shop: Shop, reader: Make, change: dict[str, Any], place: str, remedy: str
) -> None:
    with pytest.raises(MappingFaults) as caught:
        entity(reader(), **change).orders()
    assert [(f"source.shop.{place}", remedy)] == [(fault.place, fault.remedy) for fault in caught.value.faults]


def test_a_query_that_fails_is_a_fault_of_the_mapping(shop: Shop, reader: Make) -> None:
    ours = entity(reader(), query="SELECT id FRM orders")
    del ours.table["orders"]["table"]
    with pytest.raises(MappingFaults, match=r"not valid SQL|no column"):
        ours.orders()


def test_a_status_without_its_choice_says_how_many_rows_each_gives(shop: Shop, reader: Make) -> None:
    five(shop)
    shop.touch(1, updated_at=at("09:00:00"), status="done")
    ours = entity(reader(), status={"column": "status", "map": {"open": "placed", "done": "delivered"}})
    mapping = parse("shop", ours.table, may_be_undecided=True)
    with pytest.raises(MappingFaults, match=r'occurred_at = "skip" \(1 row not told\)'):
        check(mapping, environment=ours.environment)


def test_a_check_counts_what_becomes_of_each_status(shop: Shop, reader: Make) -> None:
    five(shop)
    shop.touch(1, updated_at=at("09:00:00"), status="done")
    shop.touch(2, updated_at=at("09:00:00"), status="odd")
    done = {"happening": "delivered", "occurred_at": "updated_at"}
    ours = entity(reader(), status={"column": "status", "map": {"open": "placed", "done": done}})
    (found,) = check(parse("shop", ours.table), environment=ours.environment)
    assert [("done", 1, "delivered"), ("odd", 1, ""), ("open", 3, "placed")] == sorted(
        (status.status, status.rows, status.happening) for status in found.statuses
    )


def test_a_check_warns_of_rows_that_cannot_be_followed(shop: Shop, reader: Make) -> None:
    shop.place(1, updated_at=None)
    ours = reader()
    (found,) = check(parse("shop", ours.table), environment=ours.environment)
    assert (1, ("status",), ("1 row has no updated_at: later changes are not seen.",)) == (
        found.rows,
        found.ignored,
        found.warnings,
    )


def test_a_preview_shows_rows_beside_records(shop: Shop, reader: Make) -> None:
    five(shop)
    shop.write("UPDATE orders SET placed = NULL WHERE id = 2")
    ours = reader()
    mapping = parse("shop", ours.table)
    found = preview(mapping, "orders", count=5, environment=ours.environment)
    assert {"1": True, "2": False, "3": True, "4": True, "5": True} == {
        str(each.row["id"]): each.problem is None for each in found
    }
    assert ("status",) == found[0].ignored
    with pytest.raises(NotFound, match="there are: orders"):
        preview(mapping, "people", environment=ours.environment)


def test_a_first_mapping_is_suggested_and_reads(shop: Shop, reader: Make) -> None:
    five(shop)
    ours = reader()
    table = tomllib.loads(suggest("env:SHOP_URL", environment=ours.environment))["source"]["shop"]
    assert "placed" == table["orders"]["fields"]["placed_at"]
    ours.table = {**table, "currency": "GBP"}
    assert 5 == len(ours.orders())


def test_a_naive_time_needs_a_zone(shop: Shop, reader: Make) -> None:
    five(shop)
    with pytest.raises(ConfigError, match=r"source\.shop\.time_zone"):
        reader(time_zone=None).orders()


def test_local_wall_time_is_read_in_its_zone(shop: Shop, reader: Make) -> None:
    shop.place(1, updated_at=at("12:30:00"))
    ours = reader(time_zone="Europe/London")
    (order,) = orders_of(ours.pages(later(minutes=0)))
    assert datetime(2024, 7, 1, 7, 0, tzinfo=UTC) == order.placed_at
    assert [] == ours.orders(later(minutes=1))
    shop.touch(1, updated_at=at("13:30:00"))
    assert ["1"] == [found for _, found, _ in ours.orders(later(minutes=32))]


def test_nothing_can_be_written_through_a_source(shop: Shop, reader: Make) -> None:
    five(shop)
    source = reader().source()
    session = source._session
    with pytest.raises((ConfigError, Unavailable)), session.moment():
        session.rows(text("DELETE FROM orders"))  # type: ignore[arg-type]
    source.close()
    assert 5 == len(reader().orders())


def test_a_kept_record_is_read_again(shop: Shop, reader: Make) -> None:
    shop.place(1, updated_at=at("09:00:00"))
    shop.refund(70, 1, made=at("09:30:00"))
    ours = reader()
    ((decoded,),) = [page.records for page in ours.pages()]
    source = ours.source()
    assert decoded == source.reread("orders", decoded.raw)
    assert decoded == source.reread("orders.refunds", decoded.raw)
    with pytest.raises(NotFound):
        source.reread("people", decoded.raw)
    source.close()
