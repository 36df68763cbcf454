"""A shop's page with a platform's own script on it, whose servers are our stand-in.

The script knows its servers by name only, so the browser is told that these names are at the stand-in's address.
They speak TLS, with a certificate that is made for the occasion.
"""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from orderwire.sandbox.kit import FaultPlan, ReceptionLog, StandIn
from orderwire.sandbox.kit.server import application

Page = Callable[[web.Request], Awaitable[web.Response]]
LOOPBACK = "127.0.0.1"


class ShopPage:
    """A shop's pages on one address, and a stand-in behind TLS on another, both until closed.

    Args:
        folder: where the certificate is kept.
        stand_in: what stands for the platform's servers.
        hosts: their names.
        pages: what the shop answers, by path.
    """

    def __init__(self, folder: Path, stand_in: StandIn, hosts: tuple[str, ...], pages: dict[str, Page]) -> None:
        self._hosts = hosts
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        shop = web.Application()
        for path, page in pages.items():
            shop.router.add_get(path, page)
        self.log = ReceptionLog(folder / "received.jsonl")
        served = application(stand_in, self.log, FaultPlan())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*_certificate(folder, hosts))
        self._runners: list[web.AppRunner] = []
        self.url = f"http://{LOOPBACK}:{self._serve(shop, None)}"
        self._port = self._serve(served, context)

    @property
    def resolver_rules(self) -> str:
        """What Chromium is to be told: where the platform's servers are, and that there is nothing else."""
        known = [f"MAP {host} {LOOPBACK}:{self._port}" for host in self._hosts]
        return ", ".join([*known, f"EXCLUDE {LOOPBACK}", "MAP * ~NOTFOUND"])

    def close(self) -> None:
        """Stop serving."""
        for runner in self._runners:
            self._wait(runner.cleanup())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self.log.close()

    def _serve(self, app: web.Application, context: ssl.SSLContext | None) -> int:
        return int(self._wait(self._start(app, context)))

    async def _start(self, app: web.Application, context: ssl.SSLContext | None) -> int:
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        self._runners.append(runner)
        await web.TCPSite(runner, LOOPBACK, 0, ssl_context=context).start()
        return int(runner.addresses[0][1])

    def _wait(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)


def _certificate(folder: Path, hosts: tuple[str, ...]) -> tuple[Path, Path]:
    """A certificate for these names that nobody has signed, and its key; for a day."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    names = ",".join(f"DNS:{host}" for host in hosts)
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    given = ["-days", "1", "-subj", "/CN=stand-in", "-addext", f"subjectAltName={names}"]
    subprocess.run(
        [*made, *given, "-out", str(certificate), "-keyout", str(key)], check=True, capture_output=True, timeout=30
    )
    return certificate, key
