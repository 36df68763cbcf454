"""The measured server process: `python -m bench.ingest.serve FOLDER PORT`."""

from __future__ import annotations

import os
import sys

import msgspec
from granian.constants import Interfaces, Loops
from granian.log import LogLevels
from granian.server import Server

from orderwire.app.frontdoor.settings import ServerSettings

if __name__ == "__main__":
    folder, port = sys.argv[1], int(sys.argv[2])
    os.environ["ORDERWIRE_SERVE_DIR"] = folder
    settings = ServerSettings(port=port, only=("native",), limits=False, log="none")
    os.environ["ORDERWIRE_SERVE"] = msgspec.json.encode(settings).decode()
    Server(
        "bench.ingest.served:made",
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        loop=Loops.uvloop,
        log_access=False,
        log_level=LogLevels.warning,
    ).serve()
