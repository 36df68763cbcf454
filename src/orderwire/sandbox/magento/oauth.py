"""Whether a call is signed as Magento wants it: OAuth 1.0a, by an integration's two keys and two secrets.

A stand-in does not see whether a proxy before it speaks TLS, so a signature over either scheme is taken.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from orderwire.sandbox.kit import Answer, Call
from orderwire.sandbox.magento.searching import refusal

_PARAMETER = re.compile(r'\s*(oauth_[a-z_]+)="([^"]*)"\s*')
_REQUIRED = (
    "oauth_consumer_key",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_nonce",
    "oauth_timestamp",
    "oauth_token",
)
_AHEAD = 600
"""How many seconds a caller's clock may be ahead; how far behind it is does not matter."""
_LONGEST_NONCE = 32


@dataclass
class Integration:
    """What an integration shows its owner, and the nonces it used."""

    consumer_key: str
    consumer_secret: str
    token: str
    token_secret: str
    nonces: set[str] = field(default_factory=set, init=False)

    def refuses(self, call: Call) -> Answer | None:
        """Why a call is not taken; None where it is the integration's."""
        scheme, _, rest = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "oauth":
            return refusal(401, "The consumer isn't authorized to access %resources.", resources="self")
        said = {found[1]: unquote(found[2]) for one in rest.split(",") if (found := _PARAMETER.fullmatch(one))}
        if missing := [name for name in _REQUIRED if not said.get(name)]:
            return refusal(400, '"%fieldName" is required. Enter and try again.', fieldName=missing[0])
        if said["oauth_signature_method"] != "HMAC-SHA256":
            return refusal(400, "Signature method %1 is not supported")
        if said["oauth_consumer_key"] != self.consumer_key:
            return refusal(401, "A consumer having the specified key does not exist")
        return self._used(said, call.at) or self._unsigned(said, call)

    def _used(self, said: Mapping[str, str], now: float) -> Answer | None:
        stamp, nonce = said["oauth_timestamp"], said["oauth_nonce"]
        if not stamp.isdecimal() or not 0 < int(stamp) <= now + _AHEAD:
            return refusal(401, "Incorrect timestamp value in the oauth_timestamp parameter")
        if nonce in self.nonces or len(nonce) > _LONGEST_NONCE:
            return refusal(401, "The nonce is already being used by the consumer with ID %1")
        self.nonces.add(nonce)
        return None

    def _unsigned(self, said: Mapping[str, str], call: Call) -> Answer | None:
        if said["oauth_token"] != self.token:
            return refusal(401, "Specified token does not exist")
        signed = [self._signature(said, call, scheme) for scheme in ("https", "http")]
        if not any(hmac.compare_digest(one, said["oauth_signature"].encode()) for one in signed):
            return refusal(401, "The signature is invalid. Verify and try again.")
        return None

    def _signature(self, said: Mapping[str, str], call: Call, scheme: str) -> bytes:
        """What the caller should have made of its own parameters."""
        host = call.headers.get("host", "").lower()
        usual = ":443" if scheme == "https" else ":80"
        terms = {**call.query, **{name: text for name, text in said.items() if name != "oauth_signature"}}
        coded = sorted(f"{_percent(name)} {_percent(text)}" for name, text in terms.items())
        address = f"{scheme}://{host.removesuffix(usual)}{call.path}"
        text = f"{call.method}&{_percent(address)}&{_percent('&'.join(one.replace(' ', '=') for one in coded))}"
        key = f"{_percent(self.consumer_secret)}&{_percent(self.token_secret)}"
        return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest())


def _percent(text: str) -> str:
    return quote(text, safe="-._~")
