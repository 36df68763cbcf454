"""Sending the webhooks of a made-up shop: signed by the stand-in, in the background, once each unless it fails."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

import aiohttp

EVERY = 0.5
"""Seconds between two looks for something to send."""


@dataclass(frozen=True)
class Delivery:
    """One webhook to be sent."""

    hook: str
    url: str
    headers: dict[str, str]
    body: bytes


class Sender(Protocol):
    """A stand-in that has webhooks to send."""

    def deliveries(self) -> list[Delivery]:
        """What is to be sent now; each is given once."""
        ...

    def answered(self, delivery: Delivery, status: int) -> None:
        """What the receiver answered; 0 for nothing."""
        ...


async def send_webhooks(sender: Sender) -> None:
    """Send what there is to send, until cancelled."""
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while True:
            for delivery in sender.deliveries():
                sender.answered(delivery, await _send(session, delivery))
            await asyncio.sleep(EVERY)


async def _send(session: aiohttp.ClientSession, delivery: Delivery) -> int:
    try:
        async with session.post(delivery.url, data=delivery.body, headers=delivery.headers) as reply:
            return reply.status
    except (aiohttp.ClientError, TimeoutError):
        return 0
