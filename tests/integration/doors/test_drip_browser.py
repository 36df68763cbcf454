"""The calls of Drip's browser tag."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.doorway import Known, Reply
from orderwire.dialects.drip.door.door import DOOR
from orderwire.testing.doors import Visitor


class Page:
    """Calls as the browser tag makes them."""

    def __init__(self, folder: Path) -> None:
        self.visitor = Visitor(folder, DOOR)

    def __call__(self, path: str, **query: str) -> Reply:
        known = {"drip_account_id": self.visitor.public, "callback": "Drip_1"}
        return self.visitor.call("GET", f"/client/{path}", query=known | query)

    def said(self, path: str, **query: str) -> Any:
        reply = self(path, **query)
        assert (200, "text/javascript") == (reply.status, reply.content_type)
        assert (b"Drip_1({", b"})") == (reply.body[:8], reply.body[-2:])
        return msgspec.json.decode(reply.body[7:-1])

    def privately(self, method: str, path: str, json: object = None, *, secret: str = "") -> Reply:
        headers = {"Authorization": f"Bearer {secret or self.visitor.secret}"}
        return self.visitor.call(method, path.replace("{a}", self.visitor.account), json=json, headers=headers)

    def known(self, email: str) -> Known:
        known = self.visitor.known(email=email)
        assert known is not None
        return known


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    made = Page(tmp_path)
    yield made
    made.visitor.close()


def test_a_page_tells_what_its_visitor_did(page: Page) -> None:
    visitor = page.said("events/visit", url="https://shop.test/", referrer="")["visitor_uuid"]
    page.said("track", visitor_uuid=visitor, _action="Viewed a product", product_id="7", url="https://shop.test/7")
    page.said("track", visitor_uuid=visitor, _action="Opened a box", colour="red")
    assert page.said("identify", visitor_uuid=visitor, email="ana@mail.test", first_name="Ana")["success"]

    assert 32 == len(visitor)
    assert ["site.active", "product.viewed", "custom.Opened a box", "person.updated"] == page.visitor.kinds()
    assert {page.known("ana@mail.test").person} == {fact.person for fact in page.visitor.facts()}
    assert {} == page.known("ana@mail.test").consent


def test_a_page_changes_nothing_that_is_known_of_a_person(page: Page) -> None:
    told = {"email": "ana@mail.test", "first_name": "Ana", "custom_fields": {"x": 1}, "tags": ["vip"]}
    page.privately("POST", "/v2/{a}/subscribers", {"subscribers": [told]})
    page.said(
        "identify", visitor_uuid="a" * 32, email="ana@mail.test", first_name="Eve", x="2", tags="y", status="active"
    )

    reply = page.privately("GET", "/v2/{a}/subscribers/ana@mail.test")
    [shown] = msgspec.json.decode(reply.body)["subscribers"]
    assert ("Ana", {"x": 1}, ["vip"], "unsubscribed") == tuple(
        shown[name] for name in ("first_name", "custom_fields", "tags", "status")
    )


def test_a_pages_key_opens_nothing_else(page: Page) -> None:
    order = {"provider": "p", "email": "a@mail.test", "action": "placed", "order_id": "1"}
    public = page.visitor.public

    assert 403 == page.privately("GET", "/v2/{a}/subscribers", secret=public).status
    assert 403 == page.privately("POST", "/v3/{a}/shopper_activity/order", order, secret=public).status
    wrong = page.visitor.call("GET", "/client/config", query={"drip_account_id": "1", "callback": "Drip_1"})
    assert (401, b"Drip_1({") == (wrong.status, wrong.body[:8])


def test_a_page_cannot_take_the_id_of_another_event(page: Page) -> None:
    said = {"visitor_uuid": "a" * 32, "_action": "x", "source": "web", "occurred_at": "2026-02-01T10:00:00Z"}
    page.said("track", **said, event_id="E1")
    event = {"email": "a@mail.test", "action": "x", "occurred_at": "2026-02-01T10:00:00Z"}
    page.privately(
        "POST", "/v2/{a}/events", {"events": [event | {"properties": {"source": "web", "event_id": "E1"}}]}
    )

    assert ["custom.x", "custom.x"] == page.visitor.kinds()


def test_a_visitor_nobody_knows_stays_unnamed(page: Page) -> None:
    answer = page.said("identify", visitor_uuid="a" * 32, subscriber_id="0" * 20)

    assert (True, "a" * 32, []) == (answer["anonymous"], answer["visitor_uuid"], page.visitor.kinds())
    assert not page.said("identify", visitor_uuid="a" * 32, email="n/a")["success"]
    assert not page.said("track", visitor_uuid="a" * 32)["success"]


@pytest.mark.parametrize("callback", ["alert(1)//", "a b", "", "1a", "x" * 200])
def test_only_a_name_is_called_back(page: Page, callback: str) -> None:
    reply = page("config", callback=callback)

    assert ("application/json", b"{") == (reply.content_type, reply.body[:1])


def test_no_text_of_a_page_ends_a_script(page: Page) -> None:
    reply = page("config", domain="</script>\u2028")

    assert b"</script" not in reply.body
    assert "\u2028".encode() not in reply.body
