"""The sink as the measuring side sees it: a process of its own, asked over HTTP."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from types import TracebackType
from typing import Self

import msgspec

from bench.reception import Faults, Tally

_BODY = (
    b'{"type":"event-bulk-create","attributes":{"profile":{"data":{"type":"profile","attributes":'
    b'{"email":"c1@mail.test"}}},"backfill":true,"events":{"data":[{"type":"event","attributes":{"metric":{"data":'
    b'{"type":"metric","attributes":{"name":"Placed Order"}}},"properties":{"OrderId":"1","Items":[%b]},'
    b'"time":"2023-01-01T00:00:00Z","unique_id":"1","value":10.0}}]}}}'
)
_ITEM = b'{"ProductName":"Cup no. 1","Quantity":2,"SKU":"SKU-1","RowTotal":10.00,"ItemPrice":5.00}'
_BULK = b'{"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[%b]}}}}'
_SINGLE = (
    b'{"data":{"type":"event","attributes":{"metric":{"data":{"type":"metric","attributes":{"name":"Placed Order"}}},'
    b'"profile":{"data":{"type":"profile","attributes":{"email":"c1@mail.test"}}},"properties":{"OrderId":"1"},'
    b'"time":"2023-01-01T00:00:00Z","unique_id":"1","value":10.0}}}'
)


class Platform:
    """A running sink."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        """Use it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(30)

    def reset(self, faults: Faults) -> None:
        """Forget everything, and behave like this from now on."""
        self._ask("POST", "/_reset", msgspec.json.encode(faults))

    def events(self) -> int:
        """Events accepted so far."""
        return int(self._ask("GET", "/_events"))

    def tally(self) -> Tally:
        """All counts."""
        return msgspec.json.decode(self._ask("GET", "/_tally"), type=Tally)

    def speed(self) -> dict[str, float]:
        """What the sink alone takes in a second: from one client that sends ready bytes and does nothing else."""
        bulk = _BULK % b",".join([_BODY % _ITEM] * 1000)
        bulk_rate = self._load("/api/event-bulk-create-jobs", bulk, 300)
        return {
            "bulk_events_per_second": bulk_rate * 1000,
            "bulk_requests_per_second": bulk_rate,
            "single_requests_per_second": self._load("/api/events", _SINGLE, 10_000),
        }

    def _load(self, path: str, body: bytes, count: int) -> float:
        self.reset(Faults())
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.connect()
        head = f"POST {path} HTTP/1.1\r\nHost: sink\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        began = time.perf_counter()
        for _ in range(count):
            connection.sock.sendall(head + body)
            connection.sock.recv(4096)
        rate = count / (time.perf_counter() - began)
        connection.close()
        self.reset(Faults())
        return rate

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=300)
        try:
            connection.request(method, path, body)
            return connection.getresponse().read()
        finally:
            connection.close()
