"""A platform that takes jobs at once and does them when it likes: what builds on a job waits for its answer."""

import asyncio
import json
import random
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.ledger.values import Disposition
from orderwire.model import Product, Variant
from orderwire.testing import virtual
from orderwire.testing.shops import identity, order_of
from orderwire.testing.stage import Stage

PREFIX = "$custom:::$default:::"
NEVER = 10 * 86400.0


def product(name: str, price: int = 10, *, after: int = 0) -> Product:
    variants = tuple(
        Variant(variant_id=f"{name}-{size}", title=size, price=Decimal(price), inventory=3) for size in "SM"
    )
    return Product(
        product_id=name,
        title="Cup",
        url="https://shop.test/p",
        currency="EUR",
        price=Decimal(price),
        variants=variants,
        updated_at=virtual.START + timedelta(seconds=after),
    )


@dataclass
class Pending:
    """A job that was taken and is to be done: the request that it is, and when."""

    path: str
    request: WireRequest
    due_at: float
    inner_id: str = ""


@dataclass
class Belated(virtual.InProcess):
    """Carries requests to a stand-in of Klaviyo that does each catalog job some while after it took it.

    `seconds` of a path's end say how long its jobs take; any other, up to a minute. What the jobs were found to fail
    at stands in `failures`, in the order in which they were done.
    """

    stage: Stage
    rng: random.Random = field(default_factory=lambda: random.Random(4))
    seconds: dict[str, float] = field(default_factory=dict)
    answers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """What the next finished job of a path's end is said to have come to, instead of the truth."""
    jobs: dict[str, Pending] = field(default_factory=dict)
    posted: list[tuple[str, float]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__({"https://platform.test": self.stage.exchange})

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Take a job, do those that are due, or tell of one."""
        now = asyncio.get_running_loop().time()
        await self._do_those_due(now, base_url)
        if not request.path.startswith("/api/catalog-"):
            return await super().send(request, base_url)
        path, _, asked = request.path.removeprefix("/api/").partition("/")
        if request.method == "POST":
            name = f"job-{len(self.jobs)}"
            takes = self.seconds.get(path.removesuffix("s"), self.rng.uniform(0.0, 60.0))
            self.jobs[name] = Pending(path, request, now + takes)
            self.posted.append((path.removeprefix("catalog-").replace("-bulk-", " ").removesuffix("-jobs"), now))
            return self._told(name, "queued", {}, status=202)
        job = self.jobs[asked]
        if not job.inner_id:
            return self._told(asked, "processing", {})
        attributes = await self._found(job, base_url)
        if others := self.answers.get(job.path.removesuffix("s")):
            attributes = others.pop(0)
        return self._told(asked, attributes.get("status", "complete"), attributes)

    def _told(self, name: str, state: str, attributes: dict[str, Any], status: int = 200) -> WireReply:
        data = {"type": "job", "id": name, "attributes": attributes | {"status": state}}
        return WireReply(status=status, body=json.dumps({"data": data}).encode())

    async def _do_those_due(self, now: float, base_url: str) -> None:
        due = [job for job in self.jobs.values() if not job.inner_id and job.due_at <= now]
        for job in sorted(due, key=lambda one: one.due_at):
            job.inner_id = "begun"
            reply = await super().send(job.request, base_url)
            job.inner_id = json.loads(reply.body)["data"]["id"]
            for error in (await self._found(job, base_url)).get("errors", ()):
                self.failures.append(f"{job.path}: {error['code']}")

    async def _found(self, job: Pending, base_url: str) -> dict[str, Any]:
        asking = replace(job.request, method="GET", path=f"{job.request.path}/{job.inner_id}", body=b"")
        found: dict[str, Any] = json.loads((await super().send(asking, base_url)).body)["data"]["attributes"]
        return found


def stage_at(place: Path) -> Stage:
    return Stage("klaviyo", place / "ledger.db", options={"job_seconds": 0.0, "limits": False})


def prices_of(stage: Stage) -> dict[str, Any]:
    """What the catalog says of items and variants now."""
    held = stage.exchange.stand_in.catalog.held  # type: ignore[attr-defined]
    things = [*held["catalog-item"].values(), *held["catalog-variant"].values()]
    return {thing.id.removeprefix(PREFIX): thing.attributes["price"] for thing in things}


def all_of(*names: str, price: int = 10) -> dict[str, int]:
    return {f"{name}{end}": price for name in names for end in ("", "-S", "-M")}


@pytest.mark.parametrize("is_imported", [True, False], ids=["history", "news"])
def test_creations_are_done_before_what_builds_on_them_leaves(tmp_path: Path, is_imported: bool) -> None:
    names = [f"P{number}" for number in range(150)]

    async def work() -> None:
        with stage_at(tmp_path) as stage:
            wire = Belated(stage)
            if is_imported:
                stage.record(*map(product, names), is_imported=True)
            stage.switch_on()
            if not is_imported:
                stage.record(*map(product, names))
            await stage.deliver(transport=wire)
            assert [] == wire.failures
            assert all_of(*names) == prices_of(stage)
            assert {Disposition.CONFIRMED: 150} == dict(stage.ledger.balance("klaviyo").from_log)
            assert () == stage.faults()

    virtual.run(work)


def test_an_older_job_cannot_overtake_a_newer_one(tmp_path: Path) -> None:
    """Each price would be written over by the one before, if the first job took long and the next one did not."""

    async def work() -> tuple[dict[str, Any], tuple[str, ...]]:
        with stage_at(tmp_path) as stage:
            wire = Belated(stage)
            stage.switch_on()
            delivering = asyncio.ensure_future(stage.deliver(seconds=3600, transport=wire))
            for number in range(1, 8):
                stage.record(product("P1", number, after=number))
                wire.seconds["catalog-item-bulk-update-job"] = 40.0 - 5 * number
                wire.seconds["catalog-variant-bulk-update-job"] = 40.0 - 5 * number
                await asyncio.sleep(20)
            await delivering
            return prices_of(stage), stage.faults()

    assert (all_of("P1", price=7), ()) == virtual.run(work)


def test_what_was_taken_away_and_came_back_is_there(tmp_path: Path) -> None:
    async def work() -> dict[str, Any]:
        with stage_at(tmp_path) as stage:
            wire = Belated(stage, seconds={"catalog-item-bulk-delete-job": 300.0})
            stage.record(product("P1"), is_imported=True)
            stage.switch_on()
            await stage.deliver(transport=wire)
            stage.record(replace(product("P1", after=1), removed_at=virtual.START + timedelta(seconds=1)))
            delivering = asyncio.ensure_future(stage.deliver(seconds=3600, transport=wire))
            await asyncio.sleep(200)
            stage.record(product("P1", 12, after=2))
            await delivering
            return prices_of(stage)

    assert all_of("P1", price=12) == virtual.run(work)


def test_a_person_does_not_wait_for_a_product_and_news_go_on(tmp_path: Path) -> None:
    async def work() -> int:
        with stage_at(tmp_path) as stage:
            wire = Belated(stage, seconds={"catalog-item-bulk-create-job": NEVER})
            stage.switch_on()
            stage.record(product("P1"), order_of("1", identity(1), stage.clock.now()))
            await stage.deliver(seconds=60, transport=wire)
            return sum(one["type"] == "event" for one in stage.kept())

    assert 0 < virtual.run(work)


def test_the_wait_survives_a_crash(tmp_path: Path) -> None:
    async def work() -> tuple[list[str], list[str], list[str], tuple[str, ...]]:
        with stage_at(tmp_path) as stage:
            wire = Belated(stage, seconds={"catalog-item-bulk-create-job": 500.0})
            stage.record(product("P1"), is_imported=True)
            stage.switch_on()
            await stage.deliver(seconds=30, transport=wire)
            before = [verb for verb, _ in wire.posted]
            stage.record(product("P1", 11, after=5))
            await stage.deliver(seconds=100, transport=wire)
            meanwhile = [verb for verb, _ in wire.posted]
            await stage.deliver(transport=wire)
            assert all_of("P1", price=11) == prices_of(stage)
            return before, meanwhile, [*dict.fromkeys(wire.failures)], stage.faults()

    before, meanwhile, failures, faults = virtual.run(work)
    assert (["item create"], ["item create"], ()) == (before, meanwhile, faults)
    assert [f"catalog-{thing}-bulk-create-jobs: duplicate_id" for thing in ("item", "variant")] == failures


GONE: dict[str, Any] = {"status": "cancelled"}
UNNAMED: dict[str, Any] = {"failed_count": 2, "errors": []}
REFUSED: dict[str, Any] = {
    "failed_count": 1,
    "errors": [{"code": "invalid", "source": {"pointer": "/data/attributes/items/data/0/attributes/price"}}],
}


@pytest.mark.parametrize(
    ("job", "answer", "first", "most"),
    [
        ("catalog-item-bulk-create-job", GONE, "item create", "item update"),
        ("catalog-item-bulk-update-job", UNNAMED, "item update", "variant create"),
    ],
    ids=["cancelled", "failures that are not named"],
)
def test_what_an_answer_takes_back_goes_again_before_the_rest(
    job: str, answer: dict[str, Any], first: str, most: str, tmp_path: Path
) -> None:
    async def work() -> list[str]:
        with stage_at(tmp_path) as stage:
            wire = Belated(stage, answers={job: [answer]})
            stage.record(product("P1"), product("P2"), is_imported=True)
            stage.switch_on()
            await stage.deliver(transport=wire)
            assert all_of("P1", "P2") == prices_of(stage)
            assert ({Disposition.CONFIRMED: 2}, ()) == (
                dict(stage.ledger.balance("klaviyo").from_log),
                stage.faults(),
            )
            return [verb for verb, _ in wire.posted]

    posted = virtual.run(work)
    assert 3 == posted.count(first)
    assert posted.index(most) > max(place for place, verb in enumerate(posted) if verb == first) - 2


def test_what_is_refused_for_good_is_given_up_and_nothing_builds_on_it(tmp_path: Path) -> None:
    async def work() -> tuple[list[str], dict[Disposition, int], tuple[str, ...]]:
        with stage_at(tmp_path) as stage:
            wire = Belated(stage, answers={"catalog-item-bulk-create-job": [REFUSED]})
            stage.record(product("P1"), is_imported=True)
            stage.switch_on()
            await stage.deliver(transport=wire)
            return [verb for verb, _ in wire.posted], dict(stage.ledger.balance("klaviyo").from_log), stage.faults()

    assert (["item create"], {Disposition.DEAD: 1}, ()) == virtual.run(work)


def test_an_answer_that_never_comes_is_not_waited_for_without_end(tmp_path: Path) -> None:
    async def work() -> list[tuple[str, float]]:
        with stage_at(tmp_path) as stage:
            wire = Belated(stage, seconds={"catalog-item-bulk-create-job": NEVER})
            stage.record(product("P1"), is_imported=True)
            stage.switch_on()
            await stage.deliver(seconds=3700, transport=wire)
            return wire.posted

    (_, created), (verb, updated), *_ = virtual.run(work)
    assert ("item update", True) == (verb, 3600 < updated - created < 3610)


def test_a_batch_of_creations_is_finished_before_the_batch_that_replaces_leaves(tmp_path: Path) -> None:
    async def work() -> list[tuple[str, float]]:
        with Stage("omnisend", tmp_path / "ledger.db", options={"batch_seconds": 90.0}) as stage:
            stage.record(*(product(f"P{number}") for number in range(5)), is_imported=True)
            stage.switch_on()
            await stage.deliver()
            assert {Disposition.CONFIRMED: 5} == dict(stage.ledger.balance("omnisend").from_log)
            posts = [line for line in stage.log.lines if (line["method"], line["path"]) == ("POST", "/api/batches")]
            return [(json.loads(line["body"])["method"], line["at"]) for line in posts]

    (first, begun), (second, followed) = virtual.run(work)
    assert ("POST", "PUT", True) == (first, second, followed - begun >= 90)
