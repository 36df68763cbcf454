"""Ordergroove's webhooks: whether they are genuine, and what they say.

A webhook holds one thing, and beside it, where enrichment is switched on, what belongs to it. A record is made only
where everything that polling would know is there, so that it is the same record: that is an order still to be
placed, with customer, subscriptions, items and products beside it. It brings new subscriptions, moved orders and
reminders at once. An event about a subscription alone cannot say what its next order is; the sweep, which asks for
what moved, brings it a moment later, and so it does with everything that is deleted.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from hashlib import sha256

import msgspec
from msgspec import Raw, Struct

from orderwire.dialects.connector import Access, Found, Heard, Hook, Proof
from orderwire.dialects.doorway import Unread
from orderwire.dialects.ordergroove.fields import zone_of
from orderwire.dialects.ordergroove.households import joined, listed, understood_subscription
from orderwire.dialects.ordergroove.profile import PROFILE
from orderwire.dialects.ordergroove.read_subscriptions import Order, carrier_of, is_upcoming
from orderwire.dialects.shop_json import Misread, Part, decoded

SIGNATURES = ("ordergroove-signature", "x-ordergroove-signature")
REMINDER = "order.reminder"
_FAMILIES = frozenset({"subscriber", "subscription", "order", "item", "entitlement", "workflow"})
_OVER = frozenset({"order.delete", "order.skip_order", "order.cancel", "order.success", "order.reject"})
"""After these the order comes no more, whatever its snapshot says."""
_ALIASES = {"created": "create", "cancelled": "cancel"}
"""Overview pages name some events so."""
_NULL = Raw(b"null")


class _Snapshot(Struct):
    customer: Raw = _NULL
    subscriptions: list[Raw] = []
    items: list[Raw] = []
    products: list[Raw] = []


class _Data(Struct):
    object: Raw = _NULL
    snapshot: _Snapshot | None = None


class _Envelope(Struct):
    id: str
    type: str
    data: _Data
    created: int = 0
    snapshot: _Snapshot | None = None

    @property
    def beside(self) -> _Snapshot:
        """What enrichment adds; samples hold it in either place."""
        return self.snapshot or self.data.snapshot or _Snapshot()

    @property
    def topic(self) -> str:
        """The event's name as the newest pages spell it."""
        family, _, event = self.type.partition(".")
        return f"{family}.{_ALIASES.get(event, event)}"


_ENVELOPE = msgspec.json.Decoder(_Envelope)


def verify(hook: Hook, secrets: Sequence[str]) -> Proof:
    """Hexadecimal HMAC-SHA256 over the time of sending, a point and the raw body.

    While the key is being changed there are two signatures. The time is the one of this attempt.
    """
    header = next((found for name in SIGNATURES if (found := hook.headers.get(name))), "")
    parts = [part.strip().partition("=") for part in header.split(",")]
    given = [value.lower().encode("utf-8", "replace") for name, _, value in parts if name == "sig"]
    sent = next((value for name, _, value in parts if name == "ts"), "")
    if not given:
        return Proof.UNSIGNED
    if not (sent.isascii() and sent.isdecimal() and len(sent) < 16):
        return Proof.FORGED
    signed = sent.encode() + b"." + hook.body
    made = [hmac.digest(secret.encode(), signed, sha256).hex().encode() for secret in secrets if secret]
    if not sum(hmac.compare_digest(ours, theirs) for ours in made for theirs in given):
        return Proof.FORGED
    window = PROFILE.hooks.window if PROFILE.hooks else 0
    return Proof.STALE if abs(hook.received_at.timestamp() - int(sent)) > window else Proof.GENUINE


def delivery(hook: Hook) -> str:
    """The event's id, the same when it is sent again."""
    try:
        return _ENVELOPE.decode(hook.body).id[:200]
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""


def hear(hook: Hook, access: Access) -> Heard:
    """What a genuine delivery says."""
    try:
        envelope = _ENVELOPE.decode(hook.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Heard(topic="", unread=(_unread("", "body", "is no event of Ordergroove", hook.body),))
    topic = envelope.topic[:200]
    family = topic.partition(".")[0]
    if family not in _FAMILIES:
        return Heard(
            topic=topic, unread=(_unread(f"topic {topic}", "type", "is one that nothing is known of", hook.body),)
        )
    if family != "order" or topic in _OVER:
        return Heard(topic=topic)
    try:
        told = tuple(_told(envelope, hook, access))
    except Misread as error:
        return Heard(topic=topic, unread=(_unread(envelope.id, error.place, error.problem, hook.body),))
    return Heard(
        topic=topic,
        found=tuple(one for one in told if isinstance(one, Found)),
        unread=tuple(one for one in told if isinstance(one, Unread)),
    )


def told_by(raw: bytes, access: Access) -> Found | None:
    """The first record in a webhook's kept bytes, as it was heard; None where they are something else."""
    try:
        created = _ENVELOPE.decode(raw).created
        received_at = datetime.fromtimestamp(created, UTC)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError, OverflowError, OSError):
        return None
    return next(iter(hear(Hook(headers={}, body=raw, received_at=received_at), access).found), None)


def _told(envelope: _Envelope, hook: Hook, access: Access) -> Iterator[Found | Unread]:
    """The subscriptions in an order still to be placed, as far as everything that belongs to them came along."""
    order = Part(decoded(bytes(envelope.data.object)), "data.object")
    if not is_upcoming(order):
        return
    beside = envelope.beside
    if bytes(beside.customer) in (b"null", b"{}"):
        return
    number = order.need("public_id")
    items = [raw for raw in map(bytes, beside.items) if _of(raw).text("order") == number]
    held = Order(order, tuple(_of(raw) for raw in items))
    products = {_of(raw).text("external_product_id"): raw for raw in map(bytes, beside.products)}
    rows = [(raw, _of(raw)) for raw in map(bytes, beside.subscriptions)]
    carrier = carrier_of(held, [part for _, part in rows], zone_of(access))
    for raw, subscription in rows:
        product = products.get(subscription.text("product"))
        key = subscription.need("public_id")
        if product is None or held.item_of(key) is None or subscription.text("currency_code") is None:
            continue
        reminded = envelope.created if envelope.topic == REMINDER and envelope.created else None
        kept = joined(
            subscription=raw,
            customer=bytes(beside.customer),
            product=product,
            order=bytes(envelope.data.object),
            items=listed(items),
            is_carrier=b"true" if key == carrier else b"false",
            heard_at=str(envelope.created or int(hook.received_at.timestamp())).encode(),
            **({} if reminded is None else {"reminded_at": str(reminded).encode()}),
        )
        yield understood_subscription(kept, zone_of(access), hook.received_at)


def _of(raw: bytes) -> Part:
    return Part(decoded(raw), "snapshot")


def _unread(key: str, place: str, problem: str, body: bytes) -> Unread:
    return Unread(
        stream="webhooks",
        key=key,
        place=place,
        problem=problem,
        remedy="Send only events of Ordergroove here; polling brings what this one was about.",
        raw=body,
    )
