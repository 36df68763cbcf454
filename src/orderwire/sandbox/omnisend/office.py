"""Where single calls and items of batches are taken alike, whichever resource they belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orderwire.sandbox.kit import PlatformClock
from orderwire.sandbox.omnisend import batches, catalog, contacts
from orderwire.sandbox.omnisend.checks import instant
from orderwire.sandbox.omnisend.events import Desk
from orderwire.sandbox.omnisend.problems import invalid
from orderwire.sandbox.omnisend.state import Account, Outcome

_SEED_STATUS = {"suppressed": "unsubscribed", "never_asked": "nonSubscribed"}


class Office:
    """An account and whatever takes things into it."""

    def __init__(self, clock: PlatformClock, options: Mapping[str, Any]) -> None:
        self.clock = clock
        self.account = Account()
        self.desk = Desk(
            self.account,
            origin=str(options.get("origin", "api")),
            historical_after=float(options.get("historical_after", 86_400)),
        )
        self.batches: dict[str, batches.Batch] = {}
        self.batch_seconds = float(options.get("batch_seconds", 2.0))
        self.stop_after = int(options.get("stop_after", 0))
        self.newest_first = bool(options.get("newest_first", False))
        self.rejected = {str(wire_id) for wire_id in options.get("reject", ())}
        for person in options.get("people", ()):
            self._seed(person)

    def take(self, endpoint: str, method: str, item: Any) -> Outcome:
        """Take one item of a resource, alone or in a batch."""
        if not isinstance(item, dict):
            raise invalid([{"field": "", "code": "type", "message": "must be an object"}])
        self.refuse_chosen(item)
        now = self.clock.now()
        match endpoint:
            case "contacts":
                return contacts.upsert(self.account, item, now)
            case "events":
                return self.desk.take(item, now)
            case "categories" if method == "PUT":
                return catalog.retitle_category(self.account, str(item.get("categoryID") or ""), item)
            case "categories":
                return catalog.create_category(self.account, item)
            case _ if method == "PUT":
                return catalog.replace_product(self.account, str(item.get("id") or ""), item)
            case _:
                return catalog.create_product(self.account, item)

    def refuse_chosen(self, item: dict[str, Any]) -> None:
        """Refuse an item that the options name as bad."""
        if self.rejected and not self.rejected.isdisjoint(batches.wire_ids(item)):
            raise invalid([{"field": "id", "code": "invalid", "message": "is not accepted"}])

    def _seed(self, person: Mapping[str, Any]) -> None:
        now = self.clock.now()
        contact = contacts.open_contact(self.account, now)
        contacts.attach(self.account, contact, "email", str(person["email"]))
        status = str(person.get("status", "subscribed"))
        at = instant(str(person.get("changed_at") or "")) or now
        contacts.set_standing(contact, "email", _SEED_STATUS.get(status, status), at, "seed")
