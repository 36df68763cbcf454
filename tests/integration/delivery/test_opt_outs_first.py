"""Nobody's old yes leaves before the platform's own opt-outs were read (Law 8); in virtual time."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

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


def told_of_a_yes(place: Path, given_at: datetime) -> tuple[set[str], dict[str, int]]:
    """What the platform came to hold of a permission that the shop learned now, and what the books say of it.

    Its person left there one minute ago.
    """
    left = LEFT | {"changed_at": (virtual.START - timedelta(minutes=1)).isoformat()}

    async def work() -> tuple[set[str], dict[str, int]]:
        with Stage("klaviyo", place / "ledger.db", options={"people": [left]}) as stage:
            stage.switch_on()
            stage.record(replace(YES, changed_at=given_at))
            await stage.deliver()
            assert () == stage.faults()
            held = {one["status"] for one in stage.kept("consent")}
            books = stage.ledger.balance("klaviyo").from_log
            return held, {str(one): count for one, count in books.items()}

    return virtual.run(work)


@pytest.mark.parametrize(
    ("minutes", "held", "books"),
    [(10, set(), {"superseded": 1, "already_there": 1}), (0, {"SUBSCRIBED"}, {"accepted": 1})],
    ids=["before they left", "after they left"],
)
def test_a_yes_that_comes_with_the_first_news_waits_until_who_has_left_is_known(
    tmp_path: Path, minutes: int, held: set[str], books: dict[str, int]
) -> None:
    found = told_of_a_yes(tmp_path, virtual.START - timedelta(minutes=minutes))
    assert (held, books) == found


class WithoutPages(virtual.InProcess):
    """A way out to a platform that gives its whole list of opt-outs, wherever one asks it to begin."""

    def __init__(self, inner: virtual.InProcess, rows: int) -> None:
        self._inner = inner
        self._rows = rows
        self.asked = 0

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Answer the question for opt-outs, send on everything else."""
        if "/unsubscribes" not in request.path:
            return await self._inner.send(request, base_url)
        self.asked += 1
        await asyncio.sleep(0.02)
        rows = [
            {"email": f"s{number}@mail.test", "timestamp": "2025-06-01T00:00:00Z", "type": "link"}
            for number in range(self._rows)
        ]
        return WireReply(status=200, body=msgspec.json.encode(rows))


def test_a_list_of_opt_outs_that_has_no_pages_has_an_end(tmp_path: Path) -> None:
    async def work() -> tuple[int, int]:
        with Stage("ometria", tmp_path / "ledger.db") as stage:
            stage.switch_on()
            delivery = stage.delivery()
            transport = WithoutPages(delivery.transport, 300)  # type: ignore[arg-type]
            delivery.transport = transport
            await delivery.run(until_idle=True)
            return transport.asked, stage.ledger.head()

    assert (2, 300) == virtual.run(work)


def test_a_no_that_is_learned_while_a_yes_waits_its_turn_is_heeded(tmp_path: Path) -> None:
    """The yes waits for an earlier order of the same person, which is not taken for a while."""

    async def work() -> list[object]:
        with Stage("klaviyo", tmp_path / "ledger.db") as stage:
            stage.switch_on()
            await stage.deliver()
            stage.record(order(1, stage.clock.now()), replace(YES, changed_at=stage.clock.now()))
            stage.plan.change(outage=True)
            delivering = asyncio.ensure_future(stage.deliver())
            await asyncio.sleep(20)
            stage.record(replace(YES, state=ConsentState.UNSUBSCRIBED, changed_at=stage.clock.now()))
            await asyncio.sleep(20)
            stage.plan.change(outage=False)
            await delivering
            assert () == stage.faults()
            return [one["status"] for one in stage.kept("consent")]

    assert ["UNSUBSCRIBED"] == virtual.run(work)
