"""Any small shop, delivered anywhere: the money is exact, consent is never widened, nothing is missing or doubled."""

import tempfile
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from orderwire.sandbox.registry import PLATFORMS
from orderwire.testing.chaos import Aftermath, Ordeal, suffer

PLACED = {"Placed Order", "placed order", "placed", "INITIALIZED"}
CALM = st.builds(
    Ordeal,
    seed=st.integers(0, 100_000),
    platform=st.sampled_from(sorted(PLATFORMS)),
    deaths=st.just(0),
    fault_share=st.sampled_from([0.0, 0.1]),
    dawdling=st.just(0.0),
    steps_clock=st.just(False),
    people=st.integers(1, 12),
    orders=st.integers(0, 30),
    news=st.integers(0, 12),
)


def delivered(ordeal: Ordeal) -> Aftermath:
    with tempfile.TemporaryDirectory() as folder:
        return suffer(ordeal, Path(folder) / "ledger.db")


def amounts(after: Aftermath) -> dict[str, set[Decimal]]:
    """What the platform came to hold as the total of each order when it was placed, or of the order as a state."""
    found: dict[str, set[Decimal]] = {}
    for line in after.lines:
        for one in line["kept"]:
            is_state = one["type"] == "order" and "is_valid" in one
            said = {one.get("metric"), one.get("status"), one.get("action")}
            if one.get("amount") is not None and (is_state or said & PLACED):
                found.setdefault(str(one.get("order") or one["id"]), set()).add(Decimal(str(one["amount"])))
    return found


@settings(max_examples=20, deadline=None)
@given(ordeal=CALM)
def test_every_order_arrives_with_its_exact_total(ordeal: Ordeal) -> None:
    after = delivered(ordeal)
    told = amounts(after)
    expected = {number: {Decimal(order.total) / 100} for number, order in after.shop.orders.items() if number in told}
    assert expected == told


@settings(max_examples=20, deadline=None)
@given(ordeal=CALM)
def test_consent_is_never_widened_and_the_books_and_the_checker_agree(ordeal: Ordeal) -> None:
    after = delivered(ordeal)
    report = after.report()
    assert () == after.balance.faults
    assert () == report.wrong_consent.examples
    assert () == report.missing.examples
    assert () == report.duplicated.examples
