"""Signing webhooks as Adobe Commerce does, with a key pair made for nothing but this."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

_MODULUS = (
    "96684e90a4be28ae542e6662b21236173e0f3c0ce024681379c96243033c3034"
    "52cd7f3db5e3ea6966bfba57e7e4b4b31a9799741d4bf589059ad4f62e29fdec"
    "62f8dc573ca68499e3202c08c9fa83a1e1cd392616ab0ed5348cd16485168c73"
    "93031d73732887d314b9d63659a711bfc132964cd159b9c8a7c68d348f430615"
    "8ed9d71b03949b53278d858262c7e03c58237054675729429f2185254198bad3"
    "6ef035f76fabbe42853353a1595651926fe8ed1decbdc288e15a66d5605f4c54"
    "4fc52a5d5462beee35869a52ed9f6f23123f00dad0919c17cc4285ba92b9ec7e"
    "2a1cff188792eda4bc9a450f523e6261e66664196f55f85dca98d62fbbec1e4d"
)
_PRIVATE = (
    "1349d01d7b8b096385d727792bb5eb2ae2e20844ec6faecb24989f59d1ade3ce"
    "a9f9c18213f3e5095c4c6524c5cfce1e93dff22572665dd813186e8c1d927406"
    "5f10e40ce9f1beda8f467e6f281bd0caaf4ee6afcc4366950ff6a919b779934c"
    "750376c0e9f93e25e3280be10f713df4f5dd3b6a2184dcaeef59269da16baa79"
    "61ef98c2ccf43294e879bfcc581f05952ada5ca89063356dd41c32c8ed20e944"
    "d347bc977ae68b7ffc15b7c5f89edb37d2f14ec852305a33c61b732ca3a102a7"
    "e97042580ba2a8ab3477a5dacaac1caa14f90bd1bbc093c22fb821eb723c8d0b"
    "b3215069c6d903a1c121daf57b2303f3909f4522c09f8c322556ce8eea8bbc6f"
)
_EXPONENT = 65537
_SIZE = 256
_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
_RSA = bytes.fromhex("300d06092a864886f70d0101010500")


def public_key() -> str:
    """The public key as the shop shows it."""
    key = _element(0x30, _integer(int(_MODULUS, 16)) + _integer(_EXPONENT))
    text = b64encode(_element(0x30, _RSA + _element(0x03, b"\x00" + key))).decode()
    lines = [text[place : place + 64] for place in range(0, len(text), 64)]
    return "\n".join(["-----BEGIN PUBLIC KEY-----", *lines, "-----END PUBLIC KEY-----", ""])


def signature(body: bytes) -> str:
    """What a webhook is signed with."""
    told = _DIGEST_INFO + sha256(body).digest()
    padded = b"\x00\x01" + b"\xff" * (_SIZE - len(told) - 3) + b"\x00" + told
    signed = pow(int.from_bytes(padded), int(_PRIVATE, 16), int(_MODULUS, 16))
    return b64encode(signed.to_bytes(_SIZE)).decode()


def _integer(number: int) -> bytes:
    content = number.to_bytes(number.bit_length() // 8 + 1)
    return _element(0x02, content)


def _element(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content
