"""Watching beside other work of the same process."""

from __future__ import annotations

import threading

import structlog

from orderwire.app.alarms.channels import channels
from orderwire.app.alarms.watching import watch
from orderwire.app.settings import Settings
from orderwire.errors import OrderwireError

log = structlog.get_logger()


class Watching:
    """A thread that watches from its making until it is stopped.

    Raises:
        ConfigError: the ways to tell are not configured right.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._channels = channels(settings)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End after the look that is under way; it is waited for only a moment, as it tells nothing twice."""
        self._stop.set()
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        try:
            watch(self._settings, self._channels, self._stop)
        except OrderwireError as error:
            log.error("nobody watches for alarms", reason=type(error).__name__)
