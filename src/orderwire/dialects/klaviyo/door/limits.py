"""The rate windows of each endpoint, by the tiers that the platform documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orderwire.dialects.contract import Window
from orderwire.dialects.doorway import Endpoint

TIERS: Mapping[str, tuple[Window, ...]] = {
    "XS": (Window(1, 1), Window(15, 60)),
    "S": (Window(3, 1), Window(60, 60)),
    "M": (Window(10, 1), Window(150, 60)),
    "L": (Window(75, 1), Window(750, 60)),
    "XL": (Window(350, 1), Window(3500, 60)),
}
_OWN: Mapping[str, tuple[Window, ...]] = {
    "client subscriptions": (Window(350, 1), Window(750, 60)),
    "M create list": (Window(10, 1), Window(150, 60), Window(150, 86_400)),
}


def windows_of(endpoints: Iterable[Endpoint]) -> dict[str, tuple[Window, ...]]:
    """The windows of every family: its own, else those of the tier its name begins with."""
    names = {endpoint.family for endpoint in endpoints if endpoint.family}
    return {
        name: windows
        for name in sorted(names)
        if (windows := _OWN.get(name) or TIERS.get(name.partition(" ")[0])) is not None
    }
