"""The way to a destination: one place that decides which addresses may be connected to."""

from __future__ import annotations

from datetime import timedelta

from orderwire.delivery.settings import DestinationSettings
from orderwire.dialects.contract import Profile
from orderwire.transport.http import HttpTransport


def transport_to(profile: Profile, settings: DestinationSettings, *, timeout: timedelta) -> HttpTransport:
    """A transport for everything that is sent to a destination.

    An address that the shop gave may lead anywhere, the inside of its own network included: private addresses are
    refused there unless the destination's option `allow_private` is on.
    """
    is_guarded = profile.is_address_given and not settings.account.options.get("allow_private", False)
    return HttpTransport(timeout=timeout.total_seconds(), is_public_only=is_guarded)
