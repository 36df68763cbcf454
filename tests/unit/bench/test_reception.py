"""What the benchmark's sink answers and counts."""

from __future__ import annotations

import msgspec
import pytest
from bench.reception import Answer, Faults, Reception


def event(unique_id: str, *, at: str = "2024-01-01T00:00:00Z", metric: str = "Placed Order") -> dict[str, object]:
    attributes = {
        "metric": {"data": {"type": "metric", "attributes": {"name": metric}}},
        "unique_id": unique_id,
        "time": at,
    }
    return {"type": "event", "attributes": attributes}


def profile(email: str) -> dict[str, object]:
    return {"data": {"type": "profile", "attributes": {"email": email}}}


def bulk(email: str, *events: dict[str, object]) -> bytes:
    entry = {
        "type": "event-bulk-create",
        "attributes": {"profile": profile(email), "events": {"data": list(events)}},
    }
    job = {"type": "event-bulk-create-job", "attributes": {"events-bulk-create": {"data": [entry]}}}
    return msgspec.json.encode({"data": job})


def single(email: str, one: dict[str, object]) -> bytes:
    attributes = one["attributes"]
    assert isinstance(attributes, dict)
    return msgspec.json.encode({"data": {**one, "attributes": {**attributes, "profile": profile(email)}}})


def test_windows_are_fixed_and_begin_with_the_first_request() -> None:
    reception = Reception(Faults(limits={"events": [(2, 1.0)]}))
    body = bulk("a@mail.test", event("1"))
    asked = [reception.judge("events", body, at) for at in (100.5, 100.9, 101.4, 101.6)]
    assert asked == [(Answer.TAKEN, 0), (Answer.TAKEN, 0), (Answer.LIMITED, 1), (Answer.TAKEN, 0)]


def test_a_refusal_by_one_window_uses_up_nothing_of_the_other() -> None:
    reception = Reception(Faults(limits={"events": [(1, 1.0), (2, 60.0)]}))
    body = bulk("a@mail.test", event("1"))
    asked = [reception.judge("events", body, at)[0] for at in (0.0, 0.1, 0.2, 1.0, 2.0)]
    assert asked == [Answer.TAKEN, Answer.LIMITED, Answer.LIMITED, Answer.TAKEN, Answer.LIMITED]


def test_endpoints_have_windows_of_their_own() -> None:
    reception = Reception(Faults(limits={"events": [(1, 1.0)]}))
    one = single("a@mail.test", event("1"))
    assert [reception.judge("event", one, at)[0] for at in (0.0, 0.1)] == [Answer.TAKEN, Answer.TAKEN]


def test_an_event_counts_once_for_a_profile_metric_and_id() -> None:
    reception = Reception(Faults())
    reception.judge("events", bulk("a@mail.test", event("1"), event("1", metric="Ordered Product")), 0.0)
    reception.judge("event", single("a@mail.test", event("1")), 0.0)
    reception.judge("event", single("b@mail.test", event("1")), 0.0)
    tally = reception.tally()
    assert (tally.events, tally.distinct, tally.repeated, tally.orders) == (4, 3, 1, 2)


def test_a_lost_answer_is_counted_and_its_events_are_taken() -> None:
    reception = Reception(Faults(lost=1.0))
    assert reception.judge("events", bulk("a@mail.test", event("1")), 0.0) == (Answer.LOST, 0)
    tally = reception.tally()
    assert (tally.events, tally.lost_answers) == (1, 1)


def test_what_is_refused_is_not_taken() -> None:
    reception = Reception(Faults(refused=1.0))
    assert reception.judge("events", bulk("a@mail.test", event("1")), 0.0) == (Answer.REFUSED, 0)
    assert reception.tally().events == 0


def test_an_outage_begins_after_so_many_events_and_ends() -> None:
    reception = Reception(Faults(outage_after=1, outage=10.0))
    body = bulk("a@mail.test", event("1"))
    asked = [reception.judge("events", body, at)[0] for at in (0.0, 1.0, 10.9, 11.1)]
    assert asked == [Answer.TAKEN, Answer.SILENCE, Answer.SILENCE, Answer.TAKEN]


@pytest.mark.parametrize(
    ("first", "second", "inverted"), [("2024-01-02", "2024-01-01", 1), ("2024-01-01", "2024-01-02", 0)]
)
def test_an_older_order_after_a_newer_one_of_the_same_profile_is_an_inversion(
    first: str, second: str, inverted: int
) -> None:
    reception = Reception(Faults())
    reception.judge("events", bulk("a@mail.test", event("1", at=f"{first}T00:00:00Z")), 0.0)
    reception.judge("events", bulk("b@mail.test", event("3", at="2023-01-01T00:00:00Z")), 0.0)
    reception.judge("events", bulk("a@mail.test", event("2", at=f"{second}T00:00:00Z")), 0.0)
    assert reception.tally().inverted == inverted
