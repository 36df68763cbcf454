"""Subscribers: creating, updating, unsubscribing, listing, erasing, and what their status does.

`status` is taken always, `initial_status` by a new person alone, and a new person with neither becomes active.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orderwire.sandbox.drip.records import TEXT_FIELDS, batched, fault_of_fields, paged
from orderwire.sandbox.drip.refusals import not_found, refused, wrong_structure
from orderwire.sandbox.drip.shapes import STATUSES
from orderwire.sandbox.drip.store import Person, Store, instant_of, is_email, made_id
from orderwire.sandbox.kit import Answer

_LISTED = ("all", "active", "unsubscribed", "active_or_unsubscribed", "undeliverable")


class People:
    """The subscribers of one account."""

    def __init__(self, store: Store, rejected: frozenset[str]) -> None:
        self.store = store
        self.rejected = rejected

    def resolve(self, record: Mapping[str, Any], now: datetime, answer: Answer) -> Person | None:
        """The person of a record, made where the e-mail or visitor is new; None where the id is unknown.

        What the record says about the status takes effect here.
        """
        ident = record.get("person_id") or record.get("id")
        if ident:
            known = self.store.people.get(ident)
            if known is not None:
                self._restate(known, record, now, answer)
            return known
        email, visitor = record.get("email"), record.get("visitor_uuid")
        key = email or visitor
        known = self.store.find(key) if key else None
        if known is not None:
            self._restate(known, record, now, answer)
            return known
        if email and not is_email(email):
            return None
        return self._create(email, visitor, record, now, answer) if key else None

    def _create(
        self, email: str | None, visitor: str | None, record: Mapping[str, Any], now: datetime, answer: Answer
    ) -> Person:
        by = next((name for name in ("status", "initial_status") if record.get(name)), "default")
        status = record.get(by, "active") if by != "default" else "active"
        ident = made_id("person", email or visitor).replace("-", "")[:20]
        person = self.store.add(Person(ident, email, status, now, visitor_uuid=visitor))
        if email:
            self._changed(person, by, now, answer)
        return person

    def _restate(self, person: Person, record: Mapping[str, Any], now: datetime, answer: Answer) -> None:
        status = record.get("status")
        if status and person.status != "undeliverable" and status != person.status:
            person.status = status
            self._changed(person, "status", now, answer)

    def _changed(self, person: Person, by: str, now: datetime, answer: Answer) -> None:
        """Write down a new status; becoming subscribed is something that workflows can begin with."""
        person.history.append({"status": person.status, "by": by, "at": now.isoformat()})
        answer.kept.append(
            {
                "type": "consent",
                "action": by,
                "status": person.status,
                "id": person.ident,
                "person": person.name,
                "occurred_at": None,
                "quiet": False,
                "duplicate": False,
                "amount": None,
            }
        )
        if person.status == "active":
            answer.fired.append({"type": "subscribed", "by": by, "person": person.name})

    def upsert(self, body: Any, now: datetime, account: str) -> Answer:
        """`POST subscribers`: one person, wrapped; the bare object is taken too."""
        if isinstance(body, dict) and "subscribers" not in body and {"email", "id", "visitor_uuid"} & body.keys():
            body = {"subscribers": [body]}
        records = body.get("subscribers") if isinstance(body, dict) else None
        if not isinstance(records, list) or len(records) != 1 or not isinstance(records[0], dict):
            return wrong_structure()
        if refusal := self.fault(records[0]):
            return refusal
        answer = Answer(200)
        person = self._write(records[0], now, answer)
        if person is None:
            return not_found()
        answer.body = envelope([person], account)
        return answer

    def upsert_batch(self, body: Any, now: datetime) -> Answer:
        """`POST subscribers/batches`: 1 to 1000 people in a batch; one bad record refuses the request."""
        records = batched(body, "subscribers")
        if isinstance(records, Answer):
            return records
        for record in records:
            if refusal := self.fault(record):
                return refusal
        answer = Answer(201, {})
        for record in records:
            if self._write(record, now, answer) is None:
                answer.kept.append({"type": "rejected", "id": record.get("id"), "reason": "unknown id"})
        return answer

    def _write(self, record: Mapping[str, Any], now: datetime, answer: Answer) -> Person | None:
        record = {name: value for name, value in record.items() if value is not None and value != ""}
        was = self.store.find(record.get("id") or record.get("email") or record.get("visitor_uuid") or "")
        if was is None and record.get("new_email"):
            record["email"] = record["new_email"]
        person = self.resolve(record, now, answer)
        if person is None:
            return None
        if record.get("new_email") and person.email != record["new_email"]:
            self.store.rename(person, record["new_email"])
        self._fill(person, record)
        answer.kept.append(
            {
                "type": "person",
                "action": "created" if was is None else "updated",
                "status": person.status,
                "id": person.ident,
                "person": record.get("email") or record.get("id") or record.get("visitor_uuid"),
                "occurred_at": None,
                "quiet": False,
                "duplicate": False,
                "amount": None,
                "stated": record.get("status"),
                "hinted": record.get("initial_status"),
            }
        )
        return person

    def _fill(self, person: Person, record: Mapping[str, Any]) -> None:
        person.fields.update((name, record[name]) for name in TEXT_FIELDS if name in record)
        kept = ("sms_number", "sms_consent", "prospect", "base_lead_score", "eu_consent")
        person.fields.update((name, record[name]) for name in kept if name in record)
        person.custom_fields.update(record.get("custom_fields", {}))
        person.lifetime_cents = record.get("lifetime_value", person.lifetime_cents)
        tags = record.get("tags", [])
        for tag in tags.split(",") if isinstance(tags, str) else tags:
            self.tag(person, tag.strip())
        for tag in record.get("remove_tags", []):
            if tag in person.tags:
                person.tags.remove(tag)

    def tag(self, person: Person, tag: str) -> None:
        """Give a person a tag."""
        if tag and tag not in person.tags:
            person.tags.append(tag)

    def fault(self, record: Any) -> Answer | None:
        """The refusal of a bad subscriber."""
        if not isinstance(record, dict):
            return wrong_structure()
        email = record.get("email")
        if not (email or record.get("id") or record.get("visitor_uuid") or record.get("new_email")):
            return refused(422, "presence_error", "Email is required", "email")
        for name in ("email", "new_email"):
            if record.get(name) and (not is_email(record[name]) or record[name] in self.rejected):
                return refused(422, "email_error", "Email is invalid", name)
        for name in ("status", "initial_status"):
            if record.get(name) and record[name] not in STATUSES:
                return refused(422, "format_error", f"{name} is invalid", name)
        return fault_of_fields(record) or self._fault_of_alias(record)

    def _fault_of_alias(self, record: Mapping[str, Any]) -> Answer | None:
        user = record.get("user_id")
        own = self.store.find(record.get("id") or record.get("email") or "")
        if user and any(one.fields.get("user_id") == user and one is not own for one in self.store.people.values()):
            return refused(422, "uniqueness_error", "User is already being used", "user_id")
        return None

    def unsubscribe(self, key: str, now: datetime, account: str, *, is_everywhere: bool) -> Answer:
        """Leave everything, or the e-mail series alone (which is no change of status)."""
        person = self.store.find(key)
        if person is None:
            return not_found()
        answer = Answer(200)
        if is_everywhere:
            self._restate(person, {"status": "unsubscribed"}, now, answer)
        answer.body = envelope([person], account)
        return answer

    def unsubscribe_batch(self, body: Any, now: datetime) -> Answer:
        """`POST unsubscribes/batches`; whom the account does not know has nothing to leave."""
        records = batched(body, "subscribers")
        if isinstance(records, Answer):
            return records
        answer = Answer(204)
        for record in records:
            key = record.get("email") or record.get("id")
            person = self.store.find(key) if isinstance(key, str) else None
            if person is None:
                answer.kept.append({"type": "rejected", "id": record.get("email"), "reason": "unknown person"})
            else:
                self._restate(person, {"status": "unsubscribed"}, now, answer)
        return answer

    def erase(self, key: str) -> Answer:
        """`DELETE subscribers/{key}`."""
        person = self.store.find(key)
        if person is None:
            return not_found()
        self.store.remove(person)
        return Answer(204, kept=[{"type": "erasure", "id": person.ident, "person": person.name}])

    def listed(self, query: Mapping[str, str], account: str) -> Answer:
        """`GET subscribers`, filtered and paged; parameters sent empty count as absent."""
        status = query.get("status") or "active"
        if status not in _LISTED:
            return refused(422, "format_error", "Status is invalid", "status")
        tags = {tag for tag in (query.get("tags") or "").split(",") if tag}
        after = instant_of(query.get("subscribed_after"))
        before = instant_of(query.get("subscribed_before"))
        found = [
            person
            for person in self.store.people.values()
            if person.email
            and (status == "all" or person.status in status.split("_or_"))
            and (not tags or tags & set(person.tags))
            and (after is None or after < person.created_at)
            and (before is None or person.created_at < before)
        ]
        page, size = paged(query)
        shown = found[(page - 1) * size : page * size]
        meta = {
            "page": page,
            "count": len(shown),
            "total_pages": max(1, math.ceil(len(found) / size)),
            "total_count": len(found),
            "sort": "created_at",
            "direction": "asc",
            "status": status,
        }
        return Answer(200, {**envelope(shown, account), "meta": meta})


def envelope(people: list[Person], account: str) -> dict[str, Any]:
    """Subscribers in the collection envelope; one person is an array of one."""
    return {
        "links": {"subscribers.account": "https://api.getdrip.com/v2/accounts/{subscribers.account}"},
        "subscribers": [person.resource(account) for person in people],
    }
