"""A fact as a message: the body that is posted, and the id that makes it one message however often it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from msgspec import Raw, Struct, json

from orderwire.dialects.contract import Lane, Recipient, Statement
from orderwire.model import Channel, ConsentState


class About(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The person a message is about."""

    id: str
    email: str | None = None
    phone: str | None = None
    external_id: str | None = None
    anonymous_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    consent: Mapping[Channel, ConsentState] = {}


class Message(Struct, frozen=True, kw_only=True):
    """What is posted. `is_historical` is true for what is no news; `record` is the newest snapshot of the subject."""

    id: str
    type: str
    source: str
    subject: str
    occurred_at: datetime
    is_historical: bool
    record: Raw
    revision: int = 0
    detail: str | None = None
    person: About | None = None


def message_id(key: str, revision: int) -> str:
    """The id of a fact's message, the same whenever and however often it is sent."""
    digest = hashlib.blake2b(f"{key}\n{revision}".encode("utf-8", "surrogatepass"), digest_size=15)
    return f"msg_{digest.hexdigest()}"


def body_of(statement: Statement) -> tuple[str, bytes]:
    """The id and the body of a fact's message."""
    ident = message_id(statement.key, statement.revision)
    message = Message(
        id=ident,
        type=statement.kind,
        source=statement.source,
        subject=statement.subject,
        occurred_at=statement.occurred_at,
        is_historical=statement.lane is Lane.HISTORY,
        record=Raw(json.encode(statement.snapshot)),
        revision=statement.revision,
        detail=statement.detail,
        person=None if statement.recipient is None else about(statement.recipient),
    )
    return ident, json.encode(message)


def about(recipient: Recipient) -> About:
    """The person as a message names them."""
    return About(
        id=f"per_{recipient.person}",
        email=recipient.email,
        phone=recipient.phone,
        external_id=recipient.external_id,
        anonymous_id=recipient.anonymous_id,
        first_name=recipient.first_name,
        last_name=recipient.last_name,
        language=recipient.language,
        consent=recipient.consent,
    )
