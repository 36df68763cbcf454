"""Names to dialects. Adding a platform is its folder, its golden cases and one line here.

Third parties register under the entry-point group `orderwire.dialects`, name to `module:object`.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import cast

from orderwire.dialects.contract import Dialect
from orderwire.errors import NotFound

BUILT_IN = {
    "drip": "orderwire.dialects.drip.dialect:DIALECT",
    "klaviyo": "orderwire.dialects.klaviyo.dialect:DIALECT",
    "ometria": "orderwire.dialects.ometria.dialect:DIALECT",
    "omnisend": "orderwire.dialects.omnisend.dialect:DIALECT",
    "yespo": "orderwire.dialects.yespo.dialect:DIALECT",
}


def names() -> tuple[str, ...]:
    """Every dialect that can be named in the settings."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group="orderwire.dialects"))}))


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
