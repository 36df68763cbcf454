"""Nobody's old yes leaves before the platform's own opt-outs were read (Law 8); in virtual time."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.model import Channel, Consent, ConsentState, Identity, Order
from orderwire.testing import virtual
from orderwire.testing.stage import Stage

WHO = Identity(email="ana@mail.test")
YES = Consent(
    identity=WHO, channel=Channel.EMAIL, state=ConsentState.SUBSCRIBED, changed_at=datetime(2025, 1, 1, tzinfo=UTC)
)
LEFT = {"email": "ana@mail.test", "status": "unsubscribed", "changed_at": "2025-06-01T00:00:00Z"}


class NoOptOuts(virtual.InProcess):
    """A way out on which the platform's opt-outs are answered with something else."""

    def __init__(self, inner: virtual.InProcess, answer: WireReply) -> None:
        self._inner = inner
        self._answer = answer

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Answer a question for people and their permissions, send on everything else."""
        if request.method == "GET" and "/profiles" in request.path:
            await asyncio.sleep(0.02)
            return self._answer
        return await self._inner.send(request, base_url)


def order(number: int, at: datetime) -> Order:
    return Order(order_id=str(number), identity=WHO, currency="EUR", total=1000, placed_at=at)


def told_without_opt_outs(place: Path, answer: WireReply, *, until_idle: bool) -> tuple[set[str], set[str], str]:
    """What the platform took: ids of orders, consent statuses; and what holds the destination up."""

    async def work() -> tuple[set[str], set[str], str]:
        with Stage("klaviyo", place / "ledger.db", options={"people": [LEFT]}) as stage:
            stage.record(YES, order(1, datetime(2025, 2, 1, tzinfo=UTC)), is_imported=True)
            stage.switch_on()
            stage.record(order(2, stage.clock.now()))
            delivery = stage.delivery()
            delivery.transport = NoOptOuts(delivery.transport, answer)  # type: ignore[arg-type]
            stop = asyncio.Event()
            if not until_idle:
                asyncio.get_running_loop().call_later(60, stop.set)
            progress = await delivery.run(until_idle=until_idle, stop=stop)
            orders = {one["id"] for one in stage.kept("event") if one["metric"] == "Placed Order"}
            return orders, {str(one) for one in stage.kept("consent")}, progress.blocked

    return virtual.run(work)


def test_news_leave_and_an_old_yes_waits_while_opt_outs_cannot_be_had(tmp_path: Path) -> None:
    orders, consents, _ = told_without_opt_outs(tmp_path, WireReply(status=503), until_idle=False)
    assert ({"1", "2"}, set()) == (orders, consents)


@pytest.mark.parametrize("status", [200, 400])
def test_opt_outs_that_stay_unreadable_hold_history_up_and_say_so(tmp_path: Path, status: int) -> None:
    answer = WireReply(status=status, body=b"something else")
    _, consents, blocked = told_without_opt_outs(tmp_path, answer, until_idle=True)
    assert (set(), f"opt-outs cannot be read (status {status})") == (consents, blocked)
