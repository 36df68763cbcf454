"""WooCommerce as a connector: its parts put together."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from urllib.parse import urlencode

from msgspec.structs import replace

from orderwire.dialects.connector import (
    Access,
    Found,
    Heard,
    Hook,
    Judgement,
    Looking,
    Profile,
    Proof,
    Reading,
    Stamp,
    Stretch,
)
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.dialects.woocommerce import hooks, reading, replies
from orderwire.dialects.woocommerce.profile import PROFILE


class WooCommerce:
    """A shop with WooCommerce."""

    @property
    def profile(self) -> Profile:
        """The shop product as data."""
        return PROFILE

    def authorize(self, request: WireRequest, access: Access, _stamp: Stamp) -> WireRequest:
        """Basic with key and secret; in the address only where a host strips that header."""
        key, secret = access.secrets.get("key", ""), access.secrets.get("secret", "")
        fixed = (*request.headers, ("Accept", "application/json"))
        if access.flag("keys_in_query"):
            joint = "&" if "?" in request.path else "?"
            query = urlencode({"consumer_key": key, "consumer_secret": secret})
            return replace(request, path=f"{request.path}{joint}{query}", headers=fixed)
        token = b64encode(f"{key}:{secret}".encode()).decode()
        return replace(request, headers=(*fixed, ("Authorization", f"Basic {token}")))

    def judge(self, request: WireRequest, reply: WireReply) -> Judgement:
        """What to make of a reply before it is read."""
        return replies.judge(request, reply)

    def read(self, stretch: Stretch, access: Access) -> Reading:
        """Read the next piece of a stretch."""
        return reading.read(stretch, access)

    def reread(self, noun: str, raw: bytes, access: Access) -> Found:
        """Read kept bytes again."""
        return reading.reread(noun, raw, access)

    def look(self, access: Access) -> Looking:
        """Count what there is, and see whether webhooks were switched off."""
        return reading.look(access)

    def verify(self, hook: Hook, secrets: Sequence[str]) -> Proof:
        """What the delivery's signature is worth."""
        return hooks.verify(hook, secrets)

    def delivery(self, hook: Hook) -> str:
        """The shop's id of this delivery."""
        return hooks.delivery(hook)

    def hear(self, hook: Hook, access: Access) -> Heard:
        """What a genuine delivery says."""
        return hooks.hear(hook, access)


CONNECTOR = WooCommerce()
