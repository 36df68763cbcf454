"""The small readers of the door, on values."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from orderwire.dialects.klaviyo.door import ids
from orderwire.dialects.klaviyo.door.keys import minted
from orderwire.dialects.klaviyo.door.members import decode_if, moment, plain, words
from orderwire.dialects.klaviyo.door.metrics import STANDARD, Metric, kind_of_metric
from orderwire.dialects.klaviyo.door.persons import applied, attributes_of, person_of
from orderwire.dialects.klaviyo.door.properties import decimal_of, instant_of
from orderwire.dialects.klaviyo.door.queries import conditions
from orderwire.dialects.klaviyo.fields import METRICS
from orderwire.model import Identity


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('equals(email,"a@mail.test")', [("equals", "email", ("a@mail.test",))]),
        ("equals(email,'it''s')", None),
        (r'equals(title,"a \"b\", c")', [("equals", "title", ('a "b", c',))]),
        ('any(id,["a","b"])', [("any", "id", ("a", "b"))]),
        ("any(id,[])", None),
        ("has(profile)", [("has", "profile", ())]),
        (
            "and(greater-than(updated,2024-01-01T00:00:00+00:00),equals(published,true))",
            [("greater-than", "updated", ("2024-01-01T00:00:00+00:00",)), ("equals", "published", ("true",))],
        ),
        (
            "less-than(datetime,2024-01-01T00:00:00 00:00),equals(metric_id,'x')",
            [("less-than", "datetime", ("2024-01-01T00:00:00+00:00",)), ("equals", "metric_id", ("x",))],
        ),
        (
            'equals(subscriptions.email.marketing.list_suppressions.list_id,"Y6nRLr")',
            [("equals", "subscriptions.email.marketing.list_suppressions.list_id", ("Y6nRLr",))],
        ),
        ('equals(_kx,"a")', [("equals", "_kx", ("a",))]),
        (" equals( email , 'a' ) ", [("equals", "email", ("a",))]),
        ("equals(email,5)", [("equals", "email", ("5",))]),
        ("", []),
        ("email", None),
        ("equals(email)", None),
        ("has(profile,1)", None),
        ("equals(email,'a'", None),
        ("equals(email,'a'))", None),
        ("or(equals(a,'1'),equals(b,'2'))", None),
        ("drop(email,'a')", None),
        ('equals(email,"a)', None),
        ("and(" * 500, None),
    ],
)
def test_filters_are_read_as_the_platform_writes_them(text: str, expected: list[Any] | None) -> None:
    if expected is None or not text:
        with pytest.raises((ValueError, RecursionError)):
            conditions(text)
    else:
        assert expected == [(one.function, one.field, one.values) for one in conditions(text)]


@pytest.mark.parametrize("person", [1, 2, 77, 10**6, 2**47])
def test_an_id_of_a_profile_says_whose_it_is(person: int) -> None:
    identity = ids.profile_id(person)
    assert (26, "01", person) == (len(identity), identity[:2], ids.person_of(identity))


@pytest.mark.parametrize(
    "identity",
    ["", "01GDDKASAP8TKDDA2GRZDSVP4H", ids.profile_id(1)[:-1] + "Z", ids.profile_id(1).lower(), "01HZ" * 7],
)
def test_an_id_that_was_never_given_is_nobodys(identity: str) -> None:
    assert ids.person_of(identity) is None


@pytest.mark.parametrize("part", [0, 1, 200])
@pytest.mark.parametrize("when", [datetime(1991, 1, 1, tzinfo=UTC), datetime(2400, 12, 31, 23, 59, 59, tzinfo=UTC)])
def test_an_id_of_an_event_says_which_it_is(when: datetime, part: int) -> None:
    assert (when, 2**31 - 1, part) == ids.fact_of(ids.event_id(when, 2**31 - 1, part))


def test_every_metric_of_ours_has_an_id_of_its_own_and_means_its_kind() -> None:
    assert len(METRICS) + 1 == len(STANDARD)
    assert {len(one) for one in STANDARD} == {6}
    assert [kind.value for kind in METRICS] == [kind_of_metric(name) for name in METRICS.values()]
    assert Metric("Placed Order").id == Metric("Placed Order", datetime(2020, 1, 1, tzinfo=UTC)).id


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01T10:00:00Z", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01T12:00:00.999+02:00", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01 10:00:00", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01 10:00:00 UTC", datetime(2024, 5, 1, 10, tzinfo=UTC)),
        ("2024-05-01", datetime(2024, 5, 1, tzinfo=UTC)),
        ("20240501", None),
        ("9999-12-31T23:59:59-23:00", None),
        ("tomorrow", None),
        (5, None),
    ],
)
def test_instants_are_cut_to_seconds_and_naive_ones_are_utc(text: Any, expected: datetime | None) -> None:
    assert expected == moment(text)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, Decimal(5)),
        ("5.10", Decimal("5.10")),
        (Decimal("0.1"), Decimal("0.1")),
        (Decimal("0.1234567890123456789"), Decimal("0.123456789012")),
        (10**15, None),
        ("NaN", None),
        ("1e999999999", None),
        (True, None),
        ("five", None),
        ([], None),
    ],
)
def test_amounts_are_exact_or_none(value: Any, expected: Decimal | None) -> None:
    assert expected == decimal_of(value)


def test_numbers_of_a_call_are_exact_and_huge_ones_are_no_json() -> None:
    assert [Decimal("0.10"), 2**60] == decode_if(b"[0.10, 1152921504606846976]")
    assert (None, None) == (decode_if(b"1e400"), decode_if(b"1" * 6000))
    assert ["1152921504606846976", "0.10", None] == [words(2**60), words(Decimal("0.10")), words(True)]
    assert ["float", "int"] == [type(plain(one)).__name__ for one in (Decimal("1.0"), 5)]


def test_seconds_and_milliseconds_are_told_apart() -> None:
    assert instant_of(1_700_000_000) == instant_of(1_700_000_000_000) == instant_of("1700000000")


def test_what_a_person_has_a_place_for_is_given_back_by_the_person() -> None:
    told = {
        "first_name": "Ana",
        "organization": "Potter",
        "locale": "de-AT",
        "location": {"address1": "Ring 1", "country": "AT", "zip": "1010", "timezone": "Europe/Vienna"},
        "properties": {"Birthday": "1990-02-03", "Tags": ["vip"], "Gender": "f", "size": 38, "vip": True},
    }
    assert told == attributes_of(person_of(told, Identity(email="ana@mail.test"), updated_at=None))


@pytest.mark.parametrize(
    ("given", "clears", "expected"),
    [
        ({"first_name": None}, True, {"properties": {"a": 1}, "location": {"city": "Wien"}}),
        ({"first_name": None}, False, {"first_name": "Ana", "properties": {"a": 1}, "location": {"city": "Wien"}}),
        (
            {"properties": {"a": None, "b": 2}},
            True,
            {"first_name": "Ana", "properties": {"b": 2}, "location": {"city": "Wien"}},
        ),
        ({"location": None}, True, {"first_name": "Ana", "properties": {"a": 1}}),
        (
            {"location": {"zip": "1010"}},
            True,
            {"first_name": "Ana", "properties": {"a": 1}, "location": {"city": "Wien", "zip": "1010"}},
        ),
    ],
)
def test_what_is_absent_stays_and_null_clears(given: dict[str, Any], clears: bool, expected: dict[str, Any]) -> None:
    before = {"first_name": "Ana", "properties": {"a": 1}, "location": {"city": "Wien"}}
    assert expected == applied(before, given, clears=clears)


def test_keys_look_as_the_platforms_do() -> None:
    private = minted(bytes(range(32)), is_public=False, account="")
    public = minted(bytes(32), is_public=True, account=private.account)
    assert ("pk_", 37, 6) == (private.secret[:3], len(private.secret), len(private.account))
    assert private.account == public.account == public.secret
