"""What an operator reads when something stands still, and what a newcomer is told before anything is sent."""

import json
import re
import sqlite3
import tomllib
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from orderwire.sandbox.checker import PLATFORMS
from orderwire.testing.commands import ORDERS, PEOPLE, SOURCE, Program, build_shop, settings_for, stand_ins

FACTS = 2 * PEOPLE + 2 + 2 * ORDERS
STRANGER = "stranger@mail.test"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """A shop without settings."""
    build_shop(tmp_path / "shop.db")
    return Program(tmp_path)


def configure(program: Program, text: str) -> None:
    (program.folder / "orderwire.toml").write_text(text, encoding="utf-8")


def stands(program: Program, name: str = "drip") -> dict[str, Any]:
    """One destination's page of `status`."""
    (found,) = [one for one in program.json("status")["destinations"] if one["destination"] == name]
    return dict(found)


def remedies(status: dict[str, Any]) -> list[str]:
    return [halt["remedy"] for halt in status["halts"]]


def test_status_counts_facts_after_a_canary(program: Program) -> None:
    with stand_ins(program.folder, "drip") as ports:
        configure(program, settings_for(ports))
        program.run("destination", "acknowledge", "drip", "--yes")
        program.run("sync", "--canary", "5")
        status = stands(program)
    assert (FACTS - 5, {"live": 0, "history": FACTS - 5, "on_the_way": 0, "again": 0}) == (
        status["behind"],
        status["backlog"],
    )
    assert (True, True) == (status["last_success_at"] is not None, status["opt_outs_read_at"] is not None)


def test_status_says_what_to_do_before_the_first_sync(program: Program) -> None:
    configure(program, settings_for({"drip": 9, "klaviyo": 9}))
    program.run("plan", "drip")
    assert [
        "orderwire destination acknowledge drip",
        "where something filled it before, say up to when (the cut-off date): "
        "orderwire destination adopt drip --before DATE",
        "orderwire sync",
    ] == remedies(stands(program))
    assert "where something filled it before: orderwire destination adopt klaviyo --before DATE" in remedies(
        stands(program, "klaviyo")
    )


def test_status_tells_of_a_refused_key_and_how_to_go_on(program: Program) -> None:
    with stand_ins(program.folder, "drip") as ports:
        configure(program, settings_for(ports))
        program.run("destination", "acknowledge", "drip", "--yes")
        body = json.dumps({"bad_key": True}).encode()
        urlopen(Request(f"http://127.0.0.1:{ports['drip']}/_sandbox/faults", data=body, method="POST")).close()
        synced = program.run("sync", "--once")
        shown = program.run("status").stdout
    assert (1, True, True) == (
        synced.returncode,
        "orderwire destination resume drip" in synced.stdout,
        "paused: the key is refused" in shown,
    )


@pytest.mark.parametrize("kinds", ["", 'kinds = ["order.*"]', 'kinds = ["custom.wishlist", "product.*"]'])
@pytest.mark.parametrize("platform", PLATFORMS)
def test_plan_status_and_acknowledge_name_the_same_routes(program: Program, platform: str, kinds: str) -> None:
    configure(program, settings_for({platform: 9}, more=kinds))
    planned = program.json("plan", platform)["plans"][0]["unacknowledged"]
    told = [halt["why"] for halt in stands(program, platform)["halts"] if "automations" in halt["why"]]
    acknowledged = program.run("destination", "acknowledge", platform, "--yes").stdout.split()
    assert planned == acknowledged
    assert told == [
        f"old data may start automations there by {', '.join(some)}: history waits to be acknowledged"
        for some in [planned]
        if some
    ]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_sync_waits_for_routes_that_the_plan_names(program: Program, platform: str) -> None:
    with stand_ins(program.folder, platform) as ports:
        configure(program, settings_for(ports))
        planned = set(program.json("plan", platform)["plans"][0]["unacknowledged"])
        outcome = json.loads(program.run("sync", "--once", "--json").stdout)
    blocked = outcome["destinations"][0]["blocked"].removeprefix("acknowledge ").removesuffix(" first")
    assert set(blocked.split(", ")) <= planned


@pytest.mark.parametrize("platform", PLATFORMS)
def test_reconcile_counts_people_that_it_was_never_told_of(program: Program, platform: str) -> None:
    with stand_ins(program.folder, platform, "--opted-out", STRANGER) as ports:
        configure(program, settings_for(ports))
        program.run("destination", "adopt", platform, "--before", "2020-01-01", "--yes")
        program.run("destination", "acknowledge", platform, "--yes")
        synced = program.run("sync", "--once")
        found = program.json("reconcile", platform)
        shown = program.run("reconcile", platform).stdout
        listed = program.run("reconcile", platform, "--unknown").stdout.splitlines()
    assert 0 == synced.returncode, synced.stderr
    assert (1, [], False) == (found["unknown_people"], found["unknown_ids"], STRANGER in shown)
    assert ["people"] == [json.loads(line)["sort"] for line in listed]


def test_reconcile_says_what_a_platform_shows_nobody(program: Program) -> None:
    with stand_ins(program.folder, "drip") as ports:
        configure(program, settings_for(ports))
        shown = program.run("reconcile", "drip").stdout
    assert "Drip shows no products, no orders, no events" in shown


def test_config_check_tells_what_each_choice_of_a_status_gives(program: Program) -> None:
    configure(program, settings_for({"drip": 9}).replace('paid = "paid" }', 'paid = "fulfilled" }'))
    done = program.run("config", "check")
    assert 2 == done.returncode
    assert f'occurred_at = "updated_at" }}: {ORDERS} facts, approximate, never news' in done.stdout
    assert '"paid" = { happening = "fulfilled", occurred_at = "skip" }: not told' in done.stdout
    assert f"checked 1 source (4 tables, {2 * PEOPLE + 2 + ORDERS} rows) and 1 destination: 1 fault" in done.stdout


def test_config_check_looks_at_destinations(program: Program) -> None:
    more = 'sources = ["store"]\nkinds = ["custom.wishlist"]'
    configure(program, settings_for({"drip": 9}, more=more))
    done = Program(program.folder, {"SHOP_KEY": ""}).run("config", "check")
    assert (2, True, True, True) == (
        done.returncode,
        "the environment variable SHOP_KEY is not set" in done.stderr,
        "no source is called 'store'" in done.stderr,
        "key env:SHOP_KEY: custom.wishlist" in done.stdout,
    )


def test_doctor_says_where_and_what_to_do(program: Program) -> None:
    configure(program, settings_for({"drip": 9}))
    shown = Program(program.folder, {"SHOP_KEY": ""}).run("doctor").stdout.splitlines()
    place = next(number for number, line in enumerate(shown) if "SHOP_KEY is not set" in line)
    assert (True, True) == (
        "orderwire.toml: destination.drip.key" in shown[place + 1],
        shown[place + 2].strip() == "do: Export it and start again.",
    )


def test_doctor_names_each_wrong_setting_by_itself(program: Program) -> None:
    configure(program, SOURCE.replace("poll_every", "pol_every", 1) + '[destination.drip]\nkey = "abc"\n')
    found = program.run("doctor", "--json")
    wrong = [one for one in json.loads(found.stdout) if one["health"] == "wrong"]
    assert [True, True, True] == [bool(one["where"] and one["remedy"]) for one in wrong]


def test_dead_letters_in_doubt_are_listed_apart(program: Program) -> None:
    with stand_ins(program.folder, "drip", "--reject", "5") as ports:
        configure(program, settings_for(ports))
        program.run("destination", "acknowledge", "drip", "--yes")
        program.run("sync", "--once")
    with sqlite3.connect(program.folder / "orderwire.db") as ledger:
        (first,) = ledger.execute("SELECT MIN(seq) FROM exemption WHERE disposition = 'dead'").fetchone()
        ledger.execute("UPDATE exemption SET disposition = 'unknown' WHERE seq = ?", (first,))
    ledger.close()
    everything, in_doubt = program.json("dead-letter", "list"), program.json("dead-letter", "list", "--in-doubt")
    assert (2, [first]) == (len(everything), [one["seq"] for one in in_doubt])


def test_dead_letters_of_a_destination_that_does_not_exist(program: Program) -> None:
    configure(program, SOURCE)
    assert 2 == program.run("dead-letter", "list", "nowhere").returncode


def test_a_sandbox_prints_tables_that_work_as_they_stand(program: Program) -> None:
    process = program.start("sandbox", "--scale", "600", "--scale", "drip=60", "--faults", 'yespo={"bad_key": true}')
    assert process.stdout is not None
    try:
        lines: list[str] = []
        while not lines or lines[-1].strip() or "[destination.yespo]" not in "".join(lines):
            lines.append(process.stdout.readline())
    finally:
        text = "".join(lines)
        keys = {line.split()[2].partition("=")[0]: "anything" for line in lines if line.startswith("#   export")}
        configure(program, SOURCE + text)
        found = json.loads(Program(program.folder, keys).run("doctor", "--json").stdout)
        process.terminate()
        process.communicate(timeout=30)
    tables = tomllib.loads(text)["destination"]
    health = {one["what"].removeprefix("destination."): one["health"] for one in found}
    assert {"drip": 60.0, "klaviyo": 600.0} == {name: tables[name]["time_scale"] for name in ("drip", "klaviyo")}
    assert {"drip": "fine", "klaviyo": "fine", "ometria": "fine", "omnisend": "fine", "yespo": "unreached"} == {
        name: health[name] for name in PLATFORMS
    }


@pytest.mark.parametrize("arguments", [("--scale", "fast"), ("--scale", "0"), ("--scale", "drip=-1")])
def test_a_scale_that_is_no_positive_number_is_a_usage_error(tmp_path: Path, arguments: tuple[str, str]) -> None:
    assert 2 == Program(tmp_path).run("sandbox", "drip", *arguments).returncode


def test_a_sync_says_which_processes_work_for_it(program: Program) -> None:
    with stand_ins(program.folder, "drip") as ports:
        configure(program, settings_for(ports))
        said = program.run("sync", "--once").stderr
    started = [line for line in said.splitlines() if 'event="worker started"' in line]
    assert {"role=ingest", "role=deliver"} <= {word for line in started for word in line.split()}
    assert all(re.search(r"\bpid=\d+\b", line) for line in started)
