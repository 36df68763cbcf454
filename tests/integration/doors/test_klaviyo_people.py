"""Profiles, consent and lists as plugins and backends send them, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.doorway import Call, Refused, Reply, Spent
from orderwire.dialects.klaviyo.door.door import DOOR
from orderwire.ledger import Received
from orderwire.model import Channel, Consent, ConsentState, Event, Identity, Kind, Person
from orderwire.testing.doors import Visitor

ANA = "ana@mail.test"
PHONE = "+12025550123"


@pytest.fixture
def visitor(tmp_path: Path) -> Iterator[Visitor]:
    made = Visitor(tmp_path, DOOR)
    yield made
    made.close()


def call(visitor: Visitor, method: str, path: str, body: Any = None, **query: str) -> Reply:
    key = {"Authorization": f"Klaviyo-API-Key {visitor.secret}", "revision": "2026-07-15"}
    return visitor.call(method, path, json=body, headers=key, query=query)


def profile(**attributes: Any) -> dict[str, Any]:
    return {"type": "profile", "attributes": attributes}


def made(visitor: Visitor, **attributes: Any) -> str:
    """The id of a profile just made."""
    reply = call(visitor, "POST", "/api/profiles", {"data": profile(**attributes)})
    assert 201 == reply.status, reply.body
    found: str = json.loads(reply.body)["data"]["id"]
    return found


def shown(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(reply.body)["data"]["attributes"]
    return found


def standing(visitor: Visitor, email: str = ANA) -> dict[Channel, ConsentState]:
    known = visitor.known(email=email)
    assert known is not None
    return {channel: one.state for channel, one in known.consent.items()}


def subscribing(*people: dict[str, Any], list_id: str = "", **attributes: Any) -> dict[str, Any]:
    told = {"profiles": {"data": [{"type": "profile", "attributes": one} for one in people]}, **attributes}
    data: dict[str, Any] = {"type": "profile-subscription-bulk-create-job", "attributes": told}
    if list_id:
        data["relationships"] = {"list": {"data": {"type": "list", "id": list_id}}}
    return {"data": data}


def saying(word: str, email: str = ANA, **more: str) -> dict[str, Any]:
    return {"email": email, "subscriptions": {"email": {"marketing": {"consent": word, **more}}}}


def leaving(*people: dict[str, Any], list_id: str = "") -> dict[str, Any]:
    body = subscribing(*people, list_id=list_id)
    body["data"]["type"] = "profile-subscription-bulk-delete-job"
    return body


SUBSCRIBE = "/api/profile-subscription-bulk-create-jobs"
UNSUBSCRIBE = "/api/profile-subscription-bulk-delete-jobs"


def test_a_profile_is_given_back_exactly_as_it_was_told(visitor: Visitor) -> None:
    told = {
        "email": ANA,
        "phone_number": PHONE,
        "external_id": "c-1",
        "first_name": "Ana",
        "title": "Dr.",
        "image": "https://shop.test/ana.jpg",
        "locale": "de-AT",
        "location": {"country": "AT", "latitude": 48.25, "longitude": "16.3", "timezone": "Europe/Vienna"},
        "properties": {"sizes": [38, {"eu": 39.5}], "Birthday": "1990-02-03", "Gender": 5, "empty": ""},
    }
    identity = made(visitor, **told)
    found = shown(call(visitor, "GET", f"/api/profiles/{identity}"))
    assert told["properties"] == found["properties"]
    assert told["location"] == {name: value for name, value in found["location"].items() if value is not None}
    plain = ("email", "phone_number", "external_id", "first_name", "title", "image", "locale")
    assert {name: told[name] for name in plain} == {name: found[name] for name in plain}


def test_a_patch_clears_with_null_and_leaves_the_rest(visitor: Visitor) -> None:
    identity = made(visitor, email=ANA, first_name="Ana", last_name="Lima", properties={"a": 1, "b": [1, 2], "c": 3})
    meta = {"patch_properties": {"append": {"b": 3}, "unappend": {"b": 1}, "unset": ["c"]}}
    body = {"type": "profile", "id": identity, "attributes": {"first_name": None}, "meta": meta}
    found = shown(call(visitor, "PATCH", f"/api/profiles/{identity}", {"data": body}))
    assert (None, "Lima", {"a": 1, "b": [2, 3]}) == (found["first_name"], found["last_name"], found["properties"])


def test_an_import_of_a_known_profile_answers_200(visitor: Visitor) -> None:
    first = call(visitor, "POST", "/api/profile-import", {"data": profile(email=ANA)})
    again = call(visitor, "POST", "/api/profile-import", {"data": profile(email="ANA@mail.test", last_name="Lima")})
    assert (201, 200) == (first.status, again.status)
    assert json.loads(first.body)["data"]["id"] == json.loads(again.body)["data"]["id"]


def test_identifiers_of_two_people_conflict(visitor: Visitor) -> None:
    made(visitor, email=ANA)
    other = made(visitor, phone_number=PHONE)
    reply = call(visitor, "POST", "/api/profile-import", {"data": profile(email=ANA, phone_number=PHONE)})
    (error,) = json.loads(reply.body)["errors"]
    assert (409, "duplicate_profile", {"duplicate_profile_id": other}, "/data/attributes") == (
        reply.status,
        error["code"],
        error["meta"],
        error["source"]["pointer"],
    )


def test_an_email_is_changed_and_the_person_stays_the_same(visitor: Visitor) -> None:
    identity = made(visitor, email=ANA, properties={"sizes": [1]})
    body = {"type": "profile", "id": identity, "attributes": {"email": "new@mail.test"}}
    found = call(visitor, "PATCH", f"/api/profiles/{identity}", {"data": body})
    assert (200, "new@mail.test", None, {"sizes": [1]}) == (
        found.status,
        *(shown(found)[name] for name in ("email", "external_id", "properties")),
    )
    known = visitor.known(email="new@mail.test")
    assert known is not None
    assert 1 == len(visitor.shelves.people())


def test_an_id_survives_a_join_with_somebody_else(visitor: Visitor) -> None:
    first = made(visitor, email=ANA)
    second = made(visitor, external_id="c-1")
    both = Person(identity=Identity(external_id="c-1", email=ANA))
    visitor.ledger.record([Received(record=both)], source=visitor.source, at=visitor.now, is_imported=False)
    assert {ANA} == {shown(call(visitor, "GET", f"/api/profiles/{one}"))["email"] for one in (first, second)}


def test_an_id_that_was_never_given_is_nobodys(visitor: Visitor) -> None:
    reply = call(visitor, "GET", "/api/profiles/01GDDKASAP8TKDDA2GRZDSVP4H")
    (error,) = json.loads(reply.body)["errors"]
    assert (404, "not_found", "A profile with id 01GDDKASAP8TKDDA2GRZDSVP4H does not exist.") == (
        reply.status,
        error["code"],
        error["detail"],
    )


def test_an_upsert_cannot_state_a_consent(visitor: Visitor) -> None:
    reply = call(visitor, "POST", "/api/profile-import", {"data": profile(**saying("SUBSCRIBED"))})
    (error,) = json.loads(reply.body)["errors"]
    assert (400, "/data/attributes/subscriptions") == (reply.status, error["source"]["pointer"])
    assert [] == visitor.kinds()


@pytest.mark.parametrize("path", ["/api/lists/%00", "/api/profiles/%00", "/api/catalog-items/a%00b"])
def test_a_name_that_nothing_can_have_is_not_found(visitor: Visitor, path: str) -> None:
    assert 404 == call(visitor, "GET", path).status


def test_profiles_are_found_by_what_they_are_filtered_by(visitor: Visitor) -> None:
    one = made(visitor, email=ANA, phone_number=PHONE)
    two = made(visitor, email="bo@mail.test", external_id="c-2")

    def found(wanted: str) -> list[str]:
        reply = call(visitor, "GET", "/api/profiles", filter=wanted)
        assert 200 == reply.status, reply.body
        return [each["id"] for each in json.loads(reply.body)["data"]]

    assert [[one], [one], [two], [one, two], [two], []] == [
        found(f'equals(email,"{ANA.upper()}")'),
        found(f'equals(phone_number,"{PHONE}")'),
        found('any(external_id,["c-2","c-3"])'),
        found(f'any(id,["{one}","{two}"])'),
        found("greater-than(created,2026-03-01T12:00:01Z)"),
        found(f'and(equals(email,"{ANA}"),less-than(created,2020-01-01))'),
    ]


@pytest.mark.parametrize("sort", ["", "id", "-id", "created", "-created", "email", "-email", "updated", "-updated"])
def test_pages_of_profiles_hold_everybody_once(visitor: Visitor, sort: str) -> None:
    emails = [f"p{number}@mail.test" for number in (3, 1, 4, 0, 2)]
    for email in emails:
        made(visitor, email=email)
    seen: list[str] = []
    query = {"page[size]": "2"} | ({"sort": sort} if sort else {})
    while True:
        page = json.loads(call(visitor, "GET", "/api/profiles", **query).body)
        seen += [one["attributes"]["email"] for one in page["data"]]
        if page["links"]["next"] is None:
            break
        query["page[cursor]"] = page["links"]["next"].rpartition("cursor%5D=")[2]
    expected = sorted(emails) if "email" in sort else emails
    assert (expected[::-1] if sort.startswith("-") else expected) == seen


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"filter": "equals(email"}, "filter"),
        ({"filter": 'contains(email,"a")'}, "filter"),
        ({"sort": "shoe_size"}, "sort"),
        ({"page[size]": "1000"}, "page[size]"),
        ({"page[cursor]": "x"}, "page[cursor]"),
        ({"include": "horses"}, "include"),
    ],
)
def test_a_question_that_is_not_offered_is_named(visitor: Visitor, query: dict[str, str], parameter: str) -> None:
    reply = call(visitor, "GET", "/api/profiles", **query)
    assert (400, [{"parameter": parameter}]) == (
        reply.status,
        [one["source"] for one in json.loads(reply.body)["errors"]],
    )


def test_a_yes_is_stated_now_with_its_origin(visitor: Visitor) -> None:
    reply = call(visitor, "POST", SUBSCRIBE, subscribing(saying("SUBSCRIBED"), custom_source="Checkout"))
    assert (202, b"", "") == (reply.status, reply.body, reply.content_type)
    (fact,) = [one for one in visitor.facts() if one.kind == Kind.CONSENT_CHANGED]
    found = msgspec.json.decode(fact.body, type=Consent)
    assert (ConsentState.SUBSCRIBED, "Checkout", visitor.now, False) == (
        found.state,
        found.origin,
        found.changed_at,
        fact.is_imported,
    )


def test_an_old_yes_does_not_outweigh_a_newer_no(visitor: Visitor) -> None:
    call(visitor, "POST", UNSUBSCRIBE, leaving(saying("UNSUBSCRIBED")))
    old = saying("SUBSCRIBED", consented_at="2024-01-01T00:00:00Z")
    assert 202 == call(visitor, "POST", SUBSCRIBE, subscribing(old, historical_import=True)).status
    assert {Channel.EMAIL: ConsentState.UNSUBSCRIBED} == standing(visitor)


@pytest.mark.parametrize(
    ("path", "marketing", "detail"),
    [
        (SUBSCRIBE, {"consent": "UNSUBSCRIBED"}, "Must be one of: SUBSCRIBED."),
        (SUBSCRIBE, {}, "This field is required."),
        (SUBSCRIBE, {"consent": None}, "This field may not be null."),
        (UNSUBSCRIBE, {"consent": "SUBSCRIBED"}, "Must be one of: UNSUBSCRIBED."),
    ],
)
def test_a_job_takes_its_own_word_alone(visitor: Visitor, path: str, marketing: dict[str, Any], detail: str) -> None:
    body = subscribing({"email": ANA, "subscriptions": {"email": {"marketing": marketing}}})
    body["data"]["type"] = path.removeprefix("/api/").removesuffix("s")
    reply = call(visitor, "POST", path, body)
    (error,) = json.loads(reply.body)["errors"]
    pointer = "/data/attributes/profiles/data/0/attributes/subscriptions/email/marketing/consent"
    assert (400, detail, pointer) == (reply.status, error["detail"], error["source"]["pointer"])
    assert [] == visitor.kinds()


@pytest.mark.parametrize(
    ("marketing", "is_imported", "detail"),
    [
        ({"consented_at": "2024-01-01T00:00:00Z"}, False, "consented_at is only allowed with historical_import."),
        ({}, True, "consented_at is required with historical_import."),
        ({"consented_at": "2027-01-01T00:00:00Z"}, True, "consented_at must be in the past."),
    ],
)
def test_the_date_of_a_yes_belongs_to_history(
    visitor: Visitor, marketing: dict[str, str], is_imported: bool, detail: str
) -> None:
    body = subscribing(saying("SUBSCRIBED", **marketing), historical_import=is_imported)
    reply = call(visitor, "POST", SUBSCRIBE, body)
    assert (400, detail) == (reply.status, json.loads(reply.body)["errors"][0]["detail"])
    assert [] == visitor.kinds()


def test_channels_are_stated_each_by_its_own_address(visitor: Visitor) -> None:
    person = {
        "email": ANA,
        "phone_number": PHONE,
        "subscriptions": {"sms": {"marketing": {"consent": "SUBSCRIBED"}}, "push": {"tokens": []}},
    }
    call(visitor, "POST", SUBSCRIBE, subscribing(person))
    assert {Channel.SMS: ConsentState.SUBSCRIBED} == standing(visitor)


def test_the_old_flat_form_states_the_same(visitor: Visitor) -> None:
    entries = [{"email": ANA, "phone_number": PHONE, "channels": {"email": ["MARKETING"]}}]
    body = {"data": {"type": "profile-subscription-bulk-create-job", "attributes": {"subscriptions": entries}}}
    assert 202 == call(visitor, "POST", SUBSCRIBE, body).status
    assert {Channel.EMAIL: ConsentState.SUBSCRIBED} == standing(visitor)


def test_an_unknown_list_is_refused(visitor: Visitor) -> None:
    reply = call(visitor, "POST", SUBSCRIBE, subscribing(saying("SUBSCRIBED"), list_id="Zzzzzz"))
    (error,) = json.loads(reply.body)["errors"]
    assert (400, "List not found with id Zzzzzz.", "/data/relationships/list/data/id") == (
        reply.status,
        error["detail"],
        error["source"]["pointer"],
    )


def new_list(visitor: Visitor, process: str = "single_opt_in") -> str:
    attributes = {"name": "News", "opt_in_process": process}
    reply = call(visitor, "POST", "/api/lists", {"data": {"type": "list", "attributes": attributes}})
    found: str = json.loads(reply.body)["data"]["id"]
    return found


def members(visitor: Visitor, list_id: str) -> list[str]:
    page = json.loads(call(visitor, "GET", f"/api/lists/{list_id}/profiles").body)
    return [one["attributes"]["email"] for one in page["data"]]


def test_a_list_is_joined_and_left_with_the_consent(visitor: Visitor) -> None:
    own = new_list(visitor)
    call(visitor, "POST", SUBSCRIBE, subscribing(saying("SUBSCRIBED"), list_id=own))
    assert [ANA] == members(visitor, own)
    call(visitor, "POST", UNSUBSCRIBE, leaving(saying("UNSUBSCRIBED"), list_id=own))
    assert [] == members(visitor, own)
    assert {Channel.EMAIL: ConsentState.UNSUBSCRIBED} == standing(visitor)


def test_a_list_that_asks_a_second_time_makes_a_request_of_a_yes(visitor: Visitor) -> None:
    own = new_list(visitor, "double_opt_in")
    call(visitor, "POST", SUBSCRIBE, subscribing(saying("SUBSCRIBED"), list_id=own))
    assert {} == standing(visitor)
    assert ["custom.Subscription Requested"] == visitor.kinds()
    assert [] == members(visitor, own)


def test_being_on_a_list_is_no_consent(visitor: Visitor) -> None:
    own, who = new_list(visitor), made(visitor, email=ANA)
    path = f"/api/lists/{own}/relationships/profiles"
    assert 204 == call(visitor, "POST", path, {"data": [{"type": "profile", "id": who}]}).status
    assert [ANA] == members(visitor, own)
    assert {} == standing(visitor)


def test_a_suppression_stands_and_lifting_it_restores_nothing(visitor: Visitor) -> None:
    call(visitor, "POST", SUBSCRIBE, subscribing(saying("SUBSCRIBED")))
    for verb in ("create", "delete"):
        kind = f"profile-suppression-bulk-{verb}-job"
        body = {"data": {"type": kind, "attributes": {"profiles": {"data": [profile(email=ANA)]}}}}
        assert 202 == call(visitor, "POST", f"/api/{kind}s", body).status
        assert {Channel.EMAIL: ConsentState.SUPPRESSED} == standing(visitor)


def test_a_browser_asks_to_be_subscribed_and_states_nothing(visitor: Visitor) -> None:
    own = new_list(visitor)
    body = {
        "data": {
            "type": "subscription",
            "attributes": {"custom_source": "Footer", "profile": {"data": profile(**saying("SUBSCRIBED"))}},
            "relationships": {"list": {"data": {"type": "list", "id": own}}},
        }
    }
    reply = visitor.call("POST", "/client/subscriptions", json=body, query={"company_id": visitor.public})
    assert (202, b"") == (reply.status, reply.body)
    assert {} == standing(visitor)
    (asked,) = [fact for fact in visitor.facts() if fact.kind == "custom.Subscription Requested"]
    assert {"channels": ["email"], "list_id": own, "source": "Footer"} == (
        msgspec.json.decode(asked.body, type=Event).properties
    )
    assert [] == members(visitor, own)


def test_a_browser_identifies_and_changes_no_identifier(visitor: Visitor) -> None:
    made(visitor, email=ANA)
    body = {"data": profile(email=ANA, phone_number=PHONE, first_name="Ana", anonymous_id="dev-1")}
    reply = visitor.call("POST", "/client/profiles", json=body, query={"company_id": visitor.public})
    assert (202, b"") == (reply.status, reply.body)
    known = visitor.known(email=ANA)
    assert known is not None
    assert ("Ana", None, ("dev-1",)) == (known.first_name, known.phone, known.anonymous_ids)


def test_an_import_keeps_what_is_good_and_lists_what_is_not(visitor: Visitor) -> None:
    own = new_list(visitor)
    entries = [profile(email=ANA, first_name="Ana"), profile(email="nope"), profile(first_name="x")]
    kind = "profile-bulk-import-job"
    body: dict[str, Any] = {"data": {"type": kind, "attributes": {"profiles": {"data": entries}}}}
    body["data"]["relationships"] = {"lists": {"data": [{"type": "list", "id": own}]}}
    reply = call(visitor, "POST", f"/api/{kind}s", body)
    job = json.loads(reply.body)["data"]
    assert (202, 3, 1, 2) == (
        reply.status,
        *(job["attributes"][name] for name in ("total_count", "completed_count", "failed_count")),
    )
    errors = json.loads(call(visitor, "GET", f"/api/{kind}s/{job['id']}/import-errors").body)["data"]
    assert [f"/data/attributes/profiles/data/{place}/attributes{end}" for place, end in ((1, "/email"), (2, ""))] == [
        one["attributes"]["source"]["pointer"] for one in errors
    ]
    assert [ANA] == members(visitor, own)
    assert {(visitor.source, "profile-bulk-import-jobs"): 2} == visitor.ledger.refused_counts()


def test_a_deletion_erases_the_person_and_what_is_kept_of_them(visitor: Visitor) -> None:
    own = new_list(visitor)
    identity = made(visitor, email=ANA, title="Dr.")
    path = f"/api/lists/{own}/relationships/profiles"
    call(visitor, "POST", path, {"data": [{"type": "profile", "id": identity}]})
    who = {"profile": {"data": profile(email=ANA)}}
    body = {"data": {"type": "data-privacy-deletion-job", "attributes": who}}
    reply = call(visitor, "POST", "/api/data-privacy-deletion-jobs", body)
    assert (202, b"") == (reply.status, reply.body)
    assert Kind.PERSON_FORGOTTEN == visitor.kinds()[-1]
    assert visitor.known(email=ANA) is None
    assert ([], []) == (members(visitor, own), visitor.shelves.documents("profile"))


@pytest.mark.parametrize("who", [{}, {"email": ANA, "phone_number": PHONE}])
def test_a_deletion_names_exactly_one_identifier(visitor: Visitor, who: dict[str, str]) -> None:
    named = {"profile": {"data": profile(**who)}}
    body = {"data": {"type": "data-privacy-deletion-job", "attributes": named}}
    assert 400 == call(visitor, "POST", "/api/data-privacy-deletion-jobs", body).status


def test_somebody_erased_comes_back_as_nobody(visitor: Visitor) -> None:
    identity = made(visitor, email=ANA)
    visitor.ledger.forget(1, at=visitor.now, reason="asked")
    assert 201 == call(visitor, "POST", "/api/profiles", {"data": profile(email=ANA)}).status
    assert visitor.known(email=ANA) is None
    assert identity


def test_the_rate_headers_and_ids_are_those_of_the_platform(visitor: Visitor) -> None:
    asked = Call(
        method="POST",
        path="/api/profiles",
        received_at=datetime(2026, 3, 1, tzinfo=UTC),
        request_id="a" * 32,
        account="ABC123",
        headers={"revision": "2024-10-15"},
    )
    spent = [Spent(limit=75, per=1, remaining=74, reset=0.4), Spent(limit=750, per=60, remaining=12, reset=31.2)]
    headers = dict(DOOR.dress(asked, Reply(), spent).headers)
    assert {
        "X-Klaviyo-Req-Id": "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
        "X-Klaviyo-Api-Revision": "2024-10-15",
        "Cid": "ABC123",
        "RateLimit-Limit": "75, 75;w=1, 750;w=60",
        "RateLimit-Remaining": "12",
        "RateLimit-Reset": "1",
    } == headers
    limited = DOOR.dress(asked, DOOR.refuse(asked, Refused.LIMITED, retry_after=0.2), spent)
    (error,) = json.loads(limited.body)["errors"]
    assert (429, "Request was throttled. Expected available in 1 second.", 429, "throttled") == (
        limited.status,
        error["detail"],
        error["status"],
        error["code"],
    )
    assert ("1", False) == (dict(limited.headers)["Retry-After"], "RateLimit-Limit" in dict(limited.headers))


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Klaviyo-API-Key pk_wrong"}, 401),
        ({"Authorization": "klaviyo-api-key {secret}"}, 200),
        ({"Authorization": "Bearer {secret}", "revision": "2026-07-15"}, 200),
    ],
)
def test_a_key_opens_by_its_header(visitor: Visitor, headers: dict[str, str], status: int) -> None:
    sent = {name: value.replace("{secret}", visitor.secret) for name, value in headers.items()}
    reply = visitor.call("GET", "/api/accounts", headers=sent)
    assert status == reply.status
    if status == 401:
        (error,) = json.loads(reply.body)["errors"]
        assert ("not_authenticated", 401) == (error["code"], error["status"])
        assert error["id"] == dict(reply.headers)["X-Klaviyo-Req-Id"]
        assert "Bearer, Klaviyo-API-Key" == dict(reply.headers)["WWW-Authenticate"]


def test_an_unknown_path_is_answered_as_an_unknown_revision(visitor: Visitor) -> None:
    reply = call(visitor, "GET", "/api/flows")
    assert (404, b"No valid revisions found for method", "text/plain") == (
        reply.status,
        reply.body,
        reply.content_type,
    )
