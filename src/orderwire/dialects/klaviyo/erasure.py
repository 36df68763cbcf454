"""Forgetting a person: a deletion job for each profile of theirs, which takes exactly one identifier.

The e-mail names one profile for sure. A phone may be somebody else's, for families share one, and no job takes the
shop's own id. So what is held under these is looked for first, and deleted by the platform's id of it. What has
another e-mail address or another id of the shop than the person is somebody else and stays.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from msgspec import json

from orderwire.dialects.contract import Erasure, Recipient
from orderwire.dialects.klaviyo import pages
from orderwire.dialects.klaviyo.events import is_phone
from orderwire.dialects.wire import WireReply, WireRequest

_FIELDS = "fields%5Bprofile%5D=email,phone_number,external_id&page%5Bsize%5D=100"


def erase(recipient: Recipient) -> tuple[Erasure, ...]:
    """A deletion by the e-mail, and searches by the phone and by the shop's id."""
    calls = []
    if recipient.email:
        calls.append(_deletion({"type": "profile", "attributes": {"email": recipient.email}}, ("email",)))
    if recipient.phone and is_phone(recipient.phone):
        calls.append(_search("phone_number", recipient.phone, "phone"))
    if recipient.external_id:
        calls.append(_search("external_id", recipient.external_id, "external_id"))
    return tuple(calls)


def erase_found(recipient: Recipient, search: Erasure, reply: WireReply) -> tuple[Erasure, ...] | None:
    """Deletions of the profiles in a page, by their own ids."""
    page = pages.read(reply)
    if page is None:
        return None
    return tuple(
        _deletion({"type": "profile", "id": one.id, "attributes": {}}, search.by)
        for one in page.data
        if one.id and _is_theirs(recipient, one.attributes)
    )


def _is_theirs(recipient: Recipient, shown: dict[str, Any]) -> bool:
    email, external_id = shown.get("email"), shown.get("external_id")
    if external_id and recipient.external_id:
        return bool(external_id == recipient.external_id)
    return not (email and recipient.email) or str(email).lower() == recipient.email.lower()


def _deletion(profile: dict[str, Any], by: tuple[str, ...]) -> Erasure:
    document = {"data": {"type": "data-privacy-deletion-job", "attributes": {"profile": {"data": profile}}}}
    path = "/api/data-privacy-deletion-jobs"
    return Erasure(request=WireRequest(method="POST", path=path, body=json.encode(document), budget="erase"), by=by)


def _search(field: str, value: str, by: str) -> Erasure:
    wanted = quote(f"equals({field},{json.encode(value).decode()})", safe="")
    path = f"/api/profiles?filter={wanted}&{_FIELDS}"
    return Erasure(request=WireRequest(method="GET", path=path, budget="read_profiles"), by=(by,), is_search=True)
