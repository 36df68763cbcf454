"""WooCommerce's webhooks: whether they are genuine, and what they say.

A webhook is sent late, twice, or with old content as it happens; the ledger drops what is older than what it knows,
and polling brings what a webhook cannot say: the dates of refunds, the variations of a product.
"""

from __future__ import annotations

import hmac
import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256

from orderwire.dialects.connector import Access, Found, Gone, Heard, Hook, Proof
from orderwire.dialects.doorway import Unread
from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.dialects.woocommerce.read_products import has_variations
from orderwire.dialects.woocommerce.reading import understood

SIGNATURE = "x-wc-webhook-signature"
TOPIC = "x-wc-webhook-topic"
DELIVERY = "x-wc-webhook-delivery-id"
_PING = re.compile(rb"webhook_id=\d{1,20}")
_NOUNS: Mapping[str, str] = {
    "order": "orders",
    "customer": "people",
    "product": "products",
    "subscription": "subscriptions",
}
_SAYS_SOMETHING = frozenset({"created", "updated", "restored"})
_SAYS_NOTHING = frozenset({"deleted", "switched"})
EVER = datetime(1970, 1, 1, tzinfo=UTC)
"""A webhook tells what changed just now, whenever that is."""
_IGNORED = frozenset({"coupon"})


def verify(hook: Hook, secrets: Sequence[str]) -> Proof:
    """Base64 of HMAC-SHA256 over the raw body. The ping at a webhook's creation has no signature, and no content."""
    given = hook.headers.get(SIGNATURE, "").encode("utf-8", "replace")
    if not given:
        return Proof.PING if _PING.fullmatch(hook.body) else Proof.UNSIGNED
    made = [b64encode(hmac.digest(secret.encode(), hook.body, sha256)) for secret in secrets if secret]
    return Proof.GENUINE if sum(hmac.compare_digest(one, given) for one in made) else Proof.FORGED


def delivery(hook: Hook) -> str:
    """The id of this delivery."""
    return hook.headers.get(DELIVERY, "")[:200]


def hear(hook: Hook, access: Access) -> Heard:
    """What a genuine delivery says."""
    topic = hook.headers.get(TOPIC, "")[:200]
    resource, _, happening = topic.partition(".")
    noun = _NOUNS.get(resource, "")
    if resource in _IGNORED:
        return Heard(topic=topic)
    if not noun or happening not in _SAYS_SOMETHING | _SAYS_NOTHING:
        return Heard(topic=topic, unread=(_unknown(topic, hook.body),))
    try:
        part = Part(decoded(hook.body))
        if happening in _SAYS_NOTHING:
            return Heard(topic=topic, gone=_gone(noun, part))
    except Misread as error:
        return Heard(topic=topic, unread=(_unread(noun, error, hook.body),))
    if noun == "products" and (has_variations(part) or part.value.get("parent_id")):
        return Heard(topic=topic)
    told = understood(noun, part, (), hook.body, access, news_from=EVER)
    match told:
        case Found():
            return Heard(topic=topic, found=(told,))
        case Unread():
            return Heard(topic=topic, unread=(told,))
    return Heard(topic=topic)


def _gone(noun: str, part: Part) -> tuple[Gone, ...]:
    """What is deleted for good. An order that is gone was not cancelled by that, nor is a person forgotten."""
    return (Gone(subject=f"product:{part.need('id')}"),) if noun == "products" else ()


def _unknown(topic: str, body: bytes) -> Unread:
    return Unread(
        stream="webhooks",
        key=f"topic {topic}",
        place="topic",
        problem="is one that nothing is known of",
        remedy="Send only topics of orders, customers, products and subscriptions here.",
        raw=body,
    )


def _unread(noun: str, error: Misread, body: bytes) -> Unread:
    return Unread(stream=noun, key="", place=error.place, problem=error.problem, remedy=error.remedy, raw=body)
