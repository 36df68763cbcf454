"""The log as it is shown, and people looked up in it."""

import msgspec
import pytest

from orderwire import Shop
from orderwire.app import logbook, people
from orderwire.app.repairs import replay_dead_letters
from orderwire.errors import ConfigError, NotFound
from orderwire.ledger.values import Changes, Disposition
from orderwire.model import Channel, ConsentState
from orderwire.testing.ledgers import NOW, consent, event, exempt, order, person, product, record, switched_on


def shown(shop: Shop, *kinds: str) -> list[dict[str, object]]:
    return [msgspec.json.decode(line) for line in logbook.lines(shop, logbook.Wanted(kind=kinds))]


def test_a_line_holds_the_body_as_an_object_and_the_records_own_identity(shop: Shop) -> None:
    record(shop.ledger, order())
    (line,) = shown(shop)
    body = line["body"]
    assert isinstance(body, dict)
    assert ("1001", {"external_id": "7", "email": "ana@mail.test"}, "per_1") == (
        body["order_id"],
        line["identity"],
        line["person"],
    )


def test_a_product_is_about_nobody(shop: Shop) -> None:
    record(shop.ledger, product())
    (line,) = shown(shop)
    assert (None, None) == (line["identity"], line["person"])


def test_an_erased_fact_has_neither_body_nor_identity(shop: Shop) -> None:
    record(shop.ledger, order())
    shop.ledger.forget(1, at=NOW, reason="asked")
    line = shown(shop, "order.placed")[0]
    assert (None, None) == (line["body"], line["identity"])


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        (("order.*",), ["order.placed"]),
        (("custom.*",), ["custom.wishlist"]),
        (("custom.wishlist",), ["custom.wishlist"]),
        (("custom.other",), []),
        (("person.updated", "custom.wishlist"), ["person.updated", "custom.wishlist"]),
    ],
)
def test_kinds_are_chosen_by_name_or_by_group(shop: Shop, kinds: tuple[str, ...], expected: list[str]) -> None:
    record(shop.ledger, person(), order(), event(name="custom.wishlist"))
    assert expected == [line["kind"] for line in shown(shop, *kinds)]


def test_a_kind_that_does_not_exist_is_answered_with_the_nearest(shop: Shop) -> None:
    with pytest.raises(ConfigError, match=r"order\.placed"):
        logbook.lines(shop, logbook.Wanted(kind=["order.plaecd"]))


def test_who_is_not_found_is_not_repeated(shop: Shop) -> None:
    with pytest.raises(NotFound) as raised:
        logbook.lines(shop, logbook.Wanted(person="ana@mail.test"))
    assert "ana" not in str(raised.value)


def test_a_persons_page_tells_where_everything_came_from(shop: Shop) -> None:
    record(shop.ledger, person(first_name="Ana"), consent(ConsentState.UNSUBSCRIBED, NOW), order())
    page = people.show(shop, "ana@mail.test")
    identifiers = {(one.kind, one.value): one.seq for one in page.identifiers}
    assert ({("external_id", "7"): 1, ("email", "ana@mail.test"): 1}, ConsentState.UNSUBSCRIBED) == (
        identifiers,
        page.card.consent[Channel.EMAIL].state,
    )


def test_an_export_is_json_with_every_body(shop: Shop) -> None:
    record(shop.ledger, person(first_name="Ana"), order())
    exported = msgspec.json.decode(msgspec.json.encode(people.export(shop, "7")))
    assert ["Ana", "1001"] == [exported["facts"][0]["body"]["first_name"], exported["facts"][1]["body"]["order_id"]]


def test_a_dead_letter_is_shown_with_its_fact(shop: Shop) -> None:
    record(shop.ledger, order())
    shop.ledger.administer("drip", switched_on("drip"))
    shop.ledger.administer("drip", Changes(exceptions=[exempt(1, Disposition.DEAD, reason="no such currency")]))
    page = logbook.letter_page(shop, "drip", 1)
    assert ("no such currency", "order.placed") == (page.letter.reason, page.fact.kind)


def test_a_fact_that_was_not_given_up_is_no_dead_letter(shop: Shop) -> None:
    record(shop.ledger, order(), order("1002"))
    shop.ledger.administer("drip", switched_on("drip"))
    shop.ledger.administer("drip", Changes(exceptions=[exempt(2, Disposition.DEAD)]))
    with pytest.raises(NotFound):
        logbook.letter_page(shop, "drip", 1)


def test_a_replayed_dead_letter_is_one_no_more(shop: Shop) -> None:
    record(shop.ledger, order())
    shop.ledger.administer("drip", switched_on("drip"))
    shop.ledger.administer("drip", Changes(exceptions=[exempt(1, Disposition.DEAD)]))
    replay_dead_letters(shop, "drip")
    with pytest.raises(NotFound):
        logbook.letter_page(shop, "drip", 1)
