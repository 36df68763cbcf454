"""The contacts an account holds, how they are matched, and what may be sent to their addresses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from orderwire.sandbox.yespo.checks import digits

FIELDS = (
    "firstName",
    "lastName",
    "languageCode",
    "timeZone",
    "address",
    "town",
    "region",
    "postcode",
    "sms",
    "email",
)
"""What `contactFields` can name and a bulk call without it overwrites."""


@dataclass
class Contact:
    """One contact. `is_confirmed` is the whole of its consent, apart from what holds for the address itself."""

    id: int
    source: str
    values: dict[str, str | None] = field(default_factory=dict)
    custom: dict[int, str] = field(default_factory=dict)
    external_id: str | None = None
    is_confirmed: bool = True
    is_deleted: bool = False
    updated: int = 0
    subscriptions: list[str] = field(default_factory=list)

    @property
    def email(self) -> str | None:
        """Its visible e-mail address."""
        return self.values.get("email")

    @property
    def phone(self) -> str | None:
        """Its visible phone number."""
        return self.values.get("sms")


class People:
    """All contacts of the account, with the indexes that matching needs."""

    def __init__(self) -> None:
        self.by_id: dict[int, Contact] = {}
        self.unsubscribed: dict[str, str] = {}
        """Addresses that get no bulk e-mail, with the instant of the opt-out."""
        self.blacklist: set[str] = set()
        self.groups: dict[str, set[int]] = {}
        self._by_external: dict[str, int] = {}
        self._by_address: dict[tuple[str, str], list[int]] = {}
        self._changes = 0
        self._last_id = 95_000_000

    def create(self, source: str, *, is_confirmed: bool = True) -> Contact:
        """A new empty contact."""
        self._last_id += 1
        contact = Contact(self._last_id, source, is_confirmed=is_confirmed)
        self.by_id[contact.id] = contact
        return contact

    def write(self, contact: Contact, values: dict[str, str | None], external_id: str | None = None) -> None:
        """Set fields, and the external id where one is given."""
        self._changes += 1
        contact.updated = self._changes
        contact.values |= values
        if external_id is not None:
            contact.external_id = external_id
            self._by_external[external_id] = contact.id
        for kind in ("email", "sms"):
            if address := contact.values.get(kind):
                known = self._by_address.setdefault((kind, plain(kind, address)), [])
                if contact.id not in known:
                    known.append(contact.id)

    def erase(self, contact: Contact) -> None:
        """Forget a contact for good."""
        self.by_id.pop(contact.id, None)
        if contact.external_id and self._by_external.get(contact.external_id) == contact.id:
            del self._by_external[contact.external_id]

    def by_external(self, external_id: str | None) -> Contact | None:
        """The contact an external id is bound to."""
        return self.by_id.get(self._by_external.get(external_id, 0)) if external_id else None

    def having(self, kind: str, address: str | None) -> list[Contact]:
        """Contacts with this address, the latest changed first."""
        ids = self._by_address.get((kind, plain(kind, address)), []) if address else []
        found = [self.by_id[one] for one in ids if one in self.by_id]
        held = [one for one in found if plain(kind, one.values.get(kind) or "") == plain(kind, address or "")]
        return sorted(held, key=lambda one: -one.updated)

    def match(
        self, external_id: str | None, email: str | None, phone: str | None, on: Iterable[str] = ("email", "sms")
    ) -> Contact | None:
        """Whom these identifiers mean: a bound external id wins over every address."""
        if bound := self.by_external(external_id):
            return bound
        for kind in on:
            found = self.having(kind, email if kind == "email" else phone)
            if external_id:
                found = [one for one in found if one.external_id is None]
            if found:
                return next((one for one in found if one.external_id is None), found[0])
        return None

    def consent(self, email: str | None, *, is_confirmed: bool = True) -> str:
        """What bulk e-mail to this address would meet."""
        if not email:
            return "none"
        if plain("email", email) in self.blacklist:
            return "blacklisted"
        if plain("email", email) in self.unsubscribed:
            return "unsubscribed"
        return "confirmed" if is_confirmed else "unconfirmed"

    def shown(self, contact: Contact) -> dict[str, Any]:
        """A contact as the read endpoints show it."""
        values = contact.values
        address = {name: values[name] for name in ("region", "town", "address", "postcode") if values.get(name)}
        body: dict[str, Any] = {
            "id": contact.id,
            "channels": [
                {"type": kind, "value": values[kind]} for kind in ("email", "sms") if values.get(kind) is not None
            ],
            "fields": [{"id": name, "value": value} for name, value in contact.custom.items()],
            "addressBookId": 1,
        }
        for name in ("firstName", "lastName", "languageCode", "timeZone"):
            if values.get(name) is not None:
                body[name] = values[name]
        if address:
            body["address"] = address
        if contact.external_id is not None:
            body["externalCustomerId"] = contact.external_id
        return body

    def holdings(self) -> list[dict[str, Any]]:
        """Every contact with its consent and how it came."""
        return [
            {
                "id": contact.id,
                "email": contact.email,
                "phone": contact.phone,
                "external_id": contact.external_id,
                "first_name": contact.values.get("firstName"),
                "last_name": contact.values.get("lastName"),
                "consent": self.consent(contact.email, is_confirmed=contact.is_confirmed),
                "came_by": contact.source,
                "is_deleted": contact.is_deleted,
            }
            for contact in self.by_id.values()
        ]


def plain(kind: str, address: str) -> str:
    """An address as it compares: e-mails without case, phones by their digits."""
    return address.strip().casefold() if kind == "email" else digits(address)
