"""What the checker finds in a reception log, fault by fault."""

import pytest

from orderwire.sandbox.checker import Checker, Destination


def faults(shop, lines, *, platform="klaviyo", excused=None, **settings):
    """Everything found, by name; nothing for a clean report."""
    checker = Checker(shop.log, Destination(name=platform, platform=platform, **settings), excused=excused)
    report = checker.check(lambda: lines)
    return {name: finding.count for name, finding in report.faults.items() if finding.count}


def test_nothing_is_found_where_everything_arrived_once(shop, platform_line, klaviyo_placed, klaviyo_event):
    shop.order("1001", "placed", "paid")
    assert faults(shop, [platform_line(1, *klaviyo_placed("1001"), klaviyo_event("Paid Order", "1001"))]) == {}


def test_what_is_not_kept_is_missing(shop, platform_line, klaviyo_placed):
    shop.order("1001", "placed", "paid")
    assert faults(shop, [platform_line(1, *klaviyo_placed("1001"))]) == {"missing": 1}


def test_what_was_kept_counts_even_when_the_answer_was_lost(shop, platform_line, klaviyo_placed):
    shop.order("1001", "placed")
    assert faults(shop, [platform_line(1, *klaviyo_placed("1001"), status=0, fault="dropped_after")]) == {}


def test_what_was_refused_does_not_count(shop, platform_line, klaviyo_placed):
    shop.order("1001", "placed")
    assert faults(shop, [platform_line(1, *klaviyo_placed("1001"), verdict="refused")]) == {"missing": 3}


def test_a_repetition_that_the_platform_drops_is_no_double(shop, platform_line, klaviyo_placed):
    shop.order("1001", "placed")
    lines = [platform_line(1, *klaviyo_placed("1001")), platform_line(2, *klaviyo_placed("1001", duplicate=True))]
    assert faults(shop, lines) == {}


def test_a_repetition_that_the_platform_keeps_is_a_double(shop, platform_line, klaviyo_placed):
    shop.order("1001", "placed")
    lines = [platform_line(number, *klaviyo_placed("1001")) for number in (1, 2)]
    assert faults(shop, lines) == {"duplicated": 3}


def drip_order(action, hours, number="1001"):
    """An order action as Drip's stand-in keeps it."""
    kept = {"type": "order", "action": action, "id": number, "person": "c1@mail.test", "duplicate": False}
    return kept | {"occurred_at": f"2025-01-01T{hours:02}:00:00Z", "status": "unsubscribed"}


def test_the_same_action_twice_is_a_double_where_nothing_is_deduplicated(shop, platform_line):
    shop.order("1001", "placed")
    lines = [platform_line(1, drip_order("placed", 0)), platform_line(2, drip_order("placed", 0))]
    assert faults(shop, lines, platform="drip") == {"duplicated": 1}


def test_two_actions_of_the_same_instant_are_no_double(shop, platform_line):
    body = shop.order_body("1001")
    shop.tell("order.refunded", "order:1001", body, detail="R1")
    shop.tell("order.refunded", "order:1001", body, detail="R2")
    lines = [platform_line(1, drip_order("refunded", 0), drip_order("refunded", 0))]
    assert faults(shop, lines, platform="drip") == {}


def test_time_that_runs_backward_for_an_order_is_found(shop, platform_line):
    shop.order("1001", "placed", "paid", "fulfilled")
    actions = [drip_order("placed", 0), drip_order("fulfilled", 2), drip_order("paid", 1)]
    lines = [platform_line(number, action) for number, action in enumerate(actions, 1)]
    assert faults(shop, lines, platform="drip") == {"out_of_order": 1}


def test_time_that_runs_backward_for_a_person_is_found(shop, platform_line):
    shop.order("1001", "placed")
    shop.order("1002", "placed", hours=5)
    lines = [platform_line(1, drip_order("placed", 5, "1002")), platform_line(2, drip_order("placed", 0))]
    assert faults(shop, lines, platform="drip") == {"out_of_order": 1}


def test_what_the_shop_told_late_may_come_late(shop, platform_line):
    shop.order("1001", "placed", hours=5)
    shop.order("1002", "placed")
    lines = [platform_line(1, drip_order("placed", 5)), platform_line(2, drip_order("placed", 0, "1002"))]
    assert faults(shop, lines, platform="drip") == {}


def ometria_order(status, refunded=0):
    """An order as Ometria's stand-in keeps it."""
    kept = {"type": "order", "id": "1001", "person": "c1@mail.test", "status": status, "refunded": refunded}
    return kept | {"amount": 30.0, "occurred_at": None, "duplicate": False}


@pytest.mark.parametrize(
    ("statuses", "found"),
    [
        (("pending", "processing"), {}),
        (("processing",), {}),
        (("pending", "pending", "processing", "processing"), {}),
        (("pending",), {"missing": 1}),
        (("pending", "processing", "pending"), {"out_of_order": 1}),
        (("pending", "processing", "complete"), {"unknown": 1, "missing": 1}),
        ((), {"missing": 1}),
    ],
)
def test_versions_of_a_state_may_be_passed_over_but_not_gone_back_to(shop, platform_line, statuses, found):
    shop.order("1001", "placed")
    shop.tell("order.paid", "order:1001", shop.order_body("1001", paid_at="2025-01-01T01:00:00Z"), hours=1)
    lines = [platform_line(number, ometria_order(status)) for number, status in enumerate(statuses, 1)]
    assert faults(shop, lines, platform="ometria") == found


def test_what_no_fact_explains_is_unknown(shop, platform_line, klaviyo_event):
    assert faults(shop, [platform_line(1, klaviyo_event("Placed Order", "999"))]) == {"unknown": 1}


def test_a_kind_that_is_set_aside_is_unknown_when_it_arrives(shop, platform_line, klaviyo_placed):
    shop.order("1001", "placed")
    assert faults(shop, [platform_line(1, *klaviyo_placed("1001"))], kinds=("person.*",)) == {"unknown": 3}


def consent_kept(status, **more):
    """A permission as Klaviyo's stand-in keeps it."""
    kept = {"type": "consent", "id": "P", "person": "c1@mail.test", "channel": "email", "status": status}
    return kept | more


@pytest.mark.parametrize(
    ("states", "statuses", "found"),
    [
        (("subscribed",), ("SUBSCRIBED",), {}),
        (("unsubscribed",), ("UNSUBSCRIBED",), {}),
        (("never_asked",), (), {}),
        (("subscribed", "unsubscribed"), ("SUBSCRIBED", "UNSUBSCRIBED"), {}),
        (("subscribed",), (), {"missing": 1}),
        (("unsubscribed",), (), {"missing": 1}),
        (("subscribed", "unsubscribed"), ("SUBSCRIBED",), {"wrong_consent": 1, "missing": 1}),
        (("unsubscribed",), ("SUBSCRIBED", "UNSUBSCRIBED"), {"wrong_consent": 1}),
        ((), ("SUBSCRIBED",), {"wrong_consent": 1}),
    ],
)
def test_permission_is_neither_widened_nor_lost(shop, platform_line, states, statuses, found):
    for hours, state in enumerate(states):
        shop.consent(state, hours=hours)
    lines = [platform_line(number, consent_kept(status)) for number, status in enumerate(statuses, 1)]
    assert faults(shop, lines) == found


def test_a_choice_that_came_from_the_platform_is_not_told_back(shop, platform_line):
    shop.consent("unsubscribed", source="klaviyo")
    assert faults(shop, []) == {}


def test_marketing_told_of_somebody_who_said_no_is_wrong(shop, platform_line, klaviyo_event):
    shop.consent("unsubscribed", source="klaviyo")
    shop.tell("cart.updated", "cart:k", {"identity": {"email": "c1@mail.test"}, "lines": [{"line_id": "a"}]}, hours=1)
    lines = [platform_line(1, klaviyo_event("Added to Cart", "k_1735693200_a"))]
    assert faults(shop, lines) == {"wrong_consent": 1}


def test_an_automation_started_by_history_is_found(shop, platform_line, klaviyo_placed):
    shop.order("1001", "placed")
    fired = [{"trigger": "metric", "metric": "Placed Order", "id": "1001", "person": "c1@mail.test"}]
    assert faults(shop, [platform_line(1, *klaviyo_placed("1001"), fired=fired)]) == {"fired_by_history": 1}


def test_an_automation_started_by_news_is_none_of_them(shop, platform_line, klaviyo_placed):
    shop.order("1001", "placed", is_imported=False)
    fired = [{"trigger": "metric", "metric": "Placed Order", "id": "1001", "person": "c1@mail.test"}]
    assert faults(shop, [platform_line(1, *klaviyo_placed("1001"), fired=fired)]) == {}


@pytest.mark.parametrize(("is_imported", "found"), [(True, {"fired_by_history": 1}), (False, {})])
def test_a_confirmation_mail_needs_a_yes_given_just_now(shop, platform_line, is_imported, found):
    shop.consent("subscribed", is_imported=is_imported)
    fired = [{"trigger": "double_opt_in", "channel": "email", "person": "c1@mail.test"}]
    asked = consent_kept("SUBSCRIBED", is_double_opt_in=True)
    assert faults(shop, [platform_line(1, asked, fired=fired)]) == found


def test_where_there_is_no_quiet_form_firings_are_counted_apart(shop, platform_line):
    shop.order("1001", "placed")
    fired = [{"type": "order", "event": "Placed an order", "id": "1001", "person": "c1@mail.test"}]
    lines = [platform_line(1, drip_order("placed", 0), fired=fired)]
    report = Checker(shop.log, Destination(name="drip", platform="drip")).check(lambda: lines)
    assert (report.is_clean, report.fired_without_quiet_form) == (True, 1)


def test_what_the_product_listed_itself_is_named_and_counts_as_no_fault(shop, platform_line):
    seqs = shop.order("1001", "placed", "paid")
    lines = [platform_line(1, drip_order("placed", 0)), platform_line(2, drip_order("placed", 0))]
    checker = Checker(shop.log, Destination(name="drip", platform="drip"), excused=dict.fromkeys(seqs, 1))
    report = checker.check(lambda: lines)
    listed = [(one.key, one.seqs) for name in ("missing", "duplicated") for one in report.faults[name].excused]
    assert (report.is_clean, listed) == (
        True,
        [("order 1001 paid 1735693200", (2,)), ("order 1001 placed 1735689600", (1,))],
    )


def test_a_fact_that_is_excused_excuses_no_other(shop, platform_line):
    seqs = shop.order("1001", "placed", "paid")
    assert faults(shop, [], platform="drip", excused={seqs[0]: 5}) == {"missing": 1}


def test_an_excuse_covers_no_more_than_the_items_in_doubt(shop, platform_line):
    (seq,) = shop.order("1001", "placed")
    lines = [platform_line(number, drip_order("placed", 0)) for number in range(1, 5)]
    assert faults(shop, lines, platform="drip", excused={seq: 2}) == {"duplicated": 1}


def test_an_event_of_no_use_to_omnisend_is_missing(shop, platform_line):
    shop.tell("order.paid", "order:1001", shop.order_body("1001"))
    kept = {"type": "event", "metric": "paid for order", "id": "u", "person": "c1@mail.test", "order": "1001"}
    kept |= {"occurred_at": "2025-01-01T00:00:00Z", "duplicate": False, "problems": ["properties.lineItems"]}
    assert faults(shop, [platform_line(1, kept)], platform="omnisend") == {"missing": 1, "unknown": 1}


def test_whoever_never_said_yes_is_not_mailable_at_yespo_even_for_a_moment(shop, platform_line):
    shop.order("1001", "placed")
    past = {"type": "event", "metric": "orderCreated", "id": "u", "order": "1001", "person": "c1@mail.test"}
    past |= {"occurred_at": "2025-01-01T00:00:00Z", "quiet": True, "duplicate": False, "consent": "confirmed"}
    listed = {"type": "consent", "status": "unsubscribed", "person": "c1@mail.test"}
    assert faults(shop, [platform_line(1, past), platform_line(2, listed)], platform="yespo") == {"wrong_consent": 1}
    assert (
        faults(
            shop, [platform_line(1, listed), platform_line(2, past | {"consent": "unsubscribed"})], platform="yespo"
        )
        == {}
    )


def test_reports_are_json_with_the_first_examples(shop, platform_line, klaviyo_event):
    shop.order("1001", "placed")
    lines = [platform_line(1, *(klaviyo_event("Placed Order", str(number)) for number in range(30)))]
    report = Checker(shop.log, Destination(name="klaviyo", platform="klaviyo")).check(lambda: lines).to_json()
    assert (report["unknown"]["count"], len(report["unknown"]["examples"]), report["is_clean"]) == (30, 20, False)
