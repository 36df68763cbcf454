"""Where a destination stands, and each reason why it stands still, with the command that makes it go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.app.settings import secret
from orderwire.delivery.adoption import TELLING
from orderwire.delivery.decide import Context, lane_of
from orderwire.delivery.firing import unacknowledged
from orderwire.dialects.contract import Lane
from orderwire.errors import ConfigError
from orderwire.ledger.values import (
    Attempt,
    AttemptState,
    DestinationState,
    Disposition,
    Exemption,
    FactFilter,
    Stream,
)

MANY_TRIES = 3
"""Tries of a request from which on it is told what keeps it."""
_PAGE = 5_000


class Halt(Struct, frozen=True, kw_only=True):
    """One reason why a destination stands still, or some of its facts do."""

    why: str
    remedy: str
    """What to do about it, the exact command where there is one."""


class Backlog(Struct, frozen=True, kw_only=True):
    """Facts that are not settled at a destination, by what they wait for."""

    live: int = 0
    """News that was not taken up yet."""
    history: int = 0
    on_the_way: int = 0
    """In a request that has no answer yet."""
    again: int = 0
    """To be tried again."""

    @property
    def total(self) -> int:
        """All of them."""
        return self.live + self.history + self.on_the_way + self.again


class DestinationStatus(Struct, kw_only=True):
    """Where a destination stands."""

    destination: str
    platform: str
    switched_on_at: datetime | None = None
    paused: str = ""
    head: int = 0
    cursors: Mapping[Stream, int] = {}
    behind: int = 0
    """Facts that are not settled there."""
    backlog: Backlog = Backlog()
    open_requests: int = 0
    open_jobs: int = 0
    in_doubt: int = 0
    """Requests whose outcome was never learned."""
    exemptions: Mapping[Disposition, int] = {}
    acknowledged: tuple[str, ...] = ()
    held_by: str = ""
    """The worker that delivers there now."""
    held_until: datetime | None = None
    """When its lease ends unless renewed."""
    last_success_at: datetime | None = None
    """When the newest request that the platform took was answered."""
    opt_outs_read_at: datetime | None = None
    halts: tuple[Halt, ...] = ()


def standing_of(shop: Shop, name: str) -> DestinationStatus:
    """Where one configured destination stands.

    Raises:
        NotFound: no such destination.
    """
    ledger = shop.ledger
    platform = shop.destination(name, with_key=False).platform
    state = ledger.destination(name)
    status = DestinationStatus(
        destination=name, platform=platform, head=ledger.head(), backlog=_backlog(shop, name, state)
    )
    status.behind = status.backlog.total
    under_way = _under_way(shop, name)
    if state is not None:
        lease = ledger.holder(name)
        status.switched_on_at = state.switched_on_at
        status.paused = state.paused_reason
        status.cursors = ledger.cursors(name)
        status.open_requests = len(under_way)
        status.open_jobs = _counted(ledger.attempts(name, with_job=True))
        status.in_doubt = _counted(ledger.attempts(name, states=[AttemptState.UNKNOWN]))
        status.exemptions = _count_exemptions(shop, name)
        status.acknowledged = state.acknowledged
        status.held_by, status.held_until = (lease.holder, lease.expires_at) if lease else ("", None)
        status.last_success_at = ledger.last_taken_at(name)
        status.opt_outs_read_at = state.opt_outs_read_at
    status.halts = tuple(_halts(shop, status, state, under_way))
    return status


def adoption_halt(shop: Shop, name: str) -> Halt | None:
    """What must be said about an account before its first sync; None once it was said, or looked at and found empty.

    Where a platform shows its orders, a first sync looks for itself; where it shows none, nobody can. The shop's own
    system counts what it is told by our ids: nothing else can have filled it with the same.
    """
    state = shop.ledger.destination(name)
    profile = shop.dialect(name).profile
    if not profile.is_marketing:
        return None
    is_seen = any(what in TELLING for what in profile.reads_held)
    if state is not None and (state.is_adopted or (state.was_looked_at and is_seen)):
        return None
    command = f"orderwire destination adopt {name} --before DATE"
    if is_seen:
        return Halt(
            why="nobody has looked yet whether the account holds orders: the first sync looks, and stops if it does",
            remedy=f"where something filled it before: {command}",
        )
    if shop.ledger.last_attempt(name):
        return None
    return Halt(
        why=f"{profile.title} shows no orders, so nobody can look whether the account holds some already",
        remedy=f"where something filled it before, say up to when (the cut-off date): {command}",
    )


def _halts(
    shop: Shop, status: DestinationStatus, state: DestinationState | None, under_way: list[Attempt]
) -> Iterator[Halt]:
    name = status.destination
    table, profile = shop.settings.destinations[name], shop.dialect(name).profile
    try:
        secret(table.key_reference, table.place)
    except ConfigError as error:
        yield Halt(why=f"{error.place}: {error.problem}", remedy=error.remedy or f"correct {table.key_reference}")
    if status.paused:
        is_key = status.paused.startswith("the key is refused")
        first = (
            f"put a key that is taken into {table.key_reference}, see `orderwire doctor`; then: " if is_key else ""
        )
        yield Halt(why=f"paused: {status.paused}", remedy=f"{first}orderwire destination resume {name}")
    if routes := unacknowledged(profile, table.settings, status.acknowledged):
        yield Halt(
            why=f"old data may start automations there by {', '.join(routes)}: history waits to be acknowledged",
            remedy=f"orderwire destination acknowledge {name}",
        )
    if halt := adoption_halt(shop, name):
        yield halt
    if profile.reads_opt_outs and state is not None and state.opt_outs_read_at is None:
        yield Halt(
            why="the opt-outs there were not read yet: history waits for them",
            remedy="a sync reads them first: orderwire sync",
        )
    stuck = [one for one in under_way if one.tries >= MANY_TRIES]
    if stuck:
        last = max(stuck, key=lambda one: (one.tries, one.number))
        yield Halt(
            why=f"{len(stuck)} requests are tried again, one {last.tries} times: {last.reason or last.route}",
            remedy="they go on by themselves; `orderwire doctor` tells whether the platform is reached",
        )
    if status.in_doubt or status.exemptions.get(Disposition.DEAD):
        yield Halt(
            why="facts were given up, or nobody knows what became of them",
            remedy=f"orderwire dead-letter list {name}",
        )
    if status.behind and not status.held_by and not status.paused:
        yield Halt(why="no worker delivers there now", remedy="orderwire sync")


def _backlog(shop: Shop, name: str, state: DestinationState | None) -> Backlog:
    ledger = shop.ledger
    if state is None:
        return Backlog(history=sum(ledger.count_facts().values()))
    cursors = ledger.cursors(name)
    again = _count_exemptions(shop, name, Disposition.PENDING).get(Disposition.PENDING, 0)
    if min(cursors.values()) >= ledger.head() and not again and not _under_way(shop, name):
        return Backlog()
    found = ledger.balance(name).from_log
    live = _news(shop, name, state, after=cursors[Stream.LIVE])
    on_the_way, pending = found.get(Disposition.IN_FLIGHT, 0), found.get(Disposition.PENDING, 0)
    again = min(again, pending)
    return Backlog(live=live, history=max(0, pending - again - live), on_the_way=on_the_way, again=again)


def _news(shop: Shop, name: str, state: DestinationState, *, after: int) -> int:
    """Facts behind the cursor of news that are news there now and have no disposition yet."""
    ledger = shop.ledger
    dealt_with = {one.seq for page in _exemptions(shop, name, after=after) for one in page}
    for attempt in ledger.attempts_beyond(name, after):
        if attempt.state not in (AttemptState.FAILED, AttemptState.UNKNOWN):
            dealt_with.update(member.seq for member in attempt.members)
    context = Context(
        dialect=shop.dialect(name),
        settings=shop.destination(name, with_key=False),
        state=state,
        now=datetime.now(UTC),
    )
    return sum(
        fact.seq not in dealt_with and lane_of(fact, context) is Lane.LIVE
        for fact in ledger.facts(FactFilter(), after=after)
    )


def _under_way(shop: Shop, name: str) -> list[Attempt]:
    return list(shop.ledger.attempts(name, states=[AttemptState.OPEN, AttemptState.WAITING]))


def _counted(attempts: Iterator[Attempt]) -> int:
    return sum(1 for _ in attempts)


def _count_exemptions(shop: Shop, name: str, *only: Disposition) -> dict[Disposition, int]:
    counts: Counter[Disposition] = Counter()
    for page in _exemptions(shop, name, *only):
        counts.update(one.disposition for one in page)
    return dict(counts)


def _exemptions(shop: Shop, name: str, *only: Disposition, after: int = 0) -> Iterator[list[Exemption]]:
    while page := shop.ledger.exemptions(name, dispositions=only, after=after, limit=_PAGE):
        yield page
        after = page[-1].seq
