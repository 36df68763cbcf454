"""The on-site script in a real Chromium, on pages that hold the snippets as the platforms document them."""

import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from orderwire.app.frontdoor.shelves import record_of
from orderwire.dialects.native.door.door import DOOR
from orderwire.entrypoints.server.scripts import content
from orderwire.model import Cart, Event, Person, Record
from orderwire.testing.doors import Visitor

pytestmark = pytest.mark.browser
CHROMIUM = next(
    (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CART = (
    '{cart_id: "c1", currency: "EUR", lines: [{product_id: "7", name: "Cup", quantity: 2, price: 19.99}, '
    '{product_id: "8", name: "Jug", quantity: 1, price: "6.00"}]}'
)


class Shop:
    """A shop's pages and the front door behind its script, on one address."""

    def __init__(self, folder: Path) -> None:
        self.visitor = Visitor(folder, DOOR)
        self.pages: dict[str, str] = {}
        self.status = 0
        """What the front door answers instead of taking anything; 0 for its own answer."""
        self.received: list[bytes] = []
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def page(self, inside: str, *, attributes: str = "", path: str = "/p", before: bool = True) -> str:
        """A page with these scripts before (or after) ours; gives its address."""
        tag = f'<script async src="{self.url}/js/orderwire.js?key={self.visitor.public}" {attributes}></script>'
        parts = (inside, tag) if before else (tag, inside)
        self.pages[path] = f"<!doctype html><title>Shop</title><body>{''.join(parts)}</body>"
        return self.url + path

    def records(self, kind: str = "") -> list[Record]:
        """What the ledger holds, in log order; of kinds that begin so."""
        with self._lock:
            facts = [fact for fact in self.visitor.facts() if fact.kind.startswith(kind)]
        return [record for fact in facts if (record := record_of(fact.subject, fact.body)) is not None]

    def kinds(self) -> list[str]:
        with self._lock:
            return self.visitor.kinds()

    def people(self) -> int:
        """How many people the facts are about."""
        with self._lock:
            return len({fact.person for fact in self.visitor.facts()})

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        with self._lock:
            self.visitor.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                if path == "/js/orderwire.js":
                    self._answer(200, content()[0], "text/javascript")
                elif path in shop.pages:
                    self._answer(200, shop.pages[path].encode(), "text/html")
                else:
                    self._answer(404, b"", "text/plain")

            def do_POST(self) -> None:
                path, _, query = self.path.partition("?")
                body = self.rfile.read(int(self.headers["content-length"]))
                with shop._lock:
                    shop.received.append(body)
                    if shop.status:
                        self._answer(shop.status, b"{}", "application/json")
                        return
                    asked = dict(part.split("=", 1) for part in query.split("&"))
                    reply = shop.visitor.call("POST", path, body=body, query=asked)
                self._answer(reply.status, reply.body, "application/json")

            def _answer(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Access-Control-Allow-Origin", "*")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_said: Any) -> None:
                pass

        return Handler


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        if os.environ.get("CI"):
            raise AssertionError("no Chromium on this machine; make servers installs it")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def until(true: Callable[[], bool], what: str, seconds: float = 8) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)


def opened(visit: BrowserContext, url: str) -> Page:
    page = visit.new_page()
    page.goto(url)
    page.wait_for_function("window.orderwire && window.orderwire.version")
    return page


def test_a_page_a_product_a_cart_and_a_person_become_facts(shop: Shop, visit: BrowserContext) -> None:
    page = opened(visit, shop.page("<script>window.orderwire = window.orderwire || [];</script>"))
    page.evaluate('orderwire.viewed({product_id: 7, name: "Cup", price: 19.99, currency: "EUR"})')
    page.evaluate(f"orderwire.cart({CART})")
    page.evaluate('orderwire.identify({email: "Ana@mail.test", first_name: "Ana"})')

    until(lambda: len(shop.kinds()) == 4, "four facts")
    assert ["site.active", "product.viewed", "cart.updated", "person.updated"] == shop.kinds()
    visited, viewed, cart, person = shop.records()
    assert isinstance(visited, Event)
    assert f"{shop.url}/p" == visited.properties["url"]
    assert isinstance(viewed, Event)
    assert ("7", "Cup", 1999, "EUR") == (
        viewed.properties["product_id"],
        viewed.properties["name"],
        viewed.value,
        viewed.currency,
    )
    assert isinstance(cart, Cart)
    assert (4598, [3998, 600]) == (cart.total, [line.total for line in cart.lines])
    assert isinstance(person, Person)
    assert ("Ana@mail.test", "Ana") == (person.identity.email, person.first_name)
    assert 1 == shop.people(), "the device's activity is the person's"


def test_commands_from_before_the_script_are_not_lost(shop: Shop, visit: BrowserContext) -> None:
    early = '<script>window.orderwire = [["track", "wish", {id: 3}]]; orderwire.push(["track", "second"]);</script>'
    opened(visit, shop.page(early, attributes='data-pages="off"'))

    until(lambda: len(shop.kinds()) == 2, "two facts")
    assert ["custom.wish", "custom.second"] == shop.kinds()


def test_the_script_loaded_twice_says_everything_once(shop: Shop, visit: BrowserContext) -> None:
    again = f'<script src="{shop.url}/js/orderwire.js?key={shop.visitor.public}"></script>'
    page = opened(visit, shop.page(again + again))
    page.evaluate('orderwire.track("once")')

    until(lambda: "custom.once" in shop.kinds(), "the fact")
    page.wait_for_timeout(500)
    assert ["custom.once", "site.active"] == sorted(shop.kinds())


def test_nothing_is_stored_or_sent_before_consent_where_it_is_required(shop: Shop, visit: BrowserContext) -> None:
    page = opened(visit, shop.page("", attributes='data-consent="required"'))
    page.evaluate('orderwire.track("early")')
    page.wait_for_timeout(700)
    assert ([], 0, "") == (shop.received, page.evaluate("localStorage.length"), page.evaluate("document.cookie"))

    page.evaluate("orderwire.consent(true)")
    until(lambda: len(shop.kinds()) == 2, "what was done before is told after consent")
    assert {"custom.early", "site.active"} == set(shop.kinds())

    page.evaluate("orderwire.consent(false)")
    page.evaluate('orderwire.track("late")')
    page.wait_for_timeout(700)
    assert 2 == len(shop.kinds())
    assert ["ow_consent"] == page.evaluate("Object.keys(localStorage)")
    assert "" == page.evaluate("document.cookie")


def test_a_browser_that_asks_for_privacy_is_heard(shop: Shop, visit: BrowserContext) -> None:
    visit.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page = opened(visit, shop.page(""))
    page.wait_for_timeout(700)

    assert ([], 0) == (shop.received, page.evaluate("localStorage.length"))


def test_what_happens_offline_is_told_once_the_connection_is_back(shop: Shop, visit: BrowserContext) -> None:
    page = opened(visit, shop.page("", attributes='data-pages="off"'))
    visit.set_offline(True)
    for number in range(3):
        page.evaluate(f'orderwire.track("offline {number}")')
    page.wait_for_timeout(600)
    assert [] == shop.kinds()

    visit.set_offline(False)
    until(lambda: len(shop.kinds()) == 3, "three facts")
    assert ["custom.offline 0", "custom.offline 1", "custom.offline 2"] == shop.kinds()


def test_a_busy_server_is_asked_again_and_a_refusal_is_not(shop: Shop, visit: BrowserContext) -> None:
    shop.status = 503
    page = opened(visit, shop.page("", attributes='data-pages="off"'))
    page.evaluate('orderwire.track("patient")')
    until(lambda: len(shop.received) == 1, "a first try")
    shop.status = 0
    until(lambda: shop.kinds() == ["custom.patient"], "a second try")

    shop.status = 403
    page.evaluate('orderwire.track("forbidden")')
    tries = len(shop.received)
    until(lambda: len(shop.received) == tries + 1, "one try")
    page.wait_for_timeout(2500)
    assert tries + 1 == len(shop.received)


def test_what_is_said_while_leaving_arrives_and_only_once(shop: Shop, visit: BrowserContext) -> None:
    shop.page("", path="/next", attributes='data-pages="off"')
    page = opened(visit, shop.page("", attributes='data-pages="off"'))
    page.evaluate('window.addEventListener("pagehide", () => orderwire.track("left"), {capture: true})')
    page.goto(shop.url + "/next")
    page.wait_for_function("window.orderwire && window.orderwire.version")

    until(lambda: "custom.left" in shop.kinds(), "the fact")
    page.wait_for_timeout(800)
    assert ["custom.left"] == shop.kinds()


def test_a_blocked_script_breaks_nothing_on_the_page(shop: Shop, visit: BrowserContext) -> None:
    visit.route("**/js/orderwire.js*", lambda route: route.abort())
    page = visit.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(shop.page("<script>window.orderwire = []; orderwire.push(['page']); window.after = 1;</script>"))

    assert (1, []) == (page.evaluate("window.after"), faults)


def test_closed_storage_costs_memory_only(shop: Shop, visit: BrowserContext) -> None:
    visit.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }})"
    )
    page = opened(visit, shop.page("", attributes='data-pages="off"'))
    page.evaluate('orderwire.viewed({product_id: "7"})')

    until(lambda: shop.kinds() == ["product.viewed"], "the fact")
    assert ["7"] == page.evaluate("orderwire.recentlyViewed().map(one => one.product_id)")


def test_recently_viewed_products_are_remembered_newest_first_across_pages(shop: Shop, visit: BrowserContext) -> None:
    url = shop.page("", attributes='data-pages="off"')
    for product in ("1", "2", "1", "3"):
        page = opened(visit, url)
        page.evaluate(f'orderwire.viewed({{product_id: "{product}"}})')

    assert ["3", "1", "2"] == page.evaluate("orderwire.recentlyViewed().map(one => one.product_id)")


def test_a_page_changed_without_loading_is_a_page(shop: Shop, visit: BrowserContext) -> None:
    page = opened(visit, shop.page(""))
    page.evaluate('history.pushState({}, "", "/other?utm_source=mail")')
    page.evaluate('history.replaceState({}, "", "/other?utm_source=mail")')

    until(lambda: len(shop.kinds()) == 2, "two pages")
    page.wait_for_timeout(500)
    urls = [record.properties["url"] for record in shop.records() if isinstance(record, Event)]
    assert [f"{shop.url}/p", f"{shop.url}/other?utm_source=mail"] == urls


KLAVIYO_STUB = """<script>window._klOnsite = []; window.klaviyo = new Proxy({}, {get: (_, method) => (...given) =>
method === "push" ? _klOnsite.push(...given) : new Promise((done) => _klOnsite.push([method, ...given, done]))});
</script>"""
"""Does what the platform's own stub is documented to do: keeps commands, and promises an answer."""
VIEWED = {"ProductName": "Cup", "ProductID": "7", "SKU": "C7", "Price": 19.99, "URL": "https://shop.example/7"}
SNIPPETS = [
    pytest.param(
        "<script>var _learnq = window._learnq || []; _learnq.push(['account', 'ABC123']);"
        "_learnq.push(['identify', {'$email': 'a@mail.test', '$first_name': 'Ana'}]);"
        f"_learnq.push(['track', 'Viewed Product', {json.dumps(VIEWED)}]);"
        f"_learnq.push(['trackViewedItem', {{'Title': 'Cup', 'ItemId': '7'}}]);</script>",
        ["person.updated", "product.viewed"],
        id="klaviyo's old queue",
    ),
    pytest.param(
        KLAVIYO_STUB + f"<script>klaviyo.identify({{email: 'a@mail.test'}}).then(() => {{ window.answered = 1; }});"
        f"klaviyo.track('Viewed Product', {json.dumps(VIEWED)});"
        "klaviyo.push(['track', 'Wished', {a: 1}]); klaviyo.track('Placed Order', {});</script>",
        ["custom.Wished", "person.updated", "product.viewed"],
        id="klaviyo's object",
    ),
    pytest.param(
        "<script>var _dcq = _dcq || []; var _dcs = _dcs || {}; _dcs.account = '123';"
        "_dcq.push(['identify', {email: 'a@mail.test'}]);"
        "_dcq.push(['track', 'Viewed a product', {product_id: '7', name: 'Cup', price: 1999, currency: 'EUR'}]);"
        "_dcq.push(['track', 'Wished', {a: 1}]);</script>",
        ["custom.Wished", "person.updated", "product.viewed"],
        id="drip",
    ),
    pytest.param(
        "<script>window.omnisend = window.omnisend || []; omnisend.push(['accountID', 'abc']);"
        "omnisend.push(['track', '$productViewed', {$productID: '7', $currency: 'EUR', $price: 1999}]);"
        "omnisend.push(['track', 'added product to cart', {origin: 'api', properties: {cartID: 'c1', currency: 'EUR',"
        "value: 39.98, lineItems: [{productID: '7', productTitle: 'Cup', productPrice: 19.99, productQuantity: 2}]},"
        "contact: {email: 'a@mail.test'}}]);</script>",
        ["cart.updated", "person.updated", "product.viewed"],
        id="omnisend",
    ),
    pytest.param(
        "<script>window.eS = function () { eS.c(arguments); };"
        "eS.q = []; eS.c = function () { eS.q.push(arguments); };"
        "eS('sendEvent', 'ProductPage', {ProductPage: {productKey: '7', price: '19.99', isInStock: 1}});"
        "eS('sendEvent', 'StatusCart', {GUID: 'c1',"
        "StatusCart: [{productKey: '7', price: '19.99', quantity: '2', currency: 'EUR'}]});"
        "eS('sendEvent', 'CustomerData', {CustomerData: {user_email: 'a@mail.test'}});"
        "eS('sendEvent', 'PurchasedItems', {OrderNumber: '9'});</script>",
        ["cart.updated", "person.updated", "product.viewed"],
        id="yespo",
    ),
]


@pytest.mark.parametrize("before", [True, False], ids=["before ours", "after ours"])
@pytest.mark.parametrize(("snippet", "expected"), SNIPPETS)
def test_a_theme_written_for_another_platform_is_understood(
    shop: Shop, visit: BrowserContext, snippet: str, expected: list[str], before: bool
) -> None:
    opened(visit, shop.page(snippet, attributes='data-pages="off" data-currency="EUR"', before=before))

    until(lambda: len(shop.kinds()) >= len(expected), f"{expected}")
    assert expected == sorted(shop.kinds())
    for record in shop.records("product"):
        assert isinstance(record, Event)
        assert ("7", 1999) == (record.properties["product_id"], record.value)
    for record in shop.records("cart"):
        assert isinstance(record, Cart)
        assert ("c1", 3998, ["7"]) == (
            record.cart_id,
            record.total,
            [line.product_id for line in record.lines],
        )
    for record in shop.records("person"):
        assert isinstance(record, Person)
        assert "a@mail.test" == record.identity.email


def test_ometrias_calls_are_understood(shop: Shop, visit: BrowserContext) -> None:
    page = opened(visit, shop.page("", attributes='data-pages="off" data-currency="EUR"'))
    page.evaluate(
        "ometria.init('product', {pid: '7'}, 'uk'); ometria.identify('a@mail.test');"
        "var b = new ometria.Basket(); b.setId('c1'); b.setTotal(39.98, 'EUR'); b.addLineItem('7', 2, 39.98);"
        "ometria.setBasket(b); ometria.trackTransaction('1001');"
    )

    until(lambda: len(shop.kinds()) == 3, "three facts")
    assert ["cart.updated", "person.updated", "product.viewed"] == sorted(shop.kinds())


def test_a_platforms_own_script_beside_ours_still_gets_every_command(shop: Shop, visit: BrowserContext) -> None:
    theirs = (
        "<script>window._learnq = window._learnq || []; _learnq.push(['track', 'One', {}]);"
        "window.load = () => { const old = window._learnq; window.got = old.slice();"
        "window._learnq = {push: (c) => window.got.push(c)}; };</script>"
    )
    page = opened(visit, shop.page(theirs, attributes='data-pages="off"'))
    page.evaluate("load(); _learnq.push(['track', 'Two', {}]);")

    until(lambda: len(shop.kinds()) == 2, "two facts")
    assert ["One", "Two"] == [command[1] for command in page.evaluate("window.got")]
    assert ["custom.One", "custom.Two"] == shop.kinds()


def test_a_full_store_keeps_nothing_from_leaving(shop: Shop, visit: BrowserContext) -> None:
    fill = """<script>
      localStorage.setItem("room", "x".repeat(30));
      localStorage.setItem("shop", "x".repeat(5 * 1024 * 1024 - 1000));
      let size = 1000; while (size) try { localStorage.setItem("more" + Math.random(), "x".repeat(size)); }
        catch (full) { size = Math.floor(size / 2); }
      localStorage.removeItem("room");
    </script>"""
    page = opened(visit, shop.page(fill, attributes='data-pages="off"'))
    for name in ("one", "two"):
        page.evaluate(f'orderwire.track("{name}")')

    until(lambda: len(shop.kinds()) == 2, "two facts")
    devices = {record.identity.anonymous_id for record in shop.records() if isinstance(record, Event)}
    assert 1 == len(devices)


def test_a_record_too_large_for_a_beacon_leaves_by_itself(shop: Shop, visit: BrowserContext) -> None:
    page = opened(visit, shop.page("", attributes='data-pages="off"'))
    page.evaluate('orderwire.track("large", {list: Array.from({length: 90}, () => "€".repeat(800))})')
    page.evaluate('orderwire.track("small")')

    until(lambda: len(shop.kinds()) == 2, "two facts")
    assert {"custom.large", "custom.small"} == set(shop.kinds())


def test_prices_are_read_as_people_write_them(shop: Shop, visit: BrowserContext) -> None:
    page = opened(visit, shop.page("", attributes='data-pages="off"'))
    written = [
        "1,234.56",
        "1.234,56 €",
        "1234,56",
        "$1,234",
        "1,234,567.00",
        "1.234.567,00",
        "0,5",
        "12.345",
        "Rs. 500",
        "500,-",
    ]
    for place, price in enumerate(written):
        page.evaluate(f'orderwire.viewed({{product_id: {place}, price: "{price}", currency: "EUR"}})')

    until(lambda: len(shop.kinds()) == len(written), "a fact for each")
    values = [record.value for record in shop.records() if isinstance(record, Event)]
    assert [123456, 123456, 123456, 123400, 123456700, 123456700, 50, 1235, 50000, 50000] == values
