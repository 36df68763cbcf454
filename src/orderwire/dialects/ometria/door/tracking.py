"""What pages and apps report with a public key: visits, views, baskets, and who it is.

Never an order and never permission: a transaction told here is an event, and the order itself comes by the push.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs

from msgspec import structs

from orderwire.dialects.doorway import Answer, Call, Intake, Read, Reply, Shelves
from orderwire.dialects.ometria.door.answers import shown
from orderwire.dialects.ometria.door.beacon import listed, unfolded
from orderwire.dialects.ometria.door.read_events import cart_of, digest
from orderwire.dialects.ometria.door.values import Fields, Refusal, Unfit, decoded, instant_of, plain, text
from orderwire.model import Cart, Event, Identity, Kind, Record

_GIF = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_PIXEL = Reply(body=_GIF, content_type="image/gif", headers=(("Cache-Control", "no-store"),))
_MOST_EVENTS = 100
_VISITS = frozenset({"pageview", "identify", "profile"})
_APP_VISITS = frozenset({"appLaunched", "appForegrounded", "homeScreenViewed", "profileIdentified"})


def take_beacon(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001 - a visit is added without looking
    """`GET event.gif` and `POST event.html`: one thing that somebody did; always the picture, as pages expect."""
    data = call.asked("data")
    if not data:
        form = parse_qs(call.body.decode("utf-8", "replace"), max_num_fields=100) if call.body else {}
        data = form.get("data", [""])[-1]
    try:
        record = _beacon(unfolded(data), call)
    except (Refusal, Unfit):
        return _PIXEL
    return Intake(reply=_PIXEL, records=(Read(record=record, raw=data.encode("utf-8", "replace")),))


def _beacon(told: Fields, call: Call) -> Record:
    name, body = text(told, "type"), told.get("d")
    own: dict[str, Any] = dict(body) if isinstance(body, dict) else {}
    if name is None:
        raise Unfit("type")
    identity = _visitor(told, own)
    event_id = digest(identity.anonymous_id, identity.email, name, told.get("rnd"), own, call.received_at.isoformat())
    if told.get("channel") != "custom":
        if name == "setbasket" and (basket := _readable(lambda: _basket(own, identity, call))):
            return basket
        if name == "viewproduct" and (product_id := text(own, "pid")):
            return _event(Kind.PRODUCT_VIEWED, {"product_id": product_id}, event_id, identity, call)
        if name in _VISITS:
            seen = {"url": told.get("url"), "page_type": own.get("type"), "store": told.get("site")}
            given = {key: value for key, value in seen.items() if isinstance(value, str) and value}
            return _event(Kind.SITE_ACTIVE, given, event_id, identity, call)
    return _event(f"custom.{name}", own, event_id, identity, call)


def _readable(read: Callable[[], Cart]) -> Cart | None:
    """A basket, None where it does not say what a cart has to: it then stays an event."""
    try:
        return read()
    except Unfit:
        return None


def _event(name: str, own: Mapping[str, Any], event_id: str, identity: Identity, call: Call) -> Event:
    return Event(
        event_id=event_id,
        name=name,
        identity=identity,
        occurred_at=call.received_at,
        properties={key: plain(value) for key, value in own.items()},
    )


def _visitor(told: Fields, own: Fields) -> Identity:
    """Who it was: the cookie, and the address where somebody said theirs."""
    who = text(own, "uiid") or text(told, "uiid") or ""
    found = Identity(email=who if "@" in who.strip("@") else None, anonymous_id=text(told, "cid"))
    if found.is_empty:
        raise Unfit("cid")
    return found


def _basket(own: Fields, identity: Identity, call: Call) -> Cart:
    lines = [
        {
            "product_id": one.get("pid"),
            "variant_id": one.get("vid"),
            "quantity": one.get("q"),
            "total": one.get("tot"),
        }
        for one in listed(own.get("lis"))
        if isinstance(one, dict)
    ]
    return cart_of(
        {
            "cart_id": own.get("id") or identity.anonymous_id or identity.email,
            "currency": own.get("cur"),
            "total": own.get("total"),
            "url": own.get("url"),
            "lines": lines,
        },
        identity,
        call.received_at,
    )


def take_app_events(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001 - what an app saw is added without looking
    """`POST mobile-events`: what an app saw; a refusal has its status in the body too, which is what apps read."""
    try:
        records = _app_records(call)
    except Refusal as refusal:
        return app_problem(refusal.status, refusal.message)
    reply = shown({"status": 200})
    return Intake(reply=reply, records=records) if records else reply


def validate_app_events(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """`POST mobile-events/validate`: the same without keeping anything."""
    try:
        _app_records(call)
    except Refusal as refusal:
        return app_problem(refusal.status, refusal.message)
    return shown({"status": 200})


def app_problem(status: int, detail: str) -> Reply:
    """A refusal as the apps read it."""
    told = {"type": "about:blank", "title": "Request refused", "status": status, "detail": detail}
    return structs.replace(shown(told, status=status), content_type="application/problem+json")


def _app_records(call: Call) -> tuple[Read, ...]:
    given = decoded(call.body)
    events = given.get("events") if isinstance(given, dict) else None
    if not isinstance(events, list) or len(events) > _MOST_EVENTS:
        raise Refusal(400, f"events: up to {_MOST_EVENTS} are expected")
    found = []
    for event in events:
        try:
            found.append(Read(record=_app_record(given, event, call), raw=call.body))
        except Unfit:
            # The apps drop a batch that is refused: one event that nobody understands must not cost the others.
            continue
    return tuple(found)


def _app_record(given: Fields, event: Any, call: Call) -> Record:
    if not isinstance(event, dict):
        raise Unfit("events")
    name = text(event, "type")
    data = event.get("data")
    own: dict[str, Any] = dict(data) if isinstance(data, dict) else {}
    if name is None:
        raise Unfit("type")
    at = instant_of(event.get("dtOccurred")) or call.received_at
    at = min(at, call.received_at)
    email = text(own, "email")
    identity = Identity(
        external_id=text(own, "customerId"),
        email=email if email and "@" in email.strip("@") else None,
        anonymous_id=text(given, "installationId"),
    )
    if identity.is_empty:
        raise Unfit("installationId")
    event_id = text(event, "eventId") or digest(identity.anonymous_id, name, at.isoformat(), own)
    if name == "basketUpdated" and isinstance(own.get("basket"), dict):
        basket = own["basket"]
        if cart := _readable(lambda: _app_basket(basket, identity, at)):
            return cart
    if name == "productViewed" and (product_id := text(own, "productId")):
        kind, own = Kind.PRODUCT_VIEWED.value, {"product_id": product_id}
    elif name in _APP_VISITS:
        kind, own = Kind.SITE_ACTIVE.value, {"app": given.get("appId"), "event": name}
    elif name == "customEvent" and (custom := text(own, "customEventType")):
        properties = own.get("properties")
        kind, own = f"custom.{custom}", dict(properties) if isinstance(properties, dict) else {}
    else:
        kind = f"custom.{name}"
    return Event(
        event_id=event_id,
        name=kind,
        identity=identity,
        occurred_at=at,
        properties={key: plain(value) for key, value in own.items() if value is not None},
    )


def _app_basket(basket: Fields, identity: Identity, at: datetime) -> Cart:
    items = basket.get("items")
    lines = [
        {
            "product_id": one.get("productId"),
            "variant_id": one.get("variantId"),
            "sku": one.get("sku"),
            "quantity": one.get("quantity"),
            "unit_price": one.get("price"),
        }
        for one in (items if isinstance(items, list) else [])
        if isinstance(one, dict)
    ]
    return cart_of(
        {
            "cart_id": basket.get("id") or identity.anonymous_id or identity.external_id,
            "currency": basket.get("currency"),
            "total": basket.get("totalPrice"),
            "url": basket.get("link"),
            "lines": lines,
        },
        identity,
        at,
    )
