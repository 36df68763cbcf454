"""Yespo's door: contacts one by one and in bulk, segments, permission."""

from base64 import b64encode
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.doorway import Known, Reply
from orderwire.dialects.yespo.door.door import DOOR
from orderwire.model import Channel, ConsentState
from orderwire.testing.doors import Visitor


class Shop:
    """A shop that calls the door with its key."""

    def __init__(self, folder: Path) -> None:
        self.visitor = Visitor(folder, DOOR)
        token = b64encode(f":{self.visitor.secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}"}

    def call(self, method: str, path: str, json: object = None, **query: str) -> Reply:
        """A call below `/api/v1`."""
        return self.visitor.call(method, f"/api/v1{path}", json=json, headers=self.headers, query=query)

    def told(self, method: str, path: str, json: object = None, **query: str) -> Any:
        """What a call answers, which must be a success in JSON."""
        reply = self.call(method, path, json, **query)
        assert reply.status == 200
        return msgspec.json.decode(reply.body)

    def make(self, email: str = "ana@mail.test", **more: object) -> int:
        """A contact made, by its id."""
        found: int = self.told("POST", "/contact", contact(email, **more))["id"]
        return found

    def known(self, email: str = "ana@mail.test") -> Known:
        """A person who must be known."""
        found = self.visitor.known(email=email)
        assert found is not None
        return found

    def consent(self, email: str = "ana@mail.test") -> ConsentState | None:
        """What is in force for an address."""
        standing = self.known(email).consent.get(Channel.EMAIL)
        return standing.state if standing else None


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def contact(email: str = "ana@mail.test", phone: str = "", **more: object) -> dict[str, Any]:
    channels = [{"type": "email", "value": email}]
    return {"channels": [*channels, *([{"type": "sms", "value": phone}] if phone else [])], **more}


FULL = contact(
    phone="380501112233",
    firstName="Ana",
    lastName="Ruiz",
    address={"region": "Kyivska", "town": "Kyiv", "address": "Main 1", "postcode": "01001"},
    fields=[{"id": 77, "value": "red"}],
    externalCustomerId="C1",
    contactKey="key-1",
    languageCode="uk",
    timeZone="Europe/Kyiv",
)


def test_a_contact_is_given_back_as_it_was_made(shop: Shop) -> None:
    made = shop.told("POST", "/contact/", FULL)["id"]
    assert {**FULL, "id": made, "addressBookId": 1, "groups": []} == shop.told("GET", f"/contact/{made}")


def test_a_contact_made_again_is_the_same_and_keeps_what_is_not_sent(shop: Shop) -> None:
    made = shop.told("POST", "/contact", FULL)["id"]
    assert made == shop.make(firstName="Anna")
    assert ("Anna", "Ruiz", "uk") == tuple(
        shop.told("GET", f"/contact/{made}")[name] for name in ("firstName", "lastName", "languageCode")
    )


def test_the_placeholders_of_the_plugin_are_nothing(shop: Shop) -> None:
    made = shop.make(phone=" ", firstName=" ", address={"town": " "})
    assert [{"type": "email", "value": "ana@mail.test"}] == shop.told("GET", f"/contact/{made}")["channels"]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"channels": []}, "channels is required"),
        ({"channels": [{"type": "email", "value": "nobody"}]}, "email has a wrong format"),
        ({"channels": [{"type": "fax", "value": "1"}]}, "channels.type has a wrong format"),
        ({"channels": [{"type": "sms", "value": "12"}]}, "sms has a wrong format"),
        (contact(fields=[{"id": "x", "value": "1"}]), "fields.id has a wrong format"),
        (contact(address="Main 1"), "address has a wrong format"),
        ({"id": 12, "firstName": "Ana"}, "channels is required"),
        ([], "Bad request: the body is not a JSON object"),
    ],
)
def test_a_contact_in_a_wrong_form_is_refused(given: object, text: str, shop: Shop) -> None:
    reply = shop.call("POST", "/contact", given)
    assert (400, text.encode()) == (reply.status, reply.body)
    assert [] == shop.visitor.kinds()


def test_a_contact_states_no_consent(shop: Shop) -> None:
    shop.make()
    shop.told("POST", "/contacts", {"contacts": [contact()], "dedupeOn": "email"})
    assert shop.consent() is None


def test_changing_and_deleting_answer_in_words_labelled_json(shop: Shop) -> None:
    made = shop.make()
    changed = shop.call("PUT", f"/contact/{made}", {"contact": contact(firstName="Anna")})
    deleted = shop.call("DELETE", f"/contact/{made}")
    assert f"Contact with id='{made}' has been updated".encode() == changed.body
    assert f"Contact with id='{made}' has been deleted".encode() == deleted.body
    assert "application/json;charset=UTF-8" == changed.content_type == deleted.content_type


def test_a_deleted_contact_is_out_of_sight_until_it_is_changed(shop: Shop) -> None:
    made = shop.make(externalCustomerId="C1")
    assert 200 == shop.call("DELETE", "/contact", externalCustomerId="C1", erase="false").status
    assert 404 == shop.call("GET", f"/contact/{made}").status
    assert [] == shop.told("GET", "/contacts")
    reply = shop.call("DELETE", "/contact", externalCustomerId="C1")
    assert (404, b"Contact not found") == (reply.status, reply.body)
    shop.call("PUT", f"/contact/{made}", {"firstName": "Ana"})
    assert "Ana" == shop.told("GET", f"/contact/{made}")["firstName"]


def test_erasing_for_good_is_refused_and_nothing_is_deleted(shop: Shop) -> None:
    made = shop.make()
    assert 403 == shop.call("DELETE", f"/contact/{made}", erase="true").status
    assert 200 == shop.call("GET", f"/contact/{made}").status


def test_an_id_that_belongs_to_somebody_else_is_refused(shop: Shop) -> None:
    shop.make(externalCustomerId="C1")
    other = shop.make("bo@mail.test")
    reply = shop.call("PUT", f"/contact/{other}", {"externalCustomerId": "C1"})
    assert (400, b"externalCustomerId belongs to another contact") == (reply.status, reply.body)


@pytest.mark.parametrize("given", ["1", "90000099", "x", "-1", "9" * 30])
def test_an_unknown_contact_is_not_found(given: str, shop: Shop) -> None:
    assert 404 == shop.call("GET", f"/contact/{given}").status


def test_an_id_survives_when_two_people_turn_out_to_be_one(shop: Shop) -> None:
    first = shop.make("ana@mail.test")
    second = shop.told("POST", "/contact", {"channels": [{"type": "sms", "value": "380501112233"}]})["id"]
    shop.make("ana@mail.test", phone="380501112233")
    assert first != second
    assert shop.told("GET", f"/contact/{first}")["channels"] == shop.told("GET", f"/contact/{second}")["channels"]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"email": "ANA@mail.test"}, 1),
        ({"sms": "380501112233"}, 1),
        ({"externalCustomerId": "C1"}, 1),
        ({"firstname": "ana"}, 1),
        ({"email": "ana@mail.test", "firstname": "Bo"}, 0),
        ({"email": "ana@mail.test", "sms": "380509999999"}, 0),
        ({"email": "nobody"}, 0),
        ({}, 3),
    ],
)
def test_contacts_are_found(query: dict[str, str], count: int, shop: Shop) -> None:
    shop.told("POST", "/contact", FULL)
    shop.make("bo@mail.test", firstName="Bo")
    shop.make("cy@mail.test")
    reply = shop.call("GET", "/contacts", **query)
    assert count == len(msgspec.json.decode(reply.body))
    assert (("TotalCount", str(count)),) == reply.headers


def test_all_contacts_are_read_page_by_page(shop: Shop) -> None:
    made = [shop.make(f"p{number}@mail.test") for number in range(5)]
    read: list[int] = []
    totals = []
    for start in ("1", "3", "5"):
        reply = shop.call("GET", "/contacts", startindex=start, maxrows="2", sortBy="contactId")
        read.extend(one["id"] for one in msgspec.json.decode(reply.body))
        totals.append(dict(reply.headers)["TotalCount"])
    assert made == read
    assert ["5", "5", "5"] == totals


def test_an_id_alone_cannot_be_mixed_with_other_filters(shop: Shop) -> None:
    assert 400 == shop.call("GET", "/contacts", externalCustomerId="C1", email="ana@mail.test").status


def test_addresses_are_told_by_ids_one_alone_without_its_list(shop: Shop) -> None:
    first, second = shop.make(), shop.make("bo@mail.test")
    one = {"contactId": first, "email": "ana@mail.test"}
    assert {"results": one} == shop.told("GET", "/contacts/email", ids=str(first))
    assert 2 == len(shop.told("GET", "/contacts/email", ids=f"{first},{second}")["results"])


def test_a_bulk_call_answers_with_a_session_that_is_finished(shop: Shop) -> None:
    told = shop.told("POST", "/contacts", {"contacts": [contact()], "dedupeOn": "email"})
    status = shop.told("GET", f"/importstatus/{told['asyncSessionId']}")
    assert {"id", "asyncSessionId"} == told.keys()
    assert (0, "FINISHED") == (told["id"], status["status"])
    assert {"dedupeValue": "ana@mail.test", "contactId": shop.make()} == status["mapping"]


def test_refused_contacts_are_named_one_alone_without_its_list(shop: Shop) -> None:
    bad = {"channels": [{"type": "email", "value": "nobody"}], "firstName": "X"}
    one = shop.told("POST", "/contacts", {"contacts": [contact(), bad], "dedupeOn": "email"})
    two = shop.told("POST", "/contacts", {"contacts": [bad, bad], "dedupeOn": "email"})
    assert {**bad, "error": "email has a wrong format"} == one["failedContacts"]
    assert 2 == len(two["failedContacts"])
    assert ["person:ana@mail.test"] == [fact.subject for fact in shop.visitor.facts()]


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (["firstName"], ("Anna", "Ruiz", "380501112233")),
        (["firstName", "lastName"], ("Anna", None, "380501112233")),
        (["sms"], ("Ana", "Ruiz", None)),
        (None, ("Anna", None, None)),
    ],
)
def test_fields_that_are_named_are_written_and_blanked_when_not_carried(
    named: list[str] | None, expected: tuple[str | None, ...], shop: Shop
) -> None:
    made = shop.make(phone="380501112233", firstName="Ana", lastName="Ruiz")
    told = {"contacts": [contact(firstName="Anna")], "dedupeOn": "email"}
    shop.told("POST", "/contacts", {**told, "contactFields": named} if named else told)
    shown = shop.told("GET", f"/contact/{made}")
    phone = next((one["value"] for one in shown["channels"] if one["type"] == "sms"), None)
    assert expected == (shown.get("firstName"), shown.get("lastName"), phone)


def test_custom_fields_are_written_only_when_they_are_listed(shop: Shop) -> None:
    made = shop.make(fields=[{"id": 77, "value": "red"}])
    told = {
        "contacts": [contact(fields=[{"id": 77, "value": "blue"}, {"id": 78, "value": "x"}])],
        "dedupeOn": "email",
    }
    shop.told("POST", "/contacts", {**told, "contactFields": ["email"], "customFieldsIDs": [78]})
    fields = shop.told("GET", f"/contact/{made}")["fields"]
    assert [{"id": 77, "value": "red"}, {"id": 78, "value": "x"}] == fields
    book = shop.told("GET", "/addressbooks")["addressBook"]
    assert [77, 78] == [field["id"] for field in book["fieldGroups"]["fields"]]


def test_the_shops_id_counts_before_what_a_call_dedupes_on(shop: Shop) -> None:
    made = shop.make(externalCustomerId="C1")
    told = contact("new@mail.test", externalCustomerId="C1", firstName="Ana")
    shop.told("POST", "/contacts", {"contacts": [told], "dedupeOn": "email"})
    assert "Ana" == shop.told("GET", f"/contact/{made}")["firstName"]


def test_two_rows_of_one_person_in_a_call_are_one(shop: Shop) -> None:
    rows = [contact(firstName="Ana"), contact(lastName="Ruiz")]
    shop.told("POST", "/contacts", {"contacts": rows, "dedupeOn": "email", "contactFields": ["email"]})
    shop.told("POST", "/contacts", {"contacts": rows, "dedupeOn": "email", "contactFields": ["email"]})
    assert 1 == len(shop.told("GET", "/contacts"))


def test_deleted_contacts_stay_deleted_unless_restored(shop: Shop) -> None:
    made = shop.make()
    shop.call("DELETE", f"/contact/{made}")
    bulk = {"contacts": [contact(firstName="Ana")], "dedupeOn": "email"}
    shop.told("POST", "/contacts", bulk)
    assert 404 == shop.call("GET", f"/contact/{made}").status
    shop.told("POST", "/contacts", {**bulk, "restoreDeleted": True})
    assert "Ana" == shop.told("GET", f"/contact/{made}")["firstName"]


def test_new_contacts_cause_the_event_they_are_to_cause_and_known_ones_do_not(shop: Shop) -> None:
    shop.make()
    bulk = {"contacts": [contact(), contact("bo@mail.test")], "dedupeOn": "email", "eventKeyForNewContacts": "hello"}
    shop.told("POST", "/contacts", bulk)
    events = [fact for fact in shop.visitor.facts() if fact.kind == "custom.hello"]
    assert [shop.known("bo@mail.test").person] == [fact.person for fact in events]


def test_what_older_clients_send_is_read(shop: Shop) -> None:
    # One channel without its list (2015), and a bulk call that names nothing to dedupe on (a sample of the FAQ).
    made = shop.told("POST", "/contact", {"channels": {"type": "email", "value": "ana@mail.test"}})["id"]
    shop.told("POST", "/contacts", {"contacts": [contact(firstName="Ana")]})
    assert "Ana" == shop.told("GET", f"/contact/{made}")["firstName"]


@pytest.mark.parametrize(
    "change",
    [{"contacts": []}, {"contacts": [contact()] * 3001}, {"dedupeOn": "name"}, {"eventKeyForNewContacts": "a b"}],
    ids=["none", "too many", "dedupe", "event"],
)
def test_a_bulk_call_in_a_wrong_form_is_refused_whole(change: dict[str, Any], shop: Shop) -> None:
    reply = shop.call("POST", "/contacts", {"contacts": [contact()], "dedupeOn": "email", **change})
    assert (400, "text/plain;charset=UTF-8") == (reply.status, reply.content_type)


def test_segments_are_made_by_name_and_hold_who_was_put_there(shop: Shop) -> None:
    made = shop.make()
    bulk = {"contacts": [contact("bo@mail.test")], "dedupeOn": "email", "groupNames": ["VIP"]}
    shop.told("POST", "/contacts", bulk)
    group = shop.told("GET", "/groups", name="VIP")[0]["id"]
    assert 200 == shop.call("POST", f"/group/{group}/contacts/attach", {"contactIds": [made]}).status
    members = shop.told("GET", f"/group/{group}/contacts")
    assert ["ana@mail.test", "bo@mail.test"] == [one["channels"][0]["value"] for one in members]
    shop.call("POST", f"/group/{group}/contacts/detach", {"contactIds": [made]})
    assert ["bo@mail.test"] == [one["channels"][0]["value"] for one in shop.told("GET", f"/group/{group}/contacts")]


@pytest.mark.parametrize("body", [None, {}])
def test_taking_out_nobody_in_particular_empties_a_segment(body: object, shop: Shop) -> None:
    bulk = {"contacts": [contact(), contact("bo@mail.test")], "dedupeOn": "email", "groupNames": ["VIP"]}
    shop.told("POST", "/contacts", bulk)
    group = shop.told("GET", "/groups")[0]["id"]
    shop.call("POST", f"/group/{group}/contacts/detach", body)
    assert [] == shop.told("GET", f"/group/{group}/contacts")


def test_a_form_subscribes_somebody_new(shop: Shop) -> None:
    told = shop.told(
        "POST",
        "/contact/subscribe",
        {"contact": contact(), "groups": ["News"], "subscriptions": ["sale"], "formType": "f"},
    )
    assert ("SUBSCRIBED", True) == (told["emailStatus"], told["new"])
    assert ConsentState.SUBSCRIBED is shop.consent()
    assert "custom.subscribeFromApi-f" == shop.visitor.kinds()[-1]
    assert ["sale"] == [one["key"] for one in shop.told("GET", f"/contact/{told['id']}/subscriptions")]


@pytest.mark.parametrize(
    ("before", "status", "after"),
    [
        (["delete"], "ALREADY_SUBSCRIBED", ConsentState.SUBSCRIBED),
        (["add"], "NEED_CONFIRMATION", ConsentState.UNSUBSCRIBED),
    ],
)
def test_a_form_does_not_undo_a_no(before: list[str], status: str, after: ConsentState, shop: Shop) -> None:
    for verb in before:
        shop.call("POST", f"/emails/unsubscribed/{verb}", {"emails": ["ana@mail.test"]})
    told = shop.told("POST", "/contact/subscribe", {"contact": contact()})
    assert (status, after) == (told["emailStatus"], shop.consent())


def test_a_form_gives_a_contact_the_address_that_it_lacks(shop: Shop) -> None:
    phone = {"channels": [{"type": "sms", "value": "380501112233"}], "externalCustomerId": "C1"}
    made = shop.told("POST", "/contact", phone)["id"]
    told = shop.told("POST", "/contact/subscribe", {"contact": contact(externalCustomerId="C1")})
    assert (made, "SUBSCRIBED", False) == (told["id"], told["emailStatus"], told["new"])
    assert ("C1", ConsentState.SUBSCRIBED) == (shop.known().external_id, shop.consent())


def test_a_form_keeps_the_address_that_a_contact_has(shop: Shop) -> None:
    made = shop.make(externalCustomerId="C1")
    shop.told("POST", "/contact/subscribe", {"contact": contact("bo@mail.test", externalCustomerId="C1")})
    assert [{"type": "email", "value": "ana@mail.test"}] == shop.told("GET", f"/contact/{made}")["channels"]


def test_a_form_in_another_name_does_not_undo_the_no_of_an_address(shop: Shop) -> None:
    shop.call("POST", "/emails/unsubscribed/add", {"emails": ["ana@mail.test"]})
    phone = {"channels": [{"type": "sms", "value": "380501112233"}], "externalCustomerId": "C1"}
    shop.told("POST", "/contact", phone)
    told = shop.told("POST", "/contact/subscribe", {"contact": contact(externalCustomerId="C1")})
    assert ("NEED_CONFIRMATION", ConsentState.UNSUBSCRIBED) == (told["emailStatus"], shop.consent())


def test_an_address_that_is_none_does_not_cost_the_others_their_no(shop: Shop) -> None:
    reply = shop.call("POST", "/emails/unsubscribed/add", {"emails": ["nobody", "ana@mail.test", 7, None]})
    assert (200, ConsentState.UNSUBSCRIBED) == (reply.status, shop.consent())
    reply = shop.call("POST", "/emails/unsubscribed/add", {"emails": ["nobody"]})
    assert (400, b"emails has a wrong format") == (reply.status, reply.body)


def test_the_list_of_unsubscribed_addresses_says_no_and_yes(shop: Shop) -> None:
    reply = shop.call("POST", "/emails/unsubscribed/add", {"emails": ["ana@mail.test", "bo@mail.test"]})
    assert (200, b"", ConsentState.UNSUBSCRIBED) == (reply.status, reply.body, shop.consent())
    shop.call("POST", "/emails/unsubscribed/delete", {"emails": ["ana@mail.test"]})
    assert (ConsentState.SUBSCRIBED, ConsentState.UNSUBSCRIBED) == (shop.consent(), shop.consent("bo@mail.test"))


def test_who_opted_out_is_read_as_activity(shop: Shop) -> None:
    shop.call("POST", "/emails/unsubscribed/add", {"emails": [f"p{number}@mail.test" for number in range(3)]})
    span = {"dateFrom": "2026-02-01T00:00:00", "dateTo": "2026-04-01T00:00:00", "activityStatus": "UNSUBSCRIBED"}

    def page(**more: str) -> list[dict[str, Any]]:
        reply = shop.visitor.call("GET", "/api/v2/contacts/activity", headers=shop.headers, query={**span, **more})
        found: list[dict[str, Any]] = msgspec.json.decode(reply.body)
        return found

    first = page(maxrows="2")
    rest = page(maxrows="2", offset=first[-1]["offset"])
    assert [f"p{number}@mail.test" for number in range(3)] == [row["email"] for row in (*first, *rest)]
    assert [] == page(activityStatus="SPAM")
    assert 400 == shop.visitor.call("GET", "/api/v2/contacts/activity", headers=shop.headers).status


def test_categories_are_chosen_and_counted(shop: Shop) -> None:
    made = shop.make()
    assert 200 == shop.call("PUT", f"/contact/{made}/subscriptions", {"subscriptions": ["sale", "news"]}).status
    counted = shop.told("GET", "/subscriptions")
    assert [("news", 1), ("sale", 1)] == [(one["key"], one["contactsCount"]) for one in counted]
