"""What a call shows of who sent it, and what new keys look like."""

from __future__ import annotations

import string

from orderwire.dialects.doorway import Call, Minted, Presented
from orderwire.dialects.klaviyo.door.legacy_track import PATHS
from orderwire.dialects.klaviyo.door.members import words
from orderwire.dialects.klaviyo.door.payloads import fields_of, tracked

_SCHEME = "klaviyo-api-key"
_ALPHABET = string.ascii_letters + string.digits
_ACCOUNT_LENGTH = 6
_TRACKED = frozenset(PATHS)


def presented(call: Call) -> Presented:
    """The key of a call and the account it names.

    A call of the current API is ours by its header, its revision or its company; an old one by its path.
    """
    scheme, _, key = call.headers.get("authorization", "").strip().partition(" ")
    key = key.strip()
    if call.path.startswith("/client/"):
        company = call.asked("company_id")
        if company:
            return Presented(is_ours=True, secret=company, account=company)
        return Presented(is_ours="revision" in call.headers, secret=key)
    if call.path in _TRACKED:
        payload = tracked(call)
        token = words(payload.get("token")) if payload is not None else None
        return Presented(is_ours=True, secret=token or "", is_in_body=not call.asked("data"))
    if call.path.startswith(("/api/v1/", "/api/v2/")):
        shown = call.headers.get("api-key") or call.asked("api_key")
        old = shown or words(fields_of(call).get("api_key")) or ""
        return Presented(is_ours=bool(old), secret=old or key, is_in_body=not shown)
    if scheme.lower() == _SCHEME:
        return Presented(is_ours=True, secret=key)
    is_bearer = scheme.lower() == "bearer"
    return Presented(is_ours=is_bearer and "revision" in call.headers, secret=key if is_bearer else "")


def minted(randomness: bytes, *, is_public: bool, account: str) -> Minted:
    """A new key: private ones are long and random; the public one of an account is the account's own id."""
    own = account or "".join(_ALPHABET[byte % len(_ALPHABET)] for byte in randomness[-_ACCOUNT_LENGTH:])
    if is_public:
        return Minted(secret=own, account=own)
    return Minted(secret=f"pk_{randomness[:17].hex()}", account=own)
