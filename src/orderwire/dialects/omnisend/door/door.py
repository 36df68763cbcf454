"""Omnisend's API as its clients know it: the table of calls, keys and rate limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TypeAlias

from msgspec.structs import replace

from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import (
    Answer,
    Call,
    Endpoint,
    Minted,
    NotOffered,
    Presented,
    Refused,
    Reply,
    Scope,
    Shelves,
    Spent,
    Work,
)
from orderwire.dialects.omnisend.door import (
    account,
    batches,
    carts,
    categories,
    contacts,
    contacts_list,
    custom_events,
    events,
    orders,
    products,
    refusals,
)
from orderwire.dialects.omnisend.door.refusals import Generation, Refusal, generation_of, reply_of
from orderwire.dialects.omnisend.door.wire import read_instant

_ACCOUNT, _TAGS = "account", "tags"
_FAMILIES: Mapping[str, tuple[Window, ...]] = {_ACCOUNT: (Window(400, 60.0),), _TAGS: (Window(60, 60.0),)}
_FIRST_VERSION = "2026-03-15"
_PREVIEW = "2026-preview"
_BRAND_BYTES = 12
_RATE = "X-Rate-Limit-"
_SCHEMES = ("omnisend-api-key ", "bearer ")
Answerer: TypeAlias = Callable[[Call, Shelves], Answer]


def _guarded(answer: Answerer) -> Answerer:
    """The same call, with its refusals as replies and the version of /api checked."""

    @wraps(answer)
    def guarded(call: Call, shelves: Shelves) -> Answer:
        try:
            if any("\0" in text for text in (*call.parameters.values(), *(value for _, value in call.query))):
                raise Refusal(400, "Path or query is not valid")
            if generation_of(call.path) is Generation.DATED:
                _check_version(call.headers.get("omnisend-version", "").strip())
            return answer(call, shelves)
        except Refusal as refusal:
            return reply_of(call, refusal)

    return guarded


def _check_version(version: str) -> None:
    """A version between two releases stands for the nearest earlier one.

    Raises:
        Refusal: none is given, or none of ours.
    """
    if version == _PREVIEW:
        return
    if not version:
        raise Refusal(400, "Omnisend-Version header is required", kind="missing-version")
    if len(version) != len(_FIRST_VERSION) or read_instant(version) is None:
        raise Refusal(400, "Omnisend-Version header is not a valid version", kind="invalid-version")
    if version < _FIRST_VERSION:
        raise Refusal(410, f"API version {version} has been retired, use {_FIRST_VERSION}")


def _of(
    generations: str, method: str, path: str, answer: Answerer, note: str = "", scope: Scope | None = None
) -> list[Endpoint]:
    """One call in each generation that has it."""
    reads = method == "GET"
    return [
        Endpoint(
            method=method,
            path=f"/{generation}{path}",
            answer=_guarded(answer),
            work=Work.READS if reads else Work.CHANGES,
            scope=scope or (Scope.READ if reads else Scope.WRITE),
            family=_TAGS if path == "/contacts/tags" else _ACCOUNT,
            note=note,
        )
        for generation in generations.split()
    ]


_PATCH_NOTE = "a patch of a product is not documented there; the fields given are changed"
_LATER = "an item is finished when the batch is answered"
_ENDPOINTS: tuple[Endpoint, ...] = (
    *_of("v3 v5 api", "POST", "/contacts", contacts.post, "a channel without a status states nothing"),
    *_of("v3 v5 api", "GET", "/contacts", contacts_list.list_contacts, "pages are ordered by age; no segments"),
    *_of("v3 v5 api", "PATCH", "/contacts", contacts.patch_by_email),
    *_of("v3 v5 api", "GET", "/contacts/{id}", contacts.get),
    *_of("v3 v5 api", "PATCH", "/contacts/{id}", contacts.patch_by_id, "an e-mail cannot be changed"),
    *_of("api", "POST", "/contacts/tags", contacts.tag, "done at once; no segments"),
    *_of("api", "DELETE", "/contacts/tags", contacts.tag, "done at once; no segments"),
    *_of("v5 api", "POST", "/events", events.post, scope=Scope.BROWSE),
    *_of("v3", "POST", "/customer-events", events.post, scope=Scope.BROWSE),
    *_of("v3", "GET", "/events", custom_events.list_types),
    *_of("v3", "POST", "/events", custom_events.post),
    *_of("v3", "GET", "/events/{id}", custom_events.get),
    *_of("v3", "POST", "/events/{id}", custom_events.post_by_id),
    *_of("v3 v5 api", "POST", "/batches", batches.post, _LATER),
    *_of("v3 v5 api", "GET", "/batches", batches.list_batches),
    *_of("v3 v5 api", "GET", "/batches/{id}", batches.get),
    *_of("v3 v5 api", "GET", "/batches/{id}/items", batches.get_items),
    *_of("v3", "GET", "/batches/{id}/items/{item}", batches.get_item),
    *_of("v3 v5 api", "POST", "/products", products.post),
    *_of("v3 v5 api", "GET", "/products", products.list_products),
    *_of("v3 v5 api", "GET", "/products/{id}", products.get),
    *_of("v3 v5 api", "PUT", "/products/{id}", products.put),
    *_of("v3 v5 api", "PATCH", "/products/{id}", products.patch, _PATCH_NOTE),
    *_of("v3 v5 api", "DELETE", "/products/{id}", products.delete),
    *(
        endpoint
        for generations, path, method in (("v3", "/categories", "PUT"), ("v5 api", "/product-categories", "PATCH"))
        for endpoint in (
            *_of(generations, "POST", path, categories.post),
            *_of(generations, "GET", path, categories.list_categories),
            *_of(generations, "GET", f"{path}/{{id}}", categories.get),
            *_of(generations, method, f"{path}/{{id}}", categories.put),
            *_of(generations, "DELETE", f"{path}/{{id}}", categories.delete),
        )
    ),
    *_of("v3", "POST", "/orders", orders.post, "an order that is there already is replaced"),
    *_of("v3", "GET", "/orders", orders.list_orders),
    *_of("v3", "GET", "/orders/{id}", orders.get),
    *_of("v3", "PUT", "/orders/{id}", orders.put),
    *_of("v3", "PATCH", "/orders/{id}", orders.patch),
    *_of("v3", "DELETE", "/orders/{id}", orders.delete, "no longer shown; its facts stay in the log"),
    *_of("v3", "POST", "/carts", carts.post, "a cart that is there already is replaced"),
    *_of("v3", "GET", "/carts", carts.list_carts, "no segments"),
    *_of("v3", "GET", "/carts/{id}", carts.get),
    *_of("v3", "PUT", "/carts/{id}", carts.put),
    *_of("v3", "PATCH", "/carts/{id}", carts.patch),
    *_of("v3", "DELETE", "/carts/{id}", carts.delete, "recorded as an empty cart"),
    *_of("v3", "POST", "/carts/{id}/products", carts.post_line),
    *_of("v3", "PUT", "/carts/{id}/products/{line}", carts.put_line),
    *_of("v3", "PATCH", "/carts/{id}/products/{line}", carts.put_line),
    *_of("v3", "DELETE", "/carts/{id}/products/{line}", carts.delete_line),
    *_of("v3", "GET", "/accounts", account.get_account),
    *_of("v3", "POST", "/accounts", account.post_account),
    *_of("v3", "POST", "/accounts/{brand}", account.post_account),
    *_of("v5 api", "GET", "/brands/current", account.get_brand),
    *_of("v5 api", "POST", "/brands/current", account.post_brand, "an API key will do; there it takes OAuth"),
)
_NOT_OFFERED = (
    NotOffered(call="/v4", why="the platform itself advises against it"),
    NotOffered(call="/oauth2/authorize, /oauth2/token, /oauth2/register", why="keys are made here by the operator"),
    NotOffered(call="/v3/campaigns, /api/campaigns", why="no campaigns are sent from here"),
    NotOffered(call="/v3/lists", why="lists are not documented; people are grouped by tags"),
    NotOffered(call="/api/segments", why="segments are defined in the project's own files"),
    NotOffered(call="/api/automations", why="flows are defined in the project's own files"),
    NotOffered(call="/api/email-templates, /api/email-content, /api/images", why="no messages are kept here"),
    NotOffered(call="/api/analytics/statistics, /api/analytics/reports", why="answers come from the ledger itself"),
    NotOffered(call="/api/event-metadata", why="events need no declaration here"),
    NotOffered(call="app.omnisend.com/woocommerce/events/track", why="another host, and without any key"),
    NotOffered(call="PUT events in a batch", why="an event cannot be changed"),
)


@dataclass(frozen=True)
class OmnisendDoor:
    """Omnisend's API from the inside, in the generations /v3, /v5 and /api."""

    name: str = "omnisend"
    title: str = "Omnisend"

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Every call this door takes."""
        return _ENDPOINTS

    @property
    def families(self) -> Mapping[str, tuple[Window, ...]]:
        """The rate windows of each family, as the platform documents them."""
        return _FAMILIES

    @property
    def not_offered(self) -> Sequence[NotOffered]:
        """Calls of the platform that this door has not."""
        return _NOT_OFFERED

    def presents(self, call: Call) -> Presented:
        """A key in `X-API-KEY`, or in `Authorization` as API key or token; an account id in the path."""
        key, authorization = call.headers.get("x-api-key", "").strip(), call.headers.get("authorization", "").strip()
        parts = call.path.strip("/").split("/")
        brand = parts[2] if len(parts) == 3 and parts[:2] == ["v3", "accounts"] else ""
        scheme = next((one for one in _SCHEMES if authorization.lower().startswith(one)), "")
        is_dressed = bool(key) or scheme == _SCHEMES[0] or "omnisend-version" in call.headers
        is_ours = is_dressed or (bool(scheme) and parts[0] == Generation.V5)
        secret = key or (authorization[len(scheme) :].strip() if scheme else "")
        return Presented(is_ours=is_ours, secret=secret, account=brand)

    def mint(self, randomness: bytes, *, is_public: bool, account: str) -> Minted:  # noqa: ARG002 - one shape for both
        """A key like `<brand id>-<secret>`: clients take the part before the hyphen for the account's id."""
        brand = account or randomness[:_BRAND_BYTES].hex()
        return Minted(secret=f"{brand}-{randomness[_BRAND_BYTES:].hex()}", account=brand)

    def refuse(self, call: Call, why: Refused, *, retry_after: float | None = None) -> Reply:
        """The answer to a call that the server turns away itself."""
        return self.dress(call, refusals.refuse(call, why, retry_after), ())

    def dress(self, call: Call, reply: Reply, spent: Sequence[Spent]) -> Reply:  # noqa: ARG002 - the contract's shape
        """The reply with the rate headers: on every one, because clients read them unguarded."""
        tightest = min(spent, key=lambda one: one.remaining, default=None)
        limit = _FAMILIES[_ACCOUNT][0]
        told = tightest or Spent(limit=limit.count, per=limit.per, remaining=limit.count, reset=limit.per)
        own = (
            (f"{_RATE}Limit", str(told.limit)),
            (f"{_RATE}Remaining", str(max(0, told.remaining))),
            (f"{_RATE}Reset", str(max(0, -int(-told.reset // 1)))),
        )
        rest = tuple(header for header in reply.headers if not header[0].startswith(_RATE))
        return replace(reply, headers=(*rest, *own))


DOOR = OmnisendDoor()
