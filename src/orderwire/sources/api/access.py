"""From the settings of a shop's API to the shop itself, secrets resolved."""

from __future__ import annotations

from collections.abc import Mapping

from orderwire.dialects.connector import Access
from orderwire.sources.address import resolve
from orderwire.sources.api.settings import ApiSettings


def access_of(settings: ApiSettings, source: str, environment: Mapping[str, str] | None = None) -> Access:
    """The shop with its secrets resolved.

    Raises:
        ConfigError: a reference leads nowhere.
    """
    place = f"source.{source}"
    return Access(
        source=source,
        url=resolve(settings.url, place=f"{place}.url", environment=environment).rstrip("/"),
        secrets={
            name: resolve(reference, place=f"{place}.{name}", environment=environment)
            for name, reference in settings.secrets.items()
        },
        options=settings.options,
    )


def hook_secrets_of(
    settings: ApiSettings, source: str, environment: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    """The secrets that webhooks may be signed with.

    Raises:
        ConfigError: a reference leads nowhere.
    """
    place = f"source.{source}.webhook_secrets"
    return tuple(resolve(one, place=place, environment=environment) for one in settings.webhook_secrets)
