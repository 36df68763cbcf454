"""Names to stand-ins."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from orderwire.sandbox.kit import StandIn

PLATFORMS = {
    "drip": "orderwire.sandbox.drip:Drip",
    "klaviyo": "orderwire.sandbox.klaviyo:Klaviyo",
    "ometria": "orderwire.sandbox.ometria:Ometria",
    "omnisend": "orderwire.sandbox.omnisend:Omnisend",
    "yespo": "orderwire.sandbox.yespo:Yespo",
}


def stand_in(name: str) -> type[StandIn]:
    """The stand-in of a platform, imported on first use.

    Raises:
        KeyError: there is none of this name.
    """
    module, _, attribute = PLATFORMS[name].partition(":")
    return cast("type[StandIn]", getattr(import_module(module), attribute))
