"""What the ledger says about deliveries: plan, status, audit, log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.delivery.planning import DestinationPlan, Planner
from orderwire.dialects.wire import WireRequest
from orderwire.ledger.values import AttemptState, Balance, Disposition, FactFilter, Stream
from orderwire.model import Fact


class DestinationStatus(Struct, kw_only=True):
    """Where a destination stands. `behind` counts sequence numbers up to the head."""

    destination: str
    platform: str
    switched_on_at: datetime | None = None
    paused: str = ""
    head: int = 0
    cursors: Mapping[Stream, int] = {}
    behind: int = 0
    open_requests: int = 0
    open_jobs: int = 0
    in_doubt: int = 0
    """Requests whose outcome was never learned."""
    exemptions: Mapping[Disposition, int] = {}
    acknowledged: tuple[str, ...] = ()


def plan(
    shop: Shop,
    destination: str,
    *,
    first: int | None = None,
    back_to: int | None = None,
    show: Callable[[WireRequest], None] | None = None,
) -> DestinationPlan:
    """What a history sync of a destination would send; nothing is sent.

    Args:
        shop: the opened shop.
        destination: its name in the settings.
        first: only the first so many facts.
        back_to: as if its history cursors had been moved back to this sequence number.
        show: is given each request as it would leave, without credentials.
    """
    planner = Planner(
        ledger=shop.ledger,
        dialect=shop.dialect(destination),
        settings=shop.destination(destination, with_key=False),
        now=datetime.now(UTC),
        first=first,
        back_to=back_to,
    )
    return planner.plan(show)


def status(shop: Shop) -> list[DestinationStatus]:
    """Where every configured destination stands."""
    return [_status(shop, name) for name in shop.settings.destinations]


def _status(shop: Shop, name: str) -> DestinationStatus:
    ledger = shop.ledger
    platform = shop.settings.destinations[name].settings.platform
    head = ledger.head()
    state = ledger.destination(name)
    if state is None:
        return DestinationStatus(destination=name, platform=platform, head=head, behind=head)
    cursors = ledger.cursors(name)
    reached = min(cursors.get(stream, 0) for stream in (Stream.PEOPLE, Stream.PRODUCTS, Stream.ACTIVITY))
    return DestinationStatus(
        destination=name,
        platform=platform,
        switched_on_at=state.switched_on_at,
        paused=state.paused_reason,
        head=head,
        cursors=cursors,
        behind=head - reached,
        open_requests=len(ledger.attempts(name, states=[AttemptState.OPEN, AttemptState.WAITING])),
        open_jobs=len(ledger.attempts(name, with_job=True)),
        in_doubt=len(ledger.attempts(name, states=[AttemptState.UNKNOWN])),
        exemptions=_count_exemptions(shop, name),
        acknowledged=state.acknowledged,
    )


def _count_exemptions(shop: Shop, name: str) -> dict[Disposition, int]:
    counts: dict[Disposition, int] = {}
    after = 0
    while page := shop.ledger.exemptions(name, after=after, limit=5000):
        for one in page:
            counts[one.disposition] = counts.get(one.disposition, 0) + 1
        after = page[-1].seq
    return counts


def audit(shop: Shop, destinations: tuple[str, ...] = ()) -> list[Balance]:
    """Sum the books of these destinations (all that were ever switched on when empty) twice."""
    return [shop.ledger.balance(name) for name in destinations or shop.ledger.destinations()]


def log(shop: Shop, where: FactFilter, *, after: int = 0) -> Iterator[Fact]:
    """Stream facts of the log in sequence order."""
    return shop.ledger.facts(where, after=after)
