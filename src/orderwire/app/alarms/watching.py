"""Watching: alarms begin and end, are remembered in the ledger, and are told once at each.

Every alarm is a document of the ledger from its beginning until its end was told to everybody. It is written before
anybody is told, and again after each telling, so that a new process goes on where the last one was; only what was
told in the very moment of a crash is told a second time, with the same id. Of several processes one watches, by a
lease.

An alarm ends when it was not seen for a while (`CALM`): what comes and goes within minutes is one alarm.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
import structlog
from msgspec import Struct

from orderwire.app.alarms.looking import Alarm, Lookout
from orderwire.app.bootstrap import Shop, worker_name
from orderwire.app.settings import Settings
from orderwire.app.talk import frames_of
from orderwire.errors import OrderwireError, StoreError
from orderwire.ledger import Kept, StoredLedger, open_ledger

log = structlog.get_logger()
SOURCE, COLLECTION = "orderwire", "alarm"
CALM = timedelta(minutes=3)
"""How long an alarm must be away before it has ended."""
_LEASE = "orderwire/alarms"
_MOST = 10_000


class Ringing(Struct, frozen=True, kw_only=True):
    """An alarm from its beginning until its end was told. `began_to` and `ended_to` are those who were told."""

    alarm: Alarm
    began_at: datetime
    seen_at: datetime
    ended_at: datetime | None = None
    began_to: tuple[str, ...] = ()
    ended_to: tuple[str, ...] = ()


class Told(Struct, frozen=True, kw_only=True):
    """What is told of an alarm: that it began, or that it ended."""

    alarm: Alarm
    began_at: datetime
    ended_at: datetime | None = None

    @property
    def key(self) -> str:
        """What is the same whenever and however often this is told."""
        phase = "ended" if self.ended_at else "began"
        return f"{self.alarm.name}:{self.began_at.isoformat()}:{phase}"


class Channel(Protocol):
    """A way to tell somebody."""

    @property
    def name(self) -> str:
        """What it is called among those who were told."""
        ...

    def tell(self, told: Told) -> None:
        """Tell; returns when it has arrived.

        Raises:
            OrderwireError: it has not, or nobody knows.
        """
        ...


def ringing(ledger: StoredLedger) -> list[Ringing]:
    """The alarms that are remembered, by name; those that have ended are among them until that was told."""
    kept = ledger.documents(SOURCE, COLLECTION, limit=_MOST)
    return [msgspec.json.decode(one.body, type=Ringing) for one in kept]


class Watch:
    """Keeps what is remembered of alarms in step with what is seen, and tells of each beginning and end.

    Args:
        shop: the opened shop.
        channels: the ways to tell.
        holder: who watches, for the lease.
    """

    def __init__(self, shop: Shop, channels: Sequence[Channel], *, holder: str = "") -> None:
        self._shop = shop
        self._channels = channels
        self._lookout = Lookout(shop)
        self._holder = holder or f"{worker_name()}:alarms"
        self._unkept: dict[str, Ringing] = {}
        """What the store could not take: on a full disk this process remembers alone."""

    def turn(self, now: datetime) -> bool:
        """Look once, and tell; False where another process watches."""
        if not self._is_mine():
            return False
        before = {one.alarm.name: one for one in ringing(self._shop.ledger)} | self._unkept
        after = compared(before, self._lookout.look(now), now)
        self._keep([one for name, one in after.items() if before.get(name) != one], now)
        silent: set[str] = set()
        for one in after.values():
            self._tell(one, now, silent)
        return True

    def _is_mine(self) -> bool:
        """Whether nobody else watches; a store that takes nothing is no reason to be silent."""
        try:
            ttl = self._shop.settings.alarms.every * 3
            return self._shop.ledger.acquire(_LEASE, self._holder, ttl=ttl) is not None
        except StoreError as error:
            log.warning("who watches could not be written down", reason=type(error).__name__)
            return True

    def _tell(self, one: Ringing, now: datetime, silent: set[str]) -> None:
        """Tell whoever was not told yet; of an end only those who heard of the beginning.

        `silent` are the channels that failed in this turn, and are left alone until the next.
        """
        for channel in self._channels:
            told = due(one, channel.name)
            if told is None or channel.name in silent:
                continue
            if not self._is_told(channel, told):
                silent.add(channel.name)
                continue
            names = {"began_to": (*one.began_to, channel.name)}
            if told.ended_at is not None:
                names = {"ended_to": (*one.ended_to, channel.name)}
            one = msgspec.structs.replace(one, **names)
            self._keep([one], now)
        if one.ended_at is not None and not any(due(one, channel.name) for channel in self._channels):
            self._forget(one)

    def _is_told(self, channel: Channel, told: Told) -> bool:
        try:
            channel.tell(told)
        except OrderwireError as error:
            log.warning("an alarm could not be told", alarm=told.alarm.name, by=channel.name, reason=str(error))
            return False
        return True

    def _keep(self, changed: Sequence[Ringing], now: datetime) -> None:
        documents = [
            Kept(collection=COLLECTION, key=one.alarm.name, body=msgspec.json.encode(one)) for one in changed
        ]
        try:
            if documents:
                self._shop.ledger.put_documents(SOURCE, documents, at=now)
        except StoreError as error:
            log.warning("alarms are remembered by this process only", reason=type(error).__name__)
            self._unkept.update({one.alarm.name: one for one in changed})
        else:
            for one in changed:
                self._unkept.pop(one.alarm.name, None)

    def _forget(self, one: Ringing) -> None:
        name = one.alarm.name
        try:
            self._shop.ledger.drop_documents(SOURCE, [(COLLECTION, name)])
        except StoreError as error:
            log.warning("an alarm that ended is still remembered", alarm=name, reason=type(error).__name__)
        else:
            self._unkept.pop(name, None)


def due(one: Ringing, channel: str) -> Told | None:
    """What is to be told by a channel; None where it has told all that there is."""
    if one.ended_at is None and channel not in one.began_to:
        return Told(alarm=one.alarm, began_at=one.began_at)
    if one.ended_at is not None and channel in one.began_to and channel not in one.ended_to:
        return Told(alarm=one.alarm, began_at=one.began_at, ended_at=one.ended_at)
    return None


def compared(before: Mapping[str, Ringing], seen: Sequence[Alarm], now: datetime) -> dict[str, Ringing]:
    """What rings now, by name, from what rang before and what is seen."""
    after = {alarm.name: _again(before.get(alarm.name), alarm, now) for alarm in seen}
    for name, known in before.items():
        if name not in after:
            is_over = known.ended_at is None and now - known.seen_at >= CALM
            after[name] = msgspec.structs.replace(known, ended_at=now) if is_over else known
    return after


def _again(known: Ringing | None, alarm: Alarm, now: datetime) -> Ringing:
    """An alarm that is seen: one that rings, a new one, or one whose end was not told to everybody yet."""
    if known is None:
        return Ringing(alarm=alarm, began_at=now, seen_at=now)
    if not known.ended_to:
        return msgspec.structs.replace(known, alarm=alarm, seen_at=now, ended_at=None)
    unaware = tuple(name for name in known.began_to if name not in known.ended_to)
    return Ringing(alarm=alarm, began_at=now, seen_at=now, began_to=unaware)


def watch(settings: Settings, channels: Sequence[Channel], stop: threading.Event, *, is_once: bool = False) -> None:
    """Look again and again until told to stop, with a ledger of its own; with `is_once` only this time.

    Raises:
        StoreError: the ledger cannot be opened.
    """
    ledger = open_ledger(settings.ledger)
    try:
        watching = Watch(Shop(settings, ledger), channels)
        while True:
            _turn(watching)
            if is_once or stop.wait(settings.alarms.every.total_seconds()):
                return
    finally:
        ledger.close()


def _turn(watching: Watch) -> None:
    """One look; a failure is told, and the next look is tried."""
    try:
        watching.turn(datetime.now(UTC))
    except OrderwireError as error:
        log.warning("nobody could look for alarms", reason=type(error).__name__)
    except Exception as error:  # noqa: BLE001 - a fault in one look must not end the watch
        log.error("the look for alarms failed", kind=type(error).__name__, where=frames_of(error))
