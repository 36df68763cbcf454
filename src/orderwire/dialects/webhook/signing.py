"""Signatures over id, time and body, in the manner of the Standard Webhooks specification.

A receiver computes HMAC-SHA256 of `<id>.<timestamp>.<body>` and compares it, in constant time, with each signature of
the header; it refuses timestamps that are more than some minutes off. While a secret is changed, two are configured
and every message carries a signature by each.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

PREFIX = "whsec_"


def secrets_of(key: str) -> tuple[bytes, ...]:
    """The secrets that a key setting holds, with spaces between; those that begin `whsec_` are base64."""
    return tuple(_secret(text) for text in key.split())


def signature(secret: bytes, ident: str, timestamp: int, body: bytes) -> str:
    """One signature, as it stands in the header."""
    signed = f"{ident}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()


def _secret(text: str) -> bytes:
    if not text.startswith(PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return text.encode()
