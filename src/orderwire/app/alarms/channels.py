"""The ways to tell that the settings name."""

from __future__ import annotations

from orderwire.app.alarms.mail import MailChannel
from orderwire.app.alarms.watching import Channel
from orderwire.app.alarms.webhook import WebhookChannel
from orderwire.app.settings import Settings, secret


def channels(settings: Settings) -> list[Channel]:
    """A channel for each way that the settings name.

    Raises:
        ConfigError: a secret's reference leads nowhere, or a mail server's address is not understood.
    """
    alarms = settings.alarms
    found: list[Channel] = []
    if alarms.webhook:
        key = secret(alarms.key, "alarms.key")
        found.append(WebhookChannel(alarms.webhook, key, may_be_private=alarms.allow_private))
    if alarms.mail:
        server = secret(alarms.smtp, "alarms.smtp")
        found.append(MailChannel(server, to=alarms.mail, sender=alarms.mail_from))
    return found
