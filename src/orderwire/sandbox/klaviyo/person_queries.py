"""What profiles can be filtered and sorted by."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from orderwire.sandbox.klaviyo.profiles import Profile
from orderwire.sandbox.klaviyo.queries import RANGE, Paging

_SUPPRESSION = "subscriptions.email.marketing.suppression"
_LIST_SUPPRESSION = "subscriptions.email.marketing.list_suppressions"
FILTERS = {
    **dict.fromkeys(("id", "email", "phone_number", "external_id"), frozenset({"any", "equals"})),
    "_kx": frozenset({"equals"}),
    **dict.fromkeys(("created", "updated"), frozenset({"greater-than", "less-than"})),
    f"{_SUPPRESSION}.reason": frozenset({"equals"}),
    f"{_SUPPRESSION}.timestamp": RANGE,
    f"{_LIST_SUPPRESSION}.reason": frozenset({"equals"}),
    f"{_LIST_SUPPRESSION}.list_id": frozenset({"equals"}),
    f"{_LIST_SUPPRESSION}.timestamp": RANGE,
}
READ: dict[str, Callable[[Profile], Any]] = {
    "id": lambda profile: profile.id,
    "created": lambda profile: profile.created,
    "updated": lambda profile: profile.updated,
    f"{_SUPPRESSION}.reason": lambda profile: [why for why, _ in profile.suppressions],
    f"{_SUPPRESSION}.timestamp": lambda profile: [at for _, at in profile.suppressions],
    f"{_LIST_SUPPRESSION}.reason": lambda profile: [why for _, why, _ in profile.list_suppressions],
    f"{_LIST_SUPPRESSION}.list_id": lambda profile: [which for which, _, _ in profile.list_suppressions],
    f"{_LIST_SUPPRESSION}.timestamp": lambda profile: [at for *_, at in profile.list_suppressions],
}
PAGING = Paging(
    20,
    100,
    {
        "created": lambda profile: profile.created,
        "updated": lambda profile: profile.updated,
        "id": lambda profile: profile.id,
        "email": lambda profile: str(profile.identifiers.get("email") or ""),
    },
    "created",
)


def held(profile: Profile, field: str) -> Any:
    """What a profile holds of a field that can be filtered by."""
    return READ[field](profile) if field in READ else profile.identifiers.get(field)
