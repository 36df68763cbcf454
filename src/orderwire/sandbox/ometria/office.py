"""What is done to whole persons: merging, anonymising, opting out on Ometria's own pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import md5
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from orderwire.sandbox.kit import Answer, Call
from orderwire.sandbox.ometria.push import error, stamp
from orderwire.sandbox.ometria.records import OPTIN, OPTOUT
from orderwire.sandbox.ometria.world import Profile, World

MOST_MERGED = 5
_STATUS_BY_SEED = {"subscribed": OPTIN, "unsubscribed": OPTOUT, "suppressed": OPTOUT}


def merge(world: World, body: Any) -> Answer:
    """Make up to five customers one with a survivor; those that are not found are passed over."""
    if not isinstance(body, dict) or not isinstance(body.get("customers_to_merge"), list):
        return error(400, "survivor and customers_to_merge are required")
    if not 1 <= len(body["customers_to_merge"]) <= MOST_MERGED:
        return error(400, "customers_to_merge holds one to five customers")
    survivor = _resolve(world, body.get("survivor"))
    if survivor is None:
        return error(400, "survivor could not be resolved")
    for named in body["customers_to_merge"]:
        other = _resolve(world, named)
        if other is not None and other is not survivor:
            world.absorb(survivor, other)
    kept = [{"type": "merge", "id": survivor.id, "person": survivor.customer_id}]
    return Answer(200, {"status": "OK"}, kept=kept)


def _resolve(world: World, named: Any) -> Profile | None:
    if not isinstance(named, dict) or not isinstance(named.get("value"), str):
        return None
    value = named["value"]
    match named.get("type"):
        case "customer_id":
            return world.by_customer(value)
        case "email_address":
            return next(iter(world.by_email(value)), None)
        case "phone_number":
            return next((one for one in world.profiles.values() if one.phone == value), None)
        case "profile_hash":
            return world.profiles.get(value)
        case _:
            return None


def anonymise(world: World, call: Call) -> Answer:
    """File a request to forget a person; carried out at once, where the real thing takes up to 14 days."""
    body = call.json()
    emails = _emails_in(body)
    if not emails:
        return error(400, "an email address is required")
    touched = [world.erase(email) for email in emails]
    number = str(uuid5(NAMESPACE_URL, f"ometria-deletion:{call.number}"))
    hashes = [md5(email.lower().encode(), usedforsecurity=False).hexdigest() for email in emails]
    contacts, events = sum(one for one, _ in touched), sum(one for _, one in touched)
    request = {
        "action": "anonymise",
        "comment": body.get("comment"),
        "id": number,
        "identities": [{"hashed_email": f"{digest}@anonymous.ometria"} for digest in hashes],
        "source": {"api_request_id": number, "origin": "api", "user": None},
        "summary": f"{contacts} contact record anonymised, {events} events anonymise",
        "timestamp_created": stamp(call.at),
        "timestamp_completed": stamp(call.at),
    }
    world.deletions.append(request)
    return Answer(200, request, kept=[{"type": "erasure", "id": number, "person": email} for email in emails])


def _emails_in(body: Any) -> list[str]:
    """The addresses of a request; its body is not documented beyond naming an e-mail, so three forms are taken."""
    if not isinstance(body, dict):
        return []
    named = [body.get("email"), *(body.get("emails") or ())]
    named.extend(one.get("email") for one in body.get("identities") or () if isinstance(one, dict))
    return [email for email in named if isinstance(email, str) and "@" in email]


def opt_out(world: World, email: str, *, kind: str, at: float) -> None:
    """A person unsubscribes on one of Ometria's own pages."""
    for profile in world.by_email(email) or [world.add_profile(at, email=email)]:
        profile.permission("email").state(OPTOUT, by="ometria", is_forced=False, at=stamp(at))
        world.unsubscribes.append(
            {
                "email_address": email,
                "profile_id": profile.id,
                "reason": None,
                "timestamp": f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}+00",
                "type": kind,
            }
        )


def seed(world: World, person: Mapping[str, Any], now: float) -> None:
    """Somebody who was there before the first sync, with a choice made on Ometria's own pages."""
    changed_at = person.get("changed_at")
    at = datetime.fromisoformat(changed_at).timestamp() if changed_at else now
    profile = world.add_profile(now, customer_id=person.get("customer_id"), email=person["email"])
    status = _STATUS_BY_SEED.get(str(person.get("status", "")))
    if status == OPTOUT:
        opt_out(world, person["email"], kind=str(person.get("type", "preferences_centre")), at=at)
    elif status == OPTIN:
        profile.permission("email").state(OPTIN, by="ometria", is_forced=False, at=stamp(at))
