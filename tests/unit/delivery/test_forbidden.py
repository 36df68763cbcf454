"""Whom carts, checkouts and browsing are told of, and of whom not."""

from datetime import UTC, datetime

import msgspec
import pytest

from orderwire.delivery.decide import Context, Settled, decide
from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects import registry
from orderwire.dialects.contract import Account, Statement
from orderwire.ledger.values import ConsentOnFile, DestinationState, Disposition, Entry, PersonCard
from orderwire.model import Cart, Channel, ConsentState, Fact, Identity

AT = datetime(2026, 1, 5, 12, tzinfo=UTC)
NO, YES = ConsentState.UNSUBSCRIBED, ConsentState.SUBSCRIBED


def decided(card: PersonCard) -> str:
    cart = Cart(cart_id="C1", identity=Identity(phone="+37060000000"), currency="EUR", total=1, updated_at=AT)
    body = msgspec.json.encode(cart)
    fact = Fact(
        seq=1,
        key="shop/cart:C1/abandoned",
        revision=0,
        kind="cart.abandoned",
        subject="cart:C1",
        occurred_at=AT,
        recorded_at=AT,
        source="shop",
        is_imported=False,
        body=body,
    )
    context = Context(
        dialect=registry.dialect("omnisend"),
        settings=DestinationSettings(
            name="omnisend", platform="omnisend", account=Account(key="k", base_url="https://platform.test")
        ),
        state=DestinationState(name="omnisend", switched_on_at=AT, switched_on_seq=0),
        now=AT,
    )
    decision = decide(Entry(fact=fact, snapshot=body, newest=1, newer_of_kind=1, person=card), context, {}, {})
    assert isinstance(decision, Settled | Statement)
    return decision.disposition if isinstance(decision, Settled) else "told"


@pytest.mark.parametrize(
    ("email", "by_email", "by_sms", "expected"),
    [
        ("ana@mail.test", NO, YES, Disposition.WITHHELD),
        ("ana@mail.test", YES, NO, "told"),
        ("ana@mail.test", None, None, "told"),
        (None, None, NO, Disposition.WITHHELD),
        (None, None, ConsentState.SUPPRESSED, Disposition.WITHHELD),
        (None, None, YES, "told"),
    ],
)
def test_a_cart_is_withheld_from_whoever_said_no_where_they_can_be_reached(
    email: str | None, by_email: ConsentState | None, by_sms: ConsentState | None, expected: str
) -> None:
    said = {Channel.EMAIL: by_email, Channel.SMS: by_sms}
    consent = {channel: ConsentOnFile(state=state) for channel, state in said.items() if state}
    assert expected == decided(PersonCard(person=1, email=email, phone="+37060000000", consent=consent))
