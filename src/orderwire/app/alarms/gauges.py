"""What a monitoring system is shown: the alarms that ring, and how far each destination is behind. Cheap to ask."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from orderwire.app.alarms.watching import ringing
from orderwire.app.bootstrap import Shop
from orderwire.app.settings import Settings
from orderwire.ledger import StoredLedger


class Gauges(Struct, frozen=True, kw_only=True):
    """`alarms` are pairs of what rings and what about; `backlog` counts facts that a destination has not passed.

    `head` is the newest sequence number.
    """

    head: int = 0
    alarms: tuple[tuple[str, str], ...] = ()
    backlog: Mapping[str, int] = {}


def gauges(shop: Shop) -> Gauges:
    """What is shown now. Alarms are those that the last look remembered."""
    head = shop.ledger.head()
    return Gauges(
        head=head,
        alarms=tuple(
            (one.alarm.alarm.value, one.alarm.about) for one in ringing(shop.ledger) if one.ended_at is None
        ),
        backlog={name: head - min(shop.ledger.cursors(name).values()) for name in shop.settings.destinations},
    )


def gauges_of(settings: Settings, ledger: StoredLedger) -> Gauges:
    """The same for whoever has the ledger of a shop in hand."""
    return gauges(Shop(settings, ledger))
