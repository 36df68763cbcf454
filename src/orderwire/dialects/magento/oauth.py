"""Signing calls by OAuth 1.0a, as Magento takes them from an integration.

The method is HMAC-SHA256: since 2.4.4 no other is taken. Signed are the verb, the address without its query, and
every parameter of the query and of the header, sorted. Magento sorts names as people would, 2 before 10, and OAuth by
their bytes: the same for fewer than eleven filters.

Source: RFC 5849, 3.4.1 (what is signed), 3.4.2 (with what) and 3.5.1 (the header).
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlsplit

from orderwire.dialects.connector import Access, Stamp
from orderwire.dialects.wire import WireRequest

_METHOD = "HMAC-SHA256"
_USUAL_PORTS = {"http": 80, "https": 443}


def authorization(request: WireRequest, access: Access, stamp: Stamp) -> str:
    """The header that shows a call to be the integration's, made just now."""
    said = {
        "oauth_consumer_key": access.secrets.get("consumer_key", ""),
        "oauth_nonce": stamp.nonce,
        "oauth_signature_method": _METHOD,
        "oauth_timestamp": str(int(stamp.at.timestamp())),
        "oauth_token": access.secrets.get("token", ""),
        "oauth_version": "1.0",
    }
    address = access.url + request.path
    parameters = [*parse_qsl(urlsplit(address).query, keep_blank_values=True), *said.items()]
    secrets = (access.secrets.get("consumer_secret", ""), access.secrets.get("token_secret", ""))
    key = "&".join(map(_escaped, secrets)).encode()
    signed = hmac.digest(key, base_string(request.method, address, parameters).encode(), sha256)
    return _header({**said, "oauth_signature": b64encode(signed).decode()})


def base_string(method: str, address: str, parameters: Sequence[tuple[str, str]]) -> str:
    """What is signed of a call; the query of the address counts by what of it stands in `parameters`."""
    parts = urlsplit(address)
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    port = f":{parts.port}" if parts.port not in (None, _USUAL_PORTS.get(scheme)) else ""
    pairs = sorted((_escaped(name), _escaped(value)) for name, value in parameters)
    joined = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join(map(_escaped, (method.upper(), f"{scheme}://{host}{port}{parts.path or '/'}", joined)))


def _header(said: Mapping[str, str]) -> str:
    return "OAuth " + ", ".join(f'{name}="{_escaped(value)}"' for name, value in said.items())


def _escaped(text: str) -> str:
    return quote(text, safe="")
