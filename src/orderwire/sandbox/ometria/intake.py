"""Taking records: what is kept of each, what it changes, and which automations it starts.

Nothing in the documentation marks an order or a custom event as old, so each one taken counts as a trigger, and one
taken again as another. Documented quiet: a contact tells nobody anything unless its opt-in comes with the matching
timestamp, and then once per person and channel; an event that resolves to nobody starts nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from orderwire.sandbox.ometria.records import EVENT_TYPE_LENGTH, OPTIN, OPTIN_BY_VALUE, OPTOUT
from orderwire.sandbox.ometria.world import Profile, Thing, World, collection_of, wish

Told = list[dict[str, Any]]


def take(
    world: World, record: dict[str, Any], *, now: float, visible_at: float, types: Collection[str] | None
) -> tuple[Told, Told]:
    """Take one valid record; returns what was kept and what fired. `types` are the event types set up to trigger."""
    match record["@type"]:
        case "contact":
            return _take_contact(world, record, now, visible_at)
        case "order":
            return _take_order(world, record, now, visible_at)
        case "product":
            return _take_product(world, record, visible_at)
        case _:
            return _take_event(world, record, visible_at, types)


def _is_repeat(old: Thing | None, before: int) -> bool:
    return old is not None and old.duplicates > before


def _take_contact(world: World, record: dict[str, Any], now: float, visible_at: float) -> tuple[Told, Told]:
    old = world.held(record)
    before = old.duplicates if old else 0
    if record.get("email") or record.get("customer_id") or old is None or old.profile not in world.profiles:
        profile = world.cluster(record.get("customer_id"), record.get("email"), now)
    else:
        profile = world.profiles[str(old.profile)]
    profile.phone = record.get("phone_number") or profile.phone
    profile.lists |= set(record.get("@add_to_lists") or ())
    profile.lists -= set(record.get("@remove_from_lists") or ())
    world.keep(record, visible_at, profile)
    kept: Told = [
        {
            "type": "person",
            "action": "created" if old is None else "merged" if record.get("@merge") else "replaced",
            "id": record["id"],
            "collection": collection_of(record),
            "person": record.get("email") or record.get("customer_id") or record["id"],
            "profile": profile.id,
            "occurred_at": record.get("timestamp_acquired"),
            "quiet": True,
            "duplicate": _is_repeat(old, before),
            "amount": None,
        }
    ]
    fired: Told = []
    for channel, sent, at in _opt_ins(record):
        kept.append(_decide(record, profile, channel, sent, at))
        if at is not None and sent == profile.permission(channel).status and (name := wish(profile, channel)):
            who = {"id": record["id"], "person": kept[0]["person"]}
            fired.append({"trigger": name, "name": f"{name} {channel}", "channel": channel, **who})
            kept[-1]["quiet"] = False
    return kept, fired


def _opt_ins(record: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """Channel, status and time of each choice that a contact carries."""
    found: list[tuple[str, str, str | None]] = []
    if record.get("marketing_optin") is not None:
        status = OPTIN_BY_VALUE[record["marketing_optin"]]
        stamp = {OPTIN: "timestamp_subscribed", OPTOUT: "timestamp_unsubscribed"}.get(status, "")
        found.append(("email", status, record.get(stamp)))
    sms = (record.get("channels") or {}).get("sms") or {}
    if sms.get("allow_marketing") is not None:
        status = OPTIN if sms["allow_marketing"] else OPTOUT
        found.append(("sms", status, sms.get("dt_updated_marketing")))
    return found


def _decide(record: dict[str, Any], profile: Profile, channel: str, sent: str, at: str | None) -> dict[str, Any]:
    is_forced = bool(record.get("@force_optin")) and channel == "email"
    permission = profile.permission(channel)
    is_repeat = permission.status == sent
    permission.state(sent, by="api", is_forced=is_forced, at=at)
    return {
        "type": "consent",
        "id": record["id"],
        "person": record.get("email") or record.get("customer_id") or record["id"],
        "channel": channel,
        "status": sent,
        "effective": permission.status,
        "forced": is_forced,
        "occurred_at": at,
        "quiet": True,
        "duplicate": is_repeat,
        "amount": None,
    }


def _take_order(world: World, record: dict[str, Any], now: float, visible_at: float) -> tuple[Told, Told]:
    old = world.held(record)
    before = old.duplicates if old else 0
    customer = record.get("customer") or {}
    profile = world.buyer(customer, now)
    thing = world.keep(record, visible_at, profile)
    person = customer.get("email") or customer.get("id")
    told = {
        "type": "order",
        "action": "created" if old is None else "merged" if record.get("@merge") else "replaced",
        "status": thing.record.get("status"),
        "is_valid": thing.record.get("is_valid"),
        "id": record["id"],
        "person": person,
        "occurred_at": thing.record.get("timestamp"),
        "quiet": False,
        "duplicate": _is_repeat(old, before),
        "amount": thing.record.get("grand_total"),
        "refunded": thing.record.get("total_refunded"),
        "lines": len(thing.record.get("lineitems") or ()),
        "has_buyer": thing.profile is not None,
    }
    name = f"order {told['status']}"
    return [told], [{"trigger": "order", "name": name, "id": record["id"], "person": person}] if thing.profile else []


def _take_product(world: World, record: dict[str, Any], visible_at: float) -> tuple[Told, Told]:
    old = world.held(record)
    before = old.duplicates if old else 0
    was = _price(old.record) if old else None
    thing = world.keep(record, visible_at, None)
    now_price = _price(thing.record)
    told = {
        "type": "product",
        "action": "created" if old is None else "merged" if record.get("@merge") else "replaced",
        "id": record["id"],
        "person": None,
        "occurred_at": None,
        "quiet": True,
        "duplicate": _is_repeat(old, before),
        "amount": now_price,
        "listings": len(thing.record.get("listings") or ()),
        "is_variant": bool(thing.record.get("is_variant")),
        "is_active": thing.record.get("is_active", True),
    }
    drops = was is not None and now_price is not None and now_price < was
    return [told], [
        {"trigger": "price drop", "name": "price drop", "id": record["id"], "person": None}
    ] if drops else []


def _price(record: dict[str, Any]) -> float | None:
    """What a product's first listing costs; without a listing there is no price drop."""
    listings = record.get("listings") or ()
    found = [one.get("special_price") or one.get("price") for one in listings]
    return found[0] if found else None


def _take_event(
    world: World, record: dict[str, Any], visible_at: float, types: Collection[str] | None
) -> tuple[Told, Told]:
    old = world.held(record)
    name = record["event_type"][:EVENT_TYPE_LENGTH]
    profile = world.of_event(record)
    thing = world.keep({**record, "event_type": name}, visible_at, profile)
    if old is not None:
        thing.duplicates = thing.pushes - 1
    person = record.get("identity_email") or record.get("identity_account_id") or record.get("profile_id")
    told = {
        "type": "event",
        "metric": name,
        "id": record["id"],
        "person": person,
        "occurred_at": record["timestamp"],
        "quiet": False,
        "duplicate": old is not None,
        "amount": None,
        "resolved": profile is not None,
        "set_up": types is None or name in types,
    }
    fires = profile is not None and told["set_up"]
    return [told], [
        {"trigger": "event", "name": f"event {name}", "id": record["id"], "person": person}
    ] if fires else []
