"""Magento as a connector: its parts put together."""

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
from orderwire.dialects.magento import hooks, oauth, reading, replies
from orderwire.dialects.magento.profile import PROFILE
from orderwire.dialects.wire import WireReply, WireRequest


class Magento:
    """A shop with Magento Open Source or Adobe Commerce."""

    @property
    def profile(self) -> Profile:
        """The shop product as data."""
        return PROFILE

    def authorize(self, request: WireRequest, access: Access, stamp: Stamp) -> WireRequest:
        """The integration's access token: signed with where its secrets are there, else as a bearer."""
        is_signed = "consumer_key" in access.secrets
        proof = oauth.authorization(request, access, stamp) if is_signed else f"Bearer {access.secrets['token']}"
        fixed = (("Accept", "application/json"), ("Authorization", proof))
        return replace(request, headers=(*request.headers, *fixed))

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
        """Count what there is."""
        return reading.look(access)

    def verify(self, hook: Hook, secrets: Sequence[str]) -> Proof:
        """What the delivery's signature is worth."""
        return hooks.verify(hook, secrets)

    def delivery(self, hook: Hook) -> str:
        """Nothing: Magento gives a delivery no id, and tries none again."""
        return hooks.delivery(hook)

    def hear(self, hook: Hook, access: Access) -> Heard:
        """What a genuine delivery says."""
        return hooks.hear(hook, access)


CONNECTOR = Magento()
