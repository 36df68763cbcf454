"""A front door served by the program itself, as a shop runs it, and calls to it over real HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from orderwire.testing.commands import PROGRAM

PATIENCE = 30.0


class Answer(NamedTuple):
    """What a server answered; header names in lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Served:
    """A running front door."""

    folder: Path
    port: int
    process: subprocess.Popen[str]

    def send(self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Make one call; a body that is no bytes goes as JSON."""
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            content,
            {"Content-Type": "application/json", **(headers or {})},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as reply:  # noqa: S310
                return Answer(reply.status, reply.read(), _lowered(reply.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read(), _lowered(error.headers))

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        """Ask for a page."""
        return self.send("GET", path, headers=headers)

    def workers(self) -> list[int]:
        """The processes that serve."""
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="utf-8")
        return [int(number) for number in listed.split()]


def key_of(folder: Path, platform: str, *more: str) -> dict[str, Any]:
    """A new key for a platform's API, as `key create --json` prints it."""
    command = [str(PROGRAM), "key", "create", platform, "--dir", str(folder), "--json", *more]
    made = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own program
    found: dict[str, Any] = json.loads(made.stdout)
    return found


@contextmanager
def served(folder: Path, *options: str, environment: Mapping[str, str] | None = None) -> Iterator[Served]:
    """The front door of a folder on a free port, until it is left.

    Raises:
        AssertionError: it does not become ready.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(  # noqa: S603 - our own program
        [str(PROGRAM), "serve", "--port", str(port), "--dir", str(folder), *options],
        env={**os.environ, **(environment or {})},
        stderr=subprocess.PIPE,
        text=True,
    )
    door = Served(folder, port, process)
    try:
        _await(door)
        yield door
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)


def _await(door: Served) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and door.process.poll() is None:
        try:
            if door.get("/readyz").status == 200:
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server is not ready")


def _lowered(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
