"""Permission: the list of unsubscribed addresses, subscribing, categories, and who opted out.

What states something: putting an address on the list of unsubscribed ones or taking it off, and subscribing. A
contact that is made or imported states nothing, though the platform would take it for confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import structs

from orderwire.dialects.doorway import Answer, Call, Intake, Known, Read, Shelves, Told, Wanted
from orderwire.dialects.yespo.door.answers import NOTHING, answering, said, shown
from orderwire.dialects.yespo.door.contacts import documents_of, id_after
from orderwire.dialects.yespo.door.desk import Desk, contact_id
from orderwire.dialects.yespo.door.pages import everybody
from orderwire.dialects.yespo.door.read_contacts import CATEGORIES, described, find_contact, read_contact, written
from orderwire.dialects.yespo.door.show_contacts import categories_of
from orderwire.dialects.yespo.door.values import Refusal, Unfit, digits_of, email_of, fields, instant, listed, text
from orderwire.model import Channel, Consent, ConsentState, Event, Identity, Kind, Person, Record

MOST_ACTIVITY = 25_000
_STEP = 1000
_REFUSED = {ConsentState.UNSUBSCRIBED: "UNSUBSCRIBED", ConsentState.SUPPRESSED: "SPAM"}


@answering
def unsubscribe(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001 - a no is added without looking
    """`POST emails/unsubscribed/add`: these addresses get no more bulk mail."""
    return Intake(
        reply=NOTHING,
        records=tuple(_statement(email, ConsentState.UNSUBSCRIBED, call) for email in _emails(call)),
    )


@answering
def resubscribe(call: Call, shelves: Shelves) -> Answer:
    """`POST emails/unsubscribed/delete`: a yes of these addresses, apart from those that bounced or complained."""
    records = []
    for email in _emails(call):
        known = shelves.find(Identity(email=email))
        standing = known.consent.get(Channel.EMAIL) if known is not None else None
        if standing is None or standing.state is not ConsentState.SUPPRESSED:
            records.append(_statement(email, ConsentState.SUBSCRIBED, call))
    return Intake(reply=NOTHING, records=tuple(records)) if records else NOTHING


@answering
def subscribe(call: Call, shelves: Shelves) -> Answer:
    """`POST contact/subscribe`: somebody filled in a form.

    Of an address that never said no this is a yes without confirmation, and recorded as such. One that said no before
    stays so until it is confirmed: a form can be filled in by anybody.
    """
    given = fields(call.body)
    sent = read_contact(given.get("contact"))
    groups = tuple(name for one in listed(given.get("groups")) if (name := text(_name_in(one), "groups")))
    desk = Desk(call, shelves)
    known, before = find_contact(sent, desk)
    # Channels that a contact has stay as they are; one that it has not is added.
    held = {"email": before.identity.email, "sms": before.identity.phone}
    own = [name for name in sent.texts if not held.get(name)]
    person = written(before, sent, fields=own, custom=sent.custom, joins=(*groups, *sent.groups))
    if keys := [key for one in listed(given.get("subscriptions")) if (key := text(one, "subscriptions"))]:
        person = structs.replace(person, properties={**person.properties, CATEGORIES: ",".join(keys)})
    person = structs.replace(person, updated_at=call.received_at)
    form = text(given.get("formType"), "formType")
    records: list[Record] = [person]
    address = sent.texts.get("email") or (known.email if known is not None else None)
    holder = shelves.find(Identity(email=address)) if address else None
    status, consent = _answer_to((known, holder), address, form, call)
    records.extend(consent)
    is_new = known is None
    records.append(_subscribed_event(person.identity, form, call, is_new=is_new))
    return Intake(
        reply=lambda after: shown({"id": id_after(after, person.identity), "emailStatus": status, "new": is_new}),
        records=tuple(Read(record=record, raw=call.body) for record in records),
        documents=documents_of([sent], groups),
    )


@answering
def show_categories(call: Call, shelves: Shelves) -> Answer:
    """`GET contact/{id}/subscriptions`: the categories of a contact."""
    known = _contact(call, shelves)
    return shown(
        [{"id": place, "key": key, "name": key} for place, key in enumerate(categories_of(described(known)), 1)]
    )


@answering
def change_categories(call: Call, shelves: Shelves) -> Answer:
    """`PUT contact/{id}/subscriptions`: the categories of a contact, all of them."""
    known = _contact(call, shelves)
    given = fields(call.body)
    keys = [key for one in listed(given.get("subscriptions")) if (key := text(_name_in(one), "subscriptions"))]
    before = described(known)
    person = structs.replace(
        before, properties={**before.properties, CATEGORIES: ",".join(keys)}, updated_at=call.received_at
    )
    return Intake(reply=said("OK"), records=(Read(record=person, raw=call.body),))


@answering
def show_all_categories(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """`GET subscriptions`: every category that a contact was told with."""
    counts: dict[str, int] = {}
    for known in everybody(shelves):
        if isinstance(known.record, Person):
            for key in categories_of(known.record):
                counts[key] = counts.get(key, 0) + 1
    return shown(
        [
            {"id": place, "key": key, "name": key, "contactsCount": count}
            for place, (key, count) in enumerate(sorted(counts.items()), 1)
        ]
    )


@answering
def show_activity(call: Call, shelves: Shelves) -> Answer:
    """`GET v2/contacts/activity`: who opted out between two dates. What messages did is not known here."""
    since, until = instant(call.asked("dateFrom")), instant(call.asked("dateTo"))
    if since is None or until is None:
        raise Refusal(400, "dateFrom and dateTo are required")
    status = call.asked("activityStatus")
    rows = int(call.asked("maxrows")) if call.asked("maxrows").isdecimal() else MOST_ACTIVITY
    wanted = Wanted(
        kinds=(Kind.CONSENT_CHANGED,), since=since, until=until, after=_offset(call.asked("offset")), limit=_STEP
    )
    found: list[dict[str, Any]] = []
    while page := shelves.facts(wanted):
        found.extend(
            row for told in page if (row := _activity(told, shelves)) and status in ("", row["activityStatus"])
        )
        if len(found) >= min(rows, MOST_ACTIVITY):
            break
        wanted = structs.replace(wanted, after=(page[-1].occurred_at, page[-1].seq))
    return shown(found[: min(rows, MOST_ACTIVITY)])


def _emails(call: Call) -> list[str]:
    """The addresses of a call, without those that are none: one of them must not cost the others their no."""
    given = listed(fields(call.body).get("emails"))
    found = [email for one in given if (email := _address(one))]
    if not found:
        raise Refusal(400, "emails has a wrong format" if given else "emails is required")
    return list(dict.fromkeys(found))


def _address(one: Any) -> str | None:
    try:
        return email_of(one)
    except Unfit:
        return None


def _statement(email: str, state: ConsentState, call: Call) -> Read:
    return Read(
        record=Consent(
            identity=Identity(email=email),
            channel=Channel.EMAIL,
            state=state,
            changed_at=call.received_at,
            origin="yespo list of unsubscribed",
        ),
        raw=call.body,
    )


def _answer_to(
    people: Iterable[Known | None], address: str | None, form: str | None, call: Call
) -> tuple[str, tuple[Consent, ...]]:
    """What a form gets for an answer, and the consent it means.

    `people` are the contact and whoever has the address: a no of either stands.
    """
    found = (known.consent.get(Channel.EMAIL) for known in people if known is not None)
    states = {standing.state for standing in found if standing is not None}
    if ConsentState.SUPPRESSED in states:
        return "BLACKLISTED", ()
    if ConsentState.UNSUBSCRIBED in states or not address:
        return "NEED_CONFIRMATION", ()
    if ConsentState.SUBSCRIBED in states:
        return "ALREADY_SUBSCRIBED", ()
    consent = Consent(
        identity=Identity(email=address),
        channel=Channel.EMAIL,
        state=ConsentState.SUBSCRIBED,
        changed_at=call.received_at,
        origin=f"yespo form {form}" if form else "yespo form",
    )
    return "SUBSCRIBED", (consent,)


def _subscribed_event(identity: Identity, form: str | None, call: Call, *, is_new: bool) -> Event:
    """The event that the platform makes of a form, for whoever waits for it."""
    name = "subscribeFromApi" if is_new else "subscribeUpdateFromApi"
    return Event(
        event_id=call.request_id,
        name=f"custom.{name}-{form}" if form else f"custom.{name}",
        identity=identity,
        occurred_at=call.received_at,
    )


def _name_in(one: Any) -> Any:
    return one.get("name", one.get("key")) if isinstance(one, dict) else one


def _contact(call: Call, shelves: Shelves) -> Known:
    desk = Desk(call, shelves)
    known = desk.contact(call.parameters["id"])
    if known is None or desk.is_deleted(known):
        raise Refusal(404, "Contact not found")
    return known


def _offset(given: str) -> tuple[datetime, int] | None:
    """Where the last page ended, as the row told it."""
    if not given:
        return None
    seq, _, at = given.partition("_")
    when = instant(at)
    if when is None or not (seq.isascii() and seq.isdigit() and len(seq) < 19):
        raise Unfit("offset has a wrong format")
    return when, int(seq)


def _activity(told: Told, shelves: Shelves) -> dict[str, Any] | None:
    record = told.record
    if not isinstance(record, Consent) or record.state not in _REFUSED:
        return None
    known = shelves.person(told.person) if told.person is not None else None
    row: dict[str, Any] = {"activityStatus": _REFUSED[record.state], "activityDateTime": _zoneless(told.occurred_at)}
    if record.channel is Channel.EMAIL:
        row |= {"mediaType": "email", "email": record.identity.email or (known.email if known else None)}
    else:
        row |= {"mediaType": "sms", "sms": digits_of(record.identity.phone or (known.phone if known else None))}
    if known is not None:
        row["contactId"] = contact_id(known.person)
        if known.external_id:
            row["externalCustomerId"] = known.external_id
    return row | {"offset": f"{told.seq}_{told.occurred_at.isoformat()}"}


def _zoneless(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S")
