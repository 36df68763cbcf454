"""Orders, out of the events of their life: each changes the one snapshot that the ledger keeps.

The platform's first-wins rule holds: a second Placed Order of an order changes nothing. An order first met by a later
event becomes one whose day of placing is approximate, until its Placed Order comes.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from orderwire.dialects.doorway import Unread
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.lines import lines_of, with_known_ids
from orderwire.dialects.klaviyo.door.ordered import is_placed, with_waiting
from orderwire.dialects.klaviyo.door.properties import Properties, address_of
from orderwire.dialects.klaviyo.door.said import Said, currency_of
from orderwire.model import Discount, Kind, Order, Refund, RefundKind, RefundLine, Shipment
from orderwire.model.money import minor

ORDER_ID = ("orderid", "eventid")
_ITEMS = ("items", "products", "lineitems", "orderitems")
_DERIVED = ("itemnames", "categories", "brands", "useip", "issessionactivity", "currency", "itemcount")


def happened(draft: Draft, said: Said, kind: Kind) -> None:
    """Take in one event of an order's life."""
    view = Properties(said.properties)
    order_id = view.text(*ORDER_ID) or said.unique_id
    order_id = order_id or said.own_id
    known = draft.snapshot(f"order:{order_id}")
    known = known if isinstance(known, Order) else None
    if kind is Kind.ORDER_PLACED:
        if is_placed(known):
            if _is_anothers(draft, known, said):
                _set_aside(draft, said)
            return
        order = _placed(draft, said, view, order_id, known)
    else:
        met = known if known is not None else _first_met(draft, said, view, order_id, kind)
        changed = _changed(met, said, view, kind)
        if changed is None or changed == known:
            return
        order = changed
    draft.put(order, said.raw, is_imported=said.is_imported)


def _is_anothers(draft: Draft, known: Order, said: Said) -> bool:
    """Whether an order of this id was placed by somebody else than whom its event names."""
    ours, theirs = known.identity.email, said.identity.email
    if ours and theirs and ours.strip().lower() == theirs.strip().lower():
        return False
    one, other = draft.find(known.identity), draft.find(said.identity)
    return bool(ours and theirs) if one is None or other is None else one.person != other.person


def _set_aside(draft: Draft, said: Said) -> None:
    draft.set_aside(
        Unread(
            stream="orders",
            key="",
            place="properties.OrderId",
            problem="an order of this id was placed by another person before",
            remedy="Give every order an id of its own, over all the stores that send with this key.",
            raw=said.raw,
        )
    )


def _placed(draft: Draft, said: Said, view: Properties, order_id: str, known: Order | None) -> Order:
    order = with_waiting(draft, _described(draft, said, view, order_id), said)
    if known is None:
        return order
    return replace(
        order,
        lines=with_known_ids(order.lines, known.lines) or known.lines,
        refunds=known.refunds,
        shipments=known.shipments,
        paid_at=known.paid_at,
        fulfilled_at=known.fulfilled_at,
        delivered_at=known.delivered_at,
        cancelled_at=known.cancelled_at,
        cancel_reason=known.cancel_reason,
        approximate=tuple(name for name in known.approximate if name != "placed_at"),
    )


def _described(draft: Draft, said: Said, view: Properties, order_id: str) -> Order:
    """The order as this event describes it."""
    currency = currency_of(draft, said, view)
    lines = lines_of(view.objects(*_ITEMS), currency)
    discount = view.amount(currency, "discountvalue", "discountamount", "discount", "totaldiscounts") or 0
    codes = view.text("discountcode", "couponcode", "coupon")
    tax = view.amount(currency, "tax", "taxamount", "totaltax") or 0
    shipping = view.amount(currency, "shipping", "shippingamount", "shippingcost", "totalshipping") or 0
    fee = view.amount(currency, "fee", "fees") or 0
    subtotal = view.amount(currency, "subtotal")
    billing = address_of(view.object("billingaddress", "billing"))
    shipping_to = address_of(view.object("shippingaddress", "deliveryaddress"))
    return Order(
        order_id=order_id,
        identity=said.identity,
        currency=currency,
        placed_at=said.at,
        total=_total(said, view, currency, sum(line.total for line in lines) + shipping + fee + tax),
        number=view.text("ordernumber", "orderincrementid", "incrementid"),
        store=view.text("store", "storename"),
        lines=lines,
        subtotal=subtotal,
        discount=abs(discount),
        tax=tax,
        shipping=shipping,
        fee=fee,
        discounts=_discounts(codes, abs(discount)),
        billing_address=billing,
        shipping_address=shipping_to,
        payment_method=view.text("paymentmethod"),
        shipping_method=view.text("shippingmethod", "deliverymethod"),
        url=view.text("orderurl", "orderstatusurl"),
        tags=view.texts("tags"),
        properties=view.rest(*_DERIVED, *_OF_ONE_EVENT),
    )


_OF_ONE_EVENT = (
    "reason", "cancelreason", "shipmentid", "carrier", "trackingnumber", "trackingurl", "refundid", "refundkind",
    "refundeditems",
)  # fmt: skip
"""What belongs to one event of the order and not to the order."""


def _total(said: Said, view: Properties, currency: str, computed: int) -> int:
    if said.amount is not None:
        return minor(said.amount, currency)
    named = view.amount(currency, "total", "grandtotal", "orderamount", "revenue", "totalprice")
    return computed if named is None else named


def _discounts(codes: str | None, amount: int) -> tuple[Discount, ...]:
    """The codes of an order; the amount of them together is said, and stands with the first."""
    names = [code.strip() for code in (codes or "").split(",") if code.strip()]
    if not names:
        return ()
    return tuple(Discount(amount=amount if place == 0 else 0, code=code) for place, code in enumerate(names))


def _first_met(draft: Draft, said: Said, view: Properties, order_id: str, kind: Kind) -> Order:
    """An order that nobody has spoken of before: its event shows it, but not when it was placed."""
    order = _described(draft, said, view, order_id)
    if kind is Kind.ORDER_REFUNDED:
        # The event's value is what went back, so the order's own total is what its parts add up to.
        parts = sum(line.total for line in order.lines) + order.shipping + order.fee + order.tax
        order = replace(order, total=parts or order.total)
    return replace(order, approximate=("placed_at",))


def _changed(order: Order, said: Said, view: Properties, kind: Kind) -> Order | None:
    """The order after a later event of its life; None where it says what was said before."""
    view.get(*ORDER_ID)
    match kind:
        case Kind.ORDER_PAID:
            return None if order.paid_at else replace(order, paid_at=said.at)
        case Kind.ORDER_CANCELLED:
            reason = view.text("reason", "cancelreason", "cancellationreason")
            return None if order.cancelled_at else replace(order, cancelled_at=said.at, cancel_reason=reason)
        case Kind.ORDER_REFUNDED:
            return _refunded(order, said, view)
        case Kind.ORDER_FULFILLED:
            return _fulfilled(order, said, view)
        case _:
            return _delivered(order, said, view)


def _refunded(order: Order, said: Said, view: Properties) -> Order | None:
    refund_id = view.text("refundid") or said.unique_id.removeprefix(f"{order.order_id}_") or said.own_id
    if any(refund.refund_id == refund_id for refund in order.refunds):
        return None
    amount = abs(minor(said.amount, order.currency)) if said.amount is not None else order.total - order.refunded
    lines = tuple(_refund_line(Properties(one), order.currency) for one in view.objects("refundeditems"))
    named = view.text("refundkind")
    kinds = {kind.value: kind for kind in RefundKind}
    is_full = order.refunded + amount >= order.total
    refund = Refund(
        refund_id=refund_id,
        refunded_at=said.at,
        amount=max(amount, 0),
        kind=kinds.get(named or "", RefundKind.FULL if is_full else RefundKind.PARTIAL),
        lines=lines,
        reason=view.text("reason", "refundreason"),
    )
    return replace(order, refunds=(*order.refunds, refund))


def _refund_line(view: Properties, currency: str) -> RefundLine:
    quantity = view.number("quantity")
    return RefundLine(
        line_id=view.text("lineid", "sku", "productid") or "",
        quantity=RefundLine(line_id="").quantity if quantity is None else quantity,
        amount=view.amount(currency, "amount", "rowtotal") or 0,
    )


def _shipment_id(order: Order, said: Said, view: Properties) -> str | None:
    """The parcel that an event names, by itself or by an id beside the order's; None for the whole order."""
    named = view.text("shipmentid", "fulfillmentid")
    if named is not None or said.unique_id in ("", order.order_id):
        return named
    return said.unique_id.removeprefix(f"{order.order_id}_")


def _fulfilled(order: Order, said: Said, view: Properties) -> Order | None:
    shipment_id = _shipment_id(order, said, view)
    if shipment_id is None:
        return None if order.fulfilled_at else replace(order, fulfilled_at=said.at)
    parcel = _parcel(said.at, shipment_id, view)
    known = next((one for one in order.shipments if one.shipment_id == shipment_id), None)
    if known is None:
        return replace(order, shipments=(*order.shipments, parcel), fulfilled_at=order.fulfilled_at)
    if "fulfilled_at" not in order.approximate:
        return None
    others = tuple(parcel_of(one, parcel, known.delivered_at) for one in order.shipments)
    return replace(order, shipments=others, approximate=_without(order.approximate, "fulfilled_at"))


def parcel_of(one: Shipment, told: Shipment, delivered_at: datetime | None) -> Shipment:
    """A parcel of an order, the told one in its place."""
    return replace(told, delivered_at=delivered_at) if one.shipment_id == told.shipment_id else one


def _delivered(order: Order, said: Said, view: Properties) -> Order | None:
    shipment_id = _shipment_id(order, said, view)
    if shipment_id is None:
        return None if order.delivered_at else replace(order, delivered_at=said.at)
    known = next((one for one in order.shipments if one.shipment_id == shipment_id), None)
    if known is None and order.delivered_at is None and not any(one.delivered_at for one in order.shipments):
        # When it was shipped is told later, and could not take the place of an instant made up now.
        return replace(order, delivered_at=said.at)
    if known is None:
        if order.delivered_at == said.at:
            return None
        parcel = replace(_parcel(said.at, shipment_id, view), delivered_at=said.at)
        approximate = (*_without(order.approximate, "fulfilled_at"), "fulfilled_at")
        return replace(order, shipments=(*order.shipments, parcel), approximate=approximate)
    if known.delivered_at is not None:
        return None
    shipments = tuple(parcel_of(one, known, said.at) for one in order.shipments)
    return replace(order, shipments=shipments)


def _parcel(when: datetime, shipment_id: str, view: Properties) -> Shipment:
    return Shipment(
        shipment_id=shipment_id,
        shipped_at=when,
        carrier=view.text("carrier", "shippingcarrier"),
        tracking_code=view.text("trackingnumber", "trackingcode"),
        tracking_url=view.text("trackingurl"),
    )


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(one for one in names if one != name)
