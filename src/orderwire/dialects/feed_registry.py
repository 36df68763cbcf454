"""Names to catalogue feeds. Adding one is its module and one line here."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from orderwire.dialects.feed import Feed
from orderwire.errors import NotFound

FEEDS = {
    "klaviyo.json": "orderwire.dialects.klaviyo.feed:JSON_FEED",
    "klaviyo.xml": "orderwire.dialects.klaviyo.feed:XML_FEED",
    "yespo.xml": "orderwire.dialects.yespo.feed:FEED",
}


@cache
def feed(name: str) -> Feed:
    """The feed of this name, imported on first use.

    Raises:
        NotFound: there is no such feed; the message lists those there are.
    """
    if name not in FEEDS:
        raise NotFound(f"there is no feed called {name!r}; there are: {', '.join(FEEDS)}")
    place, _, attribute = FEEDS[name].partition(":")
    return cast("Feed", getattr(import_module(place), attribute))
