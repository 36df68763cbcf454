"""Every endpoint with its rate tier and what answers it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from orderwire.sandbox.kit import Answer
from orderwire.sandbox.klaviyo.catalog import Catalog
from orderwire.sandbox.klaviyo.catalog_shapes import SHAPES, SORTS
from orderwire.sandbox.klaviyo.consents import Consents
from orderwire.sandbox.klaviyo.events import Events
from orderwire.sandbox.klaviyo.lists import Lists
from orderwire.sandbox.klaviyo.people import People
from orderwire.sandbox.klaviyo.world import Ask, document

Windows: TypeAlias = tuple[tuple[int, float], ...]
XS: Windows = ((1, 1), (15, 60))
S: Windows = ((3, 1), (60, 60))
M: Windows = ((10, 1), (150, 60))
L: Windows = ((75, 1), (750, 60))
XL: Windows = ((350, 1), (3500, 60))
LIST_CREATION: Windows = (*M, (150, 86_400))


@dataclass(frozen=True)
class Endpoint:
    """One method and path; `{}` stands for one path segment. Windows are counted per endpoint and account."""

    method: str
    path: str
    tier: Windows
    answer: Callable[[Ask], Answer]

    @property
    def pattern(self) -> re.Pattern[str]:
        """The path as an expression over the raw, percent-encoded path."""
        return re.compile(re.escape(self.path).replace(r"\{\}", "([^/]+)"))


def accounts(ask: Ask) -> Answer:
    """GET /api/accounts: what many clients call to test their key."""
    address = dict.fromkeys(("address1", "address2", "city", "region", "country", "zip"))
    contact = {
        "default_sender_name": "Sandbox",
        "default_sender_email": "shop@mail.test",
        "website_url": None,
        "organization_name": "Sandbox",
        "street_address": address,
    }
    attributes = {
        "test_account": True,
        "contact_information": contact,
        "industry": None,
        "timezone": "UTC",
        "preferred_currency": "USD",
        "public_api_key": "PUBKEY",
        "locale": "en-US",
    }
    links = {"self": f"{ask.base}/api/accounts/PUBKEY/"}
    account = {"type": "account", "id": "PUBKEY", "attributes": attributes, "links": links}
    return document([account], ask, {"self": ask.url, "next": None, "prev": None})


def of_events(events: Events) -> list[Endpoint]:
    """Events and metrics."""
    return [
        Endpoint("POST", "/api/events", XL, events.create),
        Endpoint("GET", "/api/events", XL, events.read_many),
        Endpoint("GET", "/api/events/{}", M, events.read_one),
        Endpoint("POST", "/api/event-bulk-create-jobs", M, events.create_bulk),
        Endpoint("GET", "/api/metrics", M, events.read_metrics),
        Endpoint("GET", "/api/metrics/{}", M, events.read_metric),
    ]


def of_people(people: People) -> list[Endpoint]:
    """Profiles."""
    jobs = "/api/profile-bulk-import-jobs"
    return [
        Endpoint("POST", "/api/profiles", L, people.create),
        Endpoint("GET", "/api/profiles", L, people.read_many),
        Endpoint("GET", "/api/profiles/{}", L, people.read_one),
        Endpoint("PATCH", "/api/profiles/{}", L, people.update),
        Endpoint("POST", "/api/profile-import", L, people.upsert),
        Endpoint("POST", "/api/profile-merge", M, people.merge),
        Endpoint("POST", jobs, M, people.bulk_import),
        Endpoint("GET", jobs, M, people.import_jobs),
        Endpoint("GET", f"{jobs}/{{}}", M, people.import_job),
        Endpoint("GET", f"{jobs}/{{}}/import-errors", M, people.import_errors),
        Endpoint("GET", f"{jobs}/{{}}/profiles", M, people.import_profiles),
        Endpoint("POST", "/api/data-privacy-deletion-jobs", S, people.erase),
    ]


def of_consents(consents: Consents, lists: Lists) -> list[Endpoint]:
    """Consent jobs and lists."""
    suppressions = "/api/profile-suppression-bulk-create-jobs"
    releases = "/api/profile-suppression-bulk-delete-jobs"
    return [
        Endpoint("POST", "/api/profile-subscription-bulk-create-jobs", L, consents.subscribe),
        Endpoint("POST", "/api/profile-subscription-bulk-delete-jobs", L, consents.unsubscribe),
        Endpoint("POST", suppressions, L, consents.suppress),
        Endpoint("POST", releases, L, consents.unsuppress),
        *(Endpoint("GET", path, L, consents.suppression_jobs) for path in (suppressions, releases)),
        *(Endpoint("GET", f"{path}/{{}}", L, consents.suppression_job) for path in (suppressions, releases)),
        Endpoint("GET", "/api/lists", L, lists.read_many),
        Endpoint("POST", "/api/lists", LIST_CREATION, lists.create),
        Endpoint("GET", "/api/lists/{}", L, lists.read_one),
        Endpoint("PATCH", "/api/lists/{}", M, lists.update),
        Endpoint("DELETE", "/api/lists/{}", M, lists.delete),
        Endpoint("GET", "/api/lists/{}/profiles", L, lists.read_members),
        Endpoint("POST", "/api/lists/{}/relationships/profiles", M, lists.add_members),
        Endpoint("DELETE", "/api/lists/{}/relationships/profiles", M, lists.remove_members),
    ]


def of_catalog(catalog: Catalog) -> list[Endpoint]:
    """Items, variants and categories."""
    table = [Endpoint("GET", "/api/catalog-items/{}/variants", XL, catalog.variants_of)]
    for sort in SORTS:
        path = f"/api/{sort.plural}"
        table += [
            Endpoint("GET", path, XL, partial(catalog.read_many, sort)),
            Endpoint("POST", path, L, partial(catalog.create, sort)),
            Endpoint("GET", f"{path}/{{}}", XL, partial(catalog.read_one, sort)),
            Endpoint("PATCH", f"{path}/{{}}", L, partial(catalog.update, sort)),
            Endpoint("DELETE", f"{path}/{{}}", L, partial(catalog.delete, sort)),
        ]
        for verb in SHAPES:
            kind = f"{sort.name}-bulk-{verb}-job"
            table += [
                Endpoint("POST", f"/api/{kind}s", L, partial(catalog.bulk, sort, verb)),
                Endpoint("GET", f"/api/{kind}s", L, partial(catalog.job_list, kind)),
                Endpoint("GET", f"/api/{kind}s/{{}}", L, partial(catalog.job, kind)),
            ]
    linked = "/api/catalog-items/{}/relationships/categories"
    for method, tier in (("GET", XL), ("POST", L), ("PATCH", L), ("DELETE", L)):
        table.append(Endpoint(method, linked, tier, partial(catalog.relate, method=method)))
    return table
