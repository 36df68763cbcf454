"""What a delivery tells about itself while it runs."""

from __future__ import annotations

from msgspec import Struct


class Progress(Struct, kw_only=True):
    """Counters of one destination since its delivery began. `head` and `reached` are sequence numbers."""

    destination: str
    head: int = 0
    reached: int = 0
    """The lowest history cursor."""
    accepted: int = 0
    requests: int = 0
    refusals: int = 0
    """Answers of 429."""
    failures: int = 0
    """Tries without a complete or useful answer."""
    dead: int = 0
    in_doubt: int = 0
    settled_unsent: int = 0
    """Facts with a disposition that needs no sending."""
    waiting: int = 0
    """Facts that wait behind an unfinished one of the same person or subject."""
    phase: str = "starting"
    is_out_of_reach: bool = False
    """Whether it was given up because the platform did not answer."""
    blocked: str = ""
    """Why history does not begin, or the destination is paused; empty when it goes on."""
