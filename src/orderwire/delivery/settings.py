"""What a destination is set to receive, and how delivery behaves there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from orderwire.dialects.contract import Account
from orderwire.model import Kind

BROWSING = frozenset(
    {Kind.CART_UPDATED, Kind.CART_ABANDONED, Kind.CHECKOUT_STARTED, Kind.PRODUCT_VIEWED, Kind.SITE_ACTIVE}
)


class UnknownPolicy(StrEnum):
    """What is done with a fact whose outcome was never learned on a route where a resend may show (Law 6)."""

    DEFAULT = "default"
    """Orders and consent are sent again, carts, browsing and custom events wait to be asked about."""
    RESEND = "resend"
    ASK = "ask"


class DestinationSettings(Struct, frozen=True, kw_only=True):
    """One configured destination. Spans are wall-clock time."""

    name: str
    platform: str
    account: Account
    kinds: frozenset[Kind] | None = None
    """Only these kinds; None for all."""
    sources: frozenset[str] | None = None
    stores: frozenset[str] | None = None
    since: datetime | None = None
    """Facts that occurred earlier are excluded."""
    include_test_orders: bool = False
    quiet_after: timedelta = timedelta(hours=24)
    quiet_after_browsing: timedelta = timedelta(hours=1)
    on_unknown: UnknownPolicy = UnknownPolicy.DEFAULT
    budgets: Mapping[str, tuple[tuple[int, float], ...]] = {}
    """Windows of the account where they differ from the dialect's; an empty tuple means: learn from 429s."""
    reserve: float = 0.02
    """Share of each rate window that history leaves for live facts."""
    time_scale: float = 1.0
    """Platform seconds in a real one; not 1 only against a stand-in."""
    settings_version: int = 0

    def quiet_after_of(self, kind: Kind) -> timedelta:
        """How old a fact of this kind may be and still be news."""
        return self.quiet_after_browsing if kind in BROWSING else self.quiet_after
