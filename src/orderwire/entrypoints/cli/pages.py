"""What is shown of the results of `app`, as text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from orderwire.app.books import DestinationStatus
from orderwire.app.forecast import DestinationPlan
from orderwire.app.ingest import IngestProgress
from orderwire.app.sync import SyncOutcome
from orderwire.dialects.wire import WireRequest
from orderwire.entrypoints.cli.output import say, show_counts


def show_plan(plan: DestinationPlan) -> None:
    """What a history sync of one destination would do."""
    facts, requests = sum(plan.facts.values()), sum(plan.requests.values())
    print(
        f"{plan.destination} ({plan.platform}): {facts:,} facts in {requests:,} requests, {_shortest(plan.duration)}"
    )
    show_counts("facts to send", _sorted(plan.facts))
    show_counts("requests", _sorted(plan.requests))
    show_counts("facts that are not sent", _sorted(plan.unsent))
    show_counts("details that the platform cannot be told", _sorted(plan.unsaid))
    if plan.mismatched:
        print(f"  {plan.mismatched:,} orders do not add up; they are sent as the shop states them")
    if plan.unacknowledged:
        print(f"  may start automations: {', '.join(plan.unacknowledged)}")
        print(f"  pause first: {plan.pause_first}")
        print(f"  then: orderwire destination acknowledge {plan.destination}")
    if plan.blocked:
        print(f"  paused: {plan.blocked}")


def show_requests(requests: Sequence[WireRequest]) -> None:
    """Requests as they would leave."""
    for request in requests:
        print(f"\n{request.method} {request.path}")
        for name, value in request.headers:
            print(f"{name}: {value}")
        if request.body:
            print(f"\n{request.body.decode('utf-8', 'replace')}")


def request_page(request: WireRequest) -> dict[str, object]:
    """A request as JSON shows it."""
    return {
        "method": request.method,
        "path": request.path,
        "headers": dict(request.headers),
        "body": request.body.decode("utf-8", "replace"),
    }


def say_read(progress: IngestProgress) -> None:
    """How far the first reading of a source is."""
    say(f"reading {progress.source} {progress.stream}: {progress.read:,} records, {progress.appended:,} facts")


def show_outcome(outcome: SyncOutcome) -> None:
    """What a sync did."""
    print(f"read {outcome.read:,} records: {outcome.appended:,} new facts, {outcome.invalid:,} not understood")
    for name in outcome.out_of_reach:
        print(f"source {name}: not reached")
    for one in outcome.destinations:
        print(
            f"{one.destination}: {one.accepted:,} facts accepted in {one.requests:,} requests, "
            f"{one.refusals:,} times asked to wait, {one.new_dead:,} given up"
            + (f"; stopped: {one.blocked}" if one.blocked else "")
        )
    if outcome.lost_workers:
        print(f"{outcome.lost_workers} workers died again and again; see what they said")
    if outcome.is_interrupted:
        print("interrupted: run it again, and it goes on where it was")


def status_row(status: DestinationStatus) -> tuple[object, ...]:
    """One destination's line in the table of `status`."""
    unsent = ", ".join(f"{count:,} {name}" for name, count in sorted(status.exemptions.items()))
    state = f"paused: {status.paused}" if status.paused else "on" if status.switched_on_at else "never switched on"
    return (
        status.destination,
        status.platform,
        status.behind,
        status.head,
        status.open_requests,
        status.open_jobs,
        status.in_doubt,
        unsent,
        state,
    )


def span(seconds: float) -> str:
    """A span of time in its two largest units."""
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (left, "s")]
    told = [f"{count} {unit}" for count, unit in parts if count][:2]
    return " ".join(told) or "0 s"


def _shortest(duration: timedelta) -> str:
    seconds = duration.total_seconds()
    return f"at least {span(seconds)} at the account's limits" if seconds >= 1 else "at once"


def _sorted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
