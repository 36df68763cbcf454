"""Running the server: Granian, one process or several, until it is asked to stop."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server as Granian

from orderwire.app.frontdoor.counts import SharedCounts
from orderwire.app.frontdoor.settings import ServerSettings


def serve(folder: Path, settings: ServerSettings) -> None:
    """Serve the shop of a folder until SIGINT or SIGTERM; what was received is answered before this returns."""
    os.environ["ORDERWIRE_SERVE_DIR"] = str(folder)
    os.environ["ORDERWIRE_SERVE"] = msgspec.json.encode(settings).decode()
    with _counted_together(settings.workers):
        Granian(
            "orderwire.entrypoints.server.asgi:made",
            address=settings.host,
            port=settings.port,
            interface=Interfaces.ASGI,
            factory=True,
            workers=settings.workers,
            loop=Loops.uvloop,
            backlog=1024,
            respawn_failed_workers=True,
            log_access=False,
            log_level=LogLevels.warning,
            ssl_cert=Path(settings.certificate) if settings.certificate else None,
            ssl_key=Path(settings.private_key) if settings.private_key else None,
            workers_kill_timeout=30,
        ).serve()


@contextmanager
def _counted_together(workers: int) -> Iterator[None]:
    """A place where several processes count callers' calls, for as long as they serve."""
    os.environ.pop("ORDERWIRE_SERVE_COUNTS", None)
    if workers == 1:
        yield
        return
    with TemporaryDirectory(prefix="orderwire-serve-") as apart:
        counts = Path(apart, "counts")
        SharedCounts.make(counts)
        os.environ["ORDERWIRE_SERVE_COUNTS"] = str(counts)
        yield
