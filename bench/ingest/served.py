"""The server's application for a measurement: as it is, or with a handler that does nothing.

The empty handler stands on the same route, behind the same key check and body read, and answers a constant.
"""

from __future__ import annotations

import os

from orderwire.dialects import registry
from orderwire.dialects.doorway import Answer, Call, Endpoint, Reply, Shelves, Work
from orderwire.dialects.native.door.door import NativeDoor
from orderwire.entrypoints.server import asgi

ACKNOWLEDGED = Reply(body=b'{"accepted":1,"refused":[]}')


def nothing(_call: Call, _shelves: Shelves) -> Answer:
    """Decodes nothing, stores nothing."""
    return ACKNOWLEDGED


class EmptyDoor(NativeDoor):
    """Our own API with one call that does nothing."""

    endpoints = (Endpoint(method="POST", path="/v1/orders", answer=nothing, work=Work.ADDS),)


DOOR = EmptyDoor()


def made() -> asgi.Server:
    """The application that the environment asks for."""
    if os.environ.get("BENCH_EMPTY"):
        registry.DOORS["native"] = f"{__name__}:DOOR"
    return asgi.made()
