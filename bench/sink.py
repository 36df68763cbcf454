"""A platform that only counts: Klaviyo's event endpoints on 127.0.0.1, with limits and faults to order.

Run as `python -m bench.sink`; it prints its port and answers until its standard input ends. `POST /_reset` takes the
faults and forgets everything, `GET /_events` gives a quick count, `GET /_tally` all counts.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Callable

import msgspec

from bench.reception import Answer, Faults, Reception

ENDPOINTS = {b"/api/events": "event", b"/api/event-bulk-create-jobs": "events"}
_EMPTY_PAGE = b'{"data":[],"links":{"self":"","first":null,"last":null,"prev":null,"next":null}}'
_ERROR = b'{"errors":[{"id":"1","status":%d,"code":"%b","title":"%b","detail":"%b","source":{"pointer":"/data"}}]}'
_REASONS = {
    Answer.LIMITED: (b"throttled", b"Request was throttled."),
    Answer.REFUSED: (b"service_unavailable", b"Service unavailable."),
    Answer.LOST: (b"error", b"A server error occurred."),
}
_MOST_UNSENT = 64_000_000


class Sink:
    """The reception in force, which `/_reset` replaces."""

    def __init__(self) -> None:
        self.reception = Reception(Faults())

    def own(self, path: bytes, body: bytes) -> bytes | None:
        """The answer to the measuring side; None for any other path."""
        if path == b"/_reset":
            self.reception = Reception(msgspec.json.decode(body, type=Faults))
            gc.collect()
            return b"{}"
        if path == b"/_events":
            return str(self.reception.events).encode()
        if path == b"/_tally":
            return msgspec.json.encode(self.reception.tally())
        return None


class Connection(asyncio.Protocol):
    """One client's connection: HTTP/1.1 as clients of an API write it, kept alive."""

    def __init__(self, sink: Sink, clock: Callable[[], float]) -> None:
        self._sink = sink
        self._clock = clock
        self._buffer = bytearray()
        self._needed = 0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        if isinstance(transport, asyncio.Transport):
            self._transport = transport
            transport.set_write_buffer_limits(high=_MOST_UNSENT)

    def data_received(self, data: bytes) -> None:
        """Take the next piece; answer every request that is whole."""
        self._buffer += data
        while len(self._buffer) >= self._needed and (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._buffer[:end])
            length = _length(head)
            self._needed = end + 4 + length
            if b"\r\nexpect: 100-continue" in head.lower() and len(self._buffer) == end + 4:
                self._write(b"HTTP/1.1 100 Continue\r\n\r\n")
            if len(self._buffer) < self._needed:
                return
            body = bytes(self._buffer[end + 4 : self._needed])
            del self._buffer[: self._needed]
            self._needed = 0
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        method, target, _ = head.split(b"\r\n", 1)[0].split(b" ", 2)
        path = target.partition(b"?")[0].rstrip(b"/")
        own = self._sink.own(path, body)
        endpoint = ENDPOINTS.get(path)
        if own is not None:
            self._write(_reply(200, own))
        elif method == b"POST" and endpoint is not None:
            self._take(endpoint, body)
        else:
            self._write(_reply(200, _EMPTY_PAGE))

    def _take(self, endpoint: str, body: bytes) -> None:
        reception = self._sink.reception
        answer, wait = reception.judge(endpoint, body, self._clock())
        if answer is Answer.SILENCE:
            if self._transport is not None:
                self._transport.abort()
            return
        if answer is Answer.TAKEN:
            reply = _reply(202, b"")
        else:
            code, title = _REASONS[answer]
            detail = b"Expected available in %d seconds." % wait if wait else title
            extra = b"Retry-After: %d\r\n" % wait if wait else b""
            reply = _reply(answer.value, _ERROR % (answer.value, code, title, detail), extra)
        if reception.latency:
            asyncio.get_running_loop().call_later(reception.latency, self._write, reply)
        else:
            self._write(reply)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def _length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(b"\r\ncontent-length:")
    if at < 0:
        if b"\r\ntransfer-encoding:" in lower:
            raise ValueError("the sink takes no chunked requests")
        return 0
    end = lower.find(b"\r\n", at + 2)
    return int(lower[at + 17 : end if end >= 0 else len(lower)])


def _reply(status: int, body: bytes, extra: bytes = b"") -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Type: application/vnd.api+json\r\n%bContent-Length: %d\r\n\r\n%b" % (
        status,
        extra,
        len(body),
        body,
    )


async def serve() -> None:
    """Answer until standard input ends."""
    loop = asyncio.get_running_loop()
    sink = Sink()
    server = await loop.create_server(lambda: Connection(sink, loop.time), "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    # Accepted bodies are kept: collecting them again and again would be work that no platform does.
    gc.disable()
    ended = loop.run_in_executor(None, sys.stdin.buffer.read)
    await ended
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
