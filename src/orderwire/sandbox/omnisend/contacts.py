"""Contacts: written by upsert, patch or an event, each channel with its own permission.

Rules kept here: an update whose date is older than the stored one leaves the permission alone, whatever it is;
the welcome message is sent unless `sendWelcomeMessage` is false; an identifier that another contact has is dropped
from a creation without a word, and refused in a patch.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from orderwire.sandbox.omnisend.checks import Checker, plain
from orderwire.sandbox.omnisend.problems import conflict, not_found
from orderwire.sandbox.omnisend.state import Account, Contact, Outcome, Standing, minted

STATUSES = frozenset({"subscribed", "unsubscribed", "nonSubscribed"})
CHANNEL_BY_TYPE = {"email": "email", "phone": "sms"}
_LENGTHS = {"firstName": 50, "lastName": 50, "address": 500, "city": 100, "state": 100, "country": 100}
_PROFILE = (*_LENGTHS, "countryCode", "postalCode", "birthdate", "gender")
_MANY = 100


def check_profile(check: Checker, data: dict[str, Any], at: str, *, country_code: int) -> None:
    """The fields that describe a person, in a contact or in an event."""
    for key, most in _LENGTHS.items():
        check.text(data, key, at, most=most)
    check.text(data, "countryCode", at, most=country_code)
    check.text(data, "postalCode", at, most=20)
    check.day(data, "birthdate", at)
    check.choice(data, "gender", ("m", "f"), at)
    check.words(data, "tags", at, most=_MANY)
    check.table(data, "customProperties", at)


def describe(contact: Contact, data: dict[str, Any]) -> None:
    """Take over what is said of a person; what is not mentioned stays."""
    contact.profile.update({key: data[key] for key in _PROFILE if data.get(key) is not None})
    contact.tags.extend(tag for tag in data.get("tags") or () if tag not in contact.tags)
    if data.get("customProperties"):
        contact.custom = (contact.custom or {}) | plain(data["customProperties"])
    if data.get("createdAt"):
        contact.custom = (contact.custom or {}) | {"externalCreated": data["createdAt"]}


def set_standing(contact: Contact, channel: str, status: str, at: datetime, how: str) -> tuple[bool, bool]:
    """State a permission; returns whether it was applied and whether it newly subscribes."""
    known = contact.standings.get(channel)
    if known is not None and at < known.changed_at:
        return False, False
    contact.standings[channel] = Standing(status, at, how)
    return True, status == "subscribed" and (known is None or known.status != "subscribed")


def open_contact(account: Account, now: datetime) -> Contact:
    """A new contact without identifiers."""
    number = len(account.contacts) + 1
    contact = Contact(contact_id=minted("contact", number), number=number, created_at=now, updated_at=now)
    account.contacts[contact.contact_id] = contact
    return contact


def attach(account: Account, contact: Contact, kind: str, value: str) -> bool:
    """Give a contact an identifier; False when another contact has it."""
    index, own = (account.by_email, contact.emails) if kind == "email" else (account.by_phone, contact.phones)
    if index.setdefault(value, contact) is not contact:
        return False
    if value not in own:
        own.append(value)
    return True


def check_contact(item: dict[str, Any], *, is_patch: bool) -> list[dict[str, Any]]:
    """Refuse a body that breaks the contract; returns its identifiers."""
    check = Checker()
    rows = check.rows(item, "identifiers", most=10, least=0 if is_patch else 1)
    for at, row in rows:
        kind = check.choice(row, "type", CHANNEL_BY_TYPE, at, required=True)
        value = check.text(row, "id", at, most=15 if kind == "phone" else 254, required=True)
        if kind == "email" and value and "@" not in value:
            check.fault(at + "id", "format", "must be an e-mail address")
        channels = check.table(row, "channels", at)
        for name in channels:
            if name != CHANNEL_BY_TYPE.get(kind):
                check.fault(f"{at}channels.{name}", "channel", f"does not belong to a {kind} identifier")
            state = check.table(channels, name, f"{at}channels.", required=True)
            check.choice(state, "status", STATUSES, f"{at}channels.{name}.", required=True)
            check.when(state, "statusChangedAt", f"{at}channels.{name}.")
        consent = check.table(row, "consent", at)
        check.text(consent, "source", f"{at}consent.", most=100)
        check.when(consent, "createdAt", f"{at}consent.")
        check.text(consent, "ip", f"{at}consent.")
        check.text(consent, "userAgent", f"{at}consent.", most=200)
        check.flag(row, "sendWelcomeMessage", at, default=True)
    check_profile(check, item, "", country_code=2)
    check.when(item, "createdAt")
    check.finish()
    return [row for _, row in rows]


def upsert(account: Account, item: dict[str, Any], now: datetime) -> Outcome:
    """Create a contact, or update the one with this e-mail: 201 or 200."""
    rows = check_contact(item, is_patch=False)
    email = next((row["id"] for row in rows if row["type"] == "email"), None)
    contact = account.by_email.get(email) if email else None
    if contact is None and not any(
        row["id"] not in (account.by_email if row["type"] == "email" else account.by_phone) for row in rows
    ):
        raise conflict("identifier is already used by another contact")
    is_new = contact is None
    contact = contact or open_contact(account, now)
    return _write(account, contact, item, rows, now, "created" if is_new else "updated")


def patch(account: Account, contact: Contact, item: dict[str, Any], now: datetime) -> Outcome:
    """Change a contact; an identifier that another one has is refused."""
    rows = check_contact(item, is_patch=True)
    for row in rows:
        holder = (account.by_email if row["type"] == "email" else account.by_phone).get(row["id"])
        if holder is not None and holder is not contact:
            raise conflict("identifier is already used by another contact")
    return _write(account, contact, item, rows, now, "updated")


def found(account: Account, *, contact_id: str = "", email: str = "") -> Contact:
    """The contact with this id or e-mail."""
    contact = account.contacts.get(contact_id) if contact_id else account.by_email.get(email)
    if contact is None:
        raise not_found("contact")
    return contact


def _write(
    account: Account, contact: Contact, item: dict[str, Any], rows: list[dict[str, Any]], now: datetime, action: str
) -> Outcome:
    outcome = Outcome(201 if action == "created" else 200)
    person = rows[0]["id"] if rows else (contact.emails or contact.phones)[0]
    head = {"id": person, "person": person, "duplicate": False, "amount": None}
    is_quiet = True
    for row in rows:
        if not attach(account, contact, row["type"], row["id"]):
            continue
        welcomes = row.get("sendWelcomeMessage") is not False
        for channel, state in (row.get("channels") or {}).items():
            at = _instant(state.get("statusChangedAt"), now)
            applied, subscribes = set_standing(contact, channel, state["status"], at, "contact")
            outcome.kept.append(
                head
                | {"type": "consent", "channel": channel, "status": state["status"], "applied": applied}
                | {"occurred_at": state.get("statusChangedAt"), "quiet": not welcomes}
            )
            if subscribes and welcomes:
                is_quiet = False
                outcome.fired.append({"trigger": "subscribed to marketing", "person": person, "channel": channel})
        if row.get("consent"):
            contact.consents.append({"channel": CHANNEL_BY_TYPE[row["type"]]} | plain(row["consent"]))
    describe(contact, item)
    contact.updated_at = now
    statuses = {channel: standing.status for channel, standing in contact.standings.items()}
    outcome.kept.insert(
        0, head | {"type": "person", "action": action, "occurred_at": None, "quiet": is_quiet, "statuses": statuses}
    )
    outcome.body = resource(contact)
    return outcome


def _instant(text: str | None, default: datetime) -> datetime:
    return datetime.fromisoformat(text) if text else default


def resource(contact: Contact) -> dict[str, Any]:
    """A contact as it is read back: what is unset is an empty string or null, never absent."""
    statuses = [
        {"channel": channel, "status": standing.status, "statusChangedAt": _stamp(standing.changed_at)}
        for channel, standing in contact.standings.items()
    ]
    return {
        "id": contact.contact_id,
        "email": contact.emails[0] if contact.emails else "",
        "phone": list(contact.phones),
        "createdAt": _stamp(contact.created_at),
        "updatedAt": _stamp(contact.updated_at),
        **{key: contact.profile.get(key, "") for key in _PROFILE},
        "tags": list(contact.tags),
        "segments": [],
        "statuses": statuses,
        "optIns": [
            {"channel": row["channel"], "optInAt": row["statusChangedAt"]}
            for row in statuses
            if row["status"] == "subscribed"
        ],
        "consents": list(contact.consents),
        "customProperties": contact.custom,
        "identifiers": [_identifier(contact, "email", value) for value in contact.emails]
        + [_identifier(contact, "phone", value) for value in contact.phones],
    }


def _identifier(contact: Contact, kind: str, value: str) -> dict[str, Any]:
    channel = CHANNEL_BY_TYPE[kind]
    standing = contact.standings.get(channel)
    states: Mapping[str, Any] = (
        {channel: {"status": standing.status, "statusChangedAt": _stamp(standing.changed_at)}} if standing else {}
    )
    return {"type": kind, "id": value, "channels": states}


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
