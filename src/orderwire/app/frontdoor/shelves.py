"""What the platforms' endpoints may ask of the ledger, for one source."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from orderwire.dialects.doorway import Document, Known, Standing, Told, Wanted
from orderwire.ledger import Kept, Page, PersonCard, StoredLedger
from orderwire.model import (
    Cart,
    Consent,
    Event,
    Fact,
    Identity,
    Order,
    Person,
    Product,
    Record,
    Subscription,
)

_SNAPSHOTS: Mapping[str, msgspec.json.Decoder[Record]] = {
    kind: msgspec.json.Decoder(shape)
    for kind, shape in (
        ("person", Person),
        ("consent", Consent),
        ("product", Product),
        ("order", Order),
        ("cart", Cart),
        ("subscription", Subscription),
        ("event", Event),
    )
}


def record_of(subject: str, body: bytes) -> Record | None:
    """The record in a body, by the subject it is about (`order:1001`); None for one that was erased."""
    return _SNAPSHOTS[subject.partition(":")[0]].decode(body) if body else None


class LedgerShelves:
    """The ledger as the endpoints of one source see it."""

    def __init__(self, ledger: StoredLedger, source: str) -> None:
        self._ledger = ledger
        self._source = source

    def document(self, collection: str, key: str) -> Document | None:
        """A document of this source."""
        kept = self._ledger.document(self._source, collection, key)
        return None if kept is None else _document(kept)

    def documents(
        self, collection: str, *, after: tuple[str, str] | None = None, limit: int = 100, is_last_first: bool = False
    ) -> list[Document]:
        """A page of a collection of this source."""
        found = self._ledger.documents(
            self._source, collection, after=after, limit=limit, is_last_first=is_last_first
        )
        return [_document(kept) for kept in found]

    def count(self, collection: str) -> int:
        """How many documents a collection of this source holds."""
        return self._ledger.count_documents(self._source, collection)

    def person(self, number: int) -> Known | None:
        """A person by the ledger's number; of those joined into another, the other."""
        card = self._ledger.card(number)
        return None if card is None else self._known(card)

    def find(self, identity: Identity) -> Known | None:
        """The person that these identifiers name, the strongest first."""
        number = self._ledger.holder_of(self._source, identity)
        return None if number is None else self.person(number)

    def people(self, *, after: int = 0, limit: int = 100, is_newest_first: bool = False) -> list[Known]:
        """A page of all people of the ledger."""
        cards = self._ledger.people_page(after=after, limit=limit, is_newest_first=is_newest_first)
        return [self._known(card) for card in cards]

    def snapshot(self, subject: str, *, source: str = "") -> Record | None:
        """The newest snapshot of a thing, of this source where none is named."""
        return record_of(subject, self._ledger.snapshot_of(f"{source or self._source}/{subject}"))

    def snapshots(self, kind: str, *, after: str = "", limit: int = 100) -> list[tuple[str, Record]]:
        """A page of the newest snapshots of all things of a kind, any source's."""
        found: list[tuple[str, Record]] = []
        for subject, body in self._ledger.snapshots(kind, after=after, limit=limit):
            record = record_of(f"{kind}:", body)
            if record is not None:
                found.append((subject, record))
        return found

    def facts(self, wanted: Wanted) -> list[Told]:
        """A page of facts, of any source."""
        page = Page(
            person=wanted.person,
            kinds=wanted.kinds,
            since=wanted.since,
            until=wanted.until,
            after=wanted.after,
            is_newest_first=wanted.is_newest_first,
            limit=wanted.limit,
        )
        return [self._told(fact, raw) for fact, raw in self._ledger.happenings(page)]

    def _known(self, card: PersonCard) -> Known:
        first, newest = self._ledger.recorded_of(card.person)
        described = self._ledger.described_by(self._source, card.person)
        return Known(
            person=card.person,
            email=card.email,
            phone=card.phone,
            external_id=card.external_ids.get(self._source),
            anonymous_ids=card.anonymous_ids,
            first_name=card.first_name,
            last_name=card.last_name,
            language=card.language,
            address=card.address,
            consent={
                channel: Standing(state=one.state, changed_at=one.changed_at, origin=one.origin, source=one.source)
                for channel, one in card.consent.items()
            },
            record=record_of("person:", described),
            created_at=first,
            updated_at=newest,
        )

    def _told(self, fact: Fact, raw: bytes) -> Told:
        return Told(
            seq=fact.seq,
            key=fact.key,
            kind=fact.kind,
            subject=fact.subject,
            source=fact.source,
            occurred_at=fact.occurred_at,
            recorded_at=fact.recorded_at,
            person=fact.person,
            detail=fact.detail,
            record=record_of(fact.subject, fact.body),
            raw=raw if fact.source == self._source else b"",
        )


def _document(kept: Kept) -> Document:
    return Document(collection=kept.collection, key=kept.key, body=kept.body, rank=kept.rank)
