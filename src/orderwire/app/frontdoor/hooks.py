"""Webhooks of shops: POST /hooks/<source>, one for each source whose settings hold `webhook_secrets`.

What an answer means to a shop decides what is answered. A shop tries again or switches the webhook off when it is
refused, so only what was never meant for us is refused: a signature that is missing or wrong, an unknown source. All
else is acknowledged once it is durable: what cannot be understood is kept as a refused record, a delivery that was
heard before or lies outside the replay window has no effect. Whatever a webhook cannot tell, polling brings.

The signature stands in for a key. The door presents, for a genuine delivery, a secret of its own that only lives in
this process and belongs to the source, so that gate and clerk treat the call like any other.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from orderwire.app.frontdoor.keys import hash_of
from orderwire.dialects.connector import Access, Connector, Found, Gone, Heard, Hook, HookTerms, Proof, with_known
from orderwire.dialects.connector_registry import connector
from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import (
    Answer,
    Call,
    Document,
    Endpoint,
    Intake,
    Minted,
    NotOffered,
    Presented,
    Read,
    Refused,
    Reply,
    Scope,
    Shelves,
    Spent,
    Unread,
    Work,
)
from orderwire.errors import Conflict
from orderwire.ledger import AccessKey, Received
from orderwire.ledger.preparing import sift
from orderwire.model import Order, Product, Record
from orderwire.sources import SourceMapping, parse
from orderwire.sources.api.access import access_of, hook_secrets_of

NAME = "webhooks"
DELIVERIES = "webhook.deliveries"
"""The collection of ids of deliveries that were heard; the oldest go as new ones come."""
_FORGOTTEN_AT_ONCE = 20
_OPENS_NOTHING = "-"
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_TAKEN = Reply(body=b'{"ok":true}')
_STATUS: Mapping[Refused, int] = {
    Refused.NO_KEY: 401,
    Refused.BAD_KEY: 401,
    Refused.FORBIDDEN: 403,
    Refused.NOT_FOUND: 404,
    Refused.NOT_ALLOWED: 405,
    Refused.LIMITED: 429,
    Refused.TOO_LARGE: 413,
    Refused.NOT_READABLE: 400,
    Refused.UNAVAILABLE: 503,
    Refused.BROKEN: 500,
}


class HookedShop(Struct, frozen=True, kw_only=True):
    """A source that sends webhooks. `repr` is never logged: it holds secrets."""

    name: str
    connector: Connector
    access: Access
    secrets: tuple[str, ...]
    token: str
    """What a genuine delivery is presented with; of this process alone."""

    @property
    def terms(self) -> HookTerms:
        """What matters of its webhooks."""
        return self.connector.profile.hooks or HookTerms()

    @property
    def key(self) -> AccessKey:
        """The key that the token opens with."""
        return AccessKey(
            name=f"{NAME} of {self.name}",
            hash=hash_of(self.token),
            platform=NAME,
            source=self.name,
            scopes=(Scope.WRITE.value,),
            created_at=_LONG_AGO,
        )


def hooked_shops(
    sources: Mapping[str, Mapping[str, Any]], environment: Mapping[str, str] | None = None
) -> tuple[HookedShop, ...]:
    """The sources that send webhooks.

    Raises:
        ConfigError: the settings of one are wrong, or a secret cannot be found.
    """
    parsed = (parse(name, table) for name, table in sources.items() if table.get("webhook_secrets"))
    return tuple(_hooked(mapping, environment) for mapping in parsed)


class HooksDoor:
    """The door for webhooks of shops."""

    def __init__(self, shops: Sequence[HookedShop]) -> None:
        self._shops = {shop.name: shop for shop in shops}

    @property
    def name(self) -> str:
        """What keys and metrics call it."""
        return NAME

    @property
    def title(self) -> str:
        """What people call it."""
        return "Webhooks of shops"

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """The one call."""
        return (Endpoint(method="POST", path="/hooks/{source}", answer=self._answer, work=Work.CHANGES),)

    @property
    def families(self) -> Mapping[str, tuple[Window, ...]]:
        """None: a shop sends as it happens."""
        return {}

    @property
    def not_offered(self) -> Sequence[NotOffered]:
        """Nothing."""
        return ()

    @property
    def keys(self) -> tuple[AccessKey, ...]:
        """What genuine deliveries open with."""
        return tuple(shop.key for shop in self._shops.values())

    def presents(self, call: Call) -> Presented:
        """The source's token for a delivery that is genuine, or says nothing; else what opens nothing."""
        shop = self._shop(call)
        if shop is None:
            return Presented()
        match shop.connector.verify(_hook(call), shop.secrets):
            case Proof.GENUINE | Proof.STALE | Proof.PING:
                return Presented(is_ours=True, secret=shop.token, is_in_body=True)
            case Proof.FORGED:
                return Presented(is_ours=True, secret=_OPENS_NOTHING, is_in_body=True)
            case _:
                return Presented(is_ours=True, is_in_body=True)

    def mint(self, randomness: bytes, *, is_public: bool, account: str) -> Minted:  # noqa: ARG002 - none is made
        """Refuse: a webhook's secret is agreed on with the shop.

        Raises:
            Conflict: always.
        """
        raise Conflict("webhooks have no keys: put the shop's secret into webhook_secrets of its source")

    def refuse(self, call: Call, why: Refused, *, retry_after: float | None = None) -> Reply:
        """A short answer: shops look at the status alone."""
        status = 404 if self._shop(call) is None else _STATUS[why]
        headers = (("Retry-After", str(max(1, round(retry_after)))),) if retry_after is not None else ()
        return Reply(status=status, body=b'{"ok":false}', headers=headers)

    def dress(self, call: Call, reply: Reply, spent: Sequence[Spent]) -> Reply:  # noqa: ARG002 - nothing is added
        """The reply as it is."""
        return reply

    def _shop(self, call: Call) -> HookedShop | None:
        _, _, name = call.path.strip("/").rpartition("/")
        return self._shops.get(name)

    def _answer(self, call: Call, shelves: Shelves) -> Answer:
        shop, hook = self._shops[call.source], _hook(call)
        if shop.connector.verify(hook, shop.secrets) is not Proof.GENUINE:
            return _TAKEN
        delivery = _id_of(shop.connector.delivery(hook), call.body)
        if shelves.document(DELIVERIES, delivery) is not None:
            return _TAKEN
        heard = shop.connector.hear(hook, shop.access)
        records, unread = _fitting(heard, shop, call, shelves)
        return Intake(
            reply=_TAKEN,
            records=records,
            unread=unread,
            documents=(
                Document(
                    collection=DELIVERIES,
                    key=delivery,
                    body=heard.topic.encode("utf-8", "replace"),
                    rank=call.received_at.isoformat(),
                ),
            ),
            removed=tuple(_outlived(shop, call, shelves)),
        )


def _hooked(mapping: SourceMapping, environment: Mapping[str, str] | None) -> HookedShop:
    if mapping.api is None:
        raise TypeError("only a shop with an API sends webhooks")
    return HookedShop(
        name=mapping.name,
        connector=connector(mapping.api.connector),
        access=access_of(mapping.api, mapping.name, environment),
        secrets=hook_secrets_of(mapping.api, mapping.name, environment),
        token=secrets.token_hex(32),
    )


def _hook(call: Call) -> Hook:
    return Hook(headers=call.headers, body=call.body, received_at=call.received_at)


def _id_of(given: str, body: bytes) -> str:
    """The shop's id of a delivery; where it gives none, what stands for the same bytes."""
    text = given or f"body {blake2b(body, digest_size=16).hexdigest()}"
    return text.replace("\0", "")


def _fitting(
    heard: Heard, shop: HookedShop, call: Call, shelves: Shelves
) -> tuple[tuple[Read, ...], tuple[Unread, ...]]:
    """What can be kept as records, and all that cannot: refused once would be switched off at the shop."""
    told = [*(_whole(one, shop.terms, shelves) for one in heard.found), *_removed(heard.gone, call, shelves)]
    received = [Received(record=record, raw=call.body) for record in told]
    kept, refused = sift(received, call.source, call.received_at)
    unfit = tuple(
        Unread(
            stream=NAME,
            key=one.key,
            place=one.place,
            problem=one.problem,
            remedy=one.remedy,
            raw=one.raw,
        )
        for one in refused
    )
    return tuple(Read(record=one.record, raw=one.raw) for one in kept), (*heard.unread, *unfit)


def _whole(found: Found, terms: HookTerms, shelves: Shelves) -> Record:
    """The record with what a webhook never tells taken over from what is known."""
    record = found.record
    if not isinstance(record, Order):
        return record
    known = shelves.snapshot(f"order:{record.order_id}")
    return with_known(record, known if isinstance(known, Order) else None, terms)


def _removed(gone: Sequence[Gone], call: Call, shelves: Shelves) -> Iterator[Record]:
    for one in gone:
        known = shelves.snapshot(one.subject)
        if isinstance(known, Product) and known.removed_at is None:
            yield replace(known, removed_at=call.received_at)


def _outlived(shop: HookedShop, call: Call, shelves: Shelves) -> Iterator[tuple[str, str]]:
    """Ids of deliveries so old that the shop tries them no more."""
    end = (call.received_at - timedelta(days=shop.terms.remembers_for)).isoformat()
    for one in shelves.documents(DELIVERIES, limit=_FORGOTTEN_AT_ONCE):
        if one.rank < end:
            yield DELIVERIES, one.key
