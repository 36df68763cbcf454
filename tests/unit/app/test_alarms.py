"""What is alarming, and who is told how often."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import structlog
from msgspec.structs import replace

import orderwire
from orderwire import Shop
from orderwire.app.alarms.gauges import gauges
from orderwire.app.alarms.looking import Alarm, Lookout
from orderwire.app.alarms.settings import AlarmKind, AlarmSettings
from orderwire.app.alarms.watching import CALM, Told, Watch, ringing, watch
from orderwire.app.settings import Settings, load
from orderwire.errors import Unavailable
from orderwire.ledger import DestinationState, Refusal
from orderwire.ledger.sqlite.engine import SqliteEngine
from orderwire.ledger.sqlite.opening import connect
from orderwire.ledger.store import StoredLedger
from orderwire.ledger.values import AttemptState, Changes, Disposition, Stream
from orderwire.testing.ledgers import NOW, attempt, exempt, order, record

MINUTE = timedelta(minutes=1)


class Ear:
    """Somebody who is told; hears nothing while deaf."""

    def __init__(self, name: str = "ear") -> None:
        self.name = name
        self.heard: list[tuple[str, bool]] = []
        self.keys: list[str] = []
        self.is_deaf = False

    def tell(self, told: Told) -> None:
        if self.is_deaf:
            raise Unavailable("connect", may_have_arrived=False)
        self.heard.append((told.alarm.name, told.ended_at is not None))
        self.keys.append(told.key)


def switch(shop: Shop, *, cursor: int | None = None, **state: object) -> None:
    """Switch the destination on, everything read so far behind it."""
    head = shop.ledger.head() if cursor is None else cursor
    known = replace(DestinationState(name="drip", switched_on_at=NOW, switched_on_seq=0), **state)
    shop.ledger.administer("drip", Changes(state=known, cursors=dict.fromkeys(Stream, head)))


def alarming(shop: Shop, now: datetime = NOW) -> list[str]:
    return [one.name for one in Lookout(shop).look(now)]


def muted(shop: Shop, **alarms: object) -> Shop:
    return replace_settings(shop, replace(shop.settings.alarms, **alarms))


def replace_settings(shop: Shop, alarms: AlarmSettings) -> Shop:
    return Shop(replace(shop.settings, alarms=alarms), shop.ledger)


@pytest.fixture
def quiet(shop: Shop) -> Shop:
    """A shop with nothing alarming, whatever this machine's disk."""
    return replace_settings(shop, AlarmSettings(disk_below=0))


def test_nothing_is_alarming_in_a_shop_that_has_just_begun(quiet: Shop) -> None:
    assert [] == alarming(quiet)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [("the key is refused: HTTP 401", ["key_refused:drip"]), ("moving house", ["paused:drip"]), ("", [])],
)
def test_a_pause_is_alarming_and_a_refused_key_is_told_apart(quiet: Shop, reason: str, expected: list[str]) -> None:
    switch(quiet, paused_reason=reason)
    assert expected == alarming(quiet)


def test_what_somebody_wrote_as_a_reason_is_not_repeated(quiet: Shop) -> None:
    switch(quiet, paused_reason="ana@mail.test complained")
    (found,) = Lookout(quiet).look(NOW)
    assert "ana" not in found.text + found.remedy


@pytest.mark.parametrize(("minutes", "expected"), [(15, []), (16, ["backlog:drip"])])
def test_news_that_waits_is_alarming_after_a_while(quiet: Shop, minutes: int, expected: list[str]) -> None:
    switch(quiet)
    record(quiet.ledger, order(), at=NOW)
    assert expected == alarming(quiet, NOW + minutes * MINUTE)


def test_history_that_waits_is_not_alarming(quiet: Shop) -> None:
    switch(quiet)
    record(quiet.ledger, order(), at=NOW, is_imported=True)
    assert [] == alarming(quiet, NOW + timedelta(days=2))


@pytest.mark.parametrize(
    "changes",
    [
        Changes(attempts=[attempt(1, AttemptState.WAITING, 1, lane="live")]),
        Changes(exceptions=[exempt(1, Disposition.PENDING, due_at=NOW)]),
    ],
    ids=["in a request", "to be tried again"],
)
def test_news_behind_the_cursor_that_is_not_settled_waits_as_well(quiet: Shop, changes: Changes) -> None:
    record(quiet.ledger, order(), at=NOW)
    switch(quiet)
    before = alarming(quiet, NOW + 20 * MINUTE)
    quiet.ledger.administer("drip", changes)
    assert ([], ["backlog:drip"]) == (before, alarming(quiet, NOW + 20 * MINUTE))


@pytest.mark.parametrize("disposition", [Disposition.DEAD, Disposition.UNKNOWN])
def test_facts_that_were_given_up_are_alarming(quiet: Shop, disposition: Disposition) -> None:
    record(quiet.ledger, order())
    switch(quiet)
    quiet.ledger.administer("drip", Changes(exceptions=[exempt(1, disposition)]))
    assert ["dead_letters:drip"] == alarming(quiet)


def test_records_that_were_refused_are_alarming(quiet: Shop) -> None:
    refused = Refusal(stream="orders", key="1", place="orders[1]", problem="is no order", raw=b"{}")
    quiet.ledger.record((), source="shop", at=NOW, is_imported=False, refused=[refused])
    assert ["refused_records:shop"] == alarming(quiet)


@pytest.mark.parametrize(("free", "expected"), [(0, []), (10**18, ["disk:ledger"])])
def test_a_disk_with_little_room_is_alarming(quiet: Shop, free: int, expected: list[str]) -> None:
    assert expected == alarming(muted(quiet, disk_below=free))


@pytest.mark.parametrize(("days", "expected"), [(91, []), (90, ["revision:klaviyo"]), (-10, ["revision:klaviyo"])])
def test_a_revision_is_told_three_months_before_it_is_retired(tmp_path: Path, days: int, expected: list[str]) -> None:
    table = 'ledger = "l.db"\n[alarms]\ndisk_below = 0\n[destination.klaviyo]\nkey = "env:KEY"\n'
    (tmp_path / "orderwire.toml").write_text(table, encoding="utf-8")
    with orderwire.open(tmp_path) as shop:
        retires_on = shop.dialect("klaviyo").profile.retires_on
        assert retires_on == date(2028, 7, 15)
        assert expected == alarming(shop, datetime(2028, 7, 15, 12, tzinfo=UTC) - timedelta(days=days))


def begin_silence(shop: Shop, *, hours: int = 24 * 21) -> datetime:
    """An order each hour for three weeks, then none; when the last one was placed."""
    first = NOW - timedelta(weeks=3)
    for number in range(hours):
        placed = first + timedelta(hours=number)
        record(shop.ledger, order(str(number), placed_at=placed), at=placed + MINUTE)
    return first + timedelta(hours=hours - 1)


def test_a_source_that_falls_silent_is_alarming_until_it_tells_again(quiet: Shop) -> None:
    last = begin_silence(quiet)
    lookout = Lookout(quiet)
    seen = [[one.name for one in lookout.look(last + timedelta(hours=at))] for at in (1, 6, 8)]
    record(quiet.ledger, order("again", placed_at=last + timedelta(hours=8)), at=last + timedelta(hours=8))
    seen.append([one.name for one in lookout.look(last + timedelta(hours=8, minutes=1))])
    assert [[], [], ["silence:shop"], []] == seen


def test_a_source_that_nobody_expects_anything_of_is_not_missed(quiet: Shop) -> None:
    last = begin_silence(quiet)
    gone = Shop(replace(quiet.settings, sources={}), quiet.ledger)
    assert [] == alarming(gone, last + timedelta(hours=20))


@pytest.mark.parametrize("mute", ["disk", "disk:ledger"])
def test_what_is_muted_is_not_alarming(quiet: Shop, mute: str) -> None:
    assert [] == alarming(muted(quiet, disk_below=10**18, mute=(mute,)))


def test_an_alarm_is_told_once_when_it_begins_and_once_when_it_ends(quiet: Shop) -> None:
    ear = Ear()
    watching = Watch(quiet, [ear])
    switch(quiet, paused_reason="moving")
    for minute in range(5):
        watching.turn(NOW + minute * MINUTE)
    switch(quiet)
    for minute in range(5, 12):
        watching.turn(NOW + minute * MINUTE)
    assert [("paused:drip", False), ("paused:drip", True)] == ear.heard
    assert [] == ringing(quiet.ledger)


def test_a_new_process_repeats_nothing_and_goes_on(quiet: Shop) -> None:
    ear = Ear()
    switch(quiet, paused_reason="moving")
    Watch(quiet, [ear], holder="a").turn(NOW)
    release(quiet)
    Watch(quiet, [ear], holder="b").turn(NOW + MINUTE)
    switch(quiet)
    release(quiet)
    Watch(quiet, [ear], holder="c").turn(NOW + MINUTE + CALM)
    assert [("paused:drip", False), ("paused:drip", True)] == ear.heard


def test_of_two_processes_one_watches(quiet: Shop) -> None:
    first, second = Ear(), Ear()
    switch(quiet, paused_reason="moving")
    turns = [Watch(quiet, [first], holder="a").turn(NOW), Watch(quiet, [second], holder="b").turn(NOW)]
    assert ([True, False], 1, 0) == (turns, len(first.heard), len(second.heard))


def test_what_comes_and_goes_is_one_alarm(quiet: Shop) -> None:
    ear = Ear()
    watching = Watch(quiet, [ear])
    for minute in range(8):
        switch(quiet, paused_reason="moving" if minute % 2 == 0 else "")
        watching.turn(NOW + minute * MINUTE)
    assert [("paused:drip", False)] == ear.heard


def test_who_was_not_reached_is_told_later_and_only_they(quiet: Shop) -> None:
    good, bad = Ear("good"), Ear("bad")
    bad.is_deaf = True
    watching = Watch(quiet, [good, bad])
    switch(quiet, paused_reason="moving")
    with structlog.testing.capture_logs() as said:
        watching.turn(NOW)
    bad.is_deaf = False
    watching.turn(NOW + MINUTE)
    assert [("paused:drip", False)] == good.heard == bad.heard
    assert ["an alarm could not be told"] == [line["event"] for line in said]


def test_who_never_heard_of_the_beginning_does_not_hear_of_the_end(quiet: Shop) -> None:
    ear = Ear()
    ear.is_deaf = True
    watching = Watch(quiet, [ear])
    switch(quiet, paused_reason="moving")
    with structlog.testing.capture_logs():
        watching.turn(NOW)
    switch(quiet)
    ear.is_deaf = False
    watching.turn(NOW + CALM)
    assert ([], []) == (ear.heard, ringing(quiet.ledger))


def test_what_begins_again_before_its_end_was_told_to_all_is_told_anew_where_it_was_told(quiet: Shop) -> None:
    good, bad = Ear("good"), Ear("bad")
    watching = Watch(quiet, [good, bad])
    switch(quiet, paused_reason="moving")
    watching.turn(NOW)
    switch(quiet)
    bad.is_deaf = True
    with structlog.testing.capture_logs():
        watching.turn(NOW + CALM)
    bad.is_deaf = False
    switch(quiet, paused_reason="moving again")
    watching.turn(NOW + CALM + MINUTE)
    assert ([False, True, False], [False]) == ([over for _, over in good.heard], [over for _, over in bad.heard])
    assert 3 == len(set(good.keys))


def test_the_gauges_show_what_rings_and_how_far_behind_each_destination_is(quiet: Shop) -> None:
    record(quiet.ledger, order(), order("2"))
    switch(quiet, cursor=1, paused_reason="moving")
    Watch(quiet, []).turn(NOW)
    found = gauges(quiet)
    assert ((("paused", "drip"),), {"drip": 1}) == (found.alarms, found.backlog)


@pytest.fixture
def full(quiet: Shop, tmp_path: Path) -> Iterator[Shop]:
    """The shop with something alarming, its store taking nothing any more."""
    switch(quiet, paused_reason="moving")
    connection = connect(tmp_path / "orderwire.db", busy_timeout=1.0)
    connection.execute("PRAGMA query_only = ON")
    ledger = StoredLedger(SqliteEngine(connection))
    yield Shop(quiet.settings, ledger)
    ledger.close()


def test_alarms_are_told_once_by_a_process_whose_store_takes_nothing(full: Shop) -> None:
    ear = Ear()
    watching = Watch(full, [ear])
    with structlog.testing.capture_logs():
        for minute in range(3):
            watching.turn(NOW + minute * MINUTE)
    assert [("paused:drip", False)] == ear.heard


def test_a_look_that_fails_does_not_end_the_watch(folder: Path) -> None:
    ear = Ear()
    settings = replace(load(folder), alarms=AlarmSettings(disk_below=10**18))
    watch(settings, [ear], threading.Event(), is_once=True)
    broken: Settings = replace(settings, destinations={"drip": None})
    with structlog.testing.capture_logs() as said:
        watch(broken, [ear], threading.Event(), is_once=True)
    assert ([("disk:ledger", False)], 1) == (ear.heard, len(said))


def test_an_alarm_is_named_by_what_it_is_and_what_about() -> None:
    assert "disk:ledger" == Alarm(alarm=AlarmKind.DISK, about="ledger", text="", remedy="").name


def release(shop: Shop) -> None:
    """End the lease of the process that watched, as its death does after a while."""
    lease = shop.ledger.holder("orderwire/alarms")
    assert lease is not None
    shop.ledger.release(lease)
