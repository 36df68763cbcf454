"""Addresses that somebody typed in lead nowhere private."""

import pytest

from orderwire.dialects.wire import WireRequest
from orderwire.errors import Unavailable
from orderwire.transport.guard import is_public
from orderwire.transport.http import HttpTransport


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fe80::1%eth0",
        "fd00::1",
        "::ffff:127.0.0.1",
        "2002:7f00:1::",
        "::7f00:1",
        "::ffff:0:7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "fec0::1",
        "not an address",
    ],
)
def test_private_addresses_are_known(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are_known(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9",
        "http://[::1]:9",
        "http://localhost:9",
        "http://[::ffff:127.0.0.1]:9",
        "http://[64:ff9b::7f00:1]:9",
        "http://0x7f.1:9",
    ],
)
async def test_nothing_is_sent_to_a_private_address(url: str) -> None:
    async with HttpTransport(is_public_only=True) as transport:
        with pytest.raises(Unavailable, match="private") as failure:
            await transport.send(WireRequest(method="POST", path="/"), url)

    assert not failure.value.may_have_arrived


@pytest.mark.parametrize("url", ["http://127.1:9", "http://2130706433:9", "http://0:9", "http://127.0.0.1.:9"])
async def test_an_address_written_oddly_is_refused_before_anything_is_sent(url: str) -> None:
    async with HttpTransport(is_public_only=True) as transport:
        with pytest.raises(Unavailable) as failure:
            await transport.send(WireRequest(method="POST", path="/"), url)

    assert not failure.value.may_have_arrived
