"""Keeping requests to addresses that somebody typed in away from private networks."""

from __future__ import annotations

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

_INSIDE_OUT = tuple(
    map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "fec0::/10"))
)
"""What leads to IPv4 addresses by translation, private ones among them, and what was a site's own."""


class PrivateAddress(OSError):
    """The name leads into a private network, or to this machine."""

    def __init__(self) -> None:
        super().__init__("the address is private")


class PublicResolver(AbstractResolver):
    """Finds only addresses that are everybody's: what a name means is checked when it is connected to, not before."""

    def __init__(self) -> None:
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a name.

        Raises:
            PrivateAddress: one of them is not public; a name with both kinds is not trusted at all.
        """
        found = await self._resolver.resolve(host, port, family)
        if not all(is_public(one["host"]) for one in found):
            raise PrivateAddress
        return found

    async def close(self) -> None:
        """Close the resolver behind."""
        await self._resolver.close()


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet's; also those written inside IPv6 addresses."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    if any(found in network for network in _INSIDE_OUT if found.version == network.version):
        return False
    inside = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    return found.is_global and not found.is_multicast and (inside is None or inside.is_global)


def is_literal(host: str) -> bool:
    """Whether a host is an IP address already, which no resolver sees."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
