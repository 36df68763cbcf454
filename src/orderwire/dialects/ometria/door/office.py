"""Who opted out, and who asked to be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from orderwire.dialects.doorway import Answer, Call, Document, Intake, Shelves, Unread, Wanted
from orderwire.dialects.ometria.door.answers import answering, shown
from orderwire.dialects.ometria.door.ids import profile_id
from orderwire.dialects.ometria.door.pages import STEP, Page, documents_of
from orderwire.dialects.ometria.door.values import Refusal, decoded
from orderwire.model import Channel, Consent, ConsentState, Kind

_REQUESTS = "data deletion requests"
_OURS = "ometria push"


@answering
def show_unsubscribes(call: Call, shelves: Shelves) -> Answer:
    """`GET unsubscribes`: who opted out, but for what came by the API itself: that is never listed."""
    page = Page.of(call)
    return shown(page.cut(_opt_outs(shelves)))


def _opt_outs(shelves: Shelves) -> Iterator[dict[str, Any]]:
    wanted = Wanted(kinds=(Kind.CONSENT_CHANGED,), limit=STEP)
    while found := shelves.facts(wanted):
        for told in found:
            record = told.record
            if not isinstance(record, Consent) or (record.origin or "").startswith(_OURS):
                continue
            if record.state not in (ConsentState.UNSUBSCRIBED, ConsentState.SUPPRESSED):
                continue
            known = shelves.person(told.person) if told.person is not None else None
            identity = record.identity
            is_sms = record.channel is Channel.SMS
            row = {
                "email": identity.email or (known.email if known else None),
                "phone_number": identity.phone or (known.phone if known else None) if is_sms else None,
                "customer_id": identity.external_id or (known.external_id if known else None),
                "profile_id": profile_id(known.person) if known else None,
                "type": "stopword_unsubscribe" if is_sms else "unsubscribe",
                "channel": record.channel.value,
                "timestamp": told.occurred_at.isoformat(),
            }
            yield {name: value for name, value in row.items() if value is not None}
        last = found[-1]
        wanted = Wanted(kinds=wanted.kinds, limit=STEP, after=(last.occurred_at, last.seq))


@answering
def show_requests(call: Call, shelves: Shelves) -> Answer:
    """`GET data-deletion-requests`."""
    page = Page.of(call)
    return shown([msgspec.Raw(one.body) for one in page.cut(documents_of(_REQUESTS, shelves))])


@answering
def ask_to_forget(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """`POST data-deletion-requests`: a request that the operator carries out; it is among what waits for them."""
    given = decoded(call.body)
    email = _email_in(given)
    if email is None:
        raise Refusal(400, "Payload invalid: an email is required")
    request = {
        "id": call.request_id,
        "action": "anonymise",
        "comment": given.get("comment") if isinstance(given.get("comment"), str) else "",
        "source": {"origin": "api", "api_request_id": call.request_id},
        "summary": "waits for the operator",
        "timestamp_created": call.received_at.isoformat(),
        "timestamp_completed": None,
    }
    body = msgspec.json.encode(request)
    rank = call.received_at.isoformat()
    return Intake(
        reply=shown(request),
        documents=(Document(collection=_REQUESTS, key=call.request_id, body=body, rank=rank),),
        unread=(
            Unread(
                stream="data-deletion-requests",
                key=call.request_id,
                place="email",
                problem="asks for a person to be forgotten, which no API key may do",
                remedy="Forget the person with the command for it; the address is in the call.",
                raw=call.body,
            ),
        ),
    )


def _email_in(given: Any) -> str | None:
    """The address a request names, in any of the places that clients put it."""
    if not isinstance(given, dict):
        return None
    identities = given.get("identities")
    first = identities[0] if isinstance(identities, list) and identities else {}
    for one in (
        given.get("email"),
        given.get("email_address"),
        first.get("email") if isinstance(first, dict) else "",
    ):
        if isinstance(one, str) and "@" in one.strip("@"):
            return one
    return None
