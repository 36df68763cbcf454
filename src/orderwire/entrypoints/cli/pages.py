"""What is shown of the results of `app`, as text for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from orderwire.app.alarms.looking import Alarm
from orderwire.app.forecast import DestinationPlan
from orderwire.app.ingest import IngestProgress
from orderwire.app.standing import DestinationStatus
from orderwire.app.sync import SyncOutcome
from orderwire.app.talk import counted
from orderwire.dialects.wire import WireRequest
from orderwire.entrypoints.cli.output import say, show_counts, show_table
from orderwire.entrypoints.cli.refused import show_waiting

if TYPE_CHECKING:
    # Only named here: who runs a sync need not hold what examines a shop and compares it with a platform.
    from orderwire.app.doctor import Finding
    from orderwire.app.reconcile import Reconciliation


def show_plan(plan: DestinationPlan) -> None:
    """What a history sync of one destination would do."""
    facts, requests = sum(plan.facts.values()), sum(plan.requests.values())
    print(
        f"{plan.destination} ({plan.platform}): {counted(facts, 'fact')} in {counted(requests, 'request')}, "
        f"{_shortest(plan.duration)}"
    )
    show_counts("facts to send", _sorted(plan.facts))
    show_counts("requests", _sorted(plan.requests))
    show_counts("facts that are not sent", _sorted(plan.unsent))
    show_counts("details that the platform cannot be told", _sorted(plan.unsaid))
    if plan.mismatched:
        print(f"  {counted(plan.mismatched, 'order')} with amounts that do not add up: sent as the shop states them")
    if plan.unacknowledged:
        print(f"  may start automations: {', '.join(plan.unacknowledged)}")
        print(f"  pause first: {plan.pause_first}")
        print(f"  then: orderwire destination acknowledge {plan.destination}")
    if plan.adopt_first:
        print(f"  first: {plan.adopt_first}")
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
    read, appended = counted(progress.read, "record"), counted(progress.appended, "fact")
    say(f"reading {progress.source} {progress.stream}: {read}, {appended}")


def show_outcome(outcome: SyncOutcome) -> None:
    """What a sync did."""
    appended = counted(outcome.appended, "new fact")
    print(f"read {counted(outcome.read, 'record')}: {appended}, {outcome.invalid:,} not understood")
    show_waiting(outcome.sources)
    for name in outcome.out_of_reach:
        print(f"source {name}: not reached")
    for one in outcome.destinations:
        print(
            f"{one.destination}: {counted(one.accepted, 'fact')} accepted in {counted(one.requests, 'request')}, "
            f"{counted(one.refusals, 'time')} asked to wait, {one.new_dead:,} given up"
            + (f"; stopped: {one.blocked}" if one.blocked else "")
        )
    if outcome.lost_workers:
        print(f"{counted(outcome.lost_workers, 'worker')} died again and again; see what they said")
    if outcome.is_interrupted:
        print("interrupted: run it again, and it goes on where it was")


def show_findings(found: Sequence[Finding]) -> None:
    """What was looked at, a line each, and under what is not fine where that is and what to do."""
    width = max(len(one.what) for one in found)
    for one in found:
        print(f"{one.health:<9}  {one.what:<{width}}  {one.detail}")
        if not one.is_fine:
            for word, text in (("where", one.where), ("do", one.remedy)):
                if text:
                    print(f"{'':<9}  {'':<{width}}    {word}: {text}")


def show_reconciliation(found: Reconciliation) -> None:
    """What a platform holds beside what it accepted."""
    print(f"{found.destination}: read back {', '.join(found.compared) or 'nothing: it shows nothing'}")
    headings = ("kind", "day", "accepted", "missing", "twice", "different", "unknown to us")
    show_table(
        headings,
        [(one.kind, one.day, one.accepted, one.missing, one.twice, one.different, one.unknown) for one in found.rows],
    )
    if found.unknown_people:
        print(
            f"  {found.unknown_people:,} ids of people there it was never told by us: they may have signed up there"
        )
    if found.unknown_people or found.unknown_ids:
        print(f"  what they are: orderwire reconcile {found.destination} --unknown")
    show_counts("cannot be read back there", list(found.unreadable.items()))
    if found.not_shown:
        print(
            f"  {found.platform} shows no {', no '.join(found.not_shown)}: neither what is missing there nor what is "
            f"unknown can be seen; what it acknowledged: orderwire reconcile {found.destination} --receipts"
        )
    if found.repair is not None:
        print("sending what is missing once more would take:")
        show_plan(found.repair)


def show_status(found: Sequence[DestinationStatus]) -> None:
    """Every destination in a line, then what keeps each of them."""
    headings = ("destination", "platform", "behind", "live", "history", "again", "jobs", "in doubt", "not sent")
    show_table((*headings, "last success", "served by", "state"), [_status_row(one) for one in found])
    for one in found:
        show_halts(one)


def show_halts(status: DestinationStatus) -> None:
    """Why a destination stands still, or some of its facts do, and the command that makes them go on."""
    for halt in status.halts:
        print(f"{status.destination}: {halt.why}")
        print(f"  {halt.remedy}")


def show_alarms(alarms: Sequence[Alarm]) -> None:
    """What needs somebody, and what to do about it."""
    for alarm in alarms:
        print(f"alarm {alarm.alarm} ({alarm.about}): {alarm.text}")
        print(f"  {alarm.remedy}")


def _status_row(status: DestinationStatus) -> tuple[object, ...]:
    unsent = ", ".join(f"{count:,} {name}" for name, count in sorted(status.exemptions.items()))
    state = "paused" if status.paused else "on" if status.switched_on_at else "never switched on"
    backlog, last = status.backlog, status.last_success_at
    return (
        status.destination,
        status.platform,
        status.behind,
        backlog.live,
        backlog.history,
        backlog.again + backlog.on_the_way,
        status.open_jobs,
        status.in_doubt,
        unsent,
        last.isoformat(" ", "seconds") if last else None,
        status.held_by,
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
