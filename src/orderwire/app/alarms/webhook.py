"""Telling alarms to an address, as messages signed like every webhook of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from msgspec import Struct

from orderwire.app.alarms.watching import Told
from orderwire.dialects.webhook.signing import secrets_of, signature
from orderwire.dialects.webhook.write import message_id
from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import Rejected
from orderwire.transport.http import HttpTransport

ACCEPTED = range(200, 300)


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is posted: `type` is `alarm.began` or `alarm.ended`."""

    id: str
    type: str
    alarm: str
    about: str
    text: str
    remedy: str
    began_at: datetime
    ended_at: datetime | None = None


class WebhookChannel:
    """Posts a signed message.

    Args:
        address: where to.
        key: the secret, or two with a space between.
        may_be_private: whether the address may lead into a private network.
        timeout: how long the receiver may take.
        clock: what time it is, for the signature.
    """

    name = "webhook"

    def __init__(
        self,
        address: str,
        key: str,
        *,
        may_be_private: bool = False,
        timeout: timedelta = timedelta(seconds=20),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._address = address
        self._secrets = secrets_of(key)
        self._may_be_private = may_be_private
        self._timeout = timeout
        self._clock = clock

    def tell(self, told: Told) -> None:
        """Post it once; a 2xx takes it.

        Raises:
            Unavailable: no answer came.
            Rejected: the answer was no 2xx.
        """
        ident = message_id(told.key, 0)
        body = msgspec.json.encode(
            Message(
                id=ident,
                type="alarm.ended" if told.ended_at else "alarm.began",
                alarm=told.alarm.alarm,
                about=told.alarm.about,
                text=told.alarm.text,
                remedy=told.alarm.remedy,
                began_at=told.began_at,
                ended_at=told.ended_at,
            )
        )
        reply = asyncio.run(self._post(self._signed(ident, body)))
        if reply.status not in ACCEPTED:
            raise Rejected(f"the receiver of alarms answers {reply.status}")

    def _signed(self, ident: str, body: bytes) -> WireRequest:
        timestamp = int(self._clock().timestamp())
        signed = " ".join(signature(secret, ident, timestamp, body) for secret in self._secrets)
        headers = (
            ("webhook-id", ident),
            ("webhook-timestamp", str(timestamp)),
            ("webhook-signature", signed),
            ("Content-Type", "application/json"),
        )
        return WireRequest(method="POST", path="", body=body, headers=headers, budget="")

    async def _post(self, request: WireRequest) -> WireReply:
        async with HttpTransport(
            timeout=self._timeout.total_seconds(), is_public_only=not self._may_be_private
        ) as transport:
            return await transport.send(request, self._address)
