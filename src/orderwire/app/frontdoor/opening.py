"""Opening the front door of a shop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orderwire.app.bootstrap import Shop, open_shop
from orderwire.app.frontdoor import keys
from orderwire.app.frontdoor.desk import Desk, KeyKeeper
from orderwire.app.frontdoor.feeds import FeedShelf
from orderwire.app.frontdoor.gate import Gate
from orderwire.app.frontdoor.hooks import HooksDoor, hooked_shops
from orderwire.app.frontdoor.keys import KeyRing, Made
from orderwire.app.frontdoor.limits import CallLimits
from orderwire.app.frontdoor.reception import Reception
from orderwire.app.frontdoor.settings import ServerSettings
from orderwire.dialects import registry
from orderwire.dialects.doorway import Door, Scope
from orderwire.ledger import AccessKey, StoredLedger, open_ledger


def doors(settings: ServerSettings) -> tuple[Door, ...]:
    """The doors that are to stand open.

    Raises:
        NotFound: `only` names one there is not.
    """
    return tuple(registry.door(name) for name in settings.only or tuple(registry.DOORS))


def gate(
    settings: ServerSettings,
    ledger: StoredLedger,
    *,
    sources: Mapping[str, Mapping[str, Any]] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Gate:
    """The gate of a shop; `ledger` is its own, to look keys up in, `sources` are its tables `[source.<name>]`.

    Sources that send webhooks have a door besides, whichever others are to stand open.

    Raises:
        ConfigError: the settings of a source are wrong, or a secret cannot be found.
    """
    hooks = _hooks(sources, environment)
    ring = KeyRing(lambda: [*ledger.access_keys(), *(hooks.keys if hooks else ())])
    return _gate(settings, hooks, ring)


def kept_gate(
    settings: ServerSettings,
    desk: Desk,
    *,
    sources: Mapping[str, Mapping[str, Any]] | None = None,
    limits: CallLimits | None = None,
) -> tuple[Gate, KeyKeeper]:
    """The same gate for an event loop: whoever asks it lets the keeper freshen its keys first.

    `limits` are those of all processes of a server, where there are several.

    Raises:
        ConfigError: the settings of a source are wrong, or a secret cannot be found.
    """
    hooks = _hooks(sources, None)
    ring = KeyRing()
    return _gate(settings, hooks, ring, limits), KeyKeeper(ring, desk, also=hooks.keys if hooks else ())


def desk(place: str) -> Desk:
    """Who answers what the server itself asks of the ledger at this place."""
    return Desk(lambda: open_ledger(place))


def feed_shelf(shop: Shop) -> FeedShelf:
    """The catalogue feeds of a shop; they may be narrowed to a source that is configured, or that a key is for."""
    settings = shop.settings
    sources = {*settings.sources, *(key.source for key in shop.ledger.access_keys())}
    return FeedShelf(settings.folder, lambda: open_ledger(settings.ledger), sources=frozenset(sources))


def reception(place: str) -> Reception:
    """The staff behind the gate, for the ledger at this place; needs a running event loop."""
    return Reception(lambda: open_ledger(place))


def make_key(
    folder: Path,
    platform: str,
    *,
    name: str = "",
    source: str = "",
    scopes: tuple[Scope, ...] = (Scope.READ, Scope.WRITE),
    origins: tuple[str, ...] = (),
    is_public: bool = False,
) -> Made:
    """Make a key for a platform's API in the shop of a folder, which may be empty.

    Raises:
        NotFound: there is no such door.
        Conflict: the name is taken.
    """
    door = registry.door(platform)
    with open_shop(folder, may_be_empty=True) as shop:
        return keys.make(
            shop.ledger,
            door,
            name=name,
            source=source,
            scopes=scopes,
            origins=origins,
            is_public=is_public,
        )


def list_keys(folder: Path) -> list[AccessKey]:
    """All keys ever made in the shop of a folder."""
    with open_shop(folder, may_be_empty=True) as shop:
        return shop.ledger.access_keys()


def revoke_key(shop: Shop, name: str) -> None:
    """Let a key open no longer.

    Raises:
        NotFound: there is no such key.
    """
    keys.revoke(shop.ledger, name)


def _hooks(
    sources: Mapping[str, Mapping[str, Any]] | None, environment: Mapping[str, str] | None
) -> HooksDoor | None:
    shops = hooked_shops(sources or {}, environment)
    return HooksDoor(shops) if shops else None


def _gate(settings: ServerSettings, hooks: HooksDoor | None, ring: KeyRing, limits: CallLimits | None = None) -> Gate:
    opened = doors(settings)
    windows = {door.name: door.families for door in opened} if settings.limits else {}
    return Gate((*opened, hooks) if hooks else opened, ring, windows=windows, limits=limits)
