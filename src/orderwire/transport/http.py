"""Sending one wire request over HTTP. Foreign exceptions are translated here and nowhere else.

The one question that matters about a failure is whether the request may have arrived: only when no connection was
made, or the connection was refused, is the answer no.
"""

from __future__ import annotations

from io import BytesIO
from types import TracebackType
from typing import Self

import aiohttp
import yarl

from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import Unavailable
from orderwire.transport.guard import PrivateAddress, PublicResolver, is_literal, is_public
from orderwire.transport.port import Transport

__all__ = ["HttpTransport", "Transport"]
MAX_REPLY_BYTES = 64_000_000


class HttpTransport:
    """Requests over a pool of kept-alive connections; redirects are not followed.

    With `is_public_only` a name that leads into a private network, or to this machine, is not connected to.
    """

    def __init__(self, *, timeout: float = 30.0, connections: int = 64, is_public_only: bool = False) -> None:
        self._timeout = timeout
        self._connections = connections
        self._is_public_only = is_public_only
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the pool."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections,
                keepalive_timeout=30,
                resolver=PublicResolver() if self._is_public_only else None,
            ),
            auto_decompress=True,
            headers={"User-Agent": "orderwire"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pool."""
        if self._session is not None:
            await self._session.close()

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send one request and read the whole reply."""
        if self._session is None:
            raise RuntimeError("use the transport as a context manager")
        url = _url(base_url, request.path)
        if self._is_public_only and is_literal(url.host or "") and not is_public(url.host or ""):
            raise Unavailable("connect: the address is private", may_have_arrived=False)
        limit = aiohttp.ClientTimeout(total=min(request.timeout, self._timeout), sock_connect=10)
        try:
            async with self._session.request(
                request.method,
                url,
                data=BytesIO(request.body) if request.body else None,
                headers=dict(request.headers),
                timeout=limit,
                allow_redirects=False,
            ) as reply:
                body = await reply.content.read(MAX_REPLY_BYTES)
                while not reply.content.at_eof():
                    body += await reply.content.read(MAX_REPLY_BYTES)
                headers = {name.lower(): value for name, value in reply.headers.items()}
                return WireReply(status=reply.status, headers=headers, body=body)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            is_private = isinstance(error.__cause__, PrivateAddress)
            stage = "connect: the address is private" if is_private else "connect"
            raise Unavailable(stage, may_have_arrived=False) from error
        except aiohttp.InvalidURL as error:
            raise Unavailable("connect: the address is none", may_have_arrived=False) from error
        except (TimeoutError, aiohttp.ServerTimeoutError) as error:
            raise Unavailable("timeout", may_have_arrived=True) from error
        except aiohttp.ClientError as error:
            raise Unavailable("read", may_have_arrived=True) from error
        except ConnectionError as error:
            raise Unavailable("send", may_have_arrived=True) from error


def _url(base_url: str, path: str) -> yarl.URL:
    """The address as it stands: ids in a path are encoded by the dialect and must not be encoded again."""
    return yarl.URL(base_url.rstrip("/") + path, encoded=True)
