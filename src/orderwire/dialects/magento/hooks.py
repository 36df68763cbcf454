"""Webhooks of Adobe Commerce: whether they are genuine, and the one thing they say that polling cannot see.

Their content is the shop's own model, cut to the fields that somebody chose, and not what the API gives for the same
thing; a record made of it would differ from the polled one. So orders and customers are left to polling, which asks
for them by their own clocks. That a product was deleted, polling never sees: that is taken from here.

Magento Open Source sends none. A signature is an RSA signature of the raw body; the shop shows the public key, which
stands in `webhook_secrets`.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Sequence

from orderwire.dialects.connector import Access, Gone, Heard, Hook, Proof
from orderwire.dialects.doorway import Unread
from orderwire.dialects.magento.rsa import is_signed, public_key
from orderwire.dialects.shop_json import Misread, Part, decoded

SIGNATURE = "x-adobe-commerce-webhook-signature"
_DELETED = frozenset(
    {"catalog_product_delete_after", "catalog_product_delete_after_done", "catalog_product_delete_commit_after"}
)
_KNOWN = ("sales_", "customer_", "catalog_", "checkout_", "newsletter_")


def verify(hook: Hook, secrets: Sequence[str]) -> Proof:
    """An RSA signature with SHA-256 over the raw body, in Base64."""
    given = hook.headers.get(SIGNATURE, "")
    if not given:
        return Proof.UNSIGNED
    try:
        signature = b64decode(given, validate=True)
    except (Error, ValueError):
        return Proof.FORGED
    keys = [key for secret in secrets if (key := public_key(secret)) is not None]
    return Proof.GENUINE if any(is_signed(key, hook.body, signature) for key in keys) else Proof.FORGED


def delivery(hook: Hook) -> str:  # noqa: ARG001 - there is none in it
    """Nothing: a delivery has no id."""
    return ""


def hear(hook: Hook, access: Access) -> Heard:  # noqa: ARG001 - nothing in it depends on the settings
    """What a genuine delivery says."""
    topic = ""
    try:
        part = Part(decoded(hook.body))
        topic = (part.text("eventName") or "")[:200]
        if topic in _DELETED:
            return Heard(topic=topic, gone=(Gone(subject=f"product:{_deleted(part)}"),))
    except Misread as error:
        return Heard(topic=topic, unread=(_unread(topic, error.place, error.problem, hook.body),))
    if topic.startswith(_KNOWN):
        return Heard(topic=topic)
    return Heard(topic=topic, unread=(_unread(topic, "eventName", "is one that nothing is known of", hook.body),))


def _deleted(part: Part) -> str:
    data = part.part("data") or Part({}, "data")
    product = data.part("product") or data.part("data_object") or Part({}, "data.product")
    return product.need("entity_id")


def _unread(topic: str, place: str, problem: str, body: bytes) -> Unread:
    return Unread(
        stream="webhooks",
        key=f"topic {topic}",
        place=place,
        problem=problem,
        remedy="Send only catalog_product_delete_after here; polling brings the rest.",
        raw=body,
    )
