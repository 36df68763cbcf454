"""Sources that are a shop's API: their table in the settings, and the way out."""

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from orderwire.dialects.connector import HookTerms, with_known
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import ConfigError, Unavailable
from orderwire.sources import MappingFaults, SourceKind, parse
from orderwire.sources.api.access import access_of
from orderwire.sources.api.calling import TransportCaller
from orderwire.sources.opening import open_source
from orderwire.testing.shops import identity, order_of
from orderwire.testing.virtual import START

WOO: dict[str, Any] = {
    "kind": "woocommerce",
    "url": "https://shop.test/",
    "key": "env:KEY",
    "secret": "env:SECRET",
    "knows_newsletter": False,
}


def test_a_whole_table_is_read() -> None:
    mapping = parse("shop", {**WOO, "options": {"tracking": True}, "overlap": 30, "streams": ["orders"]})
    assert mapping.api is not None
    assert (SourceKind.API, "woocommerce", True, 30, ("orders",), False) == (
        mapping.kind,
        mapping.api.connector,
        mapping.api.options["tracking"],
        mapping.api.overlap,
        mapping.api.streams,
        mapping.knows_newsletter,
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "wocommerce"}, 'Did you mean "woocommerce"'),
        ({"url": "shop.test"}, "url: is not an address"),
        ({"url": "https://me:mine@shop.test"}, "url: holds a login"),
        ({"url": "https://shop.test/?a=1"}, "url: holds more than an address"),
        ({"key": "ck_123"}, "key: holds the secret itself"),
        ({"secret": None}, "secret: is missing"),
        ({"token": "env:T"}, "token: is not a setting"),
        ({"webhook_secrets": ["abc"]}, "webhook_secrets: holds a secret itself"),
        ({"webhook_secrets": "env:A"}, "webhook_secrets: must be a list"),
        ({"options": {"completed": "x"}}, 'Did you mean "completed_means"'),
        ({"options": {"tracking": "yes"}}, "options.tracking: is not a bool"),
        ({"streams": ["order"]}, 'Did you mean "orders"'),
        ({"knows_newsletter": True}, "knows_newsletter: must be false"),
        ({"page": 0}, "page: must be a whole number"),
    ],
)
def test_each_mistake_is_told_with_its_place(change: dict[str, Any], said: str) -> None:
    table = {key: value for key, value in (WOO | change).items() if value is not None}
    with pytest.raises(MappingFaults) as caught:
        parse("shop", table)
    assert said in str(caught.value)
    assert "ck_123" not in str(caught.value)


MAGENTO: dict[str, Any] = {
    "kind": "magento",
    "url": "https://shop.test",
    "token": "env:T",
    "knows_newsletter": True,
}


@pytest.mark.parametrize("given", [(), ("consumer_key", "consumer_secret", "token_secret")])
def test_credentials_that_go_together_are_given_all_or_none(given: tuple[str, ...]) -> None:
    mapping = parse("shop", MAGENTO | dict.fromkeys(given, "env:X"))
    assert mapping.api is not None
    assert {"token", *given} == set(mapping.api.secrets)


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (("consumer_key",), ["consumer_secret", "token_secret"]),
        (("consumer_key", "token_secret"), ["consumer_secret"]),
    ],
)
def test_credentials_that_go_together_are_missed_by_each_other(given: tuple[str, ...], missing: list[str]) -> None:
    with pytest.raises(MappingFaults) as caught:
        parse("shop", MAGENTO | dict.fromkeys(given, "env:X"))
    every = ("consumer_key", "consumer_secret", "token_secret")
    assert missing == [name for name in every if f"{name}: is missing" in str(caught.value)]


def test_a_shop_that_does_not_say_whether_it_knows_is_asked() -> None:
    table = {key: value for key, value in WOO.items() if key != "knows_newsletter"}
    with pytest.raises(MappingFaults, match="must be false"):
        parse("shop", table)


def test_secrets_are_looked_up_when_the_source_is_opened() -> None:
    mapping = parse("shop", WOO)
    with pytest.raises(ConfigError, match="SECRET"):
        open_source(mapping, environment={"KEY": "k"})
    assert mapping.api is not None
    access = access_of(mapping.api, "shop", {"KEY": "k", "SECRET": "s"})
    assert ("https://shop.test", {"key": "k", "secret": "s"}) == (access.url, access.secrets)


def test_a_source_can_be_read_inside_a_running_loop() -> None:
    async def inside() -> str:
        source = open_source(
            parse("shop", {**WOO, "url": "http://127.0.0.1:9"}), environment={"KEY": "k", "SECRET": "s"}
        )
        caller = TransportCaller()
        try:
            caller.send(WireRequest(method="GET", path="/"), "http://127.0.0.1:9")
        except Unavailable as error:
            return error.stage
        finally:
            caller.close()
            source.close()
        return ""

    assert "connect" == asyncio.run(inside())


class Lost:
    """A transport that never gets an answer."""

    def __init__(self) -> None:
        self.is_open = False

    async def __aenter__(self) -> "Lost":
        self.is_open = True
        return self

    async def __aexit__(self, *_: object) -> None:
        self.is_open = False

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        raise Unavailable("timeout", may_have_arrived=True)


def test_what_was_opened_for_calling_is_closed_again() -> None:
    transport = Lost()
    caller = TransportCaller(transport)
    with pytest.raises(Unavailable):
        caller.send(WireRequest(method="GET", path="/"), "http://shop.test")
    assert transport.is_open
    caller.close()
    caller.close()
    assert not transport.is_open


@pytest.mark.parametrize(
    ("known", "at", "vague"),
    [
        (None, "now", ("cancelled_at",)),
        ("open", "now", ()),
        ("cancelled", "before", ()),
        ("vaguely cancelled", "before", ("cancelled_at",)),
    ],
)
def test_a_guessed_instant_is_true_only_of_what_was_not_known(
    known: str | None, at: str, vague: tuple[str, ...]
) -> None:
    now, before = START, START.replace(year=2020)
    plain = order_of("1", identity(1), before)
    states = {
        None: None,
        "open": plain,
        "cancelled": replace(plain, cancelled_at=before),
        "vaguely cancelled": replace(plain, cancelled_at=before, approximate=("cancelled_at",)),
    }
    found = with_known(replace(plain, cancelled_at=now), states[known], HookTerms(guesses=("cancelled_at",)))
    assert ({"now": now, "before": before}[at], vague) == (found.cancelled_at, found.approximate)
