"""What each role of a worker does: imported when the process takes that role on, so that it holds nothing else."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias, cast

from orderwire.app.bootstrap import Shop
from orderwire.app.running.roles import Job, Role, Told

Doing: TypeAlias = Callable[[Shop, Job, Told], None]
_PLACES = {
    Role.INGEST: "orderwire.app.running.reading:read",
    Role.DELIVER: "orderwire.app.running.delivering:deliver",
    Role.ESTIMATE: "orderwire.app.running.estimating:estimate",
    Role.WATCH: "orderwire.app.running.watching:keep_watch",
}


def doing(role: Role) -> Doing:
    """What a process of this role does."""
    module, _, name = _PLACES[role].partition(":")
    return cast("Doing", getattr(import_module(module), name))
