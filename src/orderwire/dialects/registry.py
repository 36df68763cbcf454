"""Names to dialects. Adding a platform is its folder, its golden cases and one line here.

Third parties register under the entry-point group `orderwire.dialects`, name to `module:object`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from orderwire.dialects.contract import Dialect
from orderwire.dialects.doorway import Door
from orderwire.errors import NotFound

BUILT_IN = {
    "drip": "orderwire.dialects.drip.dialect:DIALECT",
    "klaviyo": "orderwire.dialects.klaviyo.dialect:DIALECT",
    "ometria": "orderwire.dialects.ometria.dialect:DIALECT",
    "omnisend": "orderwire.dialects.omnisend.dialect:DIALECT",
    "webhook": "orderwire.dialects.webhook.dialect:DIALECT",
    "yespo": "orderwire.dialects.yespo.dialect:DIALECT",
}


DOORS = {
    "drip": "orderwire.dialects.drip.door.door:DOOR",
    "klaviyo": "orderwire.dialects.klaviyo.door.door:DOOR",
    "native": "orderwire.dialects.native.door.door:DOOR",
    "ometria": "orderwire.dialects.ometria.door.door:DOOR",
    "omnisend": "orderwire.dialects.omnisend.door.door:DOOR",
    "yespo": "orderwire.dialects.yespo.door.door:DOOR",
}
"""The dialects that also take in what was written for their platform."""


def names() -> tuple[str, ...]:
    """Every dialect that can be named in the settings."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group="orderwire.dialects"))}))


@cache
def door(name: str) -> Door:
    """The door of this dialect, imported on first use.

    Raises:
        NotFound: no such door; the message lists those there are.
    """
    if name not in DOORS:
        raise NotFound(f"there is no door called {name!r}; there are: {', '.join(DOORS)}")
    place, _, attribute = DOORS[name].partition(":")
    return cast("Door", getattr(import_module(place), attribute))


@cache
def dialect(name: str) -> Dialect:
    """The dialect of this name, imported on first use.

    Raises:
        NotFound: no such dialect; the message lists those there are.
    """
    if place := BUILT_IN.get(name):
        module, _, attribute = place.partition(":")
        return cast("Dialect", getattr(import_module(module), attribute))
    for point in entry_points(group="orderwire.dialects", name=name):
        return cast("Dialect", point.load())
    raise NotFound(f"no dialect is called {name!r}; there are: {', '.join(names())}")
