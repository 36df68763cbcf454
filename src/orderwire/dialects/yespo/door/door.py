"""Yespo's door: every call it takes, who may make it, and how it refuses."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error
from collections.abc import Mapping, Sequence

import msgspec
from msgspec import Struct, structs

from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import (
    Call,
    Door,
    Endpoint,
    Minted,
    NotOffered,
    Presented,
    Refused,
    Reply,
    Scope,
    Spent,
    Work,
)
from orderwire.dialects.yespo.door import account, consents, contacts, events, groups, imports, orders, tracking
from orderwire.dialects.yespo.door.answers import Answerer, refused
from orderwire.dialects.yespo.door.offer import NOT_OFFERED

_TRACKER = "/api/v2"
_PREFIXES = ("/api/v1/", "/api/v2/")
_BULK = 100_000_000
"""No byte limit is published for bulk calls; a thousand orders with pictures and links are a few megabytes."""

_FAMILIES: Mapping[str, tuple[Window, ...]] = {
    "default": (Window(200, 1.0),),
    "events": (Window(350, 1.0),),
    "past_events": (Window(100, 1.0),),
    "contacts_read": (Window(50, 1.0),),
    "activity": (Window(10, 1.0),),
}

_TEXT_BY_REFUSAL: Mapping[Refused, tuple[int, str]] = {
    Refused.NO_KEY: (401, "Unauthorized"),
    Refused.BAD_KEY: (401, "Unauthorized"),
    Refused.FORBIDDEN: (403, "Forbidden"),
    Refused.NOT_FOUND: (404, "Not Found"),
    Refused.NOT_ALLOWED: (405, "Method Not Allowed"),
    Refused.LIMITED: (429, "Too Many Requests"),
    Refused.TOO_LARGE: (413, "Payload Too Large"),
    Refused.NOT_READABLE: (400, "Bad Request"),
    # The plugins keep and repeat what was answered with 429 or 500, and nothing else.
    Refused.UNAVAILABLE: (500, "Service is temporarily unavailable"),
    Refused.BROKEN: (500, "Internal Server Error"),
}


class _General(Struct, frozen=True):
    siteId: str | int = ""  # noqa: N815 - the platform's own name


class _Tracked(Struct):
    GeneralInfo: _General = _General()


def _reads(path: str, answer: Answerer, family: str = "default", note: str = "") -> Endpoint:
    return Endpoint(
        method="GET", path=path, answer=answer, work=Work.READS, scope=Scope.READ, family=family, note=note
    )


def _changes(
    method: str, path: str, answer: Answerer, *, family: str = "default", max_body: int = 1_000_000, note: str = ""
) -> Endpoint:
    return Endpoint(
        method=method, path=path, answer=answer, work=Work.CHANGES, family=family, max_body=max_body, note=note
    )


_ONE_EVENT = "The event is taken whether or not its contact is known, and its type need not be made known before."
_IDEMPOTENT = "The same request within a minute is taken again and changes nothing, instead of 409."

ENDPOINTS: tuple[Endpoint, ...] = (
    _changes("POST", "/api/v1/orders", orders.take_orders, max_body=_BULK),
    *(
        _changes("POST", path, events.take_event, family="events", max_body=events.EVENT_BYTES, note=_ONE_EVENT)
        for path in ("/api/v1/event", "/api/v2/event", "/api/event")
    ),
    *(
        _changes("POST", path, events.take_past_events, family="past_events", max_body=_BULK)
        for path in ("/api/v1/past_events", "/api/v2/past_events")
    ),
    *(
        _changes("POST", path, contacts.save_contact, note=_IDEMPOTENT)
        for path in ("/api/v1/contact", "/api/contact")
    ),
    _changes("DELETE", "/api/v1/contact", contacts.delete_contact, note="`erase=true` is refused with 403."),
    _changes("POST", "/api/v1/contact/subscribe", consents.subscribe, note="No confirmation is sent."),
    _reads("/api/v1/contact/{id}", contacts.show_contact),
    _changes("PUT", "/api/v1/contact/{id}", contacts.update_contact, note=_IDEMPOTENT),
    _changes("DELETE", "/api/v1/contact/{id}", contacts.delete_contact, note="`erase=true` is refused with 403."),
    _reads("/api/v1/contact/{id}/subscriptions", consents.show_categories),
    _changes("PUT", "/api/v1/contact/{id}/subscriptions", consents.change_categories),
    _reads("/api/v1/subscriptions", consents.show_all_categories),
    _changes("POST", "/api/v1/contacts", imports.save_contacts, max_body=_BULK, note="Done when it is answered."),
    _reads(
        "/api/v1/contacts",
        contacts.find_contacts,
        "contacts_read",
        note="TotalCount is exact on the first and the last page and an upper bound between them.",
    ),
    _reads("/api/v1/contacts/email", contacts.show_emails),
    _reads("/api/v1/importstatus/{session}", imports.show_import, note="Kept for at least seven days."),
    Endpoint(
        method="POST",
        path="/api/v1/emails/unsubscribed/add",
        answer=consents.unsubscribe,
        work=Work.ADDS,
        family="default",
    ),
    _changes("POST", "/api/v1/emails/unsubscribed/delete", consents.resubscribe),
    _reads("/api/v2/contacts/activity", consents.show_activity, "activity", note="Opt-outs and complaints only."),
    _reads("/api/v1/groups", groups.show_groups),
    _reads("/api/v1/group/{id}/contacts", groups.show_members),
    _changes("POST", "/api/v1/group/{id}/contacts/attach", groups.attach),
    _changes("POST", "/api/v1/group/{id}/contacts/detach", groups.detach),
    _reads("/api/v1/account/info", account.show_account),
    *(_reads(path, account.show_version) for path in ("/api/v1/version", "/api/v2/version")),
    _reads("/api/v1/balance", account.show_balance),
    _reads("/api/v1/addressbooks", account.show_address_books),
    *(
        _reads(path, account.show_none, note="There are none: the list is empty.")
        for path in ("/api/v1/workflows", "/api/v1/interfaces/email", "/api/v1/interfaces/sms")
    ),
    _reads("/api/v1/site/domains", account.show_domains),
    _changes("POST", "/api/v1/site/domains", account.add_domain),
    _reads("/api/v1/site/script", account.show_script, note="A script of ours for the tracker's documented calls."),
    *(
        Endpoint(
            method="POST",
            path=path,
            answer=account.refuse_web_push,
            work=Work.READS,
            family="default",
            note="Answered as a domain that web push cannot be set up for.",
        )
        for path in ("/api/v1/site/webpush/domain", "/api/v1/site/webpush/domains")
    ),
    Endpoint(
        method="POST",
        path=_TRACKER,
        answer=tracking.track,
        work=Work.CHANGES,
        scope=Scope.BROWSE,
        max_body=1_000_000,
        note="`GeneralInfo.siteId` is the browser key. Purchases are events, not orders.",
    ),
    Endpoint(
        method="POST",
        path="/logs/v1/plugin",
        answer=account.take_telemetry,
        work=Work.READS,
        scope=None,
        max_body=1_000_000,
        note="Taken and dropped.",
    ),
)


class YespoDoor:
    """Yespo's API as its clients know it."""

    @property
    def name(self) -> str:
        """The dialect's name."""
        return "yespo"

    @property
    def title(self) -> str:
        """The platform's name as it is written."""
        return "Yespo"

    @property
    def endpoints(self) -> Sequence[Endpoint]:
        """Every call this door takes."""
        return ENDPOINTS

    @property
    def families(self) -> Mapping[str, tuple[Window, ...]]:
        """The rate windows of each family, as the platform documents them."""
        return _FAMILIES

    @property
    def not_offered(self) -> Sequence[NotOffered]:
        """Calls of the platform that this door has not."""
        return NOT_OFFERED

    def presents(self, call: Call) -> Presented:
        """Basic with any user name and the key as password, a bearer token, or the site's id in a tracker call."""
        scheme, _, given = call.headers.get("authorization", "").partition(" ")
        secret = ""
        if scheme.lower() == "basic":
            secret = _password(given)
        elif scheme.lower() == "bearer":
            secret = given.strip()
        is_in_body = not secret and call.path == _TRACKER
        if is_in_body:
            secret = _site(call.body)
        is_ours = call.path == _TRACKER or (scheme.lower() == "basic" and call.path.startswith(_PREFIXES))
        return Presented(is_ours=is_ours, secret=secret, is_in_body=is_in_body)

    def mint(self, randomness: bytes, *, is_public: bool, account: str) -> Minted:
        """A key of 32 hexadecimal digits; for browsers the id of the account's site."""
        number = account or str(100_000 + int.from_bytes(randomness[16:]) % 900_000_000)
        if is_public:
            return Minted(secret=_site_of(number), account=number)
        return Minted(secret=randomness[:16].hex().upper(), account=number)

    def refuse(self, call: Call, why: Refused, *, retry_after: float | None = None) -> Reply:  # noqa: ARG002
        """A status and a plain text."""
        status, text = _TEXT_BY_REFUSAL[why]
        reply = refused(status, text)
        if why is Refused.LIMITED and retry_after is not None:
            return structs.replace(reply, headers=(("Retry-After", str(max(1, round(retry_after)))),))
        return reply

    def dress(self, call: Call, reply: Reply, spent: Sequence[Spent]) -> Reply:  # noqa: ARG002
        """The reply as it is: the platform puts nothing on its answers."""
        return reply


def _site_of(number: str) -> str:
    return account.site_id(number)


def _password(given: str) -> str:
    try:
        return b64decode(given.strip(), validate=True).decode().partition(":")[2]
    except (Error, ValueError):
        return ""


def _site(body: bytes) -> str:
    """The site that a tracker call names; empty where it names none."""
    try:
        return str(msgspec.json.decode(body, type=_Tracked).GeneralInfo.siteId)
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError):
        return ""


DOOR: Door = YespoDoor()
