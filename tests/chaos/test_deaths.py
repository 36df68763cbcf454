"""Workers killed at any moment, faults on the wire, a clock that is set, a shop that goes on: do the books hold?

A failure names its seed; `pytest tests/chaos/test_deaths.py --seed N -k <platform>` replays it.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from orderwire.ledger import Disposition
from orderwire.sandbox.registry import PLATFORMS
from orderwire.testing.chaos import Aftermath, Ordeal, suffer

FEW = range(8)
MANY = range(1000, 1080)
OPEN_ENDED = (Disposition.PENDING, Disposition.IN_FLIGHT)


def everything_wrong(after: Aftermath) -> list[str]:
    """What is wrong after an ordeal, by the books and by the checker; empty when nothing is."""
    found = [f"books: {fault}" for fault in after.balance.faults]
    found += [f"won back: {one}" for one in after.won_back]
    found += [f"left open: {count} {one}" for one, count in after.balance.from_log.items() if one in OPEN_ENDED]
    for name, finding in after.report().faults.items():
        for example in finding.examples:
            if name != "out_of_order" or not is_settled_by_a_later_fact(after, example.seqs):
                found.append(f"{name}: {example}")
    return found


def is_settled_by_a_later_fact(after: Aftermath, seqs: Iterable[int]) -> bool:
    """Whether all of them are of people one of whose facts is in doubt: such a fact holds nothing back."""
    person_by_seq = {fact.seq: fact.person for fact in after.facts}
    doubtful = {person_by_seq[seq] for seq in after.listed}
    return all(person_by_seq[seq] in doubtful for seq in seqs)


def wrongs_of(seeds: Sequence[int], platform: str, place: Path) -> dict[int, list[str]]:
    found = {}
    deaths = 0
    for seed in seeds:
        after = suffer(Ordeal.drawn(seed, platform), place / f"{seed}.db")
        deaths += after.deaths
        if wrong := everything_wrong(after):
            found[seed] = wrong
    print(f"{platform}: seeds {seeds[0]} to {seeds[-1]}, {deaths} deaths, wrong: {sorted(found) or 'none'}")
    return found


@pytest.mark.parametrize("platform", PLATFORMS)
def test_whatever_dies_nothing_is_lost_or_doubled(platform: str, in_memory: Path, seed_asked: int | None) -> None:
    seeds = FEW if seed_asked is None else [seed_asked]
    assert {} == wrongs_of(seeds, platform, in_memory)


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_same_for_hundreds_of_seeds(platform: str, in_memory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print()
        assert {} == wrongs_of(MANY, platform, in_memory)


def test_the_ordeals_are_ordeals(in_memory: Path) -> None:
    """Workers do die, requests do fail, and some outcomes are never learned."""
    afters = [suffer(Ordeal.drawn(seed, "drip"), in_memory / f"{seed}.db") for seed in range(12)]
    faulted = sum(line["fault"] != "none" for after in afters for line in after.lines)
    assert (True, True, True) == (
        sum(after.deaths for after in afters) > 20,
        faulted > 10,
        any(after.in_doubt for after in afters),
    )


def test_the_same_seed_is_the_same_ordeal(in_memory: Path) -> None:
    one, other = (suffer(Ordeal.drawn(9, "klaviyo"), in_memory / f"{name}.db") for name in "ab")
    assert [line["body"] for line in one.lines] == [line["body"] for line in other.lines]
