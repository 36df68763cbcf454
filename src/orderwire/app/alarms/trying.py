"""Trying the ways to tell: one alarm that is none, sent now, so that nobody learns in the night that none arrives."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from orderwire.app.alarms.channels import channels
from orderwire.app.alarms.looking import Alarm
from orderwire.app.alarms.settings import AlarmKind
from orderwire.app.alarms.watching import Channel, Told
from orderwire.app.settings import load
from orderwire.errors import ConfigError, OrderwireError

TRIAL = Alarm(
    alarm=AlarmKind.TEST,
    about="orderwire",
    text="somebody asked for this test, and nothing is wrong",
    remedy="Nothing is to be done: alarms reach you this way.",
)


class Tried(Struct, frozen=True, kw_only=True):
    """What came of telling by one way; `answer` says what came back."""

    channel: str
    is_taken: bool
    answer: str


def try_alarms(folder: Path) -> list[Tried]:
    """Tell a test by every way that the settings of a folder name, and what came back of each.

    Raises:
        ConfigError: they name none, or one of them wrong.
    """
    ways = channels(load(folder))
    if not ways:
        raise ConfigError("alarms", "tells nobody.", "Name a webhook or an address for mail in [alarms].")
    return tried(ways, datetime.now(UTC))


def tried(ways: Sequence[Channel], now: datetime) -> list[Tried]:
    """What came back of each way; one that fails leaves the others alone."""
    told = Told(alarm=TRIAL, began_at=now)
    return [_tried(way, told) for way in ways]


def _tried(way: Channel, told: Told) -> Tried:
    try:
        way.tell(told)
    except OrderwireError as error:
        return Tried(channel=way.name, is_taken=False, answer=str(error))
    return Tried(channel=way.name, is_taken=True, answer="taken")
