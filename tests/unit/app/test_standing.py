"""Where a destination stands, and why it stands still."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from orderwire import Shop
from orderwire.app.repairs import pause
from orderwire.app.standing import Backlog, DestinationStatus, standing_of
from orderwire.ledger.values import AttemptState, Changes, Disposition, Stream
from orderwire.testing.ledgers import NOW, attempt, exempt, order, person, record, switched_on

TTL = timedelta(minutes=1)


def switch(shop: Shop, **state: object) -> None:
    """Switch the destination on at the head, as the operator and a first sync leave it."""
    changes = switched_on("drip", seq=shop.ledger.head())
    assert changes.state is not None
    known = {"is_adopted": True, "opt_outs_read_at": NOW, "acknowledged": risky(shop)} | state
    shop.ledger.administer("drip", Changes(state=replace(changes.state, **known), cursors=changes.cursors))


def risky(shop: Shop) -> tuple[str, ...]:
    return tuple(route.name for route in shop.dialect("drip").profile.routes if route.history == "may_fire")


def whys(status: DestinationStatus, word: str) -> list[str]:
    """The remedies of those reasons that speak of something."""
    return [halt.remedy for halt in status.halts if word in halt.why]


@pytest.fixture
def stands(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop with three facts and a key."""
    monkeypatch.setenv("SHOP_KEY", "k-1")
    record(shop.ledger, person(first_name="Ana"), order(), order("1002"))
    return shop


def test_everything_is_history_before_the_first_sync(stands: Shop) -> None:
    status = standing_of(stands, "drip")
    assert (stands.ledger.head(), Backlog(history=stands.ledger.head())) == (status.behind, status.backlog)


def test_facts_that_are_settled_beyond_a_cursor_are_not_behind(stands: Shop) -> None:
    switch(stands)
    changes = Changes(
        attempts=[attempt(1, AttemptState.ACCEPTED, 2, route="orders")], exceptions=[exempt(3, Disposition.EXCLUDED)]
    )
    stands.ledger.administer("drip", changes)
    assert Backlog(history=1) == standing_of(stands, "drip").backlog


def test_what_is_on_the_way_and_what_is_tried_again_are_counted_apart(stands: Shop) -> None:
    switch(stands)
    changes = Changes(
        attempts=[attempt(1, AttemptState.OPEN, 2, route="orders")],
        exceptions=[exempt(3, Disposition.PENDING, due_at=NOW)],
    )
    stands.ledger.administer("drip", changes)
    assert Backlog(history=1, on_the_way=1, again=1) == standing_of(stands, "drip").backlog


@pytest.mark.parametrize(
    ("state", "word", "expected"),
    [
        ({"paused_reason": "holiday"}, "holiday", ["orderwire destination resume drip"]),
        ({"acknowledged": ()}, "may start automations", ["orderwire destination acknowledge drip"]),
        ({"opt_outs_read_at": None}, "opt-outs", ["a sync reads them first: orderwire sync"]),
        (
            {"is_adopted": False, "was_looked_at": True},
            "Drip shows no orders",
            [
                "where something filled it before, say up to when (the cut-off date): "
                "orderwire destination adopt drip --before DATE"
            ],
        ),
    ],
)
def test_each_reason_comes_with_its_command(
    stands: Shop, state: dict[str, object], word: str, expected: list[str]
) -> None:
    switch(stands)
    before = whys(standing_of(stands, "drip"), word)
    switch(stands, **state)
    assert ([], expected) == (before, whys(standing_of(stands, "drip"), word))


def test_a_refused_key_is_to_be_replaced_before_going_on(stands: Shop) -> None:
    pause(stands, "drip", "the key is refused: 401")
    (remedy,) = whys(standing_of(stands, "drip"), "the key is refused")
    assert (True, True) == ("env:SHOP_KEY" in remedy, remedy.endswith("orderwire destination resume drip"))


def test_a_key_that_is_not_there_is_told(stands: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP_KEY")
    assert ["Export it and start again."] == whys(standing_of(stands, "drip"), "SHOP_KEY is not set")


def test_who_delivers_is_named(stands: Shop) -> None:
    switch(stands)
    idle = standing_of(stands, "drip")
    stands.ledger.acquire("drip", "host:7", ttl=TTL)
    served = standing_of(stands, "drip")
    assert ("", ["orderwire sync"], "host:7", []) == (
        idle.held_by,
        whys(idle, "no worker"),
        served.held_by,
        whys(served, "no worker"),
    )


def test_the_last_success_is_told(stands: Shop) -> None:
    switch(stands)
    stands.ledger.administer("drip", Changes(attempts=[attempt(1, AttemptState.ACCEPTED, 1, settled_at=NOW)]))
    assert NOW == standing_of(stands, "drip").last_success_at


def test_what_is_tried_again_and_again_says_why(stands: Shop) -> None:
    switch(stands)
    stuck = replace(attempt(1, AttemptState.WAITING, 1), tries=7, reason="503 Service Unavailable")
    stands.ledger.administer("drip", Changes(attempts=[stuck]))
    (found,) = [halt.why for halt in standing_of(stands, "drip").halts if "7 times" in halt.why]
    assert "503 Service Unavailable" in found


def test_a_destination_that_has_everything_does_not_stand_still(stands: Shop) -> None:
    switch(stands)
    head = stands.ledger.head()
    changes = Changes(
        attempts=[attempt(1, AttemptState.CONFIRMED, *range(1, head + 1))], cursors=dict.fromkeys(Stream, head)
    )
    stands.ledger.administer("drip", changes)
    status = standing_of(stands, "drip")
    assert (0, ()) == (status.behind, status.halts)
