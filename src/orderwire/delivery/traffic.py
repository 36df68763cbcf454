"""How a fact moves on a desk: decided, held back or packed, sealed into parcels, queued, and let go when finished.

`admit` decides about a fact and makes a passage of it. `go` packs its first item, or puts it in line behind whatever
is unfinished about the same person or subject; `advance` packs the next item of one that is on its way already, once
no job about the same waits for its answer. A parcel leaves for the senders when it is full or when `seal` says that
nothing more is to be waited for. `finish` frees what the fact kept busy, and those behind it go.

A fact of which something newer is about to show the content is not sent: it stays pending, *overshadowed*, until that
is taken (`stay_out`), and comes out again when it is not (`come_out`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from orderwire.delivery.decide import Context, Settled, person_key, subject_key
from orderwire.delivery.desk import Desk
from orderwire.delivery.express import Said, express, unacknowledged
from orderwire.delivery.parcels import Parcel, Passage
from orderwire.delivery.trail import Trail
from orderwire.dialects.contract import Lane, Once
from orderwire.ledger.values import Disposition, Entry, Mark
from orderwire.model import Consent, ConsentState, family_of


def admit(
    desk: Desk,
    entry: Entry,
    marks: Mapping[str, Mark],
    context: Context,
    trails: Iterable[Trail],
    *,
    quietly: bool = False,
) -> Passage | None:
    """Decide about a fact that was read; None when nothing is sent for it."""
    seq = entry.fact.seq
    said = express(entry, context, marks, desk.represented, quietly=quietly)
    if isinstance(said, Said) and (reason := _must_wait(desk, seq, said, context)):
        said = Settled(Disposition.PENDING, reason)
    if isinstance(said, Settled):
        if _is_overshadowed(desk, entry, marks, said):
            desk.overshadowed.setdefault(subject_key(entry.fact), []).append(seq)
            said = Settled(Disposition.PENDING, "its content is on its way with another fact")
        desk.settle_unsent(seq, said)
        return None
    passage = Passage(
        seq=seq,
        family=family_of(said.statement.kind),
        statement=said.statement,
        items=said.expression.items,
        keys=_keys(entry),
        newest=entry.newest,
        state_subject=subject_key(entry.fact) if desk.keeps_state(said.statement.kind) else None,
        unsaid=said.expression.unsaid,
        trails=list(trails),
        decided_at=context.now,
        has_exemption=seq in desk.left_pending,
    )
    for trail in passage.trails:
        trail.begin(seq)
    if seq not in desk.passages:
        desk.admitted += 1
    desk.passages[seq] = passage
    represent(desk, passage)
    return passage


def represent(desk: Desk, passage: Passage) -> None:
    """What a passage shows of its subject is on its way: others need not show it."""
    if passage.state_subject:
        desk.represented[passage.state_subject] = passage.newest


def _must_wait(desk: Desk, seq: int, said: Said, context: Context) -> str:
    """Why a fact may not be sent yet; empty when it may."""
    if blocked := unacknowledged(said, context):
        return f"acknowledge route {blocked} first"
    snapshot = said.statement.snapshot
    if desk.awaits_opt_outs and isinstance(snapshot, Consent) and snapshot.state is ConsentState.SUBSCRIBED:
        # Its person may have left there after saying it: which choice is the newer is known when that was read.
        desk.untold_permissions.append(seq)
        return "who has left there is read first"
    return ""


def _is_overshadowed(desk: Desk, entry: Entry, marks: Mapping[str, Mark], settled: Settled) -> bool:
    """Whether a fact need not be sent only if what shows its content now is taken."""
    if settled.disposition is not Disposition.SUPERSEDED:
        return False
    subject = subject_key(entry.fact)
    mark = marks.get(subject)
    return desk.represented.get(subject, 0) >= entry.newest and (mark is None or mark.seq < entry.newest)


def go(desk: Desk, passage: Passage) -> None:
    """Put a passage on its way, or in line behind an unfinished one of the same person or subject."""
    part = passage.next_part
    item = passage.items[part]
    route = desk.routes[item.route]
    parcel = desk.packer.peek(route, item, passage)
    if not desk.holds.may_go(passage, parcel):
        desk.holds.wait(passage)
        if passage.is_pressing:
            _hurry(desk, passage)
        return
    _pack(desk, passage, part, parcel)


def _hurry(desk: Desk, passage: Passage) -> None:
    """Let history that news wait for go among the news: it would else wait for all the history before it."""
    for parcel in desk.holds.hurry(passage):
        if desk.packer.is_open(parcel):
            desk.packer.seal(parcel)
            parcel.is_urgent = True
            enqueue(desk, parcel)
        else:
            desk.queues[parcel.route.budget].hurry(parcel)


def advance(desk: Desk, passage: Passage) -> None:
    """Put the next item of a passage on its way, after earlier facts about the same; its keys stay busy."""
    part = passage.next_part
    item = passage.items[part]
    parcel = desk.packer.peek(desk.routes[item.route], item, passage)
    ahead = desk.holds.ahead(passage, parcel)
    if ahead is not None:
        desk.passages[ahead].then.append(passage)
        desk.holds.take(passage, None)
    elif desk.holds.is_kept(passage.subject):
        desk.awaiting.setdefault(passage.subject, []).append(passage)
        desk.holds.take(passage, None)
    else:
        _pack(desk, passage, part, parcel)


def _pack(desk: Desk, passage: Passage, part: int, into: Parcel | None) -> None:
    """Put an item into an open parcel or a new one, and with it those that follow it on the same route and fit."""
    item = passage.items[part]
    route = desk.routes[item.route]
    parcel, sealed = desk.packer.put(route, item, passage, part, into)
    last, end = part, len(passage.items) - 1
    for place in passage.following(part) if part < end else ():
        if route.once is not Once.ITEM or not parcel.has_room(passage.items[place]):
            break
        parcel.add(passage.items[place], passage, place)
        last = place
    # Later facts about the same may join the parcel only where nothing of this one is left to be said after it.
    desk.holds.take(passage, parcel if last == end else None)
    if sealed is not None:
        enqueue(desk, sealed)
    if desk.packer.is_full(parcel):
        desk.packer.seal(parcel)
        enqueue(desk, parcel)


def enqueue(desk: Desk, parcel: Parcel, *, first: bool = False) -> None:
    """Hand a sealed parcel to the senders of its budget."""
    desk.queues[parcel.route.budget].put(parcel, first=first)


def seal(desk: Desk, lane: Lane, *, apart: bool = False) -> None:
    """Nothing more is to be waited for in this lane: send what there is, `apart` from other parcels."""
    for parcel in desk.packer.seal_all(lane):
        parcel.is_part = parcel.is_part or apart
        enqueue(desk, parcel)


def seal_stragglers(desk: Desk) -> None:
    """When no history is prepared or on its way, what was packed meanwhile goes as it is."""
    if not _has_history_going(desk):
        seal(desk, Lane.HISTORY)


def _has_history_going(desk: Desk) -> bool:
    return any(queue.count(Lane.HISTORY) for queue in desk.queues.values()) or any(
        budget.on_their_way for budget in desk.budgets.values()
    )


def finish(desk: Desk, passage: Passage, *, is_taken: bool = False) -> None:
    """A passage is over: free its keys and let those behind it go, and those that relied on its being taken."""
    desk.passages.pop(passage.seq, None)
    if passage.state_subject and desk.represented.get(passage.state_subject) == passage.newest:
        del desk.represented[passage.state_subject]
    freed = desk.holds.release(passage)
    for later in passage.then:
        advance(desk, later)
    if freed:
        let_go(desk, freed)
    if passage.then and any(later.is_pressing for later in passage.then):
        seal(desk, Lane.LIVE)
    if passage.state_subject and not is_taken:
        come_out(desk, passage.state_subject)


def let_go(desk: Desk, candidates: Iterable[Passage]) -> None:
    """Let those go whose turn it is, and after each the next in its lines, which may join the same parcel."""
    turn = deque(candidates)
    gone: set[int] = set()
    any_live = False
    while turn:
        passage = turn.popleft()
        if passage.seq in gone:
            continue
        part = passage.next_part
        item = passage.items[part]
        parcel = desk.packer.peek(desk.routes[item.route], item, passage)
        if not desk.holds.may_go(passage, parcel):
            continue
        gone.add(passage.seq)
        turn.extend(desk.holds.leave_line(passage))
        if passage.introduces or desk.is_stale(passage.decided_at):
            desk.holds.take(passage, None)
            desk.holds.outdated.append(passage.seq)
            continue
        _pack(desk, passage, part, parcel)
        any_live = any_live or passage.is_pressing
    if any_live:
        seal(desk, Lane.LIVE)


def stay_out(desk: Desk, mark: Mark) -> None:
    """The content that a mark speaks of is there: what it overshadowed need not be sent."""
    for seq in desk.overshadowed.pop(mark.subject, ()):
        desk.settle_unsent(seq, Settled(Disposition.SUPERSEDED, f"its content is there since fact {mark.seq}"))


def come_out(desk: Desk, subject: str) -> None:
    """What was to show the content of a subject was not taken after all: what it overshadowed is decided again."""
    entries = desk.ledger.entries_at(sorted(desk.overshadowed.pop(subject, ())))
    marks = desk.marks_of(entries)
    context = desk.context()
    for entry in entries:
        if passage := admit(desk, entry, marks, context, ()):
            passage.has_exemption = True
            go(desk, passage)
    if entries:
        seal(desk, Lane.LIVE)
        seal(desk, Lane.HISTORY)


def _keys(entry: Entry) -> tuple[str, ...]:
    subject = subject_key(entry.fact)
    return (subject, person_key(entry.person.person)) if entry.person else (subject,)
