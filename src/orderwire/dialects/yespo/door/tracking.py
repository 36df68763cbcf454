"""The tracker: what is looked at and put into carts, told by pages and by shops' plugins.

Who it was is told in any of the ways the platform knows: the shop's id, an address, the visitor's cookie. A cart goes
by the visitor and not by its `GUID`, which plugins draw anew for every state. A purchase told here is an event only:
the order itself comes by the call for orders, with its person and its total.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from orderwire.dialects.doorway import Answer, Call, Intake, Read, Shelves, Unread
from orderwire.dialects.yespo.door.answers import NOTHING, answering
from orderwire.dialects.yespo.door.desk import Desk
from orderwire.dialects.yespo.door.event_records import record_of
from orderwire.dialects.yespo.door.lines import price_of, product_id_of
from orderwire.dialects.yespo.door.read_events import Happening, digest_of, plain
from orderwire.dialects.yespo.door.values import (
    Fields,
    Refusal,
    Unfit,
    customer_of,
    email_of,
    fields,
    instant,
    listed,
    phone_of,
    text,
)
from orderwire.model import Event, Identity, Kind, Product, Record

_PAGES = frozenset({"MainPage", "StatusCartPage", "CustomerData"})
_ENVELOPE = frozenset({"GeneralInfo", "Tags"})


@answering
def track(call: Call, shelves: Shelves) -> Answer:
    """`POST https://tracker…/api/v2`: one thing that somebody did on the site."""
    given = fields(call.body)
    general = given.get("GeneralInfo", given)
    if not isinstance(general, dict):
        raise Refusal(400, "GeneralInfo has a wrong format")
    desk = Desk(call, shelves)
    name = _text(general, "eventName") or "CustomerData"
    body = _body(given, name) if general is not given else {}
    if name == "ProductUpdate":
        return _products(call, body, desk)
    happening = _happening(general, name, body, desk)
    if happening.identity.is_empty:
        return NOTHING
    return Intake(reply=NOTHING, records=(Read(record=_record(happening, desk), raw=call.body),))


def _record(happening: Happening, desk: Desk) -> Record:
    if happening.name in _PAGES:
        return Event(
            event_id=happening.event_id,
            name=Kind.SITE_ACTIVE,
            identity=happening.identity,
            occurred_at=happening.at,
            properties={"page": happening.name},
        )
    if happening.name == "ProductPage":
        return record_of(structs.replace(happening, name="productViewed"), desk)
    if happening.name == "StatusCart":
        return record_of(structs.replace(happening, name="cartUpdated", params=_cart(happening)), desk)
    own = {name: plain(value) for name, value in happening.params.items()}
    return Event(
        event_id=happening.event_id,
        name=f"custom.{happening.name}",
        identity=happening.identity,
        occurred_at=happening.at,
        properties=own,
    )


def _body(given: Fields, name: str) -> dict[str, Any]:
    """What the event itself says, wherever it stands: in an object of its name, or beside the general part."""
    own = given.get(name)
    beside = {key: value for key, value in given.items() if key not in _ENVELOPE and key != name}
    match own:
        case dict():
            return {**beside, **own}
        case list():
            return {**beside, "Products": own}
        case _:
            return beside


def _happening(general: Fields, name: str, body: dict[str, Any], desk: Desk) -> Happening:
    at = instant(general.get("datetime"))
    if at is None or at > desk.received_at:
        at = desk.received_at
    who = {**body, **general} if name == "CustomerData" else general
    identity = _identity(who, desk)
    product = body.get("Product")
    params = {"product": product if isinstance(product, dict) else body} if name == "ProductPage" else body
    return Happening(
        name=name,
        key=None,
        params=params,
        identity=identity,
        at=at,
        event_id=digest_of(identity, name, None, at, params),
        is_dated=True,
    )


def _identity(who: Fields, desk: Desk) -> Identity:
    cookies = who.get("cookies")
    visitor = cookies.get("sc") if isinstance(cookies, dict) else who.get("webId")
    known = desk.contact(who.get("user_es_contact_id")) if not desk.is_public else None
    try:
        email = email_of(who.get("user_email") or who.get("email"))
    except Unfit:
        email = None
    return Identity(
        external_id=_text(who, "externalCustomerId") or (known.external_id if known else None),
        email=email or (known.email if known else None),
        phone=phone_of(_text(who, "user_phone") or _text(who, "phone")),
        anonymous_id=text(visitor, "cookies.sc") if isinstance(visitor, str | int) else None,
    )


def _text(given: Fields, name: str) -> str | None:
    """A text; what is none says nothing."""
    try:
        return customer_of(given.get(name)) if name == "externalCustomerId" else text(given.get(name), name)
    except Unfit:
        return None


def _cart(happening: Happening) -> Mapping[str, Any]:
    """A cart's parameters, by the visitor where there is one."""
    given = happening.params
    products = [one for one in listed(given.get("Products")) if isinstance(one, dict)]
    codes = (one.get("price_currency_code") or one.get("currency") for one in products)
    currency = next((code for code in codes if isinstance(code, str) and len(code) == 3), None)
    guid = given.get("GUID")
    found = {
        "products": products,
        "recycleStateId": happening.identity.anonymous_id or (guid if isinstance(guid, str) else None),
        "currencyCode": currency,
    }
    return {**found, "GUID": guid} if guid is not None else found


def _products(call: Call, body: Fields, desk: Desk) -> Answer:
    """`ProductUpdate`: price and stock of products that are known; others wait for their description."""
    records: list[Read] = []
    unread: list[Unread] = []
    for place, given in enumerate(listed(body.get("Products")) or [body]):
        product_id = product_id_of(given) if isinstance(given, dict) else None
        known = desk.product(product_id) if product_id else None
        if product_id is None or known is None:
            problem = "is not a product that is known" if product_id else "has no product id"
            place_of = f"ProductUpdate[{place}]"
            unread.append(
                Unread(
                    stream="products",
                    key=product_id or "",
                    place=place_of,
                    problem=problem,
                    remedy="Let the products come in from the catalogue first.",
                    raw=call.body,
                )
            )
            continue
        records.append(Read(record=_updated(known, given, call), raw=call.body))
    return Intake(reply=NOTHING, records=tuple(records), unread=tuple(unread))


def _updated(product: Product, given: Fields, call: Call) -> Product:
    price = price_of(given.get("unit_price", given.get("price")), "unit_price")
    properties = dict(product.properties)
    if (stock := given.get("isInStock")) is not None:
        properties["in_stock"] = str(stock).lower() in ("1", "true")
    return structs.replace(
        product,
        price=product.price if price is None else price,
        properties=properties,
        updated_at=call.received_at,
    )
