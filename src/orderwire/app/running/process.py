"""One worker process from its beginning to its end."""

from __future__ import annotations

import gc
from pathlib import Path

from orderwire.app.bootstrap import open_shop
from orderwire.app.running.registry import doing
from orderwire.app.running.roles import Job, Told, narrowed

GARBAGE = (50_000, 20, 100)
"""New objects, young and older collections between two looks for garbage."""


def work(folder: Path, job: Job, told: Told) -> None:
    """Do what a worker process is told, until it is done or asked to stop.

    Raises:
        ConfigError: the settings or a mapping are wrong, or a key's reference leads nowhere.
        StoreError: the ledger cannot be opened or written.
    """
    do = doing(job.role)
    _collect_rarely()
    with open_shop(folder) as opened:
        do(narrowed(opened, job.since), job, told)


def _collect_rarely() -> None:
    """Look for garbage cycles seldom: a worker makes very many objects a second, and hardly a cycle."""
    gc.freeze()
    gc.set_threshold(*GARBAGE)
