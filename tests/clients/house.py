"""A front door for clients to call: a folder, keys for it, the server as a process, and what its ledger holds."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from orderwire.app.frontdoor import keys
from orderwire.dialects import registry
from orderwire.dialects.doorway import Scope
from orderwire.ledger import FactFilter, open_ledger
from orderwire.model import Fact

ORDERWIRE = str(Path(sys.executable).with_name("orderwire"))


class House:
    """A running server over a folder that was empty before."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = (folder / "server.log").open("w")
        self.process = subprocess.Popen(
            [ORDERWIRE, "serve", "--port", str(self.port), "--dir", str(folder), *options],
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as reply:
                    if reply.status == 200:
                        return
            except (OSError, urllib.error.HTTPError):
                time.sleep(0.05)
        raise AssertionError("the server is not ready after a minute")

    def key(self, platform: str, *options: str) -> dict[str, Any]:
        """A new key, as `orderwire key create --json` tells it."""
        made = subprocess.run(
            [ORDERWIRE, "key", "create", platform, "--dir", str(self.folder), "--json", *options],
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        )
        told: dict[str, Any] = json.loads(made.stdout)
        return told

    def quick_key(self, platform: str, *, name: str = "", source: str = "", scope: str = "") -> tuple[str, str]:
        """A new key and its account, made beside the command line; `scope` is `read`, `write` or `browse`."""
        ledger = open_ledger(self.folder / "orderwire.db")
        try:
            made = keys.make(
                ledger,
                registry.door(platform),
                name=name,
                source=source,
                scopes=(Scope(scope),) if scope in ("read", "write") else (Scope.READ, Scope.WRITE),
                is_public=scope == "browse",
            )
            return made.secret, made.key.account
        finally:
            ledger.close()

    def revoke(self, *names: str) -> None:
        """Take keys back."""
        ledger = open_ledger(self.folder / "orderwire.db")
        try:
            for name in names:
                keys.revoke(ledger, name)
        finally:
            ledger.close()

    def facts(self, after: int = 0) -> list[Fact]:
        """What the ledger holds behind this sequence number."""
        ledger = open_ledger(self.folder / "orderwire.db")
        try:
            return list(ledger.facts(FactFilter(), after=after))
        finally:
            ledger.close()

    def said(self) -> str:
        """What the server has written so far."""
        return (self.folder / "server.log").read_text()

    def peak(self) -> int:
        """The most bytes of memory that the server and its workers have held at once."""
        return sum(_peak(process) for process in _family(self.process.pid))

    def stop(self) -> int:
        """Ask it to end, and wait; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
        self._log.close()
        return self.process.wait(10)


def _family(first: int) -> list[int]:
    children = Path(f"/proc/{first}/task/{first}/children")
    try:
        found = [int(child) for child in children.read_text().split()]
    except OSError:
        found = []
    return [first, *(one for child in found for one in _family(child))]


def _peak(process: int) -> int:
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0
