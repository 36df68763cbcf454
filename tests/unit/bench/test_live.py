"""What the live benchmark counts and says."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from bench.live import flows
from bench.live.figures import Figures, figures_of, quantile
from bench.live.load import Sent, moments
from bench.live.orders import body_of
from bench.live.sink import Arrivals
from bench.live.table import lines_of, ratios_of


def line(wall: float, *ids: str, verdict: str = "taken", metric: str = "Placed Order") -> str:
    """A line of a reception log, with the events that were kept."""
    kept = [{"type": "event", "metric": metric, "id": one} for one in ids]
    return json.dumps({"n": 1, "wall": wall, "verdict": verdict, "kept": kept}) + "\n"


def arrivals_of(folder: Path, lines: Iterable[str]) -> Arrivals:
    log = folder / "klaviyo.jsonl"
    log.write_text("".join(lines), encoding="utf-8")
    arrivals = Arrivals(log)
    arrivals.look()
    return arrivals


def counted(sent: Sent, arrivals: Arrivals, tool: str = "orderwire") -> Figures:
    return figures_of(
        sent, arrivals, tool=tool, course="c", offered=100, peak_mb=200, cpu=0.5, requests=arrivals.requests
    )


def test_an_order_is_there_when_its_event_was_taken_first(tmp_path: Path) -> None:
    lines = (
        line(10.0, "1", verdict="faulted"),
        line(11.0, "1", "2"),
        line(12.0, "1"),
        line(13.0, "3", metric="Else"),
    )
    arrivals = arrivals_of(tmp_path, lines)
    assert ({1: 11.0, 2: 11.0}, {1: 2, 2: 1}, 4) == (arrivals.at, dict(arrivals.times), arrivals.requests)


def test_half_a_line_waits_for_its_other_half(tmp_path: Path) -> None:
    whole = line(11.0, "7")
    arrivals = arrivals_of(tmp_path, (whole, whole[:20]))
    with (tmp_path / "klaviyo.jsonl").open("a", encoding="utf-8") as log:
        log.write(whole[20:])
    assert 1 == arrivals.look()
    assert 2 == arrivals.times[7]


def test_lost_is_what_was_acknowledged_and_never_came(tmp_path: Path) -> None:
    sent = Sent(at={1: 10.0, 2: 10.5, 3: 11.0, 4: 11.5}, acknowledged={1: 10.01, 2: 10.52, 3: 11.01})
    found = counted(sent, arrivals_of(tmp_path, (line(10.1, "1"), line(12.0, "2"), line(12.1, "2"))))
    assert (4, 3, 1, 1) == (found.sent, found.acknowledged, found.lost, found.repeated)
    assert (100.0, 1500.0) == (round(found.p50, 3), round(found.p99, 3))
    assert 1.0 == found.rate
    assert 250.0 == found.cpu_ms


def test_a_course_in_which_nothing_arrived_is_counted_too(tmp_path: Path) -> None:
    found = counted(Sent(at={1: 10.0}, acknowledged={1: 10.1}), arrivals_of(tmp_path, ()))
    assert (1, 0.0, 0.0) == (found.lost, found.rate, found.p99)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50_000.0), (0.99, 99_000.0), (1.0, 100_000.0)])
def test_a_quantile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert expected == quantile([float(number) for number in range(1, 101)], share)


def test_orders_come_in_at_the_rate_and_the_same_every_time() -> None:
    first = list(moments(100, 60, seed=1))
    assert first == list(moments(100, 60, seed=1))
    assert 5_700 < len(first) < 6_300
    gaps = sorted(later - at for at, later in pairwise(first))
    assert gaps[len(gaps) // 2] == pytest.approx(0.00693, rel=0.1), "a Poisson stream's median gap is ln 2 / rate"


def test_every_order_is_one_that_our_own_door_takes() -> None:
    order = json.loads(body_of(12, 1_767_614_400.0))
    assert ("12", "2026-01-05T12:00:00+00:00") == (order["order_id"], order["placed_at"])
    assert order["total"] == sum(one["total"] for one in order["lines"])


def test_both_peers_send_to_the_same_place_what_they_were_given() -> None:
    sink = "http://127.0.0.1:1"
    by_type = {node["type"]: node for node in json.loads(flows.node_red(sink))}
    assert ["answer", "event"] == by_type["http in"]["wires"][0]
    [workflow] = json.loads(flows.n8n(sink))
    request = workflow["nodes"][1]["parameters"]
    assert {f"{sink}/api/events"} == {by_type["http request"]["url"], request["url"]}
    assert "unique_id: order.order_id" in by_type["function"]["func"]
    assert "unique_id: $json.body.order_id" in request["jsonBody"]


def test_the_table_names_each_tool_and_the_ratio_is_of_orders_that_arrived(tmp_path: Path) -> None:
    arrivals = arrivals_of(tmp_path, (line(11.0, "1", "2"), line(12.0, "3", "4")))
    own = counted(Sent(at=dict.fromkeys((1, 2, 3, 4), 10.0)), arrivals)
    other = counted(Sent(at=dict.fromkeys((1, 3), 10.0)), arrivals, tool="other")
    runs = {"orderwire": [own], "other": [other]}
    assert {"other": 2.0} == ratios_of(runs)
    assert ["c", "  orderwire", "  other"] == [text.split("   ")[0].rstrip() for text in lines_of("c", runs)]


def test_figures_are_written_as_they_are_read(tmp_path: Path) -> None:
    found = counted(Sent(at={1: 1.0}), arrivals_of(tmp_path, ()))
    assert found == msgspec.json.decode(msgspec.json.encode(found), type=Figures)
