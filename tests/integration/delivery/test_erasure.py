"""A person is forgotten at a platform under every identifier it was told; in virtual time."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from orderwire.dialects.wire import WireReply, WireRequest
from orderwire.errors import Unavailable
from orderwire.ledger.values import Changes, Disposition, Mark
from orderwire.model import Identity, Person
from orderwire.testing import virtual
from orderwire.testing.shops import order_of
from orderwire.testing.stage import Stage

PHONE = "+447400123456"
ANA = Identity(external_id="7", email="ana@mail.test", phone=PHONE)


@dataclass
class Failing(virtual.InProcess):
    """Carries requests until `fails` says that one breaks; then none any more."""

    stage: Stage
    fails: Callable[[WireRequest], bool] = lambda _: False
    is_cut: bool = False

    def __post_init__(self) -> None:
        super().__init__({"https://platform.test": self.stage.exchange})

    async def send(self, request: WireRequest, base_url: str) -> WireReply:
        """Send one request, or break."""
        self.is_cut = self.is_cut or self.fails(request)
        if self.is_cut:
            raise Unavailable("connect", may_have_arrived=False)
        return await super().send(request, base_url)


def told(stage: Stage, *people: Person) -> None:
    stage.switch_on()
    stage.record(*people)


def forget(stage: Stage, text: str) -> int:
    number = stage.ledger.find_person(text)
    assert number is not None
    return stage.ledger.forget(number, at=stage.clock.now(), reason="asked")


def person(identity: Identity, **more: Any) -> Person:
    return Person(identity=identity, first_name="Ana", updated_at=virtual.START, **more)


def outcome(stage: Stage, seq: int) -> tuple[Disposition, str]:
    (one,) = stage.ledger.exemptions(stage.platform, seqs=[seq])
    return one.disposition, one.reason


def erased(stage: Stage) -> list[str]:
    return [one["person"] for one in stage.kept("erasure")]


def pinned(stage: Stage, person: int, **identifiers: str) -> None:
    """The platform was told of somebody under these."""
    mark = Mark(subject=f"person:{person}", seq=1, occurred_at=virtual.START, **identifiers)
    stage.ledger.administer(stage.platform, Changes(marks=[mark]))


Story = Callable[[Stage], Coroutine[Any, Any, Any]]


def play(platform: str, place: Path, story: Story) -> Any:
    async def work() -> Any:
        with Stage(platform, place / "ledger.db") as stage:
            return await story(stage)

    return virtual.run(work)


@pytest.mark.parametrize(
    ("platform", "identifiers", "expected"),
    [
        (
            "klaviyo",
            {"email": "ana@mail.test", "phone": PHONE, "external_id": "7"},
            "requested by e-mail; nothing of theirs alone by phone; nothing of theirs alone by the shop's id",
        ),
        ("klaviyo", {"phone": PHONE}, "requested by phone"),
        (
            "yespo",
            {"email": "ana@mail.test", "external_id": "7"},
            "nothing there by the shop's id; requested by e-mail",
        ),
        ("drip", {"email": "ana@mail.test", "phone": PHONE}, "requested by e-mail"),
        ("drip", {"phone": PHONE}, "not offered there: by hand"),
        ("ometria", {"email": "ana@mail.test", "external_id": "7"}, "requested by e-mail"),
        ("omnisend", {"email": "ana@mail.test"}, "not offered there: by hand"),
    ],
)
def test_what_becomes_of_an_erasure_is_written_down(
    platform: str, identifiers: dict[str, str], expected: str, tmp_path: Path
) -> None:
    async def story(stage: Stage) -> tuple[Disposition, str]:
        given = Identity(email=identifiers.get("email"), phone=identifiers.get("phone"))
        told(stage, person(given))
        await stage.deliver()
        number = stage.ledger.find_person(given.email or PHONE)
        assert number is not None
        pinned(stage, number, **identifiers)
        seq = forget(stage, f"per_{number}")
        await stage.deliver()
        assert () == stage.faults()
        return outcome(stage, seq)

    assert (Disposition.ERASED, expected) == play(platform, tmp_path, story)


def test_a_phone_that_a_family_shares_takes_nobody_else_with_it(tmp_path: Path) -> None:
    async def story(stage: Stage) -> tuple[list[str], set[str]]:
        ben = Identity(external_id="8", email="ben@mail.test", phone=PHONE)
        told(stage, person(ben), person(Identity(email="ana@mail.test")))
        await stage.deliver()
        number = stage.ledger.find_person("ana@mail.test")
        assert number is not None
        pinned(stage, number, email="ana@mail.test", phone=PHONE)
        forget(stage, "ana@mail.test")
        await stage.deliver()
        return erased(stage), set(stage.exchange.stand_in.holdings()["people"])

    assert (["ana@mail.test"], {"ben@mail.test"}) == play("klaviyo", tmp_path, story)


def test_those_who_were_joined_are_forgotten_under_both_names(tmp_path: Path) -> None:
    """A guest by phone, who turns out to be a customer: the platform was told of two."""

    async def story(stage: Stage) -> tuple[list[str], dict[str, Any]]:
        told(stage, person(Identity(phone=PHONE)), person(Identity(external_id="7", email="ana@mail.test")))
        await stage.deliver()
        stage.record(person(ANA, tags=("joined",)))
        forget(stage, "ana@mail.test")
        await stage.deliver()
        return sorted(erased(stage)), stage.exchange.stand_in.holdings()["people"]

    found, left = play("klaviyo", tmp_path, story)
    assert (2, {}) == (len(found), left)


def test_an_identifier_that_came_later_is_not_forgotten_to_be_forgotten(tmp_path: Path) -> None:
    async def story(stage: Stage) -> Mark | None:
        told(stage, person(Identity(external_id="7", email="ana@mail.test")))
        await stage.deliver()
        stage.record(person(ANA, tags=("regular",)))
        await stage.deliver()
        return stage.ledger.marks("klaviyo", ["person:1"]).get("person:1")

    mark = play("klaviyo", tmp_path, story)
    assert ("7", "ana@mail.test", PHONE) == (mark.external_id, mark.email, mark.phone)


@pytest.mark.parametrize("broken", range(4))
def test_a_crash_repeats_only_what_was_not_confirmed(broken: int, tmp_path: Path) -> None:
    """Two names; the wire breaks before one of the calls, and the worker ends."""

    async def story(stage: Stage) -> tuple[list[str], tuple[Disposition, str]]:
        told(stage, person(Identity(phone=PHONE)), person(Identity(external_id="7", email="ana@mail.test")))
        await stage.deliver()
        stage.record(person(ANA, tags=("joined",)))
        seq = forget(stage, "ana@mail.test")
        left = [broken]

        def fails(request: WireRequest) -> bool:
            is_erasing = "deletion" in request.path or "equals" in request.path
            left[0] -= is_erasing
            return is_erasing and left[0] < 0

        await stage.deliver(seconds=20, transport=Failing(stage, fails))
        await stage.deliver()
        return erased(stage), outcome(stage, seq)

    found, (disposition, reason) = play("klaviyo", tmp_path, story)
    assert (2, 2, Disposition.ERASED) == (len(found), len(set(found)), disposition)
    assert "requested by e-mail" in reason
    assert "requested by phone" in reason


def test_an_erasure_that_waited_for_days_is_carried_out(tmp_path: Path) -> None:
    async def story(stage: Stage) -> list[str]:
        told(stage, person(ANA))
        await stage.deliver()
        forget(stage, "ana@mail.test")
        stage.clock.offset = timedelta(days=9)
        stage.settings = replace(stage.settings)
        await stage.deliver()
        return erased(stage)

    assert ["ana@mail.test"] == play("drip", tmp_path, story)


def test_a_refused_erasure_is_by_hand_and_nothing_else_waits(tmp_path: Path) -> None:
    async def story(stage: Stage) -> tuple[tuple[Disposition, str], int]:
        told(stage, person(ANA))
        await stage.deliver()
        seq = forget(stage, "ana@mail.test")

        class Refusing(virtual.InProcess):
            async def send(self, request: WireRequest, base_url: str) -> WireReply:
                if request.method == "DELETE":
                    return WireReply(status=422, body=b"no")
                return await super().send(request, base_url)

        stage.record(order_of("9", Identity(email="ben@mail.test"), stage.clock.now()))
        await stage.deliver(transport=Refusing({"https://platform.test": stage.exchange}))
        return outcome(stage, seq), sum(1 for _ in stage.kept("order"))

    assert ((Disposition.ERASED, "refused by e-mail (422): by hand"), 1) == play("drip", tmp_path, story)
