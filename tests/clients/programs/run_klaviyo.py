"""The official `klaviyo-api` at the front door: every call on people, orders, products and consent."""

from __future__ import annotations

import json
import warnings
from typing import Any

from klaviyo_api import KlaviyoAPI
from trial import HOUSE, call, refused

warnings.simplefilter("ignore")
sdk = KlaviyoAPI(HOUSE["key"], max_delay=5, max_retries=3)
sdk.api_client.configuration.host = HOUSE["url"]


def profile(**attributes: Any) -> dict[str, Any]:
    return {"type": "profile", "attributes": attributes}


ANA = profile(
    email="ana@mail.test",
    external_id="c-1",
    first_name="Ana",
    last_name="Lima",
    location={"address1": "Street 1", "city": "Porto", "country": "Portugal", "zip": "4000"},
    properties={"sizes": [38, 39], "vip": True},
)
LINES = [
    {"ProductID": "P1", "SKU": "MUG-B", "ProductName": "Mug", "Quantity": 2, "ItemPrice": 12.5, "RowTotal": 25.0},
    {"ProductID": "P2", "SKU": "JUG", "ProductName": "Jug", "Quantity": 1, "ItemPrice": 17.49, "RowTotal": 17.49},
]


def event(name: str, time: str, unique_id: str, properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {
        "metric": {"data": {"type": "metric", "attributes": {"name": name}}},
        "profile": {"data": profile(email="ana@mail.test")},
        "properties": properties,
        "time": time,
        "unique_id": unique_id,
        **more,
    }
    return {"data": {"type": "event", "attributes": told}}


def bulk(kind: str, name: str, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"data": {"type": kind, "attributes": {name: {"data": list(entries)}, **more}}}


PLACED = event(
    "Placed Order",
    "2026-02-01T10:00:00+00:00",
    "1001",
    {"OrderId": "1001", "Items": LINES},
    value=42.49,
    value_currency="EUR",
)


def people() -> str:
    made = call(
        "create_profile",
        lambda: sdk.Profiles.create_profile({"data": ANA}),
        lambda answer: (answer.data.attributes.email, answer.data.attributes.location.city),
        ("ana@mail.test", "Porto"),
    )
    who = str(made.data.id)
    refused(
        "create_profile again",
        lambda: sdk.Profiles.create_profile({"data": ANA}),
        lambda error: (error.status, json.loads(error.body)["errors"][0]["meta"]["duplicate_profile_id"]),
        (409, who),
    )
    call(
        "create_or_update_profile",
        lambda: sdk.Profiles.create_or_update_profile({"data": profile(email="ana@mail.test", title="Dr")}),
        lambda answer: (answer.data.id, answer.data.attributes.title, answer.data.attributes.first_name),
        (who, "Dr", "Ana"),
    )
    change = {"type": "profile", "id": who, "attributes": {"last_name": "Silva"}}
    call(
        "update_profile",
        lambda: sdk.Profiles.update_profile(who, {"data": change}),
        lambda answer: (answer.data.attributes.last_name, answer.data.attributes.properties),
        ("Silva", {"sizes": [38, 39], "vip": True}),
    )
    call("get_profile", lambda: sdk.Profiles.get_profile(who), lambda a: a.data.attributes.external_id, "c-1")
    call(
        "get_profiles",
        lambda: sdk.Profiles.get_profiles(
            additional_fields_profile=["subscriptions"], filter='any(email,["ana@mail.test","no@mail.test"])'
        ),
        lambda a: [one.attributes.subscriptions.email.marketing.consent for one in a.data],
        ["NEVER_SUBSCRIBED"],
    )
    refused(
        "get_profile that is not there",
        lambda: sdk.Profiles.get_profile("01JXXXXXXXXXXXXXXXXXXXXXXX"),
        lambda error: error.status,
        404,
    )
    return who


def imports(listed: str) -> None:
    body = bulk(
        "profile-bulk-import-job",
        "profiles",
        profile(email="bo@mail.test", first_name="Bo", phone_number="+351912345678"),
        profile(email="broken"),
    )
    body["data"]["relationships"] = {"lists": {"data": [{"type": "list", "id": listed}]}}
    job = call(
        "bulk_import_profiles",
        lambda: sdk.Profiles.bulk_import_profiles(body),
        lambda a: a.data.type,
        "profile-bulk-import-job",
    )
    own = job.data.id
    call(
        "get_bulk_import_profiles_job",
        lambda: sdk.Profiles.get_bulk_import_profiles_job(own),
        lambda a: (a.data.attributes.status, a.data.attributes.completed_count, a.data.attributes.failed_count),
        ("complete", 1, 1),
    )
    call("get_bulk_import_profiles_jobs", sdk.Profiles.get_bulk_import_profiles_jobs, lambda a: len(a.data), 1)
    call(
        "get_errors_for_bulk_import_profiles_job",
        lambda: sdk.Profiles.get_errors_for_bulk_import_profiles_job(own),
        lambda a: [(one.attributes.code, one.attributes.original_payload["attributes"]["email"]) for one in a.data],
        [("invalid", "broken")],
    )
    call(
        "get_profiles_for_bulk_import_profiles_job",
        lambda: sdk.Profiles.get_profiles_for_bulk_import_profiles_job(own),
        lambda a: [one.attributes.email for one in a.data],
        ["bo@mail.test"],
    )
    call(
        "get_profile_ids_for_bulk_import_profiles_job",
        lambda: sdk.Profiles.get_profile_ids_for_bulk_import_profiles_job(own),
        lambda a: len(a.data),
        1,
    )
    call(
        "get_list_for_bulk_import_profiles_job",
        lambda: sdk.Profiles.get_list_for_bulk_import_profiles_job(own),
        lambda a: [one.id for one in a.data],
        [listed],
    )


def consented(email: str, word: str, **more: str) -> dict[str, Any]:
    return profile(email=email, subscriptions={"email": {"marketing": {"consent": word, **more}}})


def consent() -> None:
    old = bulk(
        "profile-subscription-bulk-create-job",
        "profiles",
        consented("ana@mail.test", "SUBSCRIBED", consented_at="2024-02-03T04:05:06Z"),
        historical_import=True,
        custom_source="checkout",
    )
    call("bulk_subscribe_profiles", lambda: sdk.Profiles.bulk_subscribe_profiles(old))
    no = bulk("profile-subscription-bulk-delete-job", "profiles", consented("bo@mail.test", "UNSUBSCRIBED"))
    call("bulk_unsubscribe_profiles", lambda: sdk.Profiles.bulk_unsubscribe_profiles(no))
    stop = bulk("profile-suppression-bulk-create-job", "profiles", profile(email="cy@mail.test"))
    job = call(
        "bulk_suppress_profiles",
        lambda: sdk.Profiles.bulk_suppress_profiles(stop),
        lambda a: a.data.type,
        "profile-suppression-bulk-create-job",
    )
    call(
        "get_bulk_suppress_profiles_job",
        lambda: sdk.Profiles.get_bulk_suppress_profiles_job(job.data.id),
        lambda a: a.data.attributes.completed_count,
        1,
    )
    call("get_bulk_suppress_profiles_jobs", sdk.Profiles.get_bulk_suppress_profiles_jobs, lambda a: len(a.data), 1)
    lift = bulk("profile-suppression-bulk-delete-job", "profiles", profile(email="cy@mail.test"))
    lifted = call(
        "bulk_unsuppress_profiles",
        lambda: sdk.Profiles.bulk_unsuppress_profiles(lift),
        lambda a: a.data.type,
        "profile-suppression-bulk-delete-job",
    )
    call(
        "get_bulk_unsuppress_profiles_job",
        lambda: sdk.Profiles.get_bulk_unsuppress_profiles_job(lifted.data.id),
        lambda a: a.data.attributes.status,
        "complete",
    )
    call(
        "get_bulk_unsuppress_profiles_jobs", sdk.Profiles.get_bulk_unsuppress_profiles_jobs, lambda a: len(a.data), 1
    )
    call(
        "get_profiles with subscriptions",
        lambda: sdk.Profiles.get_profiles(additional_fields_profile=["subscriptions"], sort="email"),
        lambda a: [(one.attributes.email, one.attributes.subscriptions.email.marketing.consent) for one in a.data],
        [("ana@mail.test", "SUBSCRIBED"), ("bo@mail.test", "UNSUBSCRIBED"), ("cy@mail.test", "UNSUBSCRIBED")],
    )


def events() -> None:
    call("create_event Placed Order", lambda: sdk.Events.create_event(PLACED))
    call("create_event again", lambda: sdk.Events.create_event(PLACED))
    line = {**LINES[0], "OrderId": "1001"}
    call(
        "create_event Ordered Product",
        lambda: sdk.Events.create_event(
            event("Ordered Product", "2026-02-01T10:00:00+00:00", "1001-P1", line, value=25.0, value_currency="EUR")
        ),
    )
    for name, time, ident, value in (
        ("Fulfilled Order", "2026-02-03T09:00:00+00:00", "1001-f", 42.49),
        ("Refunded Order", "2026-02-10T12:30:00+00:00", "1001", 17.49),
    ):
        one = event(
            name,
            time,
            ident,
            {"OrderId": "1001", "Items": LINES[1:] if ident == "1001" else LINES},
            value=value,
            value_currency="EUR",
        )
        call(f"create_event {name}", lambda one=one: sdk.Events.create_event(one))
    wished = event("Wished", "2026-02-02T08:00:00+00:00", "w1", {"ProductID": "P2", "big": 9007199254740993})
    call("create_event Wished", lambda: sdk.Events.create_event(wished))
    call("bulk_create_events", lambda: sdk.Events.bulk_create_events(several()))


def several() -> dict[str, Any]:
    attributes = [
        event("Viewed Product", "2026-01-30T08:00:00+00:00", "v1", {"ProductID": "P1", "ProductName": "Mug"}),
        event(
            "Placed Order",
            "2025-01-01T00:00:00+00:00",
            "900",
            {"OrderId": "900", "Items": LINES[1:]},
            value=17.49,
            value_currency="EUR",
        ),
    ]
    told = [
        {"type": "event", "attributes": {k: v for k, v in one["data"]["attributes"].items() if k != "profile"}}
        for one in attributes
    ]
    one = {
        "type": "event-bulk-create",
        "attributes": {
            "profile": {"data": profile(email="bo@mail.test")},
            "backfill": True,
            "events": {"data": told},
        },
    }
    return bulk("event-bulk-create-job", "events-bulk-create", one)


def reading() -> None:
    page = call(
        "get_events",
        lambda: sdk.Events.get_events(sort="datetime", include=["metric", "profile"]),
        lambda a: [one.attributes.datetime_.isoformat() for one in a.data][:2],
        ["2025-01-01T00:00:00+00:00", "2025-01-01T00:00:00+00:00"],
    )
    seen = []
    following = sdk.Events.get_events(sort="datetime", page_size=1)
    while True:
        seen += [one.id for one in following.data]
        if not following.links.next:
            break
        following = sdk.Events.get_events(sort="datetime", page_size=1, page_cursor=following.links.next)
    call("get_events page by page", lambda: seen, lambda a: a, [one.id for one in page.data])
    first = page.data[0].id
    call("get_event", lambda: sdk.Events.get_event(first), lambda a: a.data.id, first)
    metric = call(
        "get_metric_for_event", lambda: sdk.Events.get_metric_for_event(first), lambda a: a.data.type, "metric"
    )
    call(
        "get_metric_id_for_event",
        lambda: sdk.Events.get_metric_id_for_event(first),
        lambda a: a.data.id,
        metric.data.id,
    )
    who = call(
        "get_profile_for_event",
        lambda: sdk.Events.get_profile_for_event(first),
        lambda a: a.data.attributes.email,
        "bo@mail.test",
    )
    call(
        "get_profile_id_for_event",
        lambda: sdk.Events.get_profile_id_for_event(first),
        lambda a: a.data.id,
        who.data.id,
    )
    call(
        "get_metric",
        lambda: sdk.Metrics.get_metric(metric.data.id),
        lambda a: a.data.attributes.name,
        metric.data.attributes.name,
    )
    call(
        "get_metrics",
        sdk.Metrics.get_metrics,
        lambda a: sorted({"Placed Order", "Wished", "Viewed Product"} & {one.attributes.name for one in a.data}),
        ["Placed Order", "Viewed Product", "Wished"],
    )
    call(
        "get_events of one metric",
        lambda: sdk.Events.get_events(filter=f'equals(metric_id,"{metric.data.id}")'),
        lambda a: {one.relationships.metric.data.id for one in a.data},
        {metric.data.id},
    )


def lists(who: str) -> str:
    made = call(
        "create_list",
        lambda: sdk.Lists.create_list({"data": {"type": "list", "attributes": {"name": "News"}}}),
        lambda a: a.data.attributes.name,
        "News",
    )
    own = str(made.data.id)
    named = {"type": "list", "id": own, "attributes": {"name": "Fresh"}}
    call(
        "update_list", lambda: sdk.Lists.update_list(own, {"data": named}), lambda a: a.data.attributes.name, "Fresh"
    )
    member = {"data": [{"type": "profile", "id": who}]}
    call("add_profiles_to_list", lambda: sdk.Lists.add_profiles_to_list(own, member))
    call(
        "get_list",
        lambda: sdk.Lists.get_list(own, additional_fields_list=["profile_count"]),
        lambda a: a.data.attributes.profile_count,
        1,
    )
    call(
        "get_lists",
        lambda: sdk.Lists.get_lists(filter='equals(name,"Fresh")'),
        lambda a: [x.id for x in a.data],
        [own],
    )
    call(
        "get_profiles_for_list", lambda: sdk.Lists.get_profiles_for_list(own), lambda a: [x.id for x in a.data], [who]
    )
    call(
        "get_profile_ids_for_list",
        lambda: sdk.Lists.get_profile_ids_for_list(own),
        lambda a: [x.id for x in a.data],
        [who],
    )
    call(
        "get_lists_for_profile",
        lambda: sdk.Profiles.get_lists_for_profile(who),
        lambda a: [x.id for x in a.data],
        [own],
    )
    call(
        "get_list_ids_for_profile",
        lambda: sdk.Profiles.get_list_ids_for_profile(who),
        lambda a: [x.id for x in a.data],
        [own],
    )
    call("get_tags_for_list", lambda: sdk.Lists.get_tags_for_list(own), lambda a: a.data, [])
    call("get_flows_triggered_by_list", lambda: sdk.Lists.get_flows_triggered_by_list(own), lambda a: a.data, [])
    call("get_segments_for_profile", lambda: sdk.Profiles.get_segments_for_profile(who), lambda a: a.data, [])
    call("remove_profiles_from_list", lambda: sdk.Lists.remove_profiles_from_list(own, member))
    call("get_profiles_for_list, empty", lambda: sdk.Lists.get_profiles_for_list(own), lambda a: a.data, [])
    return own


if __name__ == "__main__":
    from catalog_of_klaviyo import catalog, jobs

    call("get_accounts", sdk.Accounts.get_accounts, lambda a: [one.id for one in a.data], [HOUSE["account"]])
    call("get_account", lambda: sdk.Accounts.get_account(HOUSE["account"]), lambda a: a.data.id, HOUSE["account"])
    ana = people()
    own_list = lists(ana)
    imports(own_list)
    consent()
    events()
    reading()
    call("delete_list", lambda: sdk.Lists.delete_list(own_list))
    call("get_lists, empty", sdk.Lists.get_lists, lambda a: a.data, [])
    catalog(sdk)
    jobs(sdk)
    gone = {"type": "data-privacy-deletion-job", "attributes": {"profile": {"data": profile(email="cy@mail.test")}}}
    call("request_profile_deletion", lambda: sdk.Data_Privacy.request_profile_deletion({"data": gone}))
