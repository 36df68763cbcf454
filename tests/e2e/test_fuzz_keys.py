"""No endpoint of any door opens to a key that is not for it: wrong, revoked, of another scope, platform or shop."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from tests.clients.callers import Keys, headers_of, order_call, target_of
from tests.clients.corpus import JSON
from tests.clients.house import House
from tests.clients.wire import Line

from orderwire.app.frontdoor.keys import FRESH_FOR
from orderwire.dialects import registry
from orderwire.dialects.doorway import Endpoint, Scope

PLATFORMS = tuple(registry.DOORS)
_REFUSED_IN_OWN_WORDS = (b"0", b'{"status": 0}')
"""What Klaviyo's track answers with 200 to whoever has no key; it says so in the body."""


class Town:
    """Two shops, and every sort of key at the first of them."""

    def __init__(self, folder: pytest.TempPathFactory) -> None:
        self.house = House(folder.mktemp("ours"), "--no-limits")
        self.other = House(folder.mktemp("theirs"), "--no-limits")

    def furnish(self) -> None:
        """Make the keys, and wait until the server has seen which are revoked."""
        self.right = {platform: self._keys(self.house, platform) for platform in PLATFORMS}
        self.of_other_shop = {platform: self._keys(self.other, platform) for platform in PLATFORMS}
        self.reading = {platform: self._scoped(platform, "read") for platform in PLATFORMS}
        self.writing = {platform: self._scoped(platform, "write") for platform in PLATFORMS}
        self.revoked = {platform: self._revoked(platform) for platform in PLATFORMS}
        time.sleep(FRESH_FOR + 0.2)

    def stop(self) -> None:
        self.house.stop()
        self.other.stop()

    def _keys(self, house: House, platform: str) -> Keys:
        secret, account = house.quick_key(platform)
        return Keys(secret=secret, public=house.quick_key(platform, scope="browse")[0], account=account)

    def _scoped(self, platform: str, scope: str) -> Keys:
        secret, _ = self.house.quick_key(platform, name=f"{platform}-{scope}", scope=scope)
        return replace(self.right[platform], secret=secret)

    def _revoked(self, platform: str) -> Keys:
        name = f"{platform}-gone"
        secret, account = self.house.quick_key(platform, name=name, source=name)
        public, _ = self.house.quick_key(platform, name=f"{name}-page", source=name, scope="browse")
        self.house.revoke(name, f"{name}-page")
        return Keys(secret=secret, public=public, account=account)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    made = Town(tmp_path_factory)
    try:
        made.furnish()
        yield made
    finally:
        made.stop()


def opened(town: Town, platform: str, keys: Keys, *scopes: Scope) -> list[str]:
    """The endpoints of these scopes that were answered with success, and what came of it in the ledger."""
    before = len(town.house.facts())
    found = []
    with Line(town.house.port) as line:
        for endpoint in registry.door(platform).endpoints:
            if endpoint.scope in scopes:
                target = target_of(platform, endpoint, keys)
                body, kind = body_of(platform, endpoint, keys)
                headers = (*headers_of(platform, endpoint, keys), *kind)
                answered = line.send(endpoint.method, target, headers, body)
                if answered.status < 400 and answered.body.strip() not in _REFUSED_IN_OWN_WORDS:
                    found.append(f"{endpoint.method} {endpoint.path}: {answered.status} {answered.body[:60]!r}")
    return found + [fact.subject for fact in town.house.facts()[before:]]


def body_of(platform: str, endpoint: Endpoint, keys: Keys) -> tuple[bytes | None, tuple[tuple[str, str], ...]]:
    """A body that a right key would have taken in, where the key stands in the body with that key."""
    if endpoint.method in ("GET", "DELETE"):
        return None, ()
    if platform == "klaviyo" and endpoint.scope is Scope.BROWSE and not endpoint.path.startswith("/client/"):
        told = {"token": keys.public, "event": "x", "customer_properties": {"email": "a@mail.test"}}
        return urlencode({"data": json.dumps(told)}).encode(), (
            ("Content-Type", "application/x-www-form-urlencoded"),
        )
    if platform == "yespo" and endpoint.path == "/api/v2":
        return b'{"GeneralInfo":{"siteId":"%s","eventName":"MainPage"}}' % keys.public.encode(), JSON
    return order_call(platform, "stolen", keys)[1], JSON


EVERY = (Scope.READ, Scope.WRITE, Scope.BROWSE)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_right_key_opens(town: Town, platform: str) -> None:
    target, body = order_call(platform, "mine", town.right[platform])
    with Line(town.house.port) as line:
        answered = line.send("POST", target, (*headers_of(platform, None, town.right[platform]), *JSON), body)
    placed = [fact.subject for fact in town.house.facts() if fact.kind == "order.placed" and fact.source == platform]
    assert (True, ["order:mine"]) == (answered.status < 300, placed)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_no_key_opens_nothing(town: Town, platform: str) -> None:
    assert [] == opened(town, platform, Keys(secret="", public="nobody", account="nobody"), *EVERY)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_wrong_key_opens_nothing(town: Town, platform: str) -> None:
    right = town.right[platform]
    wrong = Keys(
        secret=right.secret[:-1] + ("a" if right.secret[-1] != "a" else "b"), public="zzzzzz", account=right.account
    )
    assert [] == opened(town, platform, wrong, *EVERY)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_revoked_key_opens_nothing(town: Town, platform: str) -> None:
    assert [] == opened(town, platform, town.revoked[platform], *EVERY)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_key_of_another_shop_opens_nothing(town: Town, platform: str) -> None:
    assert [] == opened(town, platform, town.of_other_shop[platform], *EVERY)


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("stranger", PLATFORMS)
def test_a_key_of_another_platform_opens_nothing(town: Town, platform: str, stranger: str) -> None:
    own, given = town.right[platform], town.right[stranger]
    keys = Keys(secret=given.secret, public=given.public, account=own.account)
    assert platform == stranger or [] == opened(town, platform, keys, *EVERY)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_key_that_may_only_read_writes_nothing(town: Town, platform: str) -> None:
    assert [] == opened(town, platform, town.reading[platform], Scope.WRITE)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_key_that_may_only_write_reads_nothing(town: Town, platform: str) -> None:
    assert [] == opened(town, platform, town.writing[platform], Scope.READ)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_key_of_a_page_reads_and_writes_nothing(town: Town, platform: str) -> None:
    right = town.right[platform]
    assert [] == opened(town, platform, replace(right, secret=right.public), Scope.READ, Scope.WRITE)


@pytest.mark.parametrize("platform", ["drip", "omnisend"])
def test_a_key_opens_no_other_account(town: Town, platform: str) -> None:
    right = town.right[platform]
    named = [one for one in registry.door(platform).endpoints if "{account}" in one.path or "{brand}" in one.path]
    keys = replace(right, account=town.of_other_shop[platform].account)
    with Line(town.house.port) as line:
        statuses = {
            line.send(one.method, target_of(platform, one, keys), headers_of(platform, one, right), b"{}").status
            for one in named
        }
    assert (True, True) == (len(named) > 0, min(statuses) >= 400)
