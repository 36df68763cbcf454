"""The table `[server]`: how the front door stands open."""

from __future__ import annotations

from msgspec import Struct

METRICS = ("loopback", "key", "open", "off")
"""Who may fetch `/metrics`, as the setting names them."""


class ServerSettings(Struct, frozen=True, kw_only=True):
    """How the front door stands open."""

    host: str = "127.0.0.1"
    port: int = 8080
    workers: int = 1
    """Processes that serve; each has a writer of its own, and they take turns at the ledger."""
    only: tuple[str, ...] = ()
    """The platforms whose doors are open; all when empty."""
    limits: bool = True
    """Whether callers are held to the platforms' own rate windows."""
    max_body: int = 10_000_000
    """The most bytes of a body, as sent and decompressed."""
    certificate: str = ""
    """The file of a TLS certificate in PEM; with `private_key` the server speaks HTTPS."""
    private_key: str = ""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks (`10.0.0.0/8`, `2001:db8::/32`) whose `X-Forwarded-For` and `X-Forwarded-Proto` are
    believed."""
    log: str = "errors"
    """Which requests are logged: `all`, `errors` or `none`."""
    metrics: str = "loopback"
    """Who may fetch `/metrics`: `loopback`, clients on this machine; `key`, who has a key with the scope `metrics`;
    `open`, whoever reaches the port; `off`, nobody."""
