"""What a sync would do, before the first one too: sources that were never read are read into the ledger first."""

from __future__ import annotations

from collections.abc import Callable

from orderwire.app.books import plan
from orderwire.app.bootstrap import Shop
from orderwire.app.ingest import IngestProgress, ingest
from orderwire.delivery.planning import DestinationPlan
from orderwire.dialects.wire import WireRequest


def forecast(
    shop: Shop,
    destination: str = "",
    *,
    first: int | None = None,
    show: Callable[[WireRequest], None] | None = None,
    told: Callable[[IngestProgress], None] | None = None,
) -> list[DestinationPlan]:
    """Plan one destination, or all; nothing is sent.

    Args:
        shop: the opened shop.
        destination: its name; empty for all.
        first: only the first so many facts of each.
        show: is given each request as it would leave, without credentials.
        told: is told while a source is read for the first time.

    Raises:
        NotFound: no such destination.
        ConfigError: a mapping is wrong.
        Unavailable: a source was not reached.
    """
    names = [destination] if destination else list(shop.settings.destinations)
    for name in names:
        shop.destination(name, with_key=False)
    for source in shop.settings.sources:
        if not shop.ledger.checkpoints(source):
            ingest(shop, source, told=told)
    return [plan(shop, name, first=first, show=show) for name in names]


__all__ = ["DestinationPlan", "forecast"]
