"""The platform's official Python SDK against the door: it sends what it sends and validates what is answered."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import openapi_client.api as sdk_api
import pytest
from klaviyo_api import KlaviyoAPI  # type: ignore[import-untyped]  # it ships no types
from openapi_client.exceptions import ApiException

from orderwire.app.frontdoor.routing import Routes
from orderwire.dialects.doorway import Reply
from orderwire.dialects.klaviyo.door.door import DOOR
from orderwire.testing.doors import BASE_URL, Visitor


class Answered:
    """A reply as the SDK's HTTP client hands it over."""

    def __init__(self, reply: Reply) -> None:
        self.status = reply.status
        self.reason = ""
        self.data = reply.body
        self._headers = {name.lower(): value for name, value in reply.headers} | {"content-type": reply.content_type}

    def read(self) -> bytes:
        return self.data

    def getheaders(self) -> dict[str, str]:
        return self._headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        return self._headers.get(name.lower(), default)


class InProcess:
    """In place of the SDK's HTTP client: calls a visitor instead of a socket."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor

    def request(
        self,
        method: str,
        url: str,
        headers: dict[str, str] | None = None,
        body: Any = None,
        post_params: Any = None,
        _request_timeout: Any = None,
    ) -> Answered:
        parts = urlsplit(url)
        reply = self.visitor.call(
            method,
            parts.path,
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers=headers,
            body=json.dumps(body).encode() if body is not None else None,
        )
        return Answered(reply)


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    made = Visitor(tmp_path, DOOR)
    yield made
    made.close()


@pytest.fixture
def sdk(visitor: Visitor) -> Any:
    client = KlaviyoAPI(visitor.secret, max_delay=1, max_retries=1, test_host=BASE_URL)
    client.api_client.rest_client = InProcess(visitor)
    return client


def profile(**attributes: Any) -> dict[str, Any]:
    return {"type": "profile", "attributes": attributes}


ANA = profile(email="ana@mail.test", first_name="Ana", properties={"sizes": [38, 39], "vip": True})


def event(name: str = "Placed Order", **attributes: Any) -> dict[str, Any]:
    told = {
        "metric": {"data": {"type": "metric", "attributes": {"name": name}}},
        "profile": {"data": profile(email="ana@mail.test")},
        "properties": {"OrderId": "1001", "Items": [{"SKU": "A", "Quantity": 1, "ItemPrice": 19.99}]},
        "time": "2026-02-01T10:00:00+00:00",
        "value": 19.99,
        "value_currency": "EUR",
        "unique_id": "1001",
        **attributes,
    }
    return {"data": {"type": "event", "attributes": told}}


def entry(kind: str, ident: str, **attributes: Any) -> dict[str, Any]:
    told = {"external_id": ident, "title": "Mug", "description": "A mug.", "url": "https://shop.test/mug"}
    return {"type": kind, "attributes": told | attributes}


def variant(ident: str, item: str = "SKU/1") -> dict[str, Any]:
    made = entry("catalog-variant", ident, sku="MUG-B", price=11.5, inventory_quantity=3)
    linked = {"item": {"data": {"type": "catalog-item", "id": f"$custom:::$default:::{item}"}}}
    return made | {"relationships": linked}


def bulk(kind: str, name: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"data": {"type": kind, "attributes": {name: {"data": list(entries)}}}}


def test_events_are_taken_and_read(sdk: Any) -> None:
    sdk.Events.create_event(event())
    one = {"type": "event-bulk-create", "attributes": {"profile": {"data": ANA}, "backfill": True}}
    attributes = event("Wished", unique_id="w1")["data"]["attributes"]
    del attributes["profile"]
    one["attributes"]["events"] = {"data": [{"type": "event", "attributes": attributes}]}  # type: ignore[index]
    sdk.Events.bulk_create_events(bulk("event-bulk-create-job", "events-bulk-create", one))
    page = sdk.Events.get_events(sort="datetime", include=["metric", "profile"], page_size=1)
    seen = [page.data[0]]
    while page.links.next:
        page = sdk.Events.get_events(sort="datetime", page_size=1, page_cursor=page.links.next)
        seen += page.data
    names = [
        sdk.Events.get_metric_for_event(found.id).data.attributes.name
        for found in (sdk.Events.get_event(one_seen.id).data for one_seen in seen)
    ]
    assert {"Placed Order", "Ordered Product", "Wished"} == set(names)
    first = seen[0]
    assert "1001" == first.attributes.event_properties["$event_id"]
    assert sdk.Events.get_profile_id_for_event(first.id).data.id == sdk.Events.get_profile_for_event(first.id).data.id
    metric_id = sdk.Events.get_metric_id_for_event(first.id).data.id
    assert "Placed Order" == sdk.Metrics.get_metric(metric_id).data.attributes.name
    found = sdk.Events.get_events(filter=f'equals(metric_id,"{metric_id}")')
    assert [first.id] == [one_found.id for one_found in found.data]
    assert "Wished" in [one_metric.attributes.name for one_metric in sdk.Metrics.get_metrics().data]


def test_profiles_are_made_changed_and_found(sdk: Any) -> None:
    made = sdk.Profiles.create_profile({"data": ANA})
    again = sdk.Profiles.create_or_update_profile({"data": profile(email="ana@mail.test", last_name="Lima")})
    assert made.data.id == again.data.id
    change = {"type": "profile", "id": made.data.id, "attributes": {"first_name": None}}
    patched = sdk.Profiles.update_profile(made.data.id, {"data": change})
    assert (None, "Lima") == (patched.data.attributes.first_name, patched.data.attributes.last_name)
    assert {"sizes": [38, 39], "vip": True} == patched.data.attributes.properties
    with pytest.raises(ApiException) as caught:
        sdk.Profiles.create_profile({"data": ANA})
    assert 409 == caught.value.status
    assert made.data.id == json.loads(caught.value.body or "")["errors"][0]["meta"]["duplicate_profile_id"]
    page = sdk.Profiles.get_profiles(
        additional_fields_profile=["subscriptions"], filter='any(email,["ana@mail.test","no@mail.test"])'
    )
    assert ["NEVER_SUBSCRIBED"] == [one.attributes.subscriptions.email.marketing.consent for one in page.data]
    whole = sdk.Profiles.get_profile(made.data.id, additional_fields_profile=["subscriptions"], include=["lists"])
    assert "ana@mail.test" == whole.data.attributes.email
    assert [] == sdk.Profiles.get_segments_for_profile(made.data.id).data
    assert [] == sdk.Profiles.get_push_tokens_for_profile(made.data.id).data


def test_imports_and_their_errors_are_followed(sdk: Any) -> None:
    listed = sdk.Lists.create_list({"data": {"type": "list", "attributes": {"name": "News"}}})
    job_body = bulk("profile-bulk-import-job", "profiles", ANA, profile(email="broken"))
    job_body["data"]["relationships"] = {"lists": {"data": [{"type": "list", "id": listed.data.id}]}}
    job = sdk.Profiles.bulk_import_profiles(job_body)
    read = sdk.Profiles.get_bulk_import_profiles_job(job.data.id, include=["lists"])
    assert ("complete", 2, 1, 1) == (
        read.data.attributes.status,
        read.data.attributes.total_count,
        read.data.attributes.completed_count,
        read.data.attributes.failed_count,
    )
    errors = sdk.Profiles.get_errors_for_bulk_import_profiles_job(job.data.id)
    assert [("invalid", "broken")] == [
        (one.attributes.code, one.attributes.original_payload["attributes"]["email"]) for one in errors.data
    ]
    people = sdk.Profiles.get_profiles_for_bulk_import_profiles_job(job.data.id)
    ids = sdk.Profiles.get_profile_ids_for_bulk_import_profiles_job(job.data.id)
    assert [one.id for one in people.data] == [one.id for one in ids.data]
    assert [listed.data.id] == [
        one.id for one in sdk.Profiles.get_list_for_bulk_import_profiles_job(job.data.id).data
    ]
    assert [listed.data.id] == [
        one.id for one in sdk.Profiles.get_list_ids_for_bulk_import_profiles_job(job.data.id).data
    ]
    assert [job.data.id] == [one.id for one in sdk.Profiles.get_bulk_import_profiles_jobs(sort="-created_at").data]


def consented(email: str, word: str, **more: str) -> dict[str, Any]:
    return profile(email=email, subscriptions={"email": {"marketing": {"consent": word, **more}}})


def test_consent_is_stated_and_shown(sdk: Any) -> None:
    old = bulk(
        "profile-subscription-bulk-create-job",
        "profiles",
        consented("ana@mail.test", "SUBSCRIBED", consented_at="2024-02-03T04:05:06Z"),
    )
    old["data"]["attributes"] |= {"historical_import": True, "custom_source": "checkout"}
    sdk.Profiles.bulk_subscribe_profiles(old)
    sdk.Profiles.bulk_unsubscribe_profiles(
        bulk("profile-subscription-bulk-delete-job", "profiles", consented("bo@mail.test", "UNSUBSCRIBED"))
    )
    job = sdk.Profiles.bulk_suppress_profiles(
        bulk("profile-suppression-bulk-create-job", "profiles", profile(email="cy@mail.test"))
    )
    assert 1 == sdk.Profiles.get_bulk_suppress_profiles_job(job.data.id).data.attributes.completed_count
    lifted = sdk.Profiles.bulk_unsuppress_profiles(
        bulk("profile-suppression-bulk-delete-job", "profiles", profile(email="cy@mail.test"))
    )
    assert 1 == sdk.Profiles.get_bulk_unsuppress_profiles_job(lifted.data.id).data.attributes.skipped_count
    assert 1 == len(sdk.Profiles.get_bulk_suppress_profiles_jobs().data)
    assert 1 == len(sdk.Profiles.get_bulk_unsuppress_profiles_jobs().data)
    page = sdk.Profiles.get_profiles(additional_fields_profile=["subscriptions"], sort="email")
    stated = [one.attributes.subscriptions.email.marketing for one in page.data]
    assert ["SUBSCRIBED", "UNSUBSCRIBED", "UNSUBSCRIBED"] == [one.consent for one in stated]
    assert [[], ["UNSUBSCRIBE"], ["USER_SUPPRESSED"]] == [[why.reason for why in one.suppression] for one in stated]
    assert "2024-02-03T04:05:06+00:00" == stated[0].consent_timestamp.isoformat()


def test_lists_and_their_members_are_kept(sdk: Any) -> None:
    who = sdk.Profiles.create_profile({"data": ANA}).data.id
    made = sdk.Lists.create_list({"data": {"type": "list", "attributes": {"name": "News"}}})
    own = made.data.id
    sdk.Lists.update_list(own, {"data": {"type": "list", "id": own, "attributes": {"name": "Fresh"}}})
    sdk.Lists.add_profiles_to_list(own, {"data": [{"type": "profile", "id": who}]})
    assert 1 == sdk.Lists.get_list(own, additional_fields_list=["profile_count"]).data.attributes.profile_count
    assert [who] == [one.id for one in sdk.Lists.get_profiles_for_list(own, sort="-joined_group_at").data]
    assert [who] == [one.id for one in sdk.Lists.get_profile_ids_for_list(own).data]
    assert ["Fresh"] == [one.attributes.name for one in sdk.Lists.get_lists(filter='equals(name,"Fresh")').data]
    assert [own] == [one.id for one in sdk.Profiles.get_lists_for_profile(who).data]
    assert [own] == [one.id for one in sdk.Profiles.get_list_ids_for_profile(who).data]
    assert [] == sdk.Lists.get_tags_for_list(own).data
    assert [] == sdk.Lists.get_flows_triggered_by_list(own).data
    sdk.Lists.remove_profiles_from_list(own, {"data": [{"type": "profile", "id": who}]})
    assert [] == sdk.Lists.get_profiles_for_list(own).data
    sdk.Lists.delete_list(own)
    assert [] == sdk.Lists.get_lists().data


def test_the_catalog_is_kept(sdk: Any) -> None:
    catalogs = sdk.Catalogs
    category = {"type": "catalog-category", "attributes": {"external_id": "C1", "name": "Mugs"}}
    group = catalogs.create_catalog_category({"data": category}).data.id
    item = catalogs.create_catalog_item({"data": entry("catalog-item", "SKU/1", price=10.5)}).data.id
    made = catalogs.create_catalog_variant({"data": variant("V1")}).data.id
    assert ("$custom:::$default:::SKU/1", "$custom:::$default:::V1") == (item, made)
    catalogs.add_categories_to_catalog_item(item, {"data": [{"type": "catalog-category", "id": group}]})
    catalogs.update_catalog_item(item, {"data": {"type": "catalog-item", "id": item, "attributes": {"title": "Cup"}}})
    change = {"type": "catalog-variant", "id": made, "attributes": {"inventory_quantity": 0}}
    assert 0 == catalogs.update_catalog_variant(made, {"data": change}).data.attributes.inventory_quantity
    renamed = {"type": "catalog-category", "id": group, "attributes": {"name": "Cups"}}
    assert "Cups" == catalogs.update_catalog_category(group, {"data": renamed}).data.attributes.name
    page = catalogs.get_catalog_items(include=["variants"], filter='contains(title,"cu")')
    assert [("Cup", 10.5)] == [(one.attributes.title, one.attributes.price) for one in page.data]
    assert [made] == [one.id for one in page.included]
    assert [made] == [one.id for one in catalogs.get_variants_for_catalog_item(item).data]
    assert [made] == [one.id for one in catalogs.get_variant_ids_for_catalog_item(item).data]
    assert [group] == [one.id for one in catalogs.get_categories_for_catalog_item(item).data]
    assert [group] == [one.id for one in catalogs.get_category_ids_for_catalog_item(item).data]
    assert [item] == [one.id for one in catalogs.get_items_for_catalog_category(group).data]
    assert [item] == [one.id for one in catalogs.get_item_ids_for_catalog_category(group).data]
    assert ["MUG-B"] == [
        one.attributes.sku for one in catalogs.get_catalog_variants(filter='equals(sku,"MUG-B")').data
    ]
    assert ["Cups"] == [one.attributes.name for one in catalogs.get_catalog_categories().data]
    assert item == catalogs.get_catalog_variant(made).data.relationships.item.data.id
    assert "C1" == catalogs.get_catalog_category(group).data.attributes.external_id
    catalogs.update_items_for_catalog_category(group, {"data": []})
    assert [] == catalogs.get_categories_for_catalog_item(item).data
    catalogs.update_categories_for_catalog_item(item, {"data": [{"type": "catalog-category", "id": group}]})
    catalogs.remove_items_from_catalog_category(group, {"data": [{"type": "catalog-item", "id": item}]})
    catalogs.add_items_to_catalog_category(group, {"data": [{"type": "catalog-item", "id": item}]})
    catalogs.remove_categories_from_catalog_item(item, {"data": [{"type": "catalog-category", "id": group}]})
    waiting = {
        "type": "back-in-stock-subscription",
        "attributes": {"channels": ["EMAIL"], "profile": {"data": profile(email="ana@mail.test")}},
        "relationships": {"variant": {"data": {"type": "catalog-variant", "id": made}}},
    }
    catalogs.create_back_in_stock_subscription({"data": waiting})
    catalogs.delete_catalog_variant(made)
    catalogs.delete_catalog_item(item)
    catalogs.delete_catalog_category(group)
    assert [] == catalogs.get_catalog_items().data


CATEGORY = {"type": "catalog-category", "attributes": {"external_id": "C1", "name": "Mugs"}}


@pytest.mark.parametrize(
    ("noun", "plural", "made"),
    [
        ("item", "items", entry("catalog-item", "SKU/1")),
        ("variant", "variants", variant("V1")),
        ("category", "categories", CATEGORY),
    ],
)
def test_jobs_of_the_catalog_are_followed(sdk: Any, noun: str, plural: str, made: dict[str, Any]) -> None:
    catalogs = sdk.Catalogs
    if noun == "variant":
        catalogs.create_catalog_item({"data": entry("catalog-item", "SKU/1")})
    kind = f"catalog-{noun}"
    own = f"$custom:::$default:::{made['attributes']['external_id']}"
    change = {"type": kind, "id": own, "attributes": {"name": "Cups"} if noun == "category" else {"title": "Cup"}}
    named = f"catalog_{plural}" if noun == "item" else plural
    counts = []
    for verb, given in (
        ("create", made),
        ("create", made),
        ("update", change),
        ("delete", {"type": kind, "id": own}),
    ):
        body = bulk(f"{kind}-bulk-{verb}-job", plural, given)
        job = getattr(catalogs, f"bulk_{verb}_catalog_{plural}")(body)
        found = getattr(catalogs, f"get_bulk_{verb}_{named}_job")(job.data.id)
        assert "complete" == found.data.attributes.status
        counts.append((found.data.attributes.completed_count, [one.code for one in found.data.attributes.errors]))
        assert getattr(catalogs, f"get_bulk_{verb}_{named}_jobs")(filter='equals(status,"complete")').data
    assert [(1, []), (0, ["duplicate_resource"]), (1, []), (1, [])] == counts


def test_the_account_and_a_request_to_be_erased_are_answered(sdk: Any, visitor: Visitor) -> None:
    assert [visitor.account] == [one.attributes.public_api_key for one in sdk.Accounts.get_accounts().data]
    assert visitor.account == sdk.Accounts.get_account(visitor.account).data.id
    who = sdk.Profiles.create_profile({"data": ANA}).data.id
    other = sdk.Profiles.create_profile({"data": profile(email="bo@mail.test")}).data.id
    merge = {
        "type": "profile-merge",
        "id": who,
        "relationships": {"profiles": {"data": [{"type": "profile", "id": other}]}},
    }
    assert who == sdk.Profiles.merge_profiles({"data": merge}).data.id
    job = {"type": "data-privacy-deletion-job", "attributes": {"profile": {"data": profile(email="bo@mail.test")}}}
    sdk.Data_Privacy.request_profile_deletion({"data": job})
    assert visitor.known(email="bo@mail.test") is None
    assert ["profile-merge"] == sorted(stream for _, stream in visitor.ledger.refused_counts())


def test_sparse_fields_are_given_alone(sdk: Any) -> None:
    sdk.Profiles.create_profile({"data": ANA})
    found = sdk.Profiles.get_profiles(fields_profile=["email"])
    assert [{"email": "ana@mail.test"}] == [one["attributes"] for one in found["data"]]


def calls_of_the_sdk() -> set[tuple[str, str]]:
    """Every method and path that the SDK can call."""
    (folder,) = sdk_api.__path__
    source = "".join(path.read_text() for path in sorted(Path(folder).glob("*_api.py")))
    return set(re.findall(r"method='(\w+)',\s+resource_path='([^']+)'", source))


def test_every_call_of_the_sdk_is_offered_or_listed_as_not() -> None:
    routes = Routes(DOOR)
    listed = [
        re.escape(one).replace(r"\*", ".*")
        for entry in DOOR.not_offered
        for one in re.findall(r"/[^\s,]+", entry.call)
    ]
    beyond = {
        (method, path)
        for method, path in calls_of_the_sdk()
        if method not in routes.methods(re.sub(r"\{[^}]+\}", "x", path))
        and not any(re.match(rf"{one}", path.replace("{profile_id}", "{id}")) for one in listed)
    }
    assert 400 < len(calls_of_the_sdk())
    assert set() == beyond
