"""People who had left at the platform before the shop delivered anything there, and news of them in the first second.

The shop's own tables know nothing of it: they hold an old yes, or one that is a little older than the leaving there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from orderwire.model import Cart, Channel, Consent, ConsentState, Identity, Person, Record
from orderwire.testing.shops import identity, order_of
from orderwire.testing.virtual import START

_LONG_GONE, _NEWCOMER, _JUST_LEFT = identity(90), identity(91), identity(92)
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


class HasStrangers(Protocol):
    """Whatever says how many strangers have left."""

    @property
    def strangers(self) -> int:
        """How many have left of whom the shop knows nothing."""
        ...


@dataclass(frozen=True)
class Leaver:
    """Somebody who has left at the platform, and when."""

    email: str
    left_at: datetime

    @property
    def seed(self) -> dict[str, str]:
        """As a stand-in takes it."""
        return {"email": self.email, "status": "unsubscribed", "changed_at": self.left_at.isoformat()}


def leavers(scale: HasStrangers) -> list[Leaver]:
    """Everybody who has left there."""
    known = [
        Leaver(_LONG_GONE.email or "", START - 10 * _DAY),
        Leaver(_JUST_LEFT.email or "", START - _MINUTE),
    ]
    return known + [Leaver(f"s{number}@mail.test", START - 30 * _DAY) for number in range(scale.strangers)]


def old_days() -> list[Record]:
    """What the shop's tables hold of them when they are read first: a yes from before they left."""
    return [
        _said_yes(_LONG_GONE, START - 200 * _DAY),
        Person(identity=_LONG_GONE, first_name="Ana", updated_at=START - 200 * _DAY),
        order_of("L1", _LONG_GONE, START - 100 * _DAY),
    ]


def early_news() -> list[Record]:
    """What the shop learns in the first second: orders of all of them, and permissions given.

    The newcomer's yes is to arrive there. The other one was given minutes before its person left there.
    """
    lines = order_of("x", _LONG_GONE, START).lines
    cart = Cart(
        cart_id="k90",
        identity=_LONG_GONE,
        currency="GBP",
        total=sum(line.total for line in lines),
        lines=lines,
        updated_at=START,
        url="https://shop.test/cart",
    )
    return [
        order_of("L2", _LONG_GONE, START),
        _said_yes(_JUST_LEFT, START - 10 * _MINUTE),
        _said_yes(_NEWCOMER, START),
        cart,
        order_of("L3", _NEWCOMER, START),
        order_of("L4", _JUST_LEFT, START),
        Person(identity=_LONG_GONE, first_name="Anna", updated_at=START),
    ]


def _said_yes(who: Identity, at: datetime) -> Consent:
    return Consent(identity=who, channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED, changed_at=at, origin="form")
