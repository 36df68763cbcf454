"""Carts told as what was added: nothing that was added is left out, whenever a worker ends; in virtual time."""

from pathlib import Path

from msgspec.structs import replace

from orderwire.dialects import registry
from orderwire.ledger.values import Disposition
from orderwire.model import Cart
from orderwire.testing import virtual
from orderwire.testing.shops import identity, order_of
from orderwire.testing.stage import Stage

ONE_AN_HOUR = {budget.name: ((1, 3600.0),) for budget in registry.dialect("omnisend").profile.budgets}
LINES = order_of("x", identity(0), virtual.START).lines


def cart(line_count: int) -> Cart:
    lines = LINES[:line_count]
    return Cart(
        cart_id="k1",
        identity=identity(0),
        currency="GBP",
        total=sum(line.total for line in lines),
        lines=lines,
        updated_at=virtual.START,
        url="https://shop.test/cart",
    )


def test_what_was_set_aside_behind_an_unsent_cart_comes_after_it_again(tmp_path: Path) -> None:
    """The first worker has no permit left for the cart and ends; the second begins where it was, in order."""

    async def work() -> tuple[list[str], tuple[str, ...], dict[str, int]]:
        with Stage("omnisend", tmp_path / "ledger.db", budgets=ONE_AN_HOUR) as stage:
            stage.switch_on()
            stage.record(cart(1))
            stage.record(cart(2))
            await stage.deliver(seconds=5)
            aside = stage.ledger.exemptions("omnisend", dispositions=[Disposition.PENDING])
            assert [2] == [one.seq for one in aside]
            stage.settings = replace(stage.settings, budgets={})
            await stage.deliver()
            bodies = "".join(line["body"] for line in stage.log.lines)
            added = [sku for sku in ("sku-p0", "sku-p1") if f'"productSKU":"{sku}"}},"lineItems"' in bodies]
            books = stage.ledger.balance("omnisend").from_log
            return added, stage.faults(), {str(one): count for one, count in books.items()}

    added, faults, books = virtual.run(work)
    assert ["sku-p0", "sku-p1"] == added
    assert () == faults
    assert {"accepted": 1, "superseded": 1} == books
