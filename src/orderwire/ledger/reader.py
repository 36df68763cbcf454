"""Reading the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec.structs import replace

from orderwire.ledger.engine import Columns, Engine
from orderwire.ledger.instants import instant, micros_if
from orderwire.ledger.plans import KnownFact
from orderwire.ledger.rows import card_of, fact_of, kinds_of, known_fact_of
from orderwire.ledger.values import Entry, FactFilter, PersonCard
from orderwire.model import Channel, Fact, Family, Kind

_FOREVER = 2**62
_PAGE = 1_000


class Reader:
    """The way out."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def head(self) -> int:
        """The newest sequence number; 0 for an empty log."""
        return int(self._engine.rows("head")[0][0])

    def entries(
        self,
        after: int,
        *,
        limit: int,
        until: int | None = None,
        family: Family | None = None,
        only_observed: bool = False,
    ) -> list[Entry]:
        """The next facts in sequence order, each with its newest snapshot and person."""
        until = _FOREVER if until is None else until
        number = None if family is None else int(family)
        engine = self._engine
        if only_observed:
            rows = engine.rows("entries_observed", after=after, until=until, limit=limit, family=number)
        elif number is not None:
            rows = engine.rows("entries_of_family", after=after, until=until, limit=limit, family=number)
        else:
            rows = engine.rows("entries", after=after, until=min(until, after + limit), limit=limit)
        return self._entries_of(rows)

    def entries_at(self, seqs: Sequence[int]) -> list[Entry]:
        """These facts, in sequence order."""
        return self._entries_of(self._engine.rows("entries_at", seqs=self._engine.listed(seqs)))

    def earlier_of(self, *, persons: Sequence[int], subjects: Sequence[str], before: int) -> list[tuple[int, Family]]:
        """Sequence numbers (with family) before `before` of facts about any of these persons or subjects."""
        engine = self._engine
        found: dict[int, int] = {}
        if persons:
            found.update(engine.rows("earlier_of_people", people=engine.listed(persons), before=before))
        if subjects:
            found.update(engine.rows("earlier_of_subjects", subjects=engine.listed(subjects), before=before))
        return [(seq, Family(found[seq])) for seq in sorted(found)]

    def facts(self, where: FactFilter, *, after: int = 0) -> Iterator[Fact]:
        """Stream facts in sequence order, a page at a time."""
        engine = self._engine
        values = {
            "since": micros_if(where.since),
            "until": micros_if(where.until),
            "source": where.source,
            "kinds": engine.listed(where.kinds) if where.kinds else None,
            "is_custom": Kind.CUSTOM in where.kinds,
            "limit": _PAGE,
        }
        subjects = None if where.subject is None else self._subjects_named(where.subject)
        people = None if where.person is None else self._joined(where.person)
        while True:
            if people is not None:
                rows = engine.rows("facts_of_people_page", people=engine.listed(people), after=after, **values)
            elif subjects is not None:
                rows = engine.rows("facts_of_subjects", subjects=engine.listed(subjects), after=after, **values)
            else:
                rows = engine.rows("facts", after=after, **values)
            yield from (fact_of(row) for row in rows if subjects is None or row[4] in subjects)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def count_facts(self, *, after: int = 0, until: int | None = None) -> dict[tuple[str, bool], int]:
        """How many facts there are by (kind, is imported)."""
        rows = self._engine.rows("count_facts", after=after, until=_FOREVER if until is None else until)
        return {(kind, bool(is_imported)): count for kind, is_imported, count in rows}

    def raws(self, source: str, *, after: int = 0) -> Iterator[tuple[int, str, bytes]]:
        """Stream the raw records of a source in the order they came, each with its number and subject."""
        while True:
            rows = self._engine.rows("raws", source=source, after=after, limit=_PAGE)
            yield from ((number, subject, bytes(raw)) for number, subject, raw in rows)
            if len(rows) < _PAGE:
                return
            after = rows[-1][0]

    def _subjects_named(self, text: str) -> set[str]:
        """A subject as stored, whether it was named with its source or without."""
        return {text, *(f"{source}/{text}" for (source,) in self._engine.rows("sources"))}

    def _joined(self, person: int) -> list[int]:
        """A person and everybody they are one with."""
        engine = self._engine
        survivors = [survivor for _, survivor in engine.rows("survivors", people=engine.listed([person]))]
        joined = [row[0] for survivor in survivors for row in engine.rows("joined_into", person=survivor)]
        return [*survivors, *joined]

    def _entries_of(self, rows: Sequence[Columns]) -> list[Entry]:
        cards: dict[int, PersonCard] = {}
        entries: list[Entry] = []
        later: dict[int, int] = {}
        for row in rows:
            number = row[14]
            card = None if number is None else cards.get(number)
            if card is None and number is not None:
                card = cards[number] = card_of(row[20])
            entry = _entry_of(row, card)
            if (
                row[3] == Kind.CONSENT_CHANGED
                and card is not None
                and (seq := _in_force(row[4], row[7], row[0], card))
            ):
                later[len(entries)] = seq
            entries.append(entry)
        if any(entry.fact.is_approximate for entry in entries):
            entries = self._with_exact_instants(entries)
        return self._with_consent_in_force(entries, later) if later else entries

    def _with_exact_instants(self, entries: list[Entry]) -> list[Entry]:
        """Let facts that were told with an approximate instant show the exact one told since."""
        keys = [entry.fact.key for entry in entries if entry.fact.is_approximate]
        newest = dict(map(known_fact_of, self._engine.rows("known_facts", keys=self._engine.listed(keys))))
        return [_made_exact(entry, newest.get(entry.fact.key)) for entry in entries]

    def _with_consent_in_force(self, entries: list[Entry], later: dict[int, int]) -> list[Entry]:
        """Let older statements about permission show the one in force, whichever source it came from."""
        rows = self._engine.rows("bodies", seqs=self._engine.listed(set(later.values())))
        bodies = {seq: bytes(body) for seq, body in rows}
        for place, seq in later.items():
            if seq in bodies:
                entries[place] = replace(entries[place], newest=seq, newer_of_kind=seq, snapshot=bodies[seq])
        return entries


def _entry_of(row: Columns, card: PersonCard | None) -> Entry:
    fact = fact_of(row)
    seq, newest, newest_body, previous = fact.seq, row[16], row[18], row[19]
    if newest is None:
        return Entry(fact=fact, snapshot=fact.body, newest=row[13], newer_of_kind=seq, person=card)
    counted = kinds_of(row[17]).get(fact.kind)
    return Entry(
        fact=fact,
        snapshot=fact.body if newest_body is None else bytes(newest_body),
        newest=newest,
        newer_of_kind=seq if counted is None else max(seq, counted[1]),
        previous=None if previous is None else bytes(previous),
        person=card,
    )


def _made_exact(entry: Entry, newest: KnownFact | None) -> Entry:
    fact = entry.fact
    if not fact.is_approximate or newest is None or newest.is_approximate:
        return entry
    return replace(entry, fact=replace(fact, occurred_at=instant(newest.occurred_at), is_approximate=False))


def _in_force(subject: str, source: str, fact_seq: int, card: PersonCard) -> int | None:
    """The fact that states a channel's consent in force, where it is a later one."""
    channel = Channel(subject.removeprefix(f"{source}/consent:").partition(":")[0])
    standing = card.consent.get(channel)
    return standing.seq if standing is not None and standing.seq > fact_seq else None
