"""What can be read: contacts, their addresses, segments, imports, activity and the account itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from orderwire.sandbox.kit import Answer, Call
from orderwire.sandbox.yespo import checks
from orderwire.sandbox.yespo.checks import Refused
from orderwire.sandbox.yespo.people import plain
from orderwire.sandbox.yespo.world import World

MAX_ROWS = 500
MAX_ACTIVITY_ROWS = 25_000
_LONGEST_ACTIVITY = timedelta(days=93)
_FILTERS = ("externalCustomerId", "email", "sms", "firstname", "lastname")


def contacts(world: World, call: Call) -> Answer:
    """`GET contacts`: a page of contacts; the header `TotalCount` tells how many there are."""
    given = {name: call.query[name] for name in _FILTERS if call.query.get(name)}
    if "externalCustomerId" in given and len(given) > 1:
        raise Refused(400, "externalCustomerId cannot be combined with other filters")
    if call.query.get("sortBy") not in (None, "contactId") or ("sortBy" in call.query and given):
        raise Refused(400, "sortBy: only contactId, without filters")
    found = [
        contact
        for contact in world.people.by_id.values()
        if not contact.is_deleted
        and ("externalCustomerId" not in given or contact.external_id == given["externalCustomerId"])
        and all(
            plain(name, contact.values.get(name) or "") == plain(name, given[name])
            for name in ("email", "sms")
            if name in given
        )
        and all(
            (contact.values.get(field) or "").casefold() == given[name].casefold()
            for name, field in (("firstname", "firstName"), ("lastname", "lastName"))
            if name in given
        )
    ]
    page = _page(call, found, MAX_ROWS)
    return Answer(200, [world.people.shown(one) for one in page], headers={"TotalCount": str(len(found))})


def contact(world: World, _call: Call, identity: str) -> Answer:
    """`GET contact/{id}`: a contact with its segments."""
    one = world.contact(identity)
    groups = [
        {"id": number, "name": name, "type": "Static"}
        for number, (name, members) in enumerate(world.people.groups.items(), 1)
        if one.id in members
    ]
    return Answer(200, world.people.shown(one) | {"groups": groups})


def emails(world: World, call: Call) -> Answer:
    """`GET contacts/email?ids=`: the addresses of contacts."""
    ids = [one for one in call.query.get("ids", "").split(",") if one]
    if not ids or not all(one.isdigit() for one in ids):
        raise Refused(400, "ids are required")
    found = [world.people.by_id[int(one)] for one in ids if int(one) in world.people.by_id]
    results = [{"contactId": one.id, "email": one.email} for one in found]
    return Answer(200, {"results": checks.collapsed(results, is_on=world.collapses)})


def import_status(world: World, _call: Call, session: str) -> Answer:
    """`GET importstatus/{id}`: how far a bulk call is."""
    job = world.jobs.get(session)
    if job is None:
        raise Refused(404, "Import session not found")
    body: dict[str, Any] = {"status": "FINISHED" if job.is_done else "IMPORTING", "timestamp": int(job.due * 1000)}
    if job.is_done:
        body["mapping"] = checks.collapsed(job.mapping, is_on=world.collapses)
    return Answer(200, body)


def groups(world: World, call: Call) -> Answer:
    """`GET groups`: the segments."""
    wanted = call.query.get("name")
    found = [
        {"id": number, "name": name, "type": "Static"}
        for number, name in enumerate(world.people.groups, 1)
        if not wanted or name == wanted
    ]
    return Answer(200, _page(call, found, MAX_ROWS))


def group_contacts(world: World, call: Call, group: str) -> Answer:
    """`GET group/{id}/contacts`: the members of a segment."""
    members = [world.people.by_id[one] for one in sorted(_members(world, group)) if one in world.people.by_id]
    page = _page(call, members, MAX_ROWS)
    return Answer(200, [world.people.shown(one) for one in page], headers={"TotalCount": str(len(members))})


def change_group(world: World, call: Call, group: str, *, is_attached: bool) -> Answer:
    """`POST group/{id}/contacts/attach|detach`; detaching nobody in particular empties the segment."""
    given = world.json_object(call)
    members = _members(world, group)
    ids, external = given.get("contactIds") or [], given.get("externalCustomerIds") or []
    if not isinstance(ids, list) or not isinstance(external, list) or len(ids) + len(external) > MAX_ROWS:
        raise Refused(400, f"at most {MAX_ROWS} contacts")
    bound = [world.people.by_external(str(one)) for one in external]
    named = {one for one in ids if isinstance(one, int)} | {one.id for one in bound if one}
    if is_attached:
        members |= named
    else:
        members -= named if ids or external else set(members)
    return Answer(200, kept=[{"type": "list", "id": group, "count": len(named)}])


def activity(world: World, call: Call) -> Answer:
    """`GET v2/contacts/activity`: what happened to messages, oldest first, at most three months of it.

    The shape of the reply is taken from the webhook that carries the same rows; `offset` counts rows.
    """
    since, until = checks.instant(call.query.get("dateFrom")), checks.instant(call.query.get("dateTo"))
    if ("dateFrom" in call.query and since is None) or ("dateTo" in call.query and until is None):
        raise Refused(400, "dateFrom, dateTo: wrong format")
    if since and until and until - since > _LONGEST_ACTIVITY:
        raise Refused(400, "the range must not exceed 3 months")
    offset = call.query.get("offset", "0")
    if not offset.isdigit():
        raise Refused(400, "offset: wrong format")
    rows = sorted(world.activity, key=lambda row: str(row["activityDateTime"]))
    rows = [row for row in rows if _is_between(row, since, until)]
    return Answer(200, rows[int(offset) : int(offset) + MAX_ACTIVITY_ROWS])


def account(world: World, _call: Call) -> Answer:
    """`GET account/info`: whose key it is."""
    name = str(world.options.get("organisation", "Sandbox"))
    return Answer(200, {"userEmail": "owner@mail.test", "organisationName": name, "orgId": 1})


def _members(world: World, group: str) -> set[int]:
    names = list(world.people.groups)
    if not group.isdigit() or not 1 <= int(group) <= len(names):
        raise Refused(404, "Group not found")
    return world.people.groups[names[int(group) - 1]]


def _page(call: Call, rows: list[Any], most: int) -> list[Any]:
    start, count = call.query.get("startindex", "1"), call.query.get("maxrows", str(most))
    if not start.isdigit() or not count.isdigit() or int(start) < 1 or not 1 <= int(count) <= most:
        raise Refused(400, f"startindex from 1, maxrows up to {most}")
    return rows[int(start) - 1 : int(start) - 1 + int(count)]


def _is_between(row: dict[str, Any], since: Any, until: Any) -> bool:
    at = checks.instant(row["activityDateTime"])
    return at is not None and (since is None or at >= since) and (until is None or at <= until)
