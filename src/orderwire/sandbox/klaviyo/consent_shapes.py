"""What the bodies of the consent jobs must look like."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from orderwire.sandbox.klaviyo import shapes
from orderwire.sandbox.klaviyo.refusals import Fault
from orderwire.sandbox.klaviyo.shapes import among, array, document, flag, linkage, mapping, maybe, members, resource

CHANNELS = {"email": ("marketing", "open_tracking", "click_tracking"), "sms": ("marketing", "transactional")}


def _birth_date(value: Any, at: str, faults: list[Fault]) -> None:
    try:
        date.fromisoformat(value)
    except (ValueError, TypeError):
        faults.append(Fault("Must be a date as YYYY-MM-DD.", at))


def _channels(consent: str, whatsapp: tuple[str, ...]) -> shapes.Check:
    stated = members({"consent": among(consent)}, {"consented_at": maybe(shapes.text())}, resource="subscriptions")
    table = {**CHANNELS, "whatsapp": whatsapp}
    parts = {
        name: members({}, dict.fromkeys(sorts, maybe(stated)), resource="subscriptions")
        for name, sorts in table.items()
    }
    push = members({"marketing": stated}, {"tokens": array(mapping), "anonymous_id": maybe(shapes.text())})
    return members({}, {**parts, "push": push}, resource="subscriptions")


def _job(kind: str, subscriptions: shapes.Check, most: int, extra: dict[str, shapes.Check]) -> shapes.Check:
    attributes = members(
        {"subscriptions": subscriptions},
        {
            "email": maybe(shapes.text()),
            "phone_number": maybe(shapes.text()),
            "age_gated_date_of_birth": maybe(_birth_date),
        },
    )
    profile = resource("profile", attributes, id=maybe(shapes.text()))
    profiles = members({"data": array(profile, most=most, least=1)})
    return document(
        resource(
            kind,
            members({"profiles": profiles}, extra, resource=kind),
            relationships=members({}, {"list": linkage("list")}),
        )
    )


SUBSCRIBE = _job(
    "profile-subscription-bulk-create-job",
    _channels("SUBSCRIBED", ("marketing", "transactional")),
    1000,
    {"custom_source": maybe(shapes.text()), "historical_import": maybe(flag)},
)
UNSUBSCRIBE = _job(
    "profile-subscription-bulk-delete-job",
    _channels("UNSUBSCRIBED", ("marketing", "transactional", "conversational")),
    100,
    {},
)


def _suppression(kind: str) -> shapes.Check:
    profile = resource("profile", members({"email": shapes.text()}, resource="profile"))
    profiles = members({"data": array(profile, most=100, least=1)})
    return document(
        resource(
            kind,
            members({}, {"profiles": profiles}, resource=kind),
            relationships=members({}, {"list": linkage("list"), "segment": linkage("segment")}),
        )
    )


SUPPRESS = _suppression("profile-suppression-bulk-create-job")
UNSUPPRESS = _suppression("profile-suppression-bulk-delete-job")


def dated_faults(entry: dict[str, Any], at: str, now: datetime, *, is_history: bool) -> list[Fault]:
    """`consented_at` is due, and must lie in the past, with `historical_import`; without it it is refused."""
    faults: list[Fault] = []
    for channel, sorts in (entry["attributes"]["subscriptions"] or {}).items():
        for sort, stated in (sorts or {}).items():
            if not isinstance(stated, dict) or sort in ("open_tracking", "click_tracking"):
                continue
            place = f"{at}/attributes/subscriptions/{channel}/{sort}/consented_at"
            given = stated.get("consented_at")
            when = shapes.moment(given)
            if given is None and is_history:
                faults.append(Fault("consented_at is required for a historical import.", place))
            elif given is not None and not is_history:
                faults.append(Fault("consented_at is only allowed with historical_import.", place))
            elif given is not None and (when is None or when >= now):
                faults.append(Fault("consented_at must be an ISO 8601 instant in the past.", place))
    return faults
