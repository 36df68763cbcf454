"""Everything about a record that can be decided before it is the writer's turn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cache
from hashlib import blake2b

from msgspec import Struct, json
from msgspec.structs import replace

from orderwire.errors import InvalidRecord
from orderwire.identity import Identifiers, identifiers_of
from orderwire.ledger.instants import micros, micros_if
from orderwire.ledger.values import Received, Refusal
from orderwire.model import (
    Channel,
    Claim,
    Consent,
    ConsentState,
    Event,
    Kind,
    Order,
    Person,
    Product,
    Record,
    claims_of,
    content_of,
    family_of,
    identity_of,
)

CHECKOUT = "checkout"
"""The origin of a consent that was ticked in an order's own checkout."""
_EVENTS = {kind.value: kind for kind in (Kind.PRODUCT_VIEWED, Kind.SITE_ACTIVE)}
_NAMES = "Names: product.viewed, site.active, custom.<your name>."
_NUL = b"\\u0000"
"""How JSON writes a NUL character: a body without it holds no id with one."""


class Prepared(Struct, frozen=True):
    """One record, taken apart: what it claims, whom it names, and the bytes and digests to keep.

    `subject` is `<source>/<subject>`; `version` and `occurred_at` are stored instants, the latter one for each claim.
    """

    record: Record
    claims: tuple[Claim, ...]
    occurred_at: tuple[int, ...]
    subject: str
    version: int | None
    identifiers: Identifiers
    body: bytes
    content: bytes
    raw: bytes
    raw_digest: bytes
    is_derived: bool
    """A consent taken from an order: not a record of its own where records are counted."""


def prepare(received: Received, *, source: str, at: datetime) -> Iterator[Prepared]:
    """Take a record apart; an order with a ticked newsletter box gives its consent first, then itself.

    Raises:
        InvalidRecord: an instant has no time zone, or an id holds what no database keeps as text.
    """
    record = received.record
    try:
        if isinstance(record, Order) and record.marketing_consent and record.identity.email:
            yield _taken_apart(_ticked(record), b"", source=source, at=at, is_derived=True)
        yield _taken_apart(record, received.raw, source=source, at=at, is_derived=False)
    except TypeError as error:
        raise InvalidRecord(source, type(record).__name__, "an instant has no time zone") from error
    except UnicodeEncodeError as error:
        raise InvalidRecord(source, type(record).__name__, "a text is no valid Unicode") from error


def sift(received: Sequence[Received], source: str, at: datetime) -> tuple[list[Received], list[Refusal]]:
    """Those records that can be kept, and why the others cannot."""
    kept: list[Received] = []
    refused: list[Refusal] = []
    for one in received:
        try:
            list(prepare(one, source=source, at=at))
        except InvalidRecord as error:
            refused.append(
                Refusal(
                    stream=one.stream,
                    key=one.key,
                    place=error.path,
                    problem=error.problem,
                    remedy=error.remedy,
                    raw=one.raw,
                    identity=identity_of(one.record),
                )
            )
        else:
            kept.append(one)
    return kept, refused


def _taken_apart(record: Record, raw: bytes, *, source: str, at: datetime, is_derived: bool) -> Prepared:
    claims = claims_of(record, at=at)
    last = claims[-1]
    if isinstance(record, Event) and _kind_of_event(record.name) is None:
        raise InvalidRecord(source, "name", "is not the name of an event", _NAMES)
    identifiers = identifiers_of(identity_of(record), source)
    body = json.encode(record)
    if _NUL in body and _has_nul(claims, identifiers):
        raise InvalidRecord(source, type(record).__name__, "an id holds a NUL character")
    return Prepared(
        record,
        claims,
        tuple([micros(claim.occurred_at) for claim in claims]),
        f"{source}/{last.subject}",
        micros_if(_version(claims)),
        identifiers,
        body,
        digest(content_of(record, body)),
        raw,
        digest(raw) if raw else b"",
        is_derived,
    )


def _kind_of_event(name: str) -> Kind | None:
    """What an event's name stands for; None for one that is no event's, such as that of an order's happening."""
    if name.startswith("custom.") and len(name) > len("custom."):
        return Kind.CUSTOM
    return _EVENTS.get(name)


def _version(claims: tuple[Claim, ...]) -> datetime | None:
    """The state's version: a happening beside it (a checkout, an upcoming order) carries none."""
    return next((claim.version for claim in reversed(claims) if claim.version is not None), None)


def restated(item: Prepared, record: Record) -> Prepared:
    """The same record as it is to be kept, in other words than it was told in; its claims stay."""
    body = json.encode(record)
    return replace(item, record=record, body=body, content=digest(content_of(record, body)))


def _has_nul(claims: tuple[Claim, ...], identifiers: Identifiers) -> bool:
    return any("\0" in f"{claim.kind}{claim.subject}{claim.discriminator}{claim.detail}" for claim in claims) or any(
        "\0" in identifier.value for identifier in identifiers.present()
    )


def _ticked(order: Order) -> Consent:
    return Consent(
        identity=order.identity,
        channel=Channel.EMAIL,
        state=ConsentState.SUBSCRIBED,
        changed_at=order.placed_at,
        origin=CHECKOUT,
    )


def digest(content: bytes) -> bytes:
    """Sixteen bytes that stand for a content."""
    return blake2b(content, digest_size=16).digest()


@cache
def family_number(kind: str) -> int:
    """The family of a kind as stored."""
    return int(family_of(kind))


def needs_person(record: Record) -> bool:
    """Whether a record without an identity says nothing that could be kept."""
    return isinstance(record, (Person, Consent))


def is_stateless(record: Record) -> bool:
    """Whether a record is a happening of its own, without anything that is replaced by the next."""
    return isinstance(record, Event)


def is_impersonal(record: Record) -> bool:
    """Whether a record is about nobody."""
    return isinstance(record, Product)
