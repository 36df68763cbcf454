"""A server with a key, and the load that wrk puts on it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from orderwire.app.frontdoor.opening import make_key
from orderwire.testing.servers import free_port

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
CONNECTIONS = 64


class Load(Struct, frozen=True, kw_only=True):
    """What one run of load came to. Latencies are milliseconds."""

    requests: int
    seconds: float
    errors: int
    p50: float
    p99: float
    commits: int = 0
    """Transactions of the server meanwhile: each is one flush to the disk."""

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


@dataclass
class Front:
    """A server at work."""

    folder: Path
    port: int
    key: str

    def load(self, *, seconds: float, batch: int = 1, first: int = 0, connections: int = CONNECTIONS) -> Load:
        """Put load on it for so many seconds."""
        before = self.commits()
        said = subprocess.run(
            [
                *("wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", str(HERE / "orders.lua")),
                f"http://127.0.0.1:{self.port}",
            ],
            env={**os.environ, "BENCH_KEY": self.key, "BENCH_BATCH": str(batch), "BENCH_FIRST": str(first)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        line = next(line for line in said.splitlines() if line.startswith("BENCH "))
        found = json.loads(line.removeprefix("BENCH "))
        return Load(
            requests=found["requests"],
            seconds=found["micros"] / 1e6,
            errors=found["errors"],
            p50=found["p50"],
            p99=found["p99"],
            commits=self.commits() - before,
        )

    def commits(self) -> int:
        """Transactions so far."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=10) as reply:
            for line in reply.read().decode().splitlines():
                if line.startswith("orderwire_commits "):
                    return int(float(line.split()[1]))
        return 0


@contextmanager
def front(folder: Path, *, is_empty: bool = False, ledger: str = "") -> Iterator[Front]:
    """A server over an empty folder, or over another ledger, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    if ledger:
        os.environ["ORDERWIRE_LEDGER"] = environment["ORDERWIRE_LEDGER"] = ledger
    if is_empty:
        environment["BENCH_EMPTY"] = "1"
    key = make_key(folder, "native").secret
    port = free_port()
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.ingest.serve", str(folder), str(port)],
            env=environment,
            stderr=log,
            start_new_session=True,
        )
    try:
        _await(port)
        yield Front(folder, port, key)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        os.environ.pop("ORDERWIRE_LEDGER", None)
        shutil.rmtree(folder, ignore_errors=True)


def _await(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the server is not ready after 30 seconds")
