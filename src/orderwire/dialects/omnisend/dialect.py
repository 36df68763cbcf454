"""Omnisend: the profile and the assembled dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from msgspec.structs import replace

from orderwire.dialects.contract import (
    Account,
    Budget,
    Capability,
    Confirmation,
    Erasure,
    Expression,
    History,
    Item,
    Once,
    Option,
    Profile,
    ReadBack,
    Recipient,
    Resend,
    Route,
    Semantics,
    Statement,
    Window,
)
from orderwire.dialects.omnisend import jobs, reads, replies
from orderwire.dialects.omnisend.fields import (
    CONTACT,
    CONTACTS_BATCH,
    ENDPOINT_BY_BATCH_ROUTE,
    EVENT,
    EVENT_BY_KIND,
    EVENTS_BATCH,
    EVENTS_BATCH_RECENT,
    FRAME_BYTES,
    MAX_BYTES,
    MAX_ITEM_BYTES,
    NOT_EXPRESSIBLE,
    PRODUCT_CREATE,
    PRODUCT_REPLACE,
    PRODUCT_WITHDRAW,
    PRODUCTS_BATCH,
)
from orderwire.dialects.omnisend.write import write
from orderwire.dialects.wire import JobVerdict, Survey, Verdict, WireReply, WireRequest
from orderwire.model import Kind

REVISION = "2026-03-15"
BATCH_COUNT = 100


def _batch(name: str, resend: Resend, semantics: Semantics, note: str, *, once: Once = Once.ITEM) -> Route:
    return Route(
        name=name,
        budget=replies.BUDGET,
        resend=resend,
        semantics=semantics,
        history=History.MAY_FIRE,
        confirmation=Confirmation.BY_JOB,
        max_weight=BATCH_COUNT,
        max_bytes=MAX_BYTES,
        max_item_bytes=MAX_ITEM_BYTES,
        frame_bytes=FRAME_BYTES,
        once=once,
        answers_after=jobs.ASK_AGAIN,
        note=note,
    )


def _single(name: str, resend: Resend, semantics: Semantics, note: str = "") -> Route:
    return Route(
        name=name,
        budget=replies.BUDGET,
        resend=resend,
        semantics=semantics,
        history=History.MAY_FIRE,
        confirmation=Confirmation.NONE if semantics is Semantics.EVENT else Confirmation.IN_REPLY,
        max_bytes=MAX_BYTES,
        max_item_bytes=MAX_ITEM_BYTES,
        frame_bytes=0,
        names_culprit=True,
        note=note,
    )


_EVENT, _STATE = Semantics.EVENT, Semantics.STATE
ROUTES = (
    _batch(
        EVENTS_BATCH,
        Resend.DEDUPLICATED,
        _EVENT,
        "POST /batches, endpoint events; the pair of eventID and eventTime counts once, for historical events only",
    ),
    _batch(
        EVENTS_BATCH_RECENT,
        Resend.TRIGGERS,
        _EVENT,
        "the same for events younger than two days: from what age on an event is historical is not published",
    ),
    _single(EVENT, Resend.TRIGGERS, _EVENT, "POST /events; what becomes of a taken event is shown nowhere"),
    _batch(CONTACTS_BATCH, Resend.OVERWRITES, _STATE, "POST /batches, endpoint contacts", once=Once.PERSON),
    _single(CONTACT, Resend.OVERWRITES, _STATE, "POST /contacts"),
    _batch(PRODUCTS_BATCH, Resend.OVERWRITES, _STATE, "POST /batches, endpoint products", once=Once.PERSON),
    _single(PRODUCT_CREATE, Resend.OVERWRITES, _STATE, "POST /products; 409 is overwritten by the next item"),
    _single(PRODUCT_REPLACE, Resend.OVERWRITES, _STATE, "PUT /products/{id}"),
    _single(PRODUCT_WITHDRAW, Resend.OVERWRITES, _STATE, "PUT /products/{id} with the status notAvailable"),
)

_NOTES: Mapping[Kind, str] = {
    Kind.ORDER_PLACED: "and `ordered product` for each line",
    Kind.ORDER_DELIVERED: "a custom event",
    Kind.CART_UPDATED: "one for each product added; removals cannot be told",
    Kind.CART_ABANDONED: "a custom event",
    Kind.SUBSCRIPTION_CREATED: "a custom event",
    Kind.SUBSCRIPTION_UPDATED: "a custom event",
    Kind.SUBSCRIPTION_CANCELLED: "a custom event",
    Kind.ORDER_UPCOMING: "a custom event",
}
_OF_CONTACT = Capability(routes=(CONTACTS_BATCH, CONTACT), semantics=_STATE, called="contact")
_EVENT_ROUTES = (EVENTS_BATCH, EVENTS_BATCH_RECENT, EVENT)
CAPABILITIES: Mapping[Kind, Capability] = {
    **{kind: Capability(note=note) for kind, note in NOT_EXPRESSIBLE.items()},
    **{
        kind: Capability(
            routes=_EVENT_ROUTES,
            semantics=_STATE if kind is Kind.CART_UPDATED else _EVENT,
            called=event.name,
            note=_NOTES.get(kind, ""),
        )
        for kind, event in EVENT_BY_KIND.items()
    },
    Kind.CUSTOM: Capability(routes=_EVENT_ROUTES, called="custom event"),
    Kind.PERSON_UPDATED: _OF_CONTACT,
    Kind.CONSENT_CHANGED: replace(_OF_CONTACT, note="the newer date of a channel's status wins there"),
    Kind.PRODUCT_UPDATED: Capability(
        routes=(PRODUCTS_BATCH, PRODUCT_CREATE, PRODUCT_REPLACE), semantics=_STATE, called="product"
    ),
    Kind.PRODUCT_REMOVED: Capability(
        routes=(PRODUCT_WITHDRAW,), semantics=_STATE, called="product", note="kept as notAvailable"
    ),
}

PROFILE = Profile(
    name="omnisend",
    title="Omnisend",
    revision=REVISION,
    base_url="https://api.omnisend.com/api",
    budgets=(
        Budget(
            name=replies.BUDGET,
            windows=(Window(400, replies.MINUTE),),
            source="reference, rate limits: 400 requests a minute on every endpoint used here",
        ),
    ),
    routes=ROUTES,
    capabilities=CAPABILITIES,
    options=(
        Option(name="origin", default="api", help="The events' origin; with the name it identifies an event there."),
        Option(
            name="ordered_products",
            default=True,
            help="Send `ordered product` for each line; switch off where the shop's script sends it already.",
        ),
        Option(
            name="started_checkout_version",
            default="",
            help="eventVersion of `started checkout`: empty, or `v2` where the account's automations expect it.",
        ),
        Option(
            name="cart_url",
            default="",
            help="The link for carts that have none of their own; without one no cart automation there matches.",
        ),
        Option(name="shop_url", default="", help="Address for products that have none; one is required there."),
        Option(name="currency", default="", help="Currency for products that name none; one is required there."),
    ),
    key_help=(
        "Store settings → Integrations & API → API keys: create a key with read and write access to contacts, events "
        "and products, and read access to brands. It is shown once."
    ),
    automations_help=(
        "Pause every automation triggered by placed order, paid for order, order fulfilled, order canceled, order "
        "refunded, ordered product, added product to cart, started checkout, subscribed to marketing or a custom "
        "event, and those that start when a contact enters a segment. Before switching one on again, switch off its "
        "option to include past events: an automation that begins with a delay pulls in events as old as the delay. "
        "`paid for order` starts the order confirmation: consider leaving that kind out of the history."
    ),
    erasure="",
    reads_opt_outs=True,
    reads_held=(reads.PEOPLE, reads.PRODUCTS),
    identity_precedence=("email", "phone"),
)


class Omnisend:
    """Omnisend's way of speaking, outward."""

    @property
    def profile(self) -> Profile:
        """The platform as data."""
        return PROFILE

    def authorize(self, request: WireRequest, account: Account, _at: datetime) -> WireRequest:
        """The request with key, version and content type."""
        own = (
            ("Authorization", f"Omnisend-API-Key {account.key}"),
            ("Omnisend-Version", REVISION),
            ("Accept", "application/json"),
            *((("Content-Type", "application/json"),) if request.body else ()),
        )
        return replace(request, headers=(*request.headers, *own))

    def write(self, statement: Statement, account: Account) -> Expression:
        """Say one fact."""
        return write(statement, account)

    def assemble(self, route: Route, items: Sequence[Item], account: Account) -> WireRequest:  # noqa: ARG002
        """One call, or one batch of a single resource and method."""
        if endpoint := ENDPOINT_BY_BATCH_ROUTE.get(route.name):
            frame = f'{{"method":"{items[0].group or "POST"}","endpoint":"{endpoint}","items":['
            body = b"".join((frame.encode(), b",".join([item.body for item in items]), b"]}"))
            return WireRequest(method="POST", path="/batches", body=body, budget=route.budget)
        (item,) = items
        method, path = _PLACE_BY_ROUTE[route.name]
        return WireRequest(
            method=method, path=path.format(quote(item.wire_id, safe="")), body=item.body, budget=route.budget
        )

    def interpret(self, route: Route, request: WireRequest, reply: WireReply, items: Sequence[Item]) -> Verdict:
        """Read the reply to an assembled request."""
        return replies.interpret(route, request, reply, items)

    def follow(self, route: Route, job: str, account: Account) -> WireRequest:
        """Ask what became of a batch."""
        return jobs.follow(route, job, account)

    def interpret_job(self, route: Route, job: str, reply: WireReply, items: Sequence[Item]) -> JobVerdict:
        """Read a batch's status and the outcome of its items."""
        return jobs.interpret_job(route, job, reply, items)

    def survey(self, route: Route, cursor: str, since: datetime, account: Account) -> WireRequest | None:  # noqa: ARG002
        """Ask for a page of the batches of a resource."""
        return jobs.survey(route, cursor, since)

    def interpret_survey(self, route: Route, cursor: str, reply: WireReply) -> Survey | None:
        """Read that page."""
        return jobs.interpret_survey(route, cursor, reply)

    def read_item(self, route: Route, item: Item, account: Account) -> WireRequest | None:  # noqa: ARG002
        """No route is read back item by item."""
        return None

    def interpret_item(self, route: Route, item: Item, reply: WireReply) -> bool | None:  # noqa: ARG002
        """No route is read back item by item."""
        return None

    def check(self, account: Account) -> WireRequest:
        """A harmless call that proves the key."""
        return reads.check(account)

    def opt_outs(self, cursor: str, account: Account) -> WireRequest | None:
        """A page of contacts who said no."""
        return reads.opt_outs(cursor, account)

    def interpret_opt_outs(self, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        return reads.interpret_opt_outs(cursor, reply)

    def held(self, what: str, cursor: str, account: Account) -> WireRequest | None:
        """A page of contacts or products."""
        return reads.held(what, cursor, account)

    def interpret_held(self, what: str, cursor: str, reply: WireReply) -> ReadBack:
        """Read that page."""
        return reads.interpret_held(what, cursor, reply)

    def erase(self, recipient: Recipient, account: Account) -> tuple[Erasure, ...]:  # noqa: ARG002
        """Not offered: by hand."""
        return ()

    def erase_found(self, recipient: Recipient, search: Erasure, reply: WireReply) -> None:
        """Nothing: no search is made."""


_PLACE_BY_ROUTE: Mapping[str, tuple[str, str]] = {
    EVENT: ("POST", "/events"),
    CONTACT: ("POST", "/contacts"),
    PRODUCT_CREATE: ("POST", "/products"),
    PRODUCT_REPLACE: ("PUT", "/products/{}"),
    PRODUCT_WITHDRAW: ("PUT", "/products/{}"),
}

DIALECT = Omnisend()
