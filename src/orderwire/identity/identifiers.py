"""Identifiers in the form they are matched in."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from msgspec import Struct

from orderwire.model import IdentifierKind, Identity


class Identifier(NamedTuple):
    """One identifier as it is compared; `source` is empty unless the value only means something there."""

    kind: IdentifierKind
    source: str
    value: str


class Identifiers(Struct, frozen=True, kw_only=True, gc=False):
    """What a record can be matched by, strongest first; None where it carries none of that kind."""

    external_id: Identifier | None = None
    email: Identifier | None = None
    phone: Identifier | None = None
    anonymous_id: Identifier | None = None

    def present(self) -> list[Identifier]:
        """Those there are, in order of precedence."""
        every = (self.external_id, self.email, self.phone, self.anonymous_id)
        return [identifier for identifier in every if identifier is not None]


NOTHING = Identifiers()


def identifiers_of(identity: Identity | None, source: str) -> Identifiers:
    """The identifiers of a record in matching form; empty texts and what is no address at all are left out."""
    if identity is None:
        return NOTHING
    external_id = (identity.external_id or "").strip()
    email = email_key(identity.email) if identity.email else None
    phone = e164(identity.phone) if identity.phone else None
    anonymous_id = (identity.anonymous_id or "").strip()
    return Identifiers(
        external_id=Identifier(IdentifierKind.EXTERNAL_ID, source, external_id) if external_id else None,
        email=Identifier(IdentifierKind.EMAIL, "", email) if email else None,
        phone=Identifier(IdentifierKind.PHONE, "", phone) if phone else None,
        anonymous_id=Identifier(IdentifierKind.ANONYMOUS_ID, "", anonymous_id) if anonymous_id else None,
    )


def email_key(text: str) -> str | None:
    """An e-mail as it is matched: trimmed and in lower case; None for a text that is no address, such as `n/a`.

    Placeholders that many records share would otherwise make one person of all of them.
    """
    address = text.strip().lower()
    local, _, domain = address.rpartition("@")
    return address if local and domain else None


@lru_cache(maxsize=65_536)
def e164(text: str) -> str | None:
    """A phone number as it is matched, in E.164; None when it is not in international form or not possible."""
    number = text.strip()
    if number.startswith("00"):
        number = "+" + number[2:]
    if not number.startswith("+"):
        return None
    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(parsed):
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
