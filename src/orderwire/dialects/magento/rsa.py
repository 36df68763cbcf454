"""Checking an RSA signature (PKCS #1 v1.5 over SHA-256) with a public key in PEM.

Only the public half is ever used, so nothing here is secret and nothing need take constant time.

Source: RFC 8017, 8.2.2 and 9.2; RFC 5280, 4.1.2.7 (SubjectPublicKeyInfo).
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from hashlib import sha256

from msgspec import Struct

_PEM = re.compile(r"-----BEGIN (RSA )?PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END (?:RSA )?PUBLIC KEY-----")
_SHA256 = bytes.fromhex("3031300d060960864801650304020105000420")
"""The DigestInfo that stands before a SHA-256 digest."""
_INTEGER, _BITS, _SEQUENCE = 0x02, 0x03, 0x30
_LEAST_BITS = 1024


class PublicKey(Struct, frozen=True):
    """An RSA public key."""

    modulus: int
    exponent: int


def public_key(pem: str) -> PublicKey | None:
    """The key in a PEM text; None where there is none."""
    found = _PEM.search(pem)
    if found is None:
        return None
    try:
        der = b64decode("".join(found.group(2).split()), validate=True)
        body = _value(der, _SEQUENCE)[0]
        if not found.group(1):
            _, rest = _value(body, _SEQUENCE)
            bits, _ = _value(rest, _BITS)
            body = _value(bits[1:], _SEQUENCE)[0]
        modulus, rest = _value(body, _INTEGER)
        exponent, _ = _value(rest, _INTEGER)
    except (Error, ValueError, IndexError):
        return None
    key = PublicKey(int.from_bytes(modulus), int.from_bytes(exponent))
    return key if key.modulus.bit_length() >= _LEAST_BITS and 2 < key.exponent < 2**64 else None


def is_signed(key: PublicKey, message: bytes, signature: bytes) -> bool:
    """Whether the owner of this key's other half signed this message."""
    size = (key.modulus.bit_length() + 7) // 8
    number = int.from_bytes(signature)
    if len(signature) != size or number >= key.modulus:
        return False
    told = _SHA256 + sha256(message).digest()
    wanted = b"\x00\x01" + b"\xff" * (size - len(told) - 3) + b"\x00" + told
    return pow(number, key.exponent, key.modulus).to_bytes(size) == wanted


def _value(der: bytes, tag: int) -> tuple[bytes, bytes]:
    """The content of the first element, which must have this tag, and what follows it."""
    if der[0] != tag:
        raise ValueError("another element was expected")
    length, start = der[1], 2
    if length & 0x80:
        count = length & 0x7F
        if not 1 <= count <= 4:
            raise ValueError("a length that cannot be")
        length, start = int.from_bytes(der[2 : 2 + count]), 2 + count
    if len(der) < start + length:
        raise ValueError("an element that is cut off")
    return der[start : start + length], der[start + length :]
