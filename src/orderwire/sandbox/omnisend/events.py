"""Events: orders, carts, browsing and whatever else, each about an identified contact.

Rules kept here. The pair of `eventID` and `eventTime` is taken once, but only of historical events; a repeated
real-time event is a second one and starts its automations again. Omnisend publishes no boundary between the two: a
day is taken, and `historical_after` (seconds) in the options changes it. Nothing says that an old event is quiet, so
it starts automations too, marked `old`. A recommended event with a wrong version or origin, or with properties that
do not fit, is accepted and matches no automation and no report: `problems` names why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from orderwire.sandbox.omnisend.checks import Checker, instant, plain
from orderwire.sandbox.omnisend.contacts import attach, check_profile, describe, open_contact, set_standing
from orderwire.sandbox.omnisend.problems import invalid
from orderwire.sandbox.omnisend.recommended import AMOUNTS, problems_of
from orderwire.sandbox.omnisend.state import Account, Contact, Outcome, minted

_CHANNELS = ("email", "sms")


class Desk:
    """Takes events into an account."""

    def __init__(self, account: Account, *, origin: str, historical_after: float) -> None:
        self.account = account
        self.origin = origin
        self.historical_after = timedelta(seconds=historical_after)

    def take(self, item: dict[str, Any], now: datetime) -> Outcome:
        """Take one event: 202 without a body."""
        at = _check(item) or now
        given = item["contact"]
        person = given.get("email") or given.get("phone") or given.get("id")
        event_id = item.get("eventID") or minted("event", self.account.events.total())
        is_old = now - at > self.historical_after
        pair = (str(event_id), at)
        repeats = self.account.seen[pair]
        outcome = Outcome(202)
        if repeats and is_old:
            self.account.counts["ignored"] += 1
            outcome.kept.append({"type": "ignored", "id": event_id, "person": person, "metric": item["eventName"]})
            return outcome
        contact = self._contact(given, now, person, outcome)
        self.account.seen[pair] += 1
        self._apply_choices(contact, given, now, person, outcome)
        describe(contact, given)
        self._keep(item, outcome, event_id=event_id, person=person, is_old=is_old, is_repeat=bool(repeats))
        return outcome

    def _keep(
        self, item: dict[str, Any], outcome: Outcome, *, event_id: str, person: str, is_old: bool, is_repeat: bool
    ) -> None:
        name, properties = item["eventName"], item.get("properties") or {}
        order = properties.get("orderID")
        problems = problems_of(item, self.origin)
        self.account.events[name] += 1
        self.account.counts["duplicates"] += is_repeat
        self.account.counts["unmatched"] += bool(problems)
        if isinstance(order, str):
            self.account.orders.setdefault(order, Counter())[name] += 1
        amount = properties.get(AMOUNTS.get(name, "value"))
        kept = {
            "type": "event",
            "metric": name,
            "id": event_id,
            "person": person,
            "occurred_at": item.get("eventTime"),
            "quiet": False,
            "duplicate": is_repeat,
            "amount": float(amount) if isinstance(amount, (int, Decimal)) else None,
            "order": order,
            "lines": len(lines) if isinstance(lines := properties.get("lineItems"), list) else None,
            "old": is_old,
            "problems": problems,
        }
        outcome.kept.append(kept)
        if not problems:
            outcome.fired.append({"trigger": name, "id": event_id, "person": person, "old": is_old})

    def _contact(self, given: dict[str, Any], now: datetime, person: str, outcome: Outcome) -> Contact:
        account = self.account
        contact = (
            account.contacts.get(given.get("id") or "")
            or account.by_email.get(given.get("email") or "")
            or account.by_phone.get(given.get("phone") or "")
        )
        if contact is None:
            if not (given.get("email") or given.get("phone")):
                raise invalid([{"field": "contact.id", "code": "notFound", "message": "contact not found"}])
            contact = open_contact(account, now)
            outcome.kept.append(_person(person, "created"))
        for kind in ("email", "phone"):
            if value := given.get(kind):
                attach(account, contact, kind, value)
        contact.updated_at = now
        return contact

    def _apply_choices(
        self, contact: Contact, given: dict[str, Any], now: datetime, person: str, outcome: Outcome
    ) -> None:
        for kind, channel in (("email", "email"), ("phone", "sms")):
            if given.get(kind) and channel not in contact.standings:
                set_standing(contact, channel, "nonSubscribed", datetime.fromtimestamp(0, now.tzinfo), "event")
        for field, status in (("optIns", "subscribed"), ("optOuts", "unsubscribed")):
            for row in given.get(field) or ():
                at = instant(row.get("createdAt") or "") or now
                applied, subscribes = set_standing(contact, row["channel"], status, at, "event")
                choice = {"type": "consent", "channel": row["channel"], "status": status, "applied": applied}
                outcome.kept.append(_person(person, "") | choice | {"occurred_at": row.get("createdAt")})
                if subscribes:
                    fired = {"trigger": "subscribed to marketing", "person": person, "channel": row["channel"]}
                    outcome.fired.append(fired)
        contact.consents.extend(plain(given.get("consents") or []))


def _person(person: str, action: str) -> dict[str, Any]:
    head = {"type": "person", "id": person, "person": person, "occurred_at": None, "quiet": False}
    return head | {"action": action, "duplicate": False, "amount": None}


def _check(item: dict[str, Any]) -> datetime | None:
    """Refuse a body that breaks the contract; returns the event's time, None where it gives none."""
    check = Checker()
    check.text(item, "eventName", required=True, most=255)
    check.text(item, "origin", required=True)
    check.text(item, "eventVersion")
    if (event_id := check.text(item, "eventID")) and not _is_uuid(event_id):
        check.fault("eventID", "format", "must be a UUID of version 4, 5, 6 or 7")
    at = check.when(item, "eventTime")
    check.table(item, "properties")
    contact = check.table(item, "contact", required=True)
    named = [
        check.text(contact, key, "contact.", most=most) for key, most in (("id", 0), ("email", 0), ("phone", 15))
    ]
    if not any(named) and isinstance(item.get("contact"), dict):
        check.fault("contact", "required", "must have an id, email or phone")
    if named[1] and "@" not in named[1]:
        check.fault("contact.email", "format", "must be an e-mail address")
    check_profile(check, contact, "contact.", country_code=3)
    rows: tuple[tuple[str, int, Callable[[str, dict[str, Any]], None]], ...] = (
        ("consents", 100, lambda place, row: _check_consent(check, place, row)),
        ("optIns", 10, lambda place, row: _check_choice(check, place, row)),
        ("optOuts", 10, lambda place, row: _check_choice(check, place, row)),
    )
    for key, most, look in rows:
        for place, row in check.rows(contact, key, "contact.", most=most):
            look(place, row)
    check.finish()
    return at


def _check_consent(check: Checker, at: str, row: dict[str, Any]) -> None:
    _check_choice(check, at, row)
    check.text(row, "ip", at)
    check.text(row, "userAgent", at, most=200)


def _check_choice(check: Checker, at: str, row: dict[str, Any]) -> None:
    check.choice(row, "channel", _CHANNELS, at, required=True)
    check.text(row, "source", at, most=100)
    check.text(row, "reason", at, most=100)
    check.when(row, "createdAt", at)


def _is_uuid(text: str) -> bool:
    try:
        return UUID(text).version in (4, 5, 6, 7) and len(text) == 36
    except ValueError:
        return False
