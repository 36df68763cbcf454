"""Recording: read what is known of a batch, let it be planned, write the plan; one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec.structs import replace

from orderwire.identity import Identifier
from orderwire.ledger.engine import Engine
from orderwire.ledger.erasure import erasure_key, hash_of, telling
from orderwire.ledger.instants import micros
from orderwire.ledger.plans import Known, KnownFact, Plan, Subject
from orderwire.ledger.preparing import Prepared, is_stateless, prepare
from orderwire.ledger.recording import Planning
from orderwire.ledger.refusals import keep, settle
from orderwire.ledger.roster import Roster
from orderwire.ledger.rows import known_fact_of, person_of, person_row, subject_of, subject_row
from orderwire.ledger.values import Checkpoint, Mode, Receipt, Received, Refusal
from orderwire.model import IdentifierKind


class Recorder:
    """The way in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(
        self,
        received: Sequence[Received],
        *,
        source: str,
        at: datetime,
        is_imported: bool,
        checkpoint: Checkpoint | None = None,
        mode: Mode = Mode.NORMAL,
        refused: Sequence[Refusal] = (),
    ) -> Receipt:
        """Append what is new in these records, resolve whom they are about, apply consent, keep raw, commit."""
        batch = [item for one in received for item in prepare(one, source=source, at=at)]
        with self._engine.turn():
            known = self._known(batch, is_correcting=mode is Mode.CORRECT)
            planning = Planning(known, source=source, at=at, is_imported=is_imported, mode=mode)
            plan = planning.plan(batch)
            self._apply(plan, micros(at))
            self._engine.write("add_source", source=source)
            key = known.roster.erasure_key
            settled = settle(self._engine, source, received, key) if known.has_refused else 0
            newly_refused = (
                keep(self._engine, source, refused, at=micros(at), is_imported=is_imported, key=key) if refused else 0
            )
            if checkpoint is not None:
                self._engine.write(
                    "put_checkpoint",
                    source=checkpoint.source,
                    stream=checkpoint.stream,
                    position=checkpoint.position,
                )
        if settled or newly_refused:
            return replace(plan.receipt, settled=settled, newly_refused=newly_refused)
        return plan.receipt

    def checkpoints(self, source: str) -> dict[str, bytes]:
        """The committed positions of a source, by stream."""
        return {stream: bytes(position) for stream, position in self._engine.rows("checkpoints", source=source)}

    def _known(self, batch: Sequence[Prepared], *, is_correcting: bool) -> Known:
        engine = self._engine
        head, last_raw, last_person, has_erased, has_separated, has_refused = engine.rows("counters")[0]
        subjects = dict(
            map(subject_of, engine.rows("subjects", subjects=engine.listed({item.subject for item in batch})))
        )
        keys = set(_keys_to_look_up(batch, subjects))
        facts = dict(map(known_fact_of, engine.rows("known_facts", keys=engine.listed(keys)))) if keys else {}
        wanted = subjects if is_correcting else _to_be_dated(batch, subjects, facts)
        if wanted:
            self._recall_bodies(wanted)
        roster = self._roster(batch, last_person)
        if has_separated:
            roster.apart = {(min(pair), max(pair)) for pair in engine.rows("taken_apart")}
        if has_erased:
            self._recall_erased(roster, batch)
        return Known(
            head=head,
            last_raw=last_raw,
            roster=roster,
            subjects=subjects,
            facts=facts,
            has_refused=bool(has_refused),
        )

    def _roster(self, batch: Sequence[Prepared], last_person: int) -> Roster:
        engine = self._engine
        wanted: dict[tuple[IdentifierKind, str], set[str]] = {}
        for item in batch:
            for kind, of, value in item.identifiers.present():
                wanted.setdefault((kind, of), set()).add(value)
        holders: dict[Identifier, int] = {}
        for (kind, of), values in wanted.items():
            for value, person in engine.rows("holders", kind=str(kind), source=of, values=engine.listed(values)):
                holders[Identifier(kind, of, value)] = person
        numbers = set(holders.values())
        people = [person_of(row) for row in engine.rows("people", people=engine.listed(numbers))] if numbers else []
        return Roster(last_person=last_person, holders=holders, people={person.number: person for person in people})

    def _recall_bodies(self, subjects: dict[str, Subject]) -> None:
        by_newest = {state.newest: state for state in subjects.values()}
        for seq, body in self._engine.rows("bodies", seqs=self._engine.listed(by_newest)):
            by_newest[seq].snapshot = bytes(body)

    def _recall_erased(self, roster: Roster, batch: Iterable[Prepared]) -> None:
        roster.erasure_key = erasure_key(self._engine)
        hashes = {
            hash_of(identifier, roster.erasure_key) for item in batch for identifier in telling(item.identifiers)
        }
        rows = self._engine.rows("forgotten", hashes=self._engine.listed(hashes))
        roster.forgotten = {one: (at, seq) for one, at, seq in rows}

    def _apply(self, plan: Plan, at: int) -> None:
        engine, roster = self._engine, plan.roster
        engine.write_many("add_facts", plan.facts)
        engine.write_many("add_raws", plan.raws)
        engine.write_many("put_subjects", [subject_row(name, state) for name, state in plan.subjects.items()])
        engine.write_many("put_people", [person_row(person) for person in roster.changed.values()])
        engine.write_many("add_identifiers", roster.added)
        engine.write_many("move_identifiers", roster.moved)
        engine.write_many("add_merges", [(*merged, at) for merged in roster.merged])
        engine.write_many("follow_merges", [(survivor, absorbed) for absorbed, survivor, _ in roster.merged])
        engine.write_many("lift", [(seq,) for seq in roster.lifted])


def _to_be_dated(
    batch: Iterable[Prepared], subjects: dict[str, Subject], facts: dict[str, KnownFact]
) -> dict[str, Subject]:
    """Subjects of which something was known only approximately that is told exactly now."""
    if not any(fact.is_approximate for fact in facts.values()):
        return {}
    return {
        item.subject: subjects[item.subject]
        for item in batch
        if item.subject in subjects
        for claim in item.claims
        if (known := facts.get(f"{item.subject}#{claim.discriminator}")) is not None
        and known.is_approximate
        and not claim.is_approximate
    }


def _keys_to_look_up(batch: Iterable[Prepared], subjects: dict[str, Subject]) -> Iterator[str]:
    """Keys of happenings that may be in the log: those of known subjects, and of records without a state."""
    for item in batch:
        if item.subject in subjects or is_stateless(item.record):
            for claim in item.claims:
                if claim.discriminator is not None:
                    yield f"{item.subject}#{claim.discriminator}"
