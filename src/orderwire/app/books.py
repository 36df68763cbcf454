"""What the ledger says about deliveries: plan, status, audit, log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from orderwire.app.bootstrap import Shop
from orderwire.app.standing import DestinationStatus, adoption_halt, standing_of
from orderwire.delivery.planning import DestinationPlan, Planner
from orderwire.dialects.wire import WireRequest
from orderwire.ledger.values import Balance, FactFilter
from orderwire.model import Fact


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
    found = planner.plan(show)
    if halt := adoption_halt(shop, destination):
        found.adopt_first = f"{halt.why}; {halt.remedy}"
    return found


def status(shop: Shop) -> list[DestinationStatus]:
    """Where every configured destination stands."""
    return [standing_of(shop, name) for name in shop.settings.destinations]


def audit(shop: Shop, destinations: tuple[str, ...] = ()) -> list[Balance]:
    """Sum the books of these destinations (all that were ever switched on when empty) twice."""
    return [shop.ledger.balance(name) for name in destinations or shop.ledger.destinations()]


def log(shop: Shop, where: FactFilter, *, after: int = 0) -> Iterator[Fact]:
    """Stream facts of the log in sequence order."""
    return shop.ledger.facts(where, after=after)
