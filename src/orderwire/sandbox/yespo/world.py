"""What all endpoints share: the state of the account, its clock, jobs, and what it would have started."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from orderwire.sandbox.kit import Answer, Call, PlatformClock
from orderwire.sandbox.yespo.checks import BadItem, Refused, instant
from orderwire.sandbox.yespo.people import Contact, People, plain

_REPETITION_SECONDS = 60.0


def _nothing() -> list[dict[str, Any]]:
    return []


@dataclass
class Job:
    """Work that the platform does a little later, in platform seconds."""

    id: str
    due: float
    work: Callable[[], list[dict[str, Any]]] = _nothing
    is_done: bool = False
    mapping: list[dict[str, Any]] = field(default_factory=list)


class World:
    """One account."""

    def __init__(self, clock: PlatformClock, options: dict[str, Any]) -> None:
        self.clock = clock
        self.options = options
        self.people = People()
        self.jobs: dict[str, Job] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.event_counts: dict[str, int] = {}
        self.fired_counts: dict[str, int] = {}
        self.duplicate_count = 0
        self.activity: list[dict[str, Any]] = []
        self.past_events: list[tuple[datetime, str]] = []
        self.seen_events: set[bytes] = set()
        self.async_seconds = float(options.get("async_seconds", 2.0))
        self.collapses = bool(options.get("collapse", True))
        self.marked = {str(one) for one in options.get("reject", ())}
        self._requests: dict[bytes, float] = {}
        for person in options.get("people", ()):
            self._seed(person)

    def now(self) -> float:
        """Platform time in seconds."""
        return self.clock.seconds()

    def settle(self) -> None:
        """Finish what is due."""
        for job in self.jobs.values():
            if not job.is_done and job.due <= self.now():
                job.mapping = job.work()
                job.is_done = True

    def has_segmentation(self, event_type: str) -> bool:
        """Whether the account keeps events of this type for segments; by option, otherwise every type."""
        enabled = self.options.get("segmentation", True)
        return event_type in enabled if isinstance(enabled, list) else bool(enabled)

    def fire(self, answer: Answer, trigger: str, person: str | None, **more: Any) -> None:
        """Note an automation that starts."""
        self.fired_counts[trigger] = self.fired_counts.get(trigger, 0) + 1
        answer.fired.append({"trigger": trigger, "person": person, **more})

    def field_change(self, answer: Answer, contact: Contact) -> None:
        """Start the workflows on a changed contact, where the account has any."""
        if self.options.get("contact_workflows"):
            self.fire(answer, "contact field change", contact.email or contact.phone)

    def refuse_marked(self, *identities: str | None) -> None:
        """Refuse an item whose id the options name.

        Raises:
            BadItem: it is one of them.
        """
        if self.marked.intersection(one for one in identities if one):
            raise BadItem("wrong format")

    def refuse_repetition(self, call: Call) -> None:
        """Refuse the same request within a minute.

        Raises:
            Refused: 409.
        """
        digest = hashlib.sha256(call.path.encode() + b"\0" + call.body).digest()
        last = self._requests.get(digest)
        if last is not None and self.now() - last < _REPETITION_SECONDS:
            raise Refused(409, "Duplicated request")
        self._requests[digest] = self.now()

    def json_object(self, call: Call) -> dict[str, Any]:
        """The body, which has to be a JSON object.

        Raises:
            Refused: 415 or 400.
        """
        content_type = call.headers.get("content-type", "").split(";")[0].strip().lower()
        if content_type != "application/json":
            raise Refused(415, "Unsupported Media Type")
        try:
            body = call.json()
        except ValueError:
            raise Refused(400, "Request body is not valid JSON") from None
        if not isinstance(body, dict):
            raise Refused(400, "Request body must be an object")
        return body

    def texts(self, body: dict[str, Any], name: str) -> list[str]:
        """A list of texts.

        Raises:
            Refused: it is something else.
        """
        value = body.get(name) or []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise Refused(400, f"{name} must be a list of strings")
        return value

    def contact(self, identity: str, *, deleted: bool = False) -> Contact:
        """A contact by its number.

        Raises:
            Refused: 404.
        """
        found = self.people.by_id.get(int(identity)) if identity.isdigit() else None
        if found is None or (found.is_deleted and not deleted):
            raise Refused(404, "Contact not found")
        return found

    def forget(self, contact: Contact) -> None:
        """Erase a contact with its activity."""
        self.people.erase(contact)
        self.activity = [one for one in self.activity if one["contactId"] != contact.id]

    def is_repeated(self, *parts: Any) -> bool:
        """Whether this very event was taken before; remembers it."""
        digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).digest()
        was_seen = digest in self.seen_events
        self.seen_events.add(digest)
        self.duplicate_count += was_seen
        return was_seen

    def _seed(self, person: dict[str, Any]) -> None:
        """Somebody who was there before: `email`, `phone`, `external_id`, `status`, `changed_at`."""
        status = person.get("status", "subscribed")
        contact = self.people.create("SEED", is_confirmed=status != "unconfirmed")
        self.people.write(
            contact, {"email": person.get("email"), "sms": person.get("phone")}, person.get("external_id")
        )
        if status not in ("unsubscribed", "suppressed"):
            return
        at = instant(person.get("changed_at")) or datetime.fromtimestamp(self.now(), UTC)
        address = plain("email", person.get("email") or "")
        if status == "unsubscribed":
            self.people.unsubscribed[address] = at.isoformat()
        else:
            self.people.blacklist.add(address)
        self.activity.append(
            {
                "activityStatus": "UNSUBSCRIBED" if status == "unsubscribed" else "UNDELIVERED",
                "activityDateTime": at.strftime("%Y-%m-%dT%H:%M:%S"),
                "contactId": contact.id,
                "email": person.get("email"),
                "mediaType": "email",
                "hardBounce": status == "suppressed",
                **({"externalCustomerId": contact.external_id} if contact.external_id else {}),
            }
        )
