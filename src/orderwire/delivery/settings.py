"""What a destination is set to receive, and how delivery behaves there."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec
from msgspec import Struct

from orderwire.dialects.contract import Account
from orderwire.model import Kind, kind_of

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
    kinds: frozenset[str] | None = None
    """Only these kinds; None for all. `custom` stands for every custom event, `custom.<name>` for one."""
    sources: frozenset[str] | None = None
    stores: frozenset[str] | None = None
    since: datetime | None = None
    """Facts that occurred earlier are excluded."""
    include_test_orders: bool = False
    quiet_after: timedelta = timedelta(hours=24)
    quiet_after_browsing: timedelta = timedelta(hours=1)
    hold_unidentified: timedelta = timedelta(days=30)
    """How long a fact about somebody unknown waits, from its recording, for them to be identified."""
    on_unknown: UnknownPolicy = UnknownPolicy.DEFAULT
    budgets: Mapping[str, tuple[tuple[int, float], ...]] = {}
    """Windows of the account where they differ from the dialect's; an empty tuple means: learn from 429s."""
    reserve: float = 0.02
    """Share of each rate window that history leaves for live facts."""
    time_scale: float = 1.0
    """Platform seconds in a real one; not 1 only against a stand-in."""

    @property
    def choice(self) -> str:
        """What it is to receive, as a digest: whoever compares two of them sees whether that has changed."""
        chosen = (self.kinds, self.sources, self.stores, self.since, self.include_test_orders)
        return hashlib.blake2b(msgspec.json.encode(chosen, order="deterministic"), digest_size=16).hexdigest()

    def wants(self, kind: str) -> bool:
        """Whether facts of this kind are to be sent.

        Example:
            >>> from orderwire.dialects.contract import Account
            >>> account = Account(key="", base_url="")
            >>> shop = DestinationSettings(name="n", platform="p", account=account, kinds=frozenset({"custom.a"}))
            >>> [shop.wants(kind) for kind in ("custom.a", "custom.b", "order.paid")]
            [True, False, False]
        """
        return self.kinds is None or kind in self.kinds or kind_of(kind).value in self.kinds

    def wants_some_of(self, kind: Kind) -> bool:
        """The same of a listed kind, where `Kind.CUSTOM` stands for any custom event."""
        if self.kinds is None or kind.value in self.kinds:
            return True
        return kind is Kind.CUSTOM and any(one.startswith("custom.") for one in self.kinds)

    def quiet_after_of(self, kind: Kind) -> timedelta:
        """How old a fact of this kind may be and still be news."""
        return self.quiet_after_browsing if kind in BROWSING else self.quiet_after
