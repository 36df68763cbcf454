"""The people a batch is about, while it is being decided."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from orderwire.identity import (
    DEVICES_SHOWN,
    REFUSALS,
    Identifier,
    Identifiers,
    Profile,
    Standing,
    Weighing,
    described,
    email_key,
    join,
    match,
    named_by,
    weigh,
)
from orderwire.ledger.erasure import hash_of, telling
from orderwire.ledger.instants import micros
from orderwire.ledger.preparing import Prepared
from orderwire.model import Consent, ConsentState, IdentifierKind, Identity, Person, Record, identity_of

Change: TypeAlias = Callable[[Profile], Profile]


class PersonRow(Struct, gc=False):
    """One person: what is shown of them, and what is known of them without those merged into them.

    `own` is None while nobody was merged into them: then `profile` is all there is.
    """

    number: int
    profile: Profile
    own: Profile | None = None
    survivor: int | None = None


class Roster(Struct, kw_only=True):
    """People by number and by identifier, and what the batch changes about them.

    `holders` and `people` begin with what the store knows; numbers in `holders` are those of survivors.
    `forgotten` gives, by keyed hash, when a person was forgotten and the fact that says so.
    """

    last_person: int
    holders: dict[Identifier, int] = field(default_factory=dict)
    people: dict[int, PersonRow] = field(default_factory=dict)
    apart: set[tuple[int, int]] = field(default_factory=set)
    forgotten: dict[str, tuple[int, int]] = field(default_factory=dict)
    erasure_key: bytes = b""
    changed: dict[int, PersonRow] = field(default_factory=dict)
    added: list[tuple[object, ...]] = field(default_factory=list)
    moved: list[tuple[object, ...]] = field(default_factory=list)
    merged: list[tuple[int, int, int]] = field(default_factory=list)
    """(absorbed, survivor, sequence number of the record that showed it)."""
    lifted: list[int] = field(default_factory=list)
    """Erasures (by their fact) that a new opt-in ended."""

    def forgets(self, item: Prepared) -> bool:
        """Whether a record is to be dropped because its person was forgotten; a newer opt-in ends that."""
        if not self.forgotten:
            return False
        hashes = [hash_of(identifier, self.erasure_key) for identifier in telling(item.identifiers)]
        hits = [self.forgotten[one] for one in hashes if one in self.forgotten]
        if not hits:
            return False
        if not _is_opt_in_after(item.record, max(at for at, _ in hits)):
            return True
        ended = {seq for _, seq in hits}
        self.lifted.extend(sorted(ended))
        self.forgotten = {one: hit for one, hit in self.forgotten.items() if hit[1] not in ended}
        return False

    def identify(self, identifiers: Identifiers, record: Record, *, seq: int) -> PersonRow | None:
        """The person a record is about, made or merged where need be; None when nothing names anybody."""
        found = match(identifiers, self._holder, self.apart)
        if found is None:
            return None
        identity = identity_of(record) or Identity()
        if found.person is None:
            self.last_person += 1
            person = PersonRow(self.last_person, Profile(person=self.last_person))
            self.people[person.number] = person
        else:
            person = self.people[found.person.person]
        for absorbed in found.absorbs:
            self._absorb(person, self.people[absorbed.person], seq)
        for identifier in found.adds:
            self.added.append((*identifier, _spelling(identifier, identity), person.number, seq))
            self.holders[identifier] = person.number
        for identifier in found.moves:
            self.moved.append((person.number, seq, *identifier))
            self.holders[identifier] = person.number
        if found.adds or found.moves or found.absorbs or (identity.phone and not person.profile.phone):
            self._revise(person, lambda profile: _holding(profile, (*found.adds, *found.moves), identity))
        return person

    def learn(self, person: PersonRow, record: Record) -> None:
        """Take over what a record newly says about its person."""
        if isinstance(record, Person):
            email = self._restated_email(person, record)
            self._revise(person, lambda profile: described(replace(profile, email=email), record))
        elif named_by(person.profile, record) is not person.profile:
            self._revise(person, lambda profile: named_by(profile, record))

    def state(self, person: PersonRow, consent: Consent, *, source: str, seq: int, at: datetime) -> Weighing:
        """Weigh a statement about permission, told at `at`, and keep it on the person."""
        is_undated_no = consent.changed_at is None and consent.state in REFUSALS
        new = Standing(
            state=consent.state,
            changed_at=consent.changed_at,
            source=source,
            origin=consent.origin,
            seq=seq,
            told_at=at if is_undated_no else None,
        )
        channel = consent.channel
        weighing, _ = weigh(person.profile.statements(channel), new)
        if weighing is Weighing.KNOWN:
            return weighing
        if weighing is Weighing.STALE:
            new = replace(new, seq=0)
        self._revise(person, lambda profile: profile.stating(channel, weigh(profile.statements(channel), new)[1]))
        return weighing

    def _holder(self, identifier: Identifier) -> Profile | None:
        number = self.holders.get(identifier)
        if number is None:
            return None
        person = self.people[number]
        while person.survivor is not None:
            person = self.people[person.survivor]
        return person.profile

    def _restated_email(self, person: PersonRow, record: Person) -> str | None:
        """The e-mail to show after a person's own record: theirs if it is a new one, else the first spelling."""
        shown = person.profile.email
        key = email_key(record.identity.email or "")
        if key is None or (shown is not None and email_key(shown) == key):
            return shown
        holder = self._holder(Identifier(IdentifierKind.EMAIL, "", key))
        is_theirs = holder is not None and holder.person == person.number
        return (record.identity.email or "").strip() if is_theirs else shown

    def _absorb(self, survivor: PersonRow, absorbed: PersonRow, seq: int) -> None:
        survivor.own = survivor.own or survivor.profile
        survivor.profile = join(survivor.profile, absorbed.profile)
        absorbed.survivor = survivor.number
        self.merged.append((absorbed.number, survivor.number, seq))
        self.changed[survivor.number] = survivor
        self.changed[absorbed.number] = absorbed

    def _revise(self, person: PersonRow, change: Change) -> None:
        person.profile = change(person.profile)
        if person.own is not None:
            person.own = change(person.own)
        self.changed[person.number] = person


def _holding(profile: Profile, identifiers: tuple[Identifier, ...], identity: Identity) -> Profile:
    """The profile with further identifiers, as they were spelled first."""
    email, phone = profile.email, profile.phone or identity.phone
    external_ids, anonymous_ids = profile.external_ids, profile.anonymous_ids
    for identifier in identifiers:
        match identifier.kind:
            case IdentifierKind.EMAIL:
                email = email or _spelling(identifier, identity)
            case IdentifierKind.PHONE:
                phone = profile.phone or identifier.value
            case IdentifierKind.EXTERNAL_ID:
                external_ids = {identifier.source: identifier.value, **external_ids}
            case IdentifierKind.ANONYMOUS_ID:
                anonymous_ids = (*anonymous_ids, identifier.value)[:DEVICES_SHOWN]
    return replace(profile, email=email, phone=phone, external_ids=external_ids, anonymous_ids=anonymous_ids)


def _spelling(identifier: Identifier, identity: Identity) -> str:
    if identifier.kind is IdentifierKind.EMAIL and identity.email:
        return identity.email.strip()
    return identifier.value


def _is_opt_in_after(record: Record, forgotten_at: int) -> bool:
    return (
        isinstance(record, Consent)
        and record.state is ConsentState.SUBSCRIBED
        and record.changed_at is not None
        and micros(record.changed_at) > forgotten_at
    )
