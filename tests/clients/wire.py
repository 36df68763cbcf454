"""HTTP as bytes: a client that sends whatever it is told, for what no well-behaved client would send."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable
from http.client import HTTPException, HTTPResponse
from types import TracebackType
from typing import NamedTuple, Self


class Answered(NamedTuple):
    """A reply; `status` 0 where the server closed the line instead."""

    status: int
    body: bytes


class Hung(Exception):
    """The server did not answer in time."""


class Line:
    """A connection that is kept open between calls, and made anew when the server has closed it."""

    def __init__(self, port: int, *, timeout: float = 30) -> None:
        self._port = port
        self._timeout = timeout
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def send(
        self, method: str, target: str | bytes, headers: Iterable[tuple[str, str]] = (), body: bytes | None = None
    ) -> Answered:
        """Send a request and read the reply.

        Raises:
            Hung: there was none in time.
        """
        place = target.encode("latin-1") if isinstance(target, str) else target
        lines = [method.encode() + b" " + place + b" HTTP/1.1", b"Host: 127.0.0.1"]
        lines += [f"{name}: {value}".encode("latin-1") for name, value in headers]
        if body is not None:
            lines.append(b"Content-Length: %d" % len(body))
        whole = b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")
        was_open = self._socket is not None
        answered = self._exchange(method, whole)
        if answered.status == 0 and was_open:
            # A line that was kept may have been closed meanwhile; a fresh one tells whether the request was why.
            answered = self._exchange(method, whole)
        return answered

    def _exchange(self, method: str, whole: bytes) -> Answered:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), self._timeout)
        with contextlib.suppress(ConnectionError):
            # A server that refuses a body may close before it has read all of it, its reply on the way already.
            self._socket.sendall(whole)
        try:
            reply = HTTPResponse(self._socket, method=method)
            reply.begin()
            body = reply.read()
            if reply.will_close:
                self.close()
            reply.close()
        except TimeoutError as error:
            self.close()
            raise Hung(whole[:120]) from error
        except (OSError, HTTPException):
            self.close()
            return Answered(0, b"")
        return Answered(reply.status, body)
