"""What the door is by itself: its calls, keys, ids, refusals, and how single values are read."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orderwire.dialects.doorway import Call, Door, Presented, Refused, Reply, Scope, Spent, Work
from orderwire.dialects.omnisend.door.contacts_read import usable_phone
from orderwire.dialects.omnisend.door.custom_events import type_of
from orderwire.dialects.omnisend.door.door import DOOR
from orderwire.dialects.omnisend.door.ids import contact_id, cursor, hex_id, mark_of, person_of
from orderwire.dialects.omnisend.door.lines import read_lines
from orderwire.dialects.omnisend.door.refusals import Refusal
from orderwire.dialects.omnisend.door.wire import Fields, decode, plain, read_instant, read_number
from orderwire.model.money import minor


def call(path: str, **headers: str) -> Call:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    at = datetime(2026, 3, 1, tzinfo=UTC)
    return Call(method="GET", path=path, headers=names, received_at=at, request_id="a" * 32)


def test_it_is_a_door() -> None:
    door: Door = DOOR
    assert ("omnisend", "Omnisend") == (door.name, door.title)


def test_no_call_stands_in_the_table_twice_and_each_has_its_rate() -> None:
    counts = Counter((endpoint.method, endpoint.path) for endpoint in DOOR.endpoints)
    assert [] == [place for place, count in counts.items() if count > 1]
    assert set() == {endpoint.family for endpoint in DOOR.endpoints} - set(DOOR.families)


def test_reading_calls_only_read_and_only_events_are_open_to_pages() -> None:
    assert {Work.READS} == {endpoint.work for endpoint in DOOR.endpoints if endpoint.method == "GET"}
    assert {"/v5/events", "/api/events", "/v3/customer-events"} == {
        endpoint.path for endpoint in DOOR.endpoints if endpoint.scope is Scope.BROWSE
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (call("/v3/contacts", x_api_key="b-s"), Presented(is_ours=True, secret="b-s")),
        (call("/api/contacts", authorization="Omnisend-API-Key b-s"), Presented(is_ours=True, secret="b-s")),
        (call("/v5/contacts", authorization="bearer t"), Presented(is_ours=True, secret="t")),
        (call("/api/events", authorization="Bearer t"), Presented(is_ours=False, secret="t")),
        (call("/api/events", authorization="Klaviyo-API-Key pk_x"), Presented()),
        (call("/v3/accounts/b1", x_api_key="b-s"), Presented(is_ours=True, secret="b-s", account="b1")),
        (call("/v3/contacts"), Presented()),
    ],
)
def test_what_a_call_shows_of_its_sender(given: Call, expected: Presented) -> None:
    assert expected == DOOR.presents(given)


def test_keys_of_one_account_share_its_id() -> None:
    first = DOOR.mint(bytes(range(32)), is_public=False, account="")
    second = DOOR.mint(bytes(range(1, 33)), is_public=True, account=first.account)
    assert (24, 1) == (len(first.account), len({first.account, second.account}))
    assert first.secret != second.secret


@given(st.integers(min_value=1, max_value=2**53 - 1))
def test_a_contacts_id_leads_back_to_the_person(number: int) -> None:
    assert (24, number) == (len(contact_id(number)), person_of(contact_id(number)))


@pytest.mark.parametrize("text", ["", "0" * 24, "f" * 24, "z" * 24, "1" * 23, "１" * 24, contact_id(1) + "0"])
def test_an_id_that_was_never_given_leads_to_nobody(text: str) -> None:
    assert person_of(text) is None


@given(st.text(max_size=30).filter(lambda text: text.encode("utf-8", "ignore").decode() == text))
def test_a_cursor_leads_back_to_its_place(mark: str) -> None:
    assert mark == mark_of(cursor(mark))


def test_parts_of_an_id_do_not_run_together() -> None:
    assert hex_id("a", "bc") != hex_id("ab", "c")


@pytest.mark.parametrize(
    ("path", "why", "status"),
    [
        ("/v3/contacts", Refused.NO_KEY, 401),
        ("/v5/contacts", Refused.NO_KEY, 400),
        ("/api/contacts", Refused.NO_KEY, 401),
        ("/v3/contacts", Refused.BAD_KEY, 401),
        ("/v3/contacts", Refused.FORBIDDEN, 403),
        ("/v3/x", Refused.NOT_FOUND, 404),
        ("/api/x", Refused.NOT_ALLOWED, 405),
        ("/v3/x", Refused.TOO_LARGE, 413),
        ("/v3/x", Refused.NOT_READABLE, 400),
        ("/v3/x", Refused.UNAVAILABLE, 503),
        ("/api/x", Refused.BROKEN, 500),
    ],
)
def test_each_refusal_is_in_the_words_of_its_generation(path: str, why: Refused, status: int) -> None:
    reply = DOOR.refuse(call(path), why)
    body = json.loads(reply.body)
    words = ["type", "title", "status", "detail", "instance"] if path.startswith("/api") else ["error"]
    assert (status, words) == (reply.status, list(body))


def test_a_limited_call_is_told_how_long_to_wait() -> None:
    reply = DOOR.refuse(call("/api/contacts"), Refused.LIMITED, retry_after=12.2)
    assert (429, 13, "13") == (reply.status, json.loads(reply.body)["retryAfter"], dict(reply.headers)["Retry-After"])


def test_the_tightest_window_is_told_once() -> None:
    told = (Spent(limit=400, per=60, remaining=12, reset=30.5), Spent(limit=60, per=60, remaining=3, reset=9))
    reply = DOOR.dress(call("/v3/x"), DOOR.dress(call("/v3/x"), Reply(), ()), told)
    assert (
        ("X-Rate-Limit-Limit", "60"),
        ("X-Rate-Limit-Remaining", "3"),
        ("X-Rate-Limit-Reset", "9"),
    ) == reply.headers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-01T10:00:00Z", "2026-02-01T10:00:00+00:00"),
        ("2026-02-01t10:00:00z", "2026-02-01T10:00:00+00:00"),
        ("2026-02-01T10:00:00.123456789Z", "2026-02-01T10:00:00.123456+00:00"),
        ("2026-02-01 10:00:00 +02:00", "2026-02-01T08:00:00+00:00"),
        ("2026-02-01T10:00:00+0200", "2026-02-01T08:00:00+00:00"),
        ("2026-02-01", "2026-02-01T00:00:00+00:00"),
        ("2026-02-30", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1772365000", None),
        ("", None),
    ],
)
def test_instants_are_read_as_clients_write_them(text: str, expected: str | None) -> None:
    found = read_instant(text)
    assert expected == (found.isoformat() if found else None)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, 1), (Decimal("1.10"), Decimal("1.1")), (" 19.99 ", Decimal("19.99")), ("1e2", 100), (-5, -5), (True, None),
     ("1,5", None), ("", None), ("NaN", None), (10**15, None), (Decimal("1e999"), None), (Decimal("1e-999"), 0),
     ([], None), ("٣", None)],
)  # fmt: skip
def test_numbers_are_exact_and_of_ordinary_size(value: Any, expected: Any) -> None:
    assert expected == read_number(value)


def test_what_no_float_holds_stays_as_it_was() -> None:
    body = decode(b'{"a":12345678901234567890123,"b":1.10,"c":0.1234567890123456789,"d":[1E999]}')
    assert {"a": 12345678901234567890123, "b": 1.1, "c": "0.1234567890123456789", "d": ["1E+999"]} == plain(body)


def test_keys_are_met_in_any_case_the_exact_one_first() -> None:
    fields = Fields.of({"categoryId": "a", "TITLE": "b", "title": "c"})
    assert ("a", "c", None) == (fields.text("categoryID"), fields.text("title"), fields.text("other"))


def test_every_fault_is_told_with_its_place() -> None:
    fields = Fields.of({"a": 1.5, "rows": [{"b": "x"}, 3]})
    fields.whole("a")
    fields.text("missing", required=True)
    (row,) = fields.rows("rows") or []
    row.number("b")
    with pytest.raises(Refusal) as refused:
        fields.finish()
    assert ["a", "missing", "rows.1", "rows.0.b"] == [fault.path for fault in refused.value.faults]


@pytest.mark.parametrize(
    ("value", "expected"),
    [(1, "int"), (Decimal("10.00"), "int"), (Decimal("10.01"), "float"), (True, "bool"), ("M", "string"),
     ("a@mail.test", "email"), ("https://shop.test", "url"), ("2017-05-30", "date"),
     ("2017-05-30T14:11:12Z", "dateTime"), ([], None), (None, None)],
)  # fmt: skip
def test_the_type_of_a_field_is_that_of_its_first_value(value: Any, expected: str | None) -> None:
    assert expected == type_of(value)


@pytest.mark.parametrize(
    ("text", "expected"), [("+37060000000", True), ("0037060000000", True), ("860000000", False), ("+1", False)]
)
def test_only_an_international_number_names_somebody(text: str, expected: bool) -> None:
    assert expected is usable_phone(text)


@given(
    price=st.decimals(min_value=0, max_value=10_000, places=4),
    pieces=st.integers(min_value=1, max_value=50),
    discount=st.decimals(min_value=0, max_value=500, places=2),
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
)
def test_a_line_adds_up_to_the_minor_unit(price: Decimal, pieces: int, discount: Decimal, currency: str) -> None:
    row = {"productID": "P", "productQuantity": pieces, "productPrice": price, "productDiscount": discount}
    (line,) = read_lines([Fields.of(row)], currency)
    assert minor(price * pieces, currency) == line.total == line.subtotal - line.discount
    assert line.unit_price is not None
    assert line.subtotal == minor(line.unit_price * pieces, currency) or not discount


def test_lines_of_one_variant_are_told_apart() -> None:
    rows = [Fields.of({"productID": "P", "productVariantID": "V", "productPrice": 1}) for _ in range(3)]
    assert ["V", "V-2", "V-3"] == [line.line_id for line in read_lines(rows, "EUR")]
