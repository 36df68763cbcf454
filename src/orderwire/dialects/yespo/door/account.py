"""What clients ask about the account itself before they trust a key, and the site they set up."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from orderwire.dialects.doorway import Answer, Call, Document, Intake, Reply, Shelves
from orderwire.dialects.yespo.door.answers import NOTHING, answering, collapsed, shown
from orderwire.dialects.yespo.door.contacts import field_numbers
from orderwire.dialects.yespo.door.desk import Desk
from orderwire.dialects.yespo.door.read_contacts import CUSTOM
from orderwire.dialects.yespo.door.show_contacts import ADDRESS_BOOK
from orderwire.dialects.yespo.door.snippet import snippet
from orderwire.dialects.yespo.door.values import Refusal, fields, text

_DOMAINS = "domains"
_VERSION = {"version": "55810", "protocolVersion": "1.0"}


def organisation_id(account: str) -> int:
    """The number of an account: its id where that is one, as those we make are."""
    if account.isascii() and account.isdigit() and len(account) < 10:
        return int(account)
    return int.from_bytes(sha256(account.encode("utf-8", "replace")).digest()[:4]) >> 1 | 1


def site_id(account: str) -> str:
    """The id of an account's site: what stands in every page, and opens the tracker only."""
    return sha256(f"yespo site {account}".encode("utf-8", "replace")).hexdigest()[:32].upper()


def show_account(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """`GET account/info`: whose key it is; a module refuses a key without `orgId`."""
    return shown(
        {
            "userEmail": f"owner@{organisation_id(call.account)}.invalid",
            "organisationName": call.source,
            "orgId": organisation_id(call.account),
        }
    )


def show_version(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """`GET version`."""
    return shown(_VERSION)


def show_balance(call: Call, shelves: Shelves) -> Answer:
    """`GET balance`: nothing is owed and nothing prepaid."""
    return shown(
        {
            "currentBalance": 0.0,
            "creditLimit": 0.0,
            "currency": Desk(call, shelves).currency,
            "sendersReservedBalances": {},
            "bonusEmails": 0,
            "bonusSmses": 0,
        }
    )


def show_address_books(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """`GET addressbooks`: the one catalogue, with every custom field that a contact was told with."""
    told = [
        {"id": number, "name": f"{CUSTOM}{number}", "description": {"type": "TEXTFIELD", "required": False}}
        for number in field_numbers(shelves)
    ]
    groups = [{"name": "Fields", "profileKey": "fields", "fields": collapsed(told)}] if told else []
    book = {"addressBookId": ADDRESS_BOOK, "name": "Contacts", "fieldGroups": collapsed(groups)}
    return shown({"addressBook": book})


def show_none(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """A list of what there is none of: workflows, senders."""
    return shown([])


def take_telemetry(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """What plugins report of themselves is taken and dropped."""
    return NOTHING


@answering
def show_domains(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """`GET site/domains`."""
    return shown([{"domain": document.key} for document in shelves.documents(_DOMAINS)])


@answering
def add_domain(call: Call, shelves: Shelves) -> Answer:
    """`POST site/domains`: where the tracker will stand; the reply tells the id of the site."""
    domain = _domain(fields(call.body))
    is_known = shelves.document(_DOMAINS, domain) is not None
    reply = shown({"domain": domain, "siteId": site_id(call.account)}, status=200 if is_known else 201)
    if is_known:
        return reply
    body = msgspec.json.encode({"at": call.received_at})
    return Intake(reply=reply, documents=(Document(collection=_DOMAINS, key=domain, body=body),))


def show_script(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """`GET site/script`: what a page needs to report what is looked at."""
    text_of_it = snippet(f"{call.base_url}/api/v2", site_id(call.account))
    return Reply(body=text_of_it.encode(), content_type="text/plain;charset=UTF-8")


@answering
def refuse_web_push(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """`POST site/webpush/domain` and `…/domains`: answered as a domain that web push cannot be set up for."""
    given = fields(call.body)
    wanted = given.get("domains")
    first = wanted[0] if isinstance(wanted, list) and wanted and isinstance(wanted[0], dict) else given
    return shown({"errors": {"domain": _domain(first), "message": "Web push is not available"}})


def _domain(given: Any) -> str:
    domain = text(given.get("domain"), "domain")
    if domain is None or len(domain) > 253 or any(letter.isspace() for letter in domain):
        raise Refusal(400, "Invalid domain name")
    return domain
