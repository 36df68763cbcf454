"""Columns to values and back: one function for each noun."""

from __future__ import annotations

from msgspec import json
from msgspec.structs import replace

from orderwire.identity import Profile
from orderwire.ledger.engine import Columns
from orderwire.ledger.instants import instant, instant_if, micros, micros_if
from orderwire.ledger.packing import pack_members, pack_texts, unpack_members, unpack_texts
from orderwire.ledger.plans import KnownFact, Row, Subject
from orderwire.ledger.roster import PersonRow
from orderwire.ledger.values import Attempt, DestinationState, Disposition, Exemption, Mark, PersonCard
from orderwire.model import Fact

_PROFILE = json.Decoder(Profile)
_CARD = json.Decoder(PersonCard)
_KINDS = json.Decoder(dict[str, list[int]])
_ATTEMPT = json.Decoder(Attempt)
_PARTS = json.Decoder(tuple[int, ...])
_MARK = json.Decoder(Mark)
_STATE = json.Decoder(DestinationState)


def fact_of(row: Columns) -> Fact:
    """A fact out of the columns of the `entry` view, up to `body`."""
    source = row[7]
    return Fact(
        seq=row[0],
        key=row[1],
        revision=row[2],
        kind=row[3],
        subject=row[4].removeprefix(source + "/"),
        occurred_at=instant(row[5]),
        recorded_at=instant(row[6]),
        source=source,
        is_imported=bool(row[8]),
        is_approximate=bool(row[9]),
        detail=row[10],
        ordinal=row[11],
        person=row[14],
        body=bytes(row[15] or b""),
    )


def card_of(text: str) -> PersonCard:
    """A person as they are shown."""
    return _CARD.decode(text)


def kinds_of(text: str) -> dict[str, list[int]]:
    """How many facts of each kind a subject has, and the newest."""
    return _KINDS.decode(text)


def subject_of(row: Columns) -> tuple[str, Subject]:
    """A subject's name and current state."""
    subject, content, version, newest, person, raw_digest, kinds, is_erased = row
    return subject, Subject(
        bytes(content), version, newest, person, bytes(raw_digest), _KINDS.decode(kinds), bool(is_erased)
    )


def subject_row(subject: str, state: Subject) -> Row:
    """The columns of a subject's current state."""
    return (
        subject,
        state.content,
        state.version,
        state.newest,
        state.person,
        state.raw_digest,
        json.encode(state.kinds).decode(),
        state.is_erased,
    )


def known_fact_of(row: Columns) -> tuple[str, KnownFact]:
    """A fact's key and what is needed to compare it."""
    key, seq, revision, occurred_at, detail, content, ordinal, is_approximate = row
    kept = None if content is None else bytes(content)
    return key, KnownFact(seq, revision, occurred_at, detail, kept, ordinal, bool(is_approximate))


def person_of(row: Columns) -> PersonRow:
    """A person while a batch is decided."""
    number, card, own, survivor = row
    return PersonRow(number, _PROFILE.decode(card), None if own is None else _PROFILE.decode(own), survivor)


def person_row(person: PersonRow) -> Row:
    """The columns of a person."""
    own = None if person.own is None else json.encode(person.own).decode()
    return person.number, person.survivor, json.encode(person.profile).decode(), own


def attempt_of(row: Columns) -> Attempt:
    """A request with its members."""
    attempt, members, wire_ids = row
    return replace(
        _ATTEMPT.decode(attempt), members=unpack_members(bytes(members)), wire_ids=unpack_texts(bytes(wire_ids))
    )


def attempt_row(destination: str, attempt: Attempt) -> Row:
    """The columns of a request."""
    seqs = [member.seq for member in attempt.members]
    return (
        destination,
        attempt.number,
        str(attempt.state),
        attempt.job,
        min(seqs, default=0),
        max(seqs, default=0),
        json.encode(replace(attempt, members=(), wire_ids=())).decode(),
        pack_members(attempt.members),
        pack_texts(attempt.wire_ids),
    )


def exemption_of(row: Columns) -> Exemption:
    """A fact's disposition where it is not plainly accepted."""
    seq, disposition, reason, attempt, tries, due_at, decided_at, settings_version, parts_done = row
    return Exemption(
        seq=seq,
        disposition=Disposition(disposition),
        reason=reason,
        attempt=attempt,
        tries=tries,
        due_at=instant_if(due_at),
        decided_at=instant(decided_at),
        settings_version=settings_version,
        parts_done=_PARTS.decode(parts_done),
    )


def exemption_row(destination: str, exemption: Exemption) -> Row:
    """The columns of an exemption."""
    return (
        destination,
        exemption.seq,
        str(exemption.disposition),
        exemption.reason,
        exemption.attempt,
        exemption.tries,
        micros_if(exemption.due_at),
        micros(exemption.decided_at),
        exemption.settings_version,
        json.encode(exemption.parts_done).decode(),
    )


def mark_of(text: str) -> Mark:
    """A subject's mark."""
    return _MARK.decode(text)


def mark_row(destination: str, mark: Mark) -> Row:
    """The columns of a mark."""
    return destination, mark.subject, mark.seq, json.encode(mark).decode()


def destination_of(text: str) -> DestinationState:
    """What is remembered of a destination."""
    return _STATE.decode(text)


def destination_text(state: DestinationState) -> str:
    """The stored form of a destination's state."""
    return json.encode(state).decode()
