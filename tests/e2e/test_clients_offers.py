"""Ordergroove's own script on a shop's page, in a real Chromium, its servers being our stand-in.

What a customer adds to an order to come, and subscribes to there, is then read by our connector: the ledger holds
exactly that.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.clients.environments import modules_of
from tests.clients.known import OFFERS, keep
from tests.clients.shop_page import ShopPage
from tests.clients.summary import lines_of
from tests.e2e.test_onsite import CHROMIUM, FLAGS

from orderwire.sandbox.kit import read_log
from orderwire.sandbox.ordergroove import Ordergroove
from orderwire.sandbox.ordergroove.programme import UNSENT, Item, Order, Programme
from orderwire.sandbox.ordergroove.shapes import MERCHANT, OFFER
from orderwire.sandbox.ordergroove.storefront import signature
from orderwire.testing.shopfronts import START, Shopfront

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif("ORDERWIRE_E2E" not in os.environ, reason="`make e2e` installs the clients and runs this"),
]
HOSTS = ("staging.offers.ordergroove.com", "staging.restapi.ordergroove.com")
STATE = "og.offers.store.getState()"
REGULAR, MODAL = "og-when[test=regularEligible]", "og-upsell-modal"
TABLE: dict[str, Any] = {
    "kind": "ordergroove",
    "key": "env:KEY",
    "webhook_secrets": ["env:HOOKS"],
    "options": {"since": "2020-01-01"},
}
ADDED = """
subscription.updated subscription:aef2296e59d5f700ef26638100358680 | s556@mail.test | 2026-03-02 11:00:00 | \
4769 USD: 517 every 4 weeks, next 2026-03-30 503+517=6079
"""
"""What it means that 503 is put into the order of 30 March, once."""
SUBSCRIBED = """
person.updated person:556 | s556@mail.test | 2026-03-02 12:00:00 | 556 +13125551556 Sam Oak 556 \
active_subscriptions=4 total_subscription=4
subscription.created subscription:28b3dfcf3653a0079a96f33a3b763cf9 | s556@mail.test | 2026-03-02 12:00:00 | \
1035 USD: 506 every 1 week, next 2026-03-30 503+506+517=7114
subscription.updated subscription:aef2296e59d5f700ef26638100358680 | s556@mail.test | 2026-03-02 12:00:00 | \
4769 USD: 517 every 4 weeks, next 2026-03-30 503+506+517=7114
"""
"""What it means that 506 is subscribed to from that order on: three subscriptions there were before."""


class Shop:
    """A shop with a programme: its pages, who is signed in there, and the ledger that reads the programme."""

    def __init__(self, folder: Path, script: Path) -> None:
        options = {"every": 0, "hash_key": "store-key", "hooks_to": "https://orderwire.test/hooks/shop"}
        self.front = Shopfront(folder, TABLE, options=options)
        assert isinstance(self.front.stand_in, Ordergroove)
        self.stand_in = self.front.stand_in
        self.programme: Programme = self.stand_in.programme
        self.customer = ""
        self.hash_key = "store-key"
        self.asked = 0
        """How often a page asked who is signed in."""
        self._script = script.read_text(encoding="utf-8")
        pages = {"/p/{product}": self._product, "/offers.js": self._code, "/auth": self._auth}
        self.page = ShopPage(folder, self.stand_in, HOSTS, pages)

    def signed(self) -> dict[str, Any]:
        """What the shop's server signs its customer in with."""
        sent = int(self.front.clock.seconds())
        return {"sig_field": self.customer, "ts": sent, "sig": signature(self.hash_key, self.customer, sent)}

    def received(self) -> list[str]:
        """Status, method and path of every call that its servers got; of browsers' own questions nothing."""
        assert self.page.log.path is not None
        every = [(one["status"], one["method"], one["path"]) for one in read_log(self.page.log.path)]
        return [f"{status} {method} {path}" for status, method, path in every if method != "OPTIONS"]

    def facts_at(self, hour: int) -> list[str]:
        """What the connector brings, by webhook and then by its sweep, sorted; afterwards it is this hour."""
        began = len(self.front.facts())
        for one in self.stand_in.deliveries():
            assert 200 == self.front.hear(one.headers, one.body).status
            self.stand_in.answered(one, 200)
        self.front.wait(60)
        self.front.sync()
        self.front.clock.at = START.replace(hour=hour)
        return sorted(lines_of(self.front.facts()[began:]))

    def close(self) -> None:
        """Stop serving, and close the ledger."""
        self.page.close()
        self.front.close()

    async def _product(self, request: web.Request) -> web.Response:
        asked = '"/auth"' if "cookie" not in request.query else "undefined"
        begin = f'og.offers.initialize("{MERCHANT}", "staging", {asked});'
        scripts = f'<script src="/offers.js"></script><script>{begin}</script>'
        product = request.match_info["product"]
        saved = f'<og-incentive-text product="{product}" from="DiscountPercent"></og-incentive-text>'
        body = f'<og-offer product="{product}"></og-offer>{saved}{scripts}'
        return web.Response(text=f"<!doctype html><title>Shop</title><body>{body}</body>", content_type="text/html")

    async def _code(self, _request: web.Request) -> web.Response:
        return web.Response(text=self._script, content_type="text/javascript")

    async def _auth(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response(self.signed()) if self.customer else web.json_response({}, status=401)


class Visit:
    """One browser's visit to the shop, and how the calls went that the script made on it."""

    def __init__(self, context: BrowserContext, told: list[dict[str, str]]) -> None:
        self.told = told
        self.faults: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))

    def sees(self, call: str, expected: Any, show: str | Callable[[], Any], *, within: float = 10) -> None:
        """A call is right once this is what the page holds, as an expression or by looking."""
        safely = f"() => {{ try {{ return {show}; }} catch (error) {{ return String(error); }} }}"
        look = (lambda: self.page.evaluate(safely)) if isinstance(show, str) else show
        deadline = time.monotonic() + within
        while (got := look()) != expected and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        self.told.append({"call": call, "wrong": "" if got == expected else f"expected {expected!r}, got {got!r}"})

    def shows(self, words: str, where: str = "og-offer") -> Callable[[], bool]:
        """Looks whether these words can be seen."""
        return lambda: words in " ".join(self.page.inner_text(where).split())


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path, modules_of(OFFERS.name) / "@ordergroove" / "offers" / "dist" / "offers.js")
    yield opened
    opened.close()


@pytest.fixture
def browser(shop: Shop) -> Iterator[Browser]:
    assert CHROMIUM, "no Chromium on this machine; make servers installs it"
    with sync_playwright() as playwright:
        rules = f"--host-resolver-rules={shop.page.resolver_rules}"
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, rules])
        yield opened
        opened.close()


def regular(programme: Programme) -> tuple[Order, Item]:
    """An order to come with one thing in it, whose customer has another one that is older but comes later."""
    for order in programme.orders.values():
        theirs = [one for one in programme.orders.values() if one.customer == order.customer and one.status == UNSENT]
        later = [one for one in theirs if one.place > order.place]
        if len(later) == len(theirs) - 1 and any(one.created < order.created for one in later):
            items = programme.items_of(order.id)
            if order.status == UNSENT and len(items) == 1:
                return order, items[0]
    raise LookupError("nobody has such orders")


def anybody(visit: Visit, shop: Shop, product: str) -> None:
    """Somebody who is not signed in sees an offer, opts in, and out again."""
    page = visit.page
    page.goto(f"{shop.page.url}/p/{product}")
    visit.sees("initialize", [True, True], f"[og.offers.isReady(), {STATE}.sessionId.startsWith('{MERCHANT}.')]")
    visit.sees("og.offers itself", "function", "typeof og.offers", within=0)
    offered = [OFFER, True, True, {"every": 1, "every_period": 3}]
    shown = ("offerId", "inStock['{}']", "autoshipEligible['{}']", "defaultFrequencies['{}']")
    asked = ", ".join(f"{STATE}.{one.format(product)}" for one in shown)
    visit.sees("fetchOffer", offered, f"[{asked}]")
    visit.sees("og-incentive-text", True, visit.shows("10%", "og-incentive-text"))
    visit.sees("resolveAuth, not signed in", (1, False), lambda: (shop.asked, page.evaluate(f"{STATE}.auth")))
    page.evaluate("og.offers.addOptinChangedCallback((told) => { window.told = told; })")
    page.click(f"{REGULAR} og-optin-button")
    wanted: dict[str, Any] = {"product": product, "subscription_info": {"components": []}}
    session = page.evaluate(f"{STATE}.sessionId")
    tracking = {"offer": OFFER, "session_id": session, "every_period": 3, "every": 1}
    visit.sees("optinProduct", [{**wanted, "tracking_override": tracking}], "og.offers.getOptins()")
    visit.sees("addOptinChangedCallback", [product, True], "[told.productId, told.optedIn]")
    page.select_option(f"{REGULAR} og-select-frequency select", "1_2")
    often = [{**wanted, "tracking_override": {**tracking, "every_period": 2}}]
    visit.sees("productChangeFrequency", often, "og.offers.getProductsForPurchasePost()")
    visit.sees("saveState", True, "(localStorage.OG_STATE || '').includes('1_2')")
    page.reload()
    visit.sees("loadState, on the next page", often, "og.offers.getOptins()")
    page.click(f"{REGULAR} og-optout-button")
    visit.sees("optoutProduct", [], "og.offers.getOptins()")
    page.click(f"{REGULAR} og-optin-button")
    visit.sees("optinProduct again", 1, "og.offers.getOptins().length")
    page.evaluate("og.offers.clear()")
    visit.sees("clear", [], "og.offers.getOptins()")


def adds_once(visit: Visit, shop: Shop, order: Order, product: str) -> None:
    """A customer puts something into the order to come, once."""
    page = visit.page
    held = [one.product for one in shop.programme.items_of(order.id)]
    page.goto(f"{shop.page.url}/p/{product}")
    visit.sees("resolveAuth by the shop's address", {"public_id": MERCHANT, **shop.signed()}, f"{STATE}.auth")
    visit.sees("fetchOrders", order.id, f"{STATE}.nextUpcomingOrder.public_id")
    visit.sees("fetchItems", held, f"{STATE}.nextUpcomingOrder.products")
    day = f"{order.place:%B} {order.place.day}, {order.place.year}"
    visit.sees("og-next-upcoming-order", True, visit.shows(f"Add item to order on {day}"))
    page.click("og-upsell-button")
    page.click(f"{MODAL} > og-optout-button")
    page.click(f"{MODAL} > button[slot=confirm]")
    visit.sees("createOneTime", [*held, product], f"{STATE}.nextUpcomingOrder.products")
    visit.sees("og-when upcomingOrderContainsProduct", True, visit.shows("is in your next"))


def subscribes(visit: Visit, shop: Shop, product: str) -> None:
    """A customer who was signed in by a cookie subscribes to something from the order to come on."""
    page = visit.page
    page.goto(f"{shop.page.url}/p/{product}?cookie")
    visit.sees("resolveAuth by a cookie", {"public_id": MERCHANT, **shop.signed()}, f"{STATE}.auth")
    page.click("og-upsell-button")
    page.select_option(f"{MODAL} > og-select-frequency select", "1_2")
    page.click(f"{MODAL} > button[slot=confirm]")
    visit.sees(
        "createOneTime, to be subscribed to", True, f"{STATE}.nextUpcomingOrder.products.includes('{product}')"
    )
    visit.sees("convertOneTimeToSubscription", [], f"{STATE}.optedin")


def is_refused(visit: Visit, shop: Shop, product: str) -> None:
    """Somebody whose signature is not the shop's is shown what anybody is."""
    shop.hash_key = "another-key"
    visit.page.goto(f"{shop.page.url}/p/{product}")
    visit.sees("fetchOrders, wrong signature", True, lambda: "403 GET /orders/" in shop.received())
    visit.sees("unauthorized", [False, {}], f"[{STATE}.auth, {STATE}.nextUpcomingOrder]")
    visit.sees("fetchOffer, wrong signature", True, visit.shows("Subscribe to save"))
    shop.hash_key = "store-key"


def test_its_calls_are_answered_and_become_the_facts_they_mean(shop: Shop, browser: Browser) -> None:
    told: list[dict[str, str]] = []
    visits: list[Visit] = []

    def visit(cookie: str = "") -> Visit:
        context = browser.new_context(ignore_https_errors=True, locale="en-US")
        if cookie:
            context.add_cookies([{"name": "og_auth", "value": cookie, "url": shop.page.url}])
        visits.append(Visit(context, told))
        return visits[-1]

    order, item = regular(shop.programme)
    once, again = [one for one in shop.programme.products if one != item.product][:2]
    shop.facts_at(10)
    anybody(visit(), shop, once)
    assert [] == shop.facts_at(11)

    shop.customer = order.customer
    adds_once(visit(), shop, order, once)
    assert ADDED.strip().splitlines() == shop.facts_at(12)

    subscribes(visit("|".join(map(str, shop.signed().values()))), shop, again)
    assert SUBSCRIBED.strip().splitlines() == shop.facts_at(13)

    is_refused(visit(), shop, once)
    assert [] == shop.facts_at(14)

    keep(OFFERS.name, told)
    assert {} == {one["call"]: one["wrong"] for one in told if one["wrong"] and one["call"] not in OFFERS.is_wrong}
    assert set(OFFERS.is_wrong) == {one["call"] for one in told if one["wrong"]}
    assert [[]] * 4 == [one.faults for one in visits]
    created = ["200 POST /items/iu/", "200 POST /items/iu/", "200 POST /subscriptions/create_from_item/"]
    assert created == [one for one in shop.received() if "POST" in one]
