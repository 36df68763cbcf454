"""The wire as plain values: a request to send, the reply that came, and what became of each item."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class WireRequest(Struct, frozen=True, kw_only=True):
    """One HTTP request in the platform's own shape, without its credentials' values in `repr`.

    `path` starts with a slash and is appended to the destination's base URL.
    `headers` hold everything but authentication, which `Dialect.authorize` adds.
    """

    method: str
    path: str
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    budget: str = ""
    """The rate budget that this request spends from; a name in the dialect's `budgets`."""
    timeout: float = 30.0


class WireReply(Struct, frozen=True, kw_only=True):
    """A complete HTTP answer; header names in lower case."""

    status: int
    headers: dict[str, str] = {}
    body: bytes = b""


class Result(StrEnum):
    """What became of a request or of one item in it."""

    ACCEPTED = "accepted"
    """Taken; where the capability table names a later answer, not yet confirmed."""
    CONFIRMED = "confirmed"
    """The platform says it has stored this very item."""
    REJECTED = "rejected"
    """Refused for good, with a reason: a dead letter, unless a batch can be split to find the culprit."""
    SPLIT = "split"
    """The whole batch was refused and the reply does not say for which item: send halves."""
    RATE_LIMITED = "rate_limited"
    """429: nothing was taken; wait and send the same again."""
    UNAVAILABLE = "unavailable"
    """5xx or the like that promises nothing was taken or does not matter; wait and send again."""
    UNKNOWN = "unknown"
    """The request may have been taken: the route's resend class decides."""
    UNAUTHORIZED = "unauthorized"
    """The key is refused: the destination pauses alone."""


class ItemOutcome(Struct, frozen=True, kw_only=True):
    """What became of one item, by its place in the request.

    `reason` is the platform's own words with personal data left out.
    """

    index: int
    result: Result
    reason: str = ""


class Observed(Struct, frozen=True, kw_only=True):
    """A limit as the reply's headers state it; what the budget learns from."""

    budget: str
    limit: int
    per: float
    """Length of the window in seconds."""
    remaining: int | None = None
    reset: float | None = None
    """Seconds until the window ends."""


class Verdict(Struct, frozen=True, kw_only=True):
    """How a dialect reads a reply.

    `result` holds for every item that `items` does not name. `job` is the handle of a later answer; the delivery
    keeps it durably and asks `Dialect.follow` about it until it is done.
    """

    result: Result
    reason: str = ""
    retry_after: float | None = None
    items: tuple[ItemOutcome, ...] = ()
    job: str | None = None
    observed: tuple[Observed, ...] = ()


class Survey(Struct, frozen=True, kw_only=True):
    """One page of a platform's own list of jobs: what it says of each, by the handles that its replies gave."""

    done_well: tuple[str, ...] = ()
    """Finished, and nothing of it failed: confirmed whole, without a question about each."""
    look_closer: tuple[str, ...] = ()
    """Over, but what became of its items must be asked for."""
    under_way: tuple[str, ...] = ()
    next: str | None = None
    """The cursor of the following page; None at the end."""


class JobVerdict(Struct, frozen=True, kw_only=True):
    """What a job's status reply says. `items` name the exceptions to `result` by their place in the request.

    `job` replaces the handle where another place must be asked next (a status first, its errors then).
    """

    is_done: bool
    result: Result = Result.CONFIRMED
    reason: str = ""
    items: tuple[ItemOutcome, ...] = ()
    job: str | None = None
    ask_again_after: float = 1.0
