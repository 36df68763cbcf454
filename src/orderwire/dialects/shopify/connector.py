"""Shopify as a connector: its parts put together."""

from __future__ import annotations

from collections.abc import Sequence

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
from orderwire.dialects.shopify import hooks, reading, replies
from orderwire.dialects.shopify.profile import PROFILE
from orderwire.dialects.wire import WireReply, WireRequest


class Shopify:
    """A shop at Shopify."""

    @property
    def profile(self) -> Profile:
        """The shop product as data."""
        return PROFILE

    def authorize(self, request: WireRequest, access: Access, _stamp: Stamp) -> WireRequest:
        """The app's token in a header of its own."""
        token = ("X-Shopify-Access-Token", access.secrets.get("token", ""))
        return replace(request, headers=(*request.headers, ("Accept", "application/json"), token))

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
        """Count what there is, and see what the app may not read."""
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


CONNECTOR = Shopify()
