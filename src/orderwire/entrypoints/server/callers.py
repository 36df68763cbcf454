"""Who a call comes from: whoever is connected, or whom proxies name that are trusted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_PASSED_ON = ("forwarded", "via", "x-forwarded-for", "x-real-ip")
"""Headers by which a proxy says that it passes on what somebody else asked."""


class Proxies:
    """The addresses and networks of proxies that are trusted.

    Raises:
        ValueError: one is no address and no network.
    """

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks: tuple[IPv4Network | IPv6Network, ...] = tuple(ip_network(one) for one in networks)

    def __contains__(self, text: object) -> bool:
        address = address_of(str(text)) if self._networks else None
        return address is not None and any(
            address.version == network.version and address in network for network in self._networks
        )


def caller_behind(proxy: str, told: str, trusted: Proxies) -> str:
    """The address that a chain of trusted proxies names: each adds on the right whom it was called by."""
    hops = [proxy, *(hop for one in reversed(told.split(",")) if (hop := one.strip()))]
    found = next((hop for hop in hops if hop not in trusted), hops[-1])
    address = address_of(found)
    return found if address is None else str(address)


def is_here(peer: str, headers: Mapping[str, str]) -> bool:
    """Whether a call was made on this machine: by who is connected, whatever headers say.

    What a proxy on this machine says that it passes on was made elsewhere.
    """
    address = address_of(peer)
    return address is not None and address.is_loopback and not any(name in headers for name in _PASSED_ON)


@lru_cache(maxsize=4096)
def address_of(text: str) -> IPv4Address | IPv6Address | None:
    """The address that is written, also with a port or in brackets; None where it is none.

    An IPv4 address in IPv6's clothes is that IPv4 address; a zone is left out.
    """
    plain = text.strip()
    if plain.startswith("["):
        plain = plain[1:].partition("]")[0]
    elif plain.count(":") == 1:
        plain = plain.partition(":")[0]
    try:
        address = ip_address(plain.partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
