"""An independent little rule of permission: the newer choice wins, and at the same instant the one that says no."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

YES = "subscribed"
NO = frozenset({"unsubscribed", "suppressed"})


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person said of a channel, or was said to have said, and where that was learned."""

    seq: int
    person: int
    channel: str
    state: str
    at: datetime
    source: str


class Permissions:
    """What holds for each person and channel, now and at any length of the log."""

    def __init__(self, choices: Iterable[Choice]) -> None:
        self._said: dict[tuple[int, str], list[Choice]] = defaultdict(list)
        for choice in sorted(choices, key=lambda one: one.seq):
            self._said[choice.person, choice.channel].append(choice)

    def in_force(self, person: int | None, channel: str = "email") -> Choice | None:
        """The choice that holds at the end of the log; None for somebody who was never asked."""
        said = self._said.get((person, channel)) if person is not None else None
        return max(said, key=_weight) if said else None

    def states_since(self, person: int | None, seq: int, channel: str = "email") -> set[str]:
        """Every state that held at or after a place in the log; empty string for never asked."""
        said = self._said.get((person, channel), []) if person is not None else []
        earlier = [choice for choice in said if choice.seq <= seq]
        held = max(earlier, key=_weight) if earlier else None
        found = {held.state if held else ""}
        for choice in said[len(earlier) :]:
            held = choice if held is None else max(held, choice, key=_weight)
            found.add(held.state)
        return found

    def ever_said(self, person: int | None, state: str, channel: str = "email") -> bool:
        """Whether the log holds this choice of the person at all."""
        return person is not None and any(choice.state == state for choice in self._said.get((person, channel), ()))

    def people(self, channel: str = "email") -> list[int]:
        """Everybody who ever said anything about a channel."""
        return [person for person, of_channel in self._said if of_channel == channel]


def _weight(choice: Choice) -> tuple[datetime, bool, int]:
    return choice.at, choice.state in NO, choice.seq
