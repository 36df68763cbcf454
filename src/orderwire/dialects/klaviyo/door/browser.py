"""What pages and apps send with the public key, beside events and profiles.

A browser's key may state no consent: whoever can read the page can use it. A subscription from one is answered as
the platform answers it and kept as a request.
"""

from __future__ import annotations

from orderwire.dialects.doorway import Answer, Endpoint, Scope
from orderwire.dialects.klaviyo.door.answering import change
from orderwire.dialects.klaviyo.door.consents import request
from orderwire.dialects.klaviyo.door.documents import ACCEPTED
from orderwire.dialects.klaviyo.door.draft import Draft
from orderwire.dialects.klaviyo.door.faults import Fault, Refusal, refuse_if
from orderwire.dialects.klaviyo.door.happenings import take
from orderwire.dialects.klaviyo.door.ids import external_id_of
from orderwire.dialects.klaviyo.door.learning import learn
from orderwire.dialects.klaviyo.door.lists import must_exist
from orderwire.dialects.klaviyo.door.members import Members, document
from orderwire.dialects.klaviyo.door.said import said_of
from orderwire.dialects.klaviyo.door.who import (
    Profile,
    named,
    only_known,
    read_attributes,
    read_identity,
    read_profile,
    unidentified,
)
from orderwire.model import Identity

_WAITING = "Subscribed to Back in Stock"
_CHANNELS = ("EMAIL", "PUSH", "SMS", "WHATSAPP")


def subscribe(draft: Draft) -> Answer:
    """POST /client/subscriptions."""
    data, faults = document(draft.call.body, "subscription")
    attributes = data.part("attributes")
    source = attributes.text("custom_source")
    list_id = ""
    relationships = data.part_if("relationships")
    if relationships is not None and (holder := relationships.part_if("list")) is not None:
        list_id = holder.part("data").text("id", is_required=True) or ""
    holder = attributes.part_if("profile")
    if holder is not None:
        inner = holder.part("data")
        profile = read_profile(inner, also=("subscriptions",))
        given = (inner.part_if("attributes") or Members({}, inner.at, faults)).mapping("subscriptions")
        identity, known = named(draft, profile, inner.at) if not faults else (Identity(), None)
        learnt = profile
    else:
        identity = read_identity(attributes)
        given, known, learnt = attributes.mapping("subscriptions"), draft.find(identity), None
        read_attributes(attributes)
    if not (identity.email or identity.phone) and not faults:
        faults.append(unidentified(f"{attributes.at}/profile/data/attributes"))
    refuse_if(faults)
    if list_id:
        must_exist(draft.shelves, list_id, "/data/relationships/list/data/id")
    if learnt is not None:
        learn(draft, learnt, only_known(identity, known), known, is_stated=known is None, clears=False)
    channels = _wished(given, identity)
    request(draft, identity, {"channels": channels, "list_id": list_id, "source": source})
    return draft.intake(ACCEPTED)


def _wished(given: dict[str, object] | None, identity: Identity) -> list[str]:
    """The channels somebody wishes to be reached by: those named, else those they gave an address for."""
    if given is not None:
        return [name for name in ("email", "sms") if given.get(name)]
    return [name for name, address in (("email", identity.email), ("sms", identity.phone)) if address]


def wait_for_stock(draft: Draft) -> Answer:
    """POST /api/back-in-stock-subscriptions, /client/back-in-stock-subscriptions."""
    data, faults = document(draft.call.body, "back-in-stock-subscription")
    attributes = data.part("attributes")
    channels = list(attributes.texts("channels"))
    if not channels:
        attributes.blame("This field is required.", "channels")
    elif not set(channels) <= set(_CHANNELS):
        attributes.blame(f"Must be one of: {', '.join(_CHANNELS)}.", "channels")
    inner = attributes.part("profile").part("data")
    profile = read_profile(inner)
    variant = data.part("relationships").part("variant").part("data")
    variant.kind("catalog-variant")
    variant_id = variant.text("id", is_required=True) or ""
    if profile.identity.is_empty and not profile.id and not faults:
        faults.append(unidentified(f"{inner.at}/attributes"))
    refuse_if(faults)
    identity, known = named(draft, profile, inner.at)
    if draft.document("catalog-variant", external_id_of(variant_id)) is None:
        detail = f"A catalog variant with id {variant_id} does not exist."
        fault = Fault(detail=detail, pointer=f"{variant.at}/id", code="variant_not_found", title="Not found.")
        raise Refusal(404, fault)
    if draft.call.is_public:
        identity = only_known(identity, known)
    learn(draft, profile, identity, known, is_stated=False, clears=False)
    told = {"VariantID": external_id_of(variant_id), "channels": channels}
    take(draft, said_of(profile=Profile(identity=identity), metric=_WAITING, at=draft.at, properties=told))
    return draft.intake(ACCEPTED)


def endpoints() -> list[Endpoint]:
    """Subscriptions and waiting lists."""
    no_consent = "kept as a request, the event `custom.Subscription Requested`: a public key states no consent"
    as_event = "kept as the event `custom.Subscribed to Back in Stock`"
    path = "back-in-stock-subscriptions"
    browse = Scope.BROWSE
    return [
        change(
            "POST", "/client/subscriptions", subscribe, family="client subscriptions", scope=browse, note=no_consent
        ),
        change("POST", f"/api/{path}", wait_for_stock, family="XL back in stock", note=as_event),
        change(
            "POST", f"/client/{path}", wait_for_stock, family="XL client back in stock", scope=browse, note=as_event
        ),
    ]
