"""The shop's log as the checker reads it: JSON Lines in, an index of who and what is spoken of out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from orderwire.sandbox.checker.permission import Choice, Permissions

MARKETING_ONLY = frozenset({"cart.updated", "cart.abandoned", "checkout.started", "product.viewed", "site.active"})
"""Kinds that nobody is told of whose person said no."""
_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "VND": 0, "KWD": 3, "BHD": 3, "JOD": 3, "OMR": 3, "TND": 3}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the log. `body` is the record as it was known then; empty where its person was erased."""

    seq: int
    key: str
    revision: int
    kind: str
    subject: str
    source: str
    occurred_at: datetime
    recorded_at: datetime
    is_imported: bool
    detail: str | None
    ordinal: int
    person: int | None
    body: Mapping[str, Any]

    @property
    def thing(self) -> str:
        """What the fact is about, with its source, since ids are the source's own."""
        return f"{self.source}/{self.subject}"

    @property
    def name(self) -> str:
        """The source's own id of the subject: `1001` of `order:1001`."""
        return self.subject.partition(":")[2]


class Log:
    """All facts of a shop in sequence order, and what can be looked up in them."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.facts = sorted(facts, key=lambda fact: fact.seq)
        self.by_seq: dict[int, Fact] = {}
        self.by_thing: dict[str, list[Fact]] = defaultdict(list)
        self.newest: dict[str, Fact] = {}
        """The fact with the newest snapshot of each thing."""
        self.emails: dict[int, set[str]] = defaultdict(set)
        self._person_by_address: dict[str, int] = {}
        self._consents: dict[int, list[Fact]] = defaultdict(list)
        choices = []
        for fact in self.facts:
            self.by_seq[fact.seq] = fact
            self.by_thing[fact.thing].append(fact)
            if fact.body:
                self.newest[fact.thing] = fact
            self._learn_addresses(fact)
            if fact.kind == "consent.changed" and fact.person is not None and fact.body:
                state, channel = str(fact.body["state"]), str(fact.body["channel"])
                self._consents[fact.person].append(fact)
                choices.append(Choice(fact.seq, fact.person, channel, state, fact.occurred_at, fact.source))
        self.permissions = Permissions(choices)

    def person_of(self, address: object) -> int | None:
        """The person an e-mail address, phone number or id of the source belongs to."""
        return self._person_by_address.get(str(address).strip().lower()) if address else None

    def who(self, address: object) -> str:
        """The person of an address as a part of a key; the address itself where nobody is known by it."""
        person = self.person_of(address)
        return f"per_{person}" if person is not None else f"?{address}"

    def consents_of(self, person: int | None) -> list[Fact]:
        """Every statement about a person's permission."""
        return self._consents.get(person or 0, [])

    def before(self, fact: Fact) -> Fact | None:
        """The fact that last told the same kind of the same thing."""
        earlier = [one for one in self.by_thing[fact.thing] if one.kind == fact.kind and one.seq < fact.seq]
        return earlier[-1] if earlier else None

    def snapshot(self, fact: Fact) -> Mapping[str, Any]:
        """The newest that is known of the thing a fact is about."""
        return self.newest[fact.thing].body if fact.thing in self.newest else {}

    def _learn_addresses(self, fact: Fact) -> None:
        identity = fact.body.get("identity")
        if fact.person is None or not isinstance(identity, Mapping):
            return
        for value in identity.values():
            self._person_by_address.setdefault(str(value).strip().lower(), fact.person)
        if email := identity.get("email"):
            self.emails[fact.person].add(str(email).strip().lower())


def read_facts(path: Path) -> Iterator[Fact]:
    """The facts of a file as `orderwire log` writes it.

    Facts of one thing share a body that is the same, which keeps a long log small.
    """
    bodies: dict[str, Mapping[str, Any]] = {}
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield read_fact(json.loads(line), bodies)


def read_fact(line: Mapping[str, Any], bodies: dict[str, Mapping[str, Any]] | None = None) -> Fact:
    """One line; `bodies` remembers the last body of each thing."""
    given = line.get("body") or {}
    body: Mapping[str, Any] = json.loads(given) if isinstance(given, str) else given
    thing = f"{line['source']}/{line['subject']}"
    if bodies is not None:
        known = bodies.get(thing)
        body = bodies[thing] = known if known == body else body
    return Fact(
        seq=int(line["seq"]),
        key=str(line["key"]),
        revision=int(line.get("revision") or 0),
        kind=str(line["kind"]),
        subject=str(line["subject"]),
        source=str(line["source"]),
        occurred_at=instant(line["occurred_at"]),
        recorded_at=instant(line["recorded_at"]),
        is_imported=bool(line["is_imported"]),
        detail=line.get("detail"),
        ordinal=int(line.get("ordinal") or 0),
        person=_person(line.get("person")),
        body=body,
    )


def _person(given: object) -> int | None:
    """The number of a person, given as `per_12` or as the number itself."""
    return None if given is None else int(str(given).removeprefix("per_"))


def instant(text: object) -> datetime:
    """An instant of the log or of a platform; without a zone it is taken as UTC."""
    found = datetime.fromisoformat(str(text))
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def stamp(when: object) -> str:
    """An instant as a part of a key: whole seconds, because some platforms keep no more."""
    if not when:
        return ""
    return str(int((when if isinstance(when, datetime) else instant(when)).timestamp()))


def figure(value: object) -> str:
    """A number as a part of a look: without trailing zeros, whatever its type."""
    return "" if value is None else format(Decimal(str(value)).normalize(), "f")


def major(minor: object, currency: object) -> str:
    """Whole minor units as a figure in major units: 1999 GBP is 19.99."""
    return figure(Decimal(int(str(minor or 0))).scaleb(-_DIGITS.get(str(currency), 2)))
