"""Looking people up, taking wrong joins apart, and forgetting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import reduce

from msgspec import Struct, ValidationError, json
from msgspec.structs import replace

from orderwire.errors import NotFound
from orderwire.identity import Identifier, Profile, e164, email_key, join
from orderwire.ledger.engine import Columns, Engine
from orderwire.ledger.erasure import erasure_key, hash_of
from orderwire.ledger.instants import DAY, instant, instant_if, micros
from orderwire.ledger.refusals import blank
from orderwire.ledger.roster import PersonRow
from orderwire.ledger.rows import card_of, fact_of, person_of, person_row
from orderwire.ledger.values import IdentifierOnFile, Join, PersonReport
from orderwire.model import Family, IdentifierKind, Kind, Refund

SHORTEST_NAME = 4
"""Identifiers shorter than this name too much: only what is known to be about the person is dropped by them."""
PREFIX = "per_"
"""How a person's number is shown."""
OWN_SOURCE = "orderwire"
"""The source of facts the ledger states itself."""


class People:
    """The people in the ledger."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find_person(self, text: str) -> int | None:
        """A person by number (`per_12`), e-mail, phone or external id."""
        text = text.strip()
        digits = text.removeprefix(PREFIX)
        if digits != text and digits.isdecimal():
            return self._survivor(int(digits))
        for kind, value in ((IdentifierKind.EMAIL, email_key(text)), (IdentifierKind.PHONE, e164(text))):
            if value is not None and (found := self._held(kind, value)) is not None:
                return found
        rows = self._engine.rows("holders_of_external_id", value=text)
        return int(rows[0][0]) if rows else None

    def person(self, person: int) -> PersonReport:
        """Everything known about a person, those joined into them included."""
        number = self._survivor(person)
        if number is None:
            raise NotFound(f"no person is called {PREFIX}{person}")
        engine = self._engine
        joined = [row[0] for row in engine.rows("joined_into", person=number)]
        people = engine.listed([number, *joined])
        facts = tuple(map(fact_of, engine.rows("facts_of_people", people=people)))
        row = engine.rows("person_row", person=number)[0]
        profile = person_of(row).profile
        return PersonReport(
            card=card_of(row[1]),
            identifiers=tuple(map(_identifier_of, engine.rows("identifiers_of", people=people))),
            joins=tuple(map(_join_of, engine.rows("joins_of", people=people))),
            statements={channel: profile.statements(channel) for channel in profile.consent},
            consent_history=tuple(fact for fact in facts if fact.kind == Kind.CONSENT_CHANGED),
            facts=facts,
            merged=tuple(joined),
        )

    def separate(self, person: int, *, at: datetime) -> int:
        """Take a person out of the one they were joined into, for good; gives the number of that one.

        They are again as they were when they were joined; what was learned since stays with the other.

        Raises:
            NotFound: the person is not joined into another.
        """
        engine = self._engine
        with engine.turn():
            parent = self._joined_to(person)
            if parent is None:
                raise NotFound(f"{PREFIX}{person} is not joined into another person")
            engine.write("separate", absorbed=person, survivor=parent, at=micros(at))
            absorbed = self._row(person)
            absorbed.survivor = None
            branch = [self._row(number) for number in self._branch(person)]
            for one in branch:
                one.survivor = person
            engine.write_many("put_people", [person_row(one) for one in (absorbed, *branch)])
            above: int | None = parent
            while above is not None:
                engine.write_many("put_people", [person_row(self._rebuilt(above))])
                above = self._joined_to(above)
        return parent

    def forget(self, person: int, *, at: datetime, reason: str) -> int:
        """Erase a person: blank their bytes in log and raw, keep a keyed hash that drops later imports."""
        engine = self._engine
        with engine.turn():
            number = self._survivor(person)
            if number is None:
                raise NotFound(f"no person is called {PREFIX}{person}")
            numbers = [number, *(row[0] for row in engine.rows("joined_into", person=number))]
            key = erasure_key(engine)
            seq = int(engine.rows("head")[0][0]) + 1
            self._keep_hashes(numbers, key, seq, micros(at))
            names = engine.rows("identifiers_of", people=engine.listed(numbers))
            blank(engine, [row[:5] for row in names], key)
            self._drop_documents(numbers, names)
            self._blank(numbers, key)
            engine.write("add_source", source=OWN_SOURCE)
            engine.write_many("add_facts", [_forgotten(number, seq, micros(at), reason)])
        engine.scrub()
        return seq

    def erased_amounts(self) -> Iterator[tuple[int, int, str]]:
        """What is left of the money of blanked facts: sequence number, minor units, currency."""
        yield from self._engine.rows("erased_amounts")

    def _survivor(self, person: int) -> int | None:
        rows = self._engine.rows("survivors", people=self._engine.listed([person]))
        return int(rows[0][1]) if rows else None

    def _held(self, kind: IdentifierKind, value: str) -> int | None:
        rows = self._engine.rows("holders", kind=str(kind), source="", values=self._engine.listed([value]))
        return int(rows[0][1]) if rows else None

    def _row(self, person: int) -> PersonRow:
        return person_of(self._engine.rows("person_row", person=person)[0])

    def _joined_to(self, person: int) -> int | None:
        rows = self._engine.rows("merge_of", person=person)
        return int(rows[0][1]) if rows else None

    def _branch(self, person: int) -> Iterator[int]:
        """Everybody joined into a person, and into those."""
        for absorbed, _, _ in self._engine.rows("merges_into", person=person):
            yield absorbed
            yield from self._branch(absorbed)

    def _rebuilt(self, person: int) -> PersonRow:
        """A person put together again from what they are themselves and who is still joined into them."""
        row = self._row(person)
        children = [self._row(absorbed) for absorbed, _, _ in self._engine.rows("merges_into", person=person)]
        row.profile = reduce(join, (child.profile for child in children), row.own or row.profile)
        if not children:
            row.own = None
        return row

    def _keep_hashes(self, people: Sequence[int], key: bytes, seq: int, at: int) -> None:
        rows = self._engine.rows("identifiers_of", people=self._engine.listed(people))
        hashes = [hash_of(Identifier(IdentifierKind(kind), of, value), key) for kind, _, of, _, value, _ in rows]
        self._engine.write_many("add_erased", [(one, at, seq) for one in hashes])

    def _drop_documents(self, people: Sequence[int], names: Sequence[Columns]) -> None:
        """Drop what the front door kept about them, or what names them."""
        engine = self._engine
        engine.write("drop_documents_of_people", people=engine.listed(people))
        for name in {str(text).lower() for _, value, _, _, matched, _ in names for text in (value, matched)}:
            if len(name) >= SHORTEST_NAME:
                engine.write("drop_documents_naming", name=name)

    def _blank(self, people: Sequence[int], key: bytes) -> None:
        engine = self._engine
        everybody = engine.listed(people)
        rows = [row for row in engine.rows("facts_to_forget", people=everybody) if row[3] != Kind.PERSON_FORGOTTEN]
        seqs = engine.listed([row[0] for row in rows])
        own = {row[4] for row in rows if row[12] == Family.PEOPLE}
        engine.write("blank_raws_of_facts", seqs=seqs)
        engine.write("blank_loose_raws", people=everybody)
        engine.write("blank_reasons", seqs=seqs)
        engine.write_many("blank_facts", [_blanked(row, key) for row in rows])
        engine.write("drop_subjects", subjects=engine.listed(own))
        engine.write("blank_subjects", people=everybody)
        engine.write("drop_identifiers", people=everybody)
        nobody = [replace(self._row(number), profile=Profile(person=number), own=None) for number in people]
        engine.write_many("put_people", [person_row(row) for row in nobody])


def _identifier_of(row: Columns) -> IdentifierOnFile:
    kind, value, source, seq, matched, person = row
    return IdentifierOnFile(kind=kind, value=value, source=source, matched=matched, seq=seq, person=person)


def _join_of(row: Columns) -> Join:
    person, into, seq, joined_at, separated_at = row
    return Join(
        person=person, into=into, seq=seq, joined_at=instant(joined_at), separated_at=instant_if(separated_at)
    )


class _Amounts(Struct):
    """The money in a body, whatever record it is of."""

    total: int | None = None
    value: int | None = None
    currency: str | None = None
    refunds: tuple[Refund, ...] = ()


def _blanked(row: Columns, key: bytes) -> tuple[object, ...]:
    """What is left of a fact: sequence, kind, day and money, and a name that tells nobody."""
    seq, kind, subject, source = row[0], row[3], row[4], row[7]
    name = row[1]
    if row[12] == Family.PEOPLE:
        what, _, _ = subject.removeprefix(f"{source}/").partition("person:")
        stands_for = hash_of(Identifier(IdentifierKind.EXTERNAL_ID, source, subject), key)
        subject = f"{source}/{what}person:erased-{stands_for}"
        name = f"{subject}#{kind}@{seq}"
    money, currency = _money(row[15], kind, row[10])
    return name, subject, row[5] // DAY * DAY, money, currency, seq


def _money(body: bytes | None, kind: str, detail: str | None) -> tuple[int | None, str | None]:
    if not body:
        return None, None
    try:
        amounts = json.decode(bytes(body), type=_Amounts)
    except ValidationError:
        return None, None
    if kind == Kind.ORDER_REFUNDED:
        given_back = [refund.amount for refund in amounts.refunds if refund.refund_id == detail]
        return sum(given_back), amounts.currency
    return (amounts.value if amounts.total is None else amounts.total), amounts.currency


def _forgotten(person: int, seq: int, at: int, reason: str) -> tuple[object, ...]:
    """The columns of the fact that a person was forgotten."""
    subject = f"{OWN_SOURCE}/person:{person}"
    return (
        seq, f"{subject}#forgotten@{seq}", 0, str(Kind.PERSON_FORGOTTEN), int(Family.PEOPLE), subject, at, at,
        False, False, OWN_SOURCE, reason or None, 0, person, seq, None, None, None, None,
    )  # fmt: skip
