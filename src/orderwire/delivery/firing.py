"""Which routes wait for the user's word that what old data may start there is paused (Law 7).

Asked here by whoever plans, delivers, shows or acknowledges, so that all name the same routes.
"""

from __future__ import annotations

from collections.abc import Collection

from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects.contract import History, Profile
from orderwire.model import Family, family_of


def may_fire(profile: Profile, settings: DestinationSettings, *, family: Family | None = None) -> tuple[str, ...]:
    """Routes that history may take there by these settings and that may start automations; of one family or all."""
    risky = {route.name for route in profile.routes if route.history is History.MAY_FIRE}
    names: dict[str, None] = {}
    for kind, capability in profile.capabilities.items():
        if settings.wants_some_of(kind) and family in (None, family_of(kind.value)):
            names.update(dict.fromkeys(capability.routes))
    return tuple(name for name in names if name in risky)


def unacknowledged(
    profile: Profile,
    settings: DestinationSettings,
    acknowledged: Collection[str],
    *,
    family: Family | None = None,
) -> tuple[str, ...]:
    """Those of them that the user has not acknowledged: history waits before them."""
    return tuple(name for name in may_fire(profile, settings, family=family) if name not in acknowledged)
