"""The server process: `python -m orderwire.entrypoints.server FOLDER SETTINGS`, the settings as JSON."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.entrypoints.server.serve import serve

if __name__ == "__main__":
    serve(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=ServerSettings))
