"""Deciding what a batch of records adds to the ledger.

A store reads what is known of everything the batch names (`Known`), asks `Planning` for the plan, and writes the
plan's rows. Nothing here reads or writes; the order of decisions is the order of the records.

How a record becomes facts:

* A happening is new when its key is. A state is new when its content differs from the subject's current one.
* A record that carries its content with a first happening (an order with `order.placed`, a subscription with
  `subscription.created`) needs no state fact of its own then.
* A record whose version is older than the one known says nothing about the state; what happened in it still counts.
* The facts of one record share one body, held by the first of them; unless the record is stale, that is the
  subject's newest snapshot from then on.
* In `Mode.CORRECT` what is known but differs comes again, as the next revision of the same key.
* A happening whose instant is known only approximately comes again as a revision when its source tells the exact one,
  be it by an older version; and no approximate instant takes the place of an exact one. What stood in for it was a
  last change, or a later event by which it was met: so the exact one is earlier. A later one is another last change,
  and not believed, unless the order's own day had stood in.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from msgspec.structs import replace

from orderwire.identity import Weighing
from orderwire.ledger.corrections import differs, with_known_instants, with_told_instants
from orderwire.ledger.instants import instant, micros
from orderwire.ledger.plans import CARRIERS, Known, KnownFact, News, Plan, Row, Subject
from orderwire.ledger.preparing import (
    Prepared,
    digest,
    family_number,
    is_impersonal,
    is_stateless,
    needs_person,
    restated,
)
from orderwire.ledger.values import Mode, Receipt
from orderwire.model import Cart, Claim, Consent, Kind, Order, content_of


class Planning:
    """One batch being decided."""

    def __init__(self, known: Known, *, source: str, at: datetime, is_imported: bool, mode: Mode) -> None:
        self._known = known
        self._source = source
        self._at = micros(at)
        self._is_imported = is_imported
        self._is_correcting = mode is Mode.CORRECT
        self._head = known.head
        self._raw = known.last_raw
        self._facts: list[Row] = []
        self._raws: list[Row] = []
        self._changed: dict[str, Subject] = {}
        self._seen = self._stale = self._erased = self._unidentified = 0

    def plan(self, batch: Iterable[Prepared]) -> Plan:
        """Decide the whole batch."""
        for item in batch:
            state = self._known.subjects.get(item.subject)
            if (state is not None and state.is_erased) or self._known.roster.forgets(item):
                self._erased += not item.is_derived
            elif needs_person(item.record) and not item.identifiers.present():
                self._unidentified += 1
                self._keep_raw(item, None, is_loose=True)
            elif isinstance(item.record, Consent):
                self._plan_consent(item, item.record, state)
            else:
                self._plan_record(item, state)
        return Plan(
            facts=self._facts,
            raws=self._raws,
            subjects=self._changed,
            roster=self._known.roster,
            receipt=Receipt(
                appended=self._head - self._known.head,
                known=self._seen,
                stale=self._stale,
                erased=self._erased,
                unidentified=self._unidentified,
                head=self._head,
            ),
        )

    def _plan_record(self, item: Prepared, state: Subject | None) -> None:
        is_stale = (
            state is not None
            and item.version is not None
            and state.version is not None
            and item.version < state.version
        )
        item = self._dated(item)
        news = self._first_news(item) if state is None else self._later_news(item, state, is_stale)
        if not news:
            self._keep_unnewsworthy(item, state, is_stale)
            return
        if is_stale and state is not None and (better := self._snapshot_dated_by(item, state)):
            item, is_stale = better, False
        person = self._known.roster.identify(item.identifiers, item.record, seq=self._head + 1)
        if person is not None:
            self._known.roster.learn(person, item.record)
        elif not is_impersonal(item.record):
            self._unidentified += 1
        self._append(item, state, news, None if person is None else person.number, is_stale)

    def _dated(self, item: Prepared) -> Prepared:
        """The record with the instants known better, or known first, in place of approximate ones."""
        record = item.record
        if not isinstance(record, Order) or not record.approximate:
            return item
        known = with_known_instants(
            record, lambda name: self._known.facts.get(f"{item.subject}#{name}"), is_correcting=self._is_correcting
        )
        return item if known is record else restated(item, known)

    def _snapshot_dated_by(self, item: Prepared, state: Subject) -> Prepared | None:
        """The newest snapshot with instants that an older version tells exactly; None where it has no need of any."""
        if not isinstance(item.record, Order) or not state.snapshot:
            return None
        dated = with_told_instants(state.snapshot, item.record)
        return None if dated is None else restated(item, dated)

    def _first_news(self, item: Prepared) -> list[News]:
        """What an unknown subject brings."""
        news: list[News] = []
        keys: dict[str, int] = {}
        counts: dict[str, int] = {}
        has_carrier = item.claims[0].kind in CARRIERS
        for claim, occurred_at in zip(item.claims, item.occurred_at, strict=True):
            kind = claim.kind
            if claim.discriminator is None:
                if has_carrier:
                    continue
                key = f"{item.subject}#{kind}@{_version_text(claim)}"
            else:
                key = f"{item.subject}#{claim.discriminator}"
                known = self._known.facts.get(key)
                if known is not None:
                    news.extend(self._revised(item, claim, occurred_at, key, known))
                    continue
            if key in keys:
                self._seen += 1
                continue
            ordinal = counts.get(kind, 0)
            counts[kind] = ordinal + 1
            keys[key] = ordinal
            news.append(News(claim, occurred_at, key, 0, ordinal))
        return news

    def _later_news(self, item: Prepared, state: Subject, is_stale: bool) -> list[News]:
        """What a known subject brings that it has not brought before."""
        news: list[News] = []
        keys: set[str] = set()
        counts = {kind: counted[0] for kind, counted in state.kinds.items()}
        is_revised = False
        for claim, occurred_at in zip(item.claims, item.occurred_at, strict=True):
            kind = claim.kind
            if claim.discriminator is None:
                if not is_revised:
                    news.extend(self._state_news(item, state, claim, occurred_at, counts, is_stale))
                continue
            key = f"{item.subject}#{claim.discriminator}"
            known = self._known.facts.get(key)
            if known is None and key not in keys:
                keys.add(key)
                news.append(News(claim, occurred_at, key, 0, counts.get(kind, 0)))
                counts[kind] = counts.get(kind, 0) + 1
            elif known is None or (is_stale and not self._tells_exactly(item, claim, known)):
                self._seen += 1
            else:
                revised = self._revised(item, claim, occurred_at, key, known, state)
                is_revised = is_revised or bool(self._is_correcting and revised and kind in CARRIERS)
                news.extend(revised)
        return news

    def _state_news(
        self,
        item: Prepared,
        state: Subject,
        claim: Claim,
        occurred_at: int,
        counts: dict[str, int],
        is_stale: bool,
    ) -> list[News]:
        is_carried = item.claims[0].kind in CARRIERS
        if item.content == state.content or self._is_only_dated(item, state):
            self._seen += not is_carried
            return []
        if is_stale:
            self._stale += 1
            return []
        return [News(claim, occurred_at, self._state_key(item, state, claim), 0, counts.get(claim.kind, 0))]

    def _is_only_dated(self, item: Prepared, state: Subject) -> bool:
        """Whether an order's content differs only in when it was placed, which was known approximately."""
        known = self._known.facts.get(f"{item.subject}#placed")
        if (
            not isinstance(item.record, Order)
            or known is None
            or not self._tells_exactly(item, item.claims[0], known)
        ):
            return False
        return state.content == digest(content_of(replace(item.record, placed_at=instant(known.occurred_at))))

    def _state_key(self, item: Prepared, state: Subject, claim: Claim) -> str:
        """The key of a changed state: its version where that is new, else its predecessor."""
        if item.version is not None and (state.version is None or item.version > state.version):
            return f"{item.subject}#{claim.kind}@{_version_text(claim)}"
        predecessor = max((counted[1] for counted in state.kinds.values()), default=0)
        return f"{item.subject}#{claim.kind}@{predecessor}"

    def _revised(
        self,
        item: Prepared,
        claim: Claim,
        occurred_at: int,
        key: str,
        known: KnownFact,
        state: Subject | None = None,
    ) -> list[News]:
        """The next revision of a known happening: at last exact, or found different by correcting."""
        if claim.is_approximate and not known.is_approximate:
            claim, occurred_at = replace(claim, is_approximate=False), known.occurred_at
        is_wanted = self._tells_exactly(item, claim, known) or (
            self._is_correcting and self._is_different(item, claim, occurred_at, known, state)
        )
        if not is_wanted:
            self._seen += 1
            return []
        return [News(claim, occurred_at, key, known.revision + 1, known.ordinal)]

    def _tells_exactly(self, item: Prepared, claim: Claim, known: KnownFact) -> bool:
        """Whether it is told when something happened of which only about when was known."""
        if claim.is_approximate or not known.is_approximate:
            return False
        told, record = micros(claim.occurred_at), item.record
        if isinstance(record, Order) and claim.kind != Kind.ORDER_PLACED and _is_own_day(record, known):
            return told != known.occurred_at
        return told < known.occurred_at

    def _is_different(
        self, item: Prepared, claim: Claim, occurred_at: int, known: KnownFact, state: Subject | None
    ) -> bool:
        if occurred_at != known.occurred_at or claim.detail != known.detail:
            return True
        if state is None:
            return item.content != known.content
        if claim.kind in CARRIERS:
            return item.content != state.content
        return differs(item.record, claim, state.snapshot)

    def _keep_unnewsworthy(self, item: Prepared, state: Subject | None, is_stale: bool) -> None:
        """Remember a newer version and other raw bytes of a record that says nothing new."""
        if state is None:
            return
        if not is_stale and item.version is not None and (state.version is None or item.version > state.version):
            state.version = item.version
            self._changed[item.subject] = state
        if item.raw and item.raw_digest != state.raw_digest:
            self._keep_raw(item, state.person, is_loose=True)
            state.raw_digest = item.raw_digest
            self._changed[item.subject] = state

    def _keep_raw(self, item: Prepared, person: int | None, *, is_loose: bool) -> int | None:
        if not item.raw:
            return None
        self._raw += 1
        self._raws.append((self._raw, self._source, item.subject, person, self._at, is_loose, item.raw))
        return self._raw

    def _append(
        self, item: Prepared, state: Subject | None, news: list[News], person: int | None, is_stale: bool
    ) -> None:
        raw = self._keep_raw(item, person, is_loose=False)
        body_seq = self._head + 1
        previous = state.newest if state is not None and isinstance(item.record, Cart) else None
        kinds = {} if state is None else state.kinds
        body: bytes | None = item.body
        for new in news:
            self._head += 1
            seq = self._head
            claim = new.claim
            kind = str(claim.kind)
            self._facts.append((
                seq, new.key, new.revision, kind, family_number(kind), item.subject, new.occurred_at, self._at,
                self._is_imported, claim.is_approximate, self._source, claim.detail, new.ordinal, person, body_seq,
                body, raw, item.content, previous,
            ))  # fmt: skip
            body = None
            counted = kinds.get(kind)
            kinds[kind] = [max(new.ordinal + 1, counted[0] if counted else 0), seq]
            if claim.discriminator is not None:
                self._known.facts[new.key] = KnownFact(
                    seq, new.revision, new.occurred_at, claim.detail, item.content, new.ordinal, claim.is_approximate
                )
        if is_stateless(item.record) and all(new.revision == 0 for new in news):
            return
        self._current(item, state, kinds, person, body_seq, is_stale)

    def _current(
        self,
        item: Prepared,
        state: Subject | None,
        kinds: dict[str, list[int]],
        person: int | None,
        body_seq: int,
        is_stale: bool,
    ) -> None:
        """Make this record the current state of its subject, unless it is stale."""
        if state is None:
            state = Subject(item.content, item.version, body_seq, person, item.raw_digest, kinds)
            self._known.subjects[item.subject] = state
        elif not is_stale:
            state.content = item.content
            state.version = item.version if state.version is None else max(state.version, item.version or 0)
            state.newest = body_seq
            state.person = person if person is not None else state.person
            state.raw_digest = item.raw_digest or state.raw_digest
        if not is_stale:
            state.snapshot = item.body
        self._changed[item.subject] = state

    def _plan_consent(self, item: Prepared, consent: Consent, state: Subject | None) -> None:
        roster = self._known.roster
        person = roster.identify(item.identifiers, consent, seq=self._head + 1)
        if person is None:
            self._unidentified += 1
            return
        weighing = roster.state(person, consent, source=self._source, seq=self._head + 1, at=instant(self._at))
        if weighing is Weighing.ACCEPTED:
            claim = item.claims[0]
            counted = None if state is None else state.kinds.get(claim.kind)
            key = (
                f"{item.subject}#{claim.kind}@{_version_text(claim)}"
                if state is None
                else self._state_key(item, state, claim)
            )
            news = News(claim, item.occurred_at[0], key, 0, counted[0] if counted else 0)
            self._append(item, state, [news], person.number, is_stale=False)
        elif weighing is Weighing.STALE:
            self._stale += 1
        else:
            self._seen += 1


def _is_own_day(order: Order, known: KnownFact) -> bool:
    """Whether the instant known of a happening is that of the order itself."""
    return micros(order.placed_at) == known.occurred_at


def _version_text(claim: Claim) -> str:
    """A state's version inside its key; 0 for the first of a subject whose source has no versions."""
    return "0" if claim.version is None else claim.version.astimezone(UTC).isoformat()
