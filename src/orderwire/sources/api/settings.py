"""The `[source.<name>]` table of a shop with an API, checked against its connector.

::

    [source.shop]
    kind = "woocommerce"
    url = "https://shop.example"
    key = "env:SHOP_KEY"                     # the connector's own credentials, each a reference
    secret = "env:SHOP_SECRET"
    webhook_secrets = ["env:SHOP_HOOKS"]     # the newest first; an old one stays while the shop still signs with it
    knows_newsletter = false

    [source.shop.options]
    consent_meta = "newsletter"
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from orderwire.dialects.connector import Credential, Profile
from orderwire.dialects.connector_registry import connector
from orderwire.sources.faults import Faults, did_you_mean

NUMBERS = {"safety_lag": 0, "overlap": 0, "reread_after": 0, "page": 1, "per_second": 1}
"""Whole numbers of the table and the smallest value each may have."""
_REFERENCE = ("env:", "file:")


class ApiSettings(Struct, frozen=True, kw_only=True):
    """How a shop's API is reached. Secrets are still references. Spans are in seconds."""

    connector: str
    url: str
    secrets: Mapping[str, str] = {}
    webhook_secrets: tuple[str, ...] = ()
    options: Mapping[str, str | bool | int] = {}
    streams: tuple[str, ...] = ()
    """Only these; all when empty."""
    safety_lag: int = 60
    overlap: int = 600
    reread_after: int = 86_400
    page: int = 0
    """How many things to ask for at once; 0 leaves it to the connector."""
    per_second: float = 4.0
    """How many requests a second are asked at most."""


def parse_api(faults: Faults, table: Mapping[str, object]) -> ApiSettings:
    """Check the table of a shop with an API; whatever is wrong is added to the faults."""
    name = str(table["kind"])
    profile = connector(name).profile
    credentials = [one.name for one in profile.credentials]
    known = ("kind", "url", "webhook_secrets", "streams", "options", "knows_newsletter", *NUMBERS, *credentials)
    faults.check_keys("", table, known)
    given = {key: faults.whole("", table, key, least) for key, least in NUMBERS.items()}
    numbers: dict[str, Any] = {key: number for key, number in given.items() if number is not None}
    _check_newsletter(faults, table, profile)
    return ApiSettings(
        connector=name,
        url=_url(faults, table, profile),
        secrets=_secrets(faults, table, profile),
        webhook_secrets=_hook_secrets(faults, table, profile),
        options=_options(faults, table, profile),
        streams=_streams(faults, table, profile),
        **{"overlap": profile.overlap, "per_second": profile.per_second, **numbers},
    )


def _url(faults: Faults, table: Mapping[str, object], profile: Profile) -> str:
    url = faults.text("", table, "url")
    if url is None:
        if "url" not in table:
            faults.add("url", "is missing.", profile.url_help)
        return ""
    if url.startswith(_REFERENCE):
        return url
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        faults.add("url", "is not an address.", profile.url_help)
    elif parts.username or parts.password:
        faults.add("url", "holds a login.", "Credentials have settings of their own.")
    elif parts.query or parts.fragment:
        faults.add("url", "holds more than an address.", profile.url_help)
    return url


def _secrets(faults: Faults, table: Mapping[str, object], profile: Profile) -> dict[str, str]:
    found = {}
    for one in profile.credentials:
        reference = faults.text("", table, one.name)
        if reference is not None and reference.startswith(_REFERENCE):
            found[one.name] = reference
        elif reference is not None:
            faults.add(one.name, "holds the secret itself.", "Refer to it as env:NAME or file:PATH.")
        elif one.name not in table and _is_needed(one, table, profile):
            faults.add(one.name, "is missing.", f"{one.help} Refer to it as env:NAME or file:PATH.")
    return found


def _is_needed(credential: Credential, table: Mapping[str, object], profile: Profile) -> bool:
    """Whether a credential must be there: always, or because one that it goes with is."""
    if not credential.is_optional:
        return True
    return bool(credential.goes_with) and any(
        one.goes_with == credential.goes_with and one.name in table for one in profile.credentials
    )


def _hook_secrets(faults: Faults, table: Mapping[str, object], profile: Profile) -> tuple[str, ...]:
    found = faults.texts("", table, "webhook_secrets")
    if found and profile.hooks is None:
        faults.add("webhook_secrets", f"means nothing: {profile.title} sends no webhooks.", "Remove it.")
    if any(not one.startswith(_REFERENCE) for one in found):
        faults.add("webhook_secrets", "holds a secret itself.", "Refer to each as env:NAME or file:PATH.")
    return found


def _options(faults: Faults, table: Mapping[str, object], profile: Profile) -> dict[str, str | bool | int]:
    options: dict[str, str | bool | int] = {option.name: option.default for option in profile.options}
    for name, value in faults.table("", table, "options").items():
        if name not in options:
            faults.add(f"options.{name}", "is not an option.", did_you_mean(name, options))
        elif not isinstance(value, str | bool | int) or type(value) is not type(options[name]):
            faults.add(f"options.{name}", f"is not a {type(options[name]).__name__}.")
        else:
            options[name] = value
    return options


def _streams(faults: Faults, table: Mapping[str, object], profile: Profile) -> tuple[str, ...]:
    found = faults.texts("", table, "streams")
    nouns = {one.noun for one in profile.streams}
    for name in found:
        if name not in nouns:
            faults.add("streams", f'has no "{name}".', did_you_mean(name, nouns))
    return found


def _check_newsletter(faults: Faults, table: Mapping[str, object], profile: Profile) -> None:
    """A shop that does not know who wants the newsletter must say so: its silence would count as knowing."""
    said = faults.flag("", table, "knows_newsletter", default=True)
    if said and not profile.knows_newsletter:
        faults.add(
            "knows_newsletter",
            f"must be false: {profile.title} itself does not know who wants the newsletter.",
            "Write knows_newsletter = false; the box at checkout still subscribes.",
        )
