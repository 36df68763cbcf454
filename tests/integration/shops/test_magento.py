"""A shop with Magento that goes on trading while it is read: nothing missing, nothing twice, whatever goes wrong."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from orderwire.dialects.connector import MISMATCH
from orderwire.errors import ConfigError
from orderwire.ledger import FactFilter
from orderwire.model import Consent, ConsentState, Product
from orderwire.sandbox.kit import FaultPlan
from orderwire.sandbox.magento import Magento
from orderwire.sandbox.magento.shapes import state_of
from orderwire.testing.shopfronts import SECRETS, Shopfront

TABLE: dict[str, Any] = {
    "kind": "magento",
    "token": "env:KEY",
    "knows_newsletter": True,
    "options": {"prices_include_tax": True},
}
HOUR = 3600


def opened(
    tmp_path: Path, *, settings: dict[str, Any] | None = None, faults: FaultPlan | None = None, **shop: Any
) -> Shopfront:
    """A shop and its reader."""
    table = {**TABLE, "options": {**TABLE["options"], **(settings or {})}}
    return Shopfront(tmp_path, table, options={"token": SECRETS["KEY"], **shop}, faults=faults)


@pytest.fixture
def front(tmp_path: Path) -> Iterator[Shopfront]:
    """The usual shop."""
    made = opened(tmp_path)
    yield made
    made.close()


def stand_in_of(front: Shopfront) -> Magento:
    """The shop's API."""
    assert isinstance(front.stand_in, Magento)
    return front.stand_in


def settle(front: Shopfront) -> None:
    """The shop stops; what moved until now is read to its end."""
    stand_in_of(front).options["every"] = 0
    stand_in_of(front).merchant._every = 0
    front.wait(HOUR)
    front.plan.change(rates={})
    front.sync()


def there(front: Shopfront) -> dict[str, tuple[Any, ...]]:
    """What the shop says of every order."""
    return {
        str(one.id): (
            one.total,
            one.paid,
            one.shipped,
            one.cancelled,
            sorted((back.amount, back.at) for back in one.refunds),
            sum(line.quantity for line in one.lines),
        )
        for one in stand_in_of(front).merchant.orders.values()
    }


def seen(front: Shopfront) -> dict[str, tuple[Any, ...]]:
    """What the log says of every order: its snapshot, and when what happened to it happened."""
    at = {(fact.subject, fact.kind, fact.detail): fact.occurred_at for fact in front.facts()}
    found = {}
    for number, one in front.orders().items():
        name = f"order:{number}"
        shipped = [when for (subject, kind, _), when in at.items() if (subject, kind) == (name, "order.fulfilled")]
        found[number] = (
            one.total,
            at.get((name, "order.paid", None)),
            min(shipped, default=None),
            at.get((name, "order.cancelled", None)),
            sorted((back.amount, at[name, "order.refunded", back.refund_id]) for back in one.refunds),
            sum(line.quantity for line in one.lines),
        )
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("share", [0.0, 0.1])
def test_everything_is_read_once_while_the_shop_goes_on(tmp_path: Path, seed: int, share: float) -> None:
    front = opened(tmp_path, faults=FaultPlan.mixed(seed, share), seed=seed)
    for _ in range(6):
        front.sync()
        front.wait(900)
    settle(front)
    assert there(front) == seen(front)
    assert len(front.keys()) == len(set(front.keys()))
    front.close()


def test_a_shop_that_takes_signed_calls_only_is_read_whole_and_each_try_is_signed_anew(tmp_path: Path) -> None:
    keys = {"consumer_key": "ck", "consumer_secret": "c&s", "token": SECRETS["KEY"], "token_secret": "t s"}
    front = opened(tmp_path, faults=FaultPlan.mixed(1, 0.2), every=0, **keys)
    front.table["page"] = 10
    for name in ("consumer_key", "consumer_secret", "token_secret"):
        (tmp_path / name).write_text(keys[name])
        front.table[name] = f"file:{tmp_path / name}"
    front.sync()
    settle(front)
    assert there(front) == seen(front)
    assert front.exchange.counts["faulted"] > 0
    assert "refused" not in front.exchange.counts
    front.table["token_secret"] = front.table["consumer_secret"]
    with pytest.raises(ConfigError, match="both secrets of one integration"):
        front.source().look()
    front.close()


@pytest.mark.parametrize("steps", [7, 11, 16])
def test_a_process_that_dies_again_and_again_loses_and_doubles_nothing(tmp_path: Path, steps: int) -> None:
    front = opened(tmp_path, every=60)
    deaths = 0
    for _ in range(12):
        deaths += front.sync(dies_after=steps) is None
        front.wait(300)
    settle(front)
    assert deaths >= 3
    assert there(front) == seen(front)
    assert len(front.keys()) == len(set(front.keys()))
    front.close()


def test_a_refund_that_moves_no_date_of_its_order_is_news_by_its_own_clock(tmp_path: Path) -> None:
    front = opened(tmp_path, every=0)
    front.sync()
    merchant = stand_in_of(front).merchant
    order = next(one for one in merchant.orders.values() if one.paid and not one.refunds)
    merchant.refund(order, front.clock.now(), is_quiet=True)
    front.wait(HOUR)
    front.sync()
    news = [(fact.kind, fact.subject, fact.is_imported) for fact in front.facts()[-1:]]
    assert [("order.refunded", f"order:{order.id}", False)] == news
    front.close()


def test_every_order_adds_up(front: Shopfront) -> None:
    front.sync()
    assert {} == {
        number: one.properties[MISMATCH] for number, one in front.orders().items() if MISMATCH in one.properties
    }


def test_every_order_adds_up_without_tax_as_well(tmp_path: Path) -> None:
    front = opened(tmp_path, settings={"prices_include_tax": False}, every=0)
    front.sync()
    assert all(MISMATCH not in one.properties and not one.is_tax_included for one in front.orders().values())
    front.close()


def test_a_variant_is_one_line(front: Shopfront) -> None:
    front.sync()
    merchant = stand_in_of(front).merchant
    wanted = {str(one.id): len(one.lines) for one in merchant.orders.values()}
    assert wanted.items() >= {number: len(one.lines) for number, one in front.orders().items()}.items()
    sizes = {str(line.variant) for one in merchant.orders.values() for line in one.lines if line.variant}
    assert sizes >= {line.variant_id for one in front.orders().values() for line in one.lines if line.variant_id}


def test_pages_are_made_smaller_where_the_shop_limits_them(tmp_path: Path) -> None:
    front = opened(tmp_path, every=0, most=20)
    front.sync()
    settle(front)
    assert there(front) == seen(front)
    front.close()


def test_a_filter_before_the_shop_is_waited_for(tmp_path: Path) -> None:
    front = opened(tmp_path, every=0, filter=10)
    for _ in range(30):
        front.sync()
        front.wait(60)
    assert there(front) == seen(front)
    front.close()


def test_a_product_has_its_children_as_variants_and_is_known_once(front: Shopfront) -> None:
    front.sync()
    merchant = stand_in_of(front).merchant
    told = Counter(fact.subject for fact in front.facts() if fact.kind == "product.updated")
    assert {f"product:{number}" for number in merchant.products} == set(told)
    sized = next(one for one in merchant.products.values() if one.variants)
    product = msgspec.json.decode(front.ledger.snapshot_of(f"shop/product:{sized.id}"), type=Product)
    assert sorted(map(str, sized.variants)) == sorted(one.variant_id for one in product.variants)


def test_an_account_says_whether_it_wants_the_newsletter_now(tmp_path: Path) -> None:
    front = opened(tmp_path, every=0)
    front.sync()
    customers = stand_in_of(front).merchant.customers.values()
    assert {f"consent:email:person:{one.id}": one.wants for one in customers} == consents(front)
    quitter = next(one for one in customers if one.wants)
    quitter.wants, quitter.modified = False, front.clock.now()
    front.wait(HOUR)
    front.sync()
    assert consents(front)[f"consent:email:person:{quitter.id}"] is False
    front.close()


def test_the_list_of_a_module_tells_when_somebody_chose(tmp_path: Path) -> None:
    front = opened(tmp_path, settings={"newsletter": True}, every=0, module=True)
    front.sync()
    customers = list(stand_in_of(front).merchant.customers.values())
    changer = next(one for one in customers if not one.wants)
    changer.wants, changer.tick = True, front.clock.now()
    front.wait(HOUR)
    front.sync()
    assert {f"consent:email:person:{one.id}": one.wants for one in customers} == consents(front)
    front.close()


def consents(front: Shopfront) -> dict[str, bool]:
    """Who wants the newsletter, by the newest statement of each."""
    bodies = {fact.subject: fact.body for fact in front.ledger.facts(FactFilter()) if fact.kind == "consent.changed"}
    return {
        subject: msgspec.json.decode(body, type=Consent).state is ConsentState.SUBSCRIBED
        for subject, body in bodies.items()
    }


def test_a_deleted_product_is_heard_of_by_webhook_alone(tmp_path: Path) -> None:
    hooks = {"hooks_to": "https://orderwire.test/hooks/shop"}
    front = opened(tmp_path, every=0, **hooks)
    front.table["webhook_secrets"] = [f"file:{tmp_path / 'key.pem'}"]
    (tmp_path / "key.pem").write_text(stand_in_of(front).hook_key)
    front.sync()
    gone = next(iter(stand_in_of(front).merchant.products))
    stand_in_of(front).delete_product(gone)
    delivery = stand_in_of(front).deliveries()[0]
    assert 401 == front.hear(delivery.headers, delivery.body.replace(b"product", b"Product")).status
    assert 200 == front.hear(delivery.headers, delivery.body).status
    front.wait(HOUR)
    front.sync()
    assert [f"product:{gone}"] == [fact.subject for fact in front.facts() if fact.kind == "product.removed"]
    front.close()


def test_a_token_that_is_not_taken_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    front = Shopfront(tmp_path, TABLE, options={"token": "another"})
    with pytest.raises(ConfigError, match="the shop refuses us: the token is not taken"):
        front.sync()
    front.close()


def test_an_address_without_the_api_is_a_fault_of_the_settings(tmp_path: Path) -> None:
    table = {**TABLE, "url": "https://shop.test/shop"}
    front = Shopfront(tmp_path, table, options={"token": SECRETS["KEY"]})
    with pytest.raises(ConfigError, match="no /customers/search of Magento's API at this address"):
        front.sync()
    front.close()


def test_a_look_counts_and_notices_prices_with_tax(tmp_path: Path) -> None:
    front = opened(tmp_path, every=0)
    merchant = stand_in_of(front).merchant
    assert {"people": 40, "orders": 120} == {
        name: count for name, count in front.source().look().counts.items() if name != "products"
    }
    for order in merchant.orders.values():
        for line in order.lines:
            line.price = 1999
    front.table["options"] = {"prices_include_tax": False}
    assert "prices_include_tax" in front.source().look().warnings[0]
    front.close()


def test_the_state_of_an_order_is_kept_beside_the_merchants_word_for_it(front: Shopfront) -> None:
    front.sync()
    settle(front)
    wanted = {str(one.id): state_of(one) for one in stand_in_of(front).merchant.orders.values()}
    known = {number: (one.properties["state"], one.source_status) for number, one in front.orders().items()}
    assert wanted == known
