"""Every verb of the program, run as a user runs it."""

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from orderwire.testing.commands import (
    ORDERS,
    PEOPLE,
    PROGRAM,
    SOURCE,
    Program,
    build_shop,
    settings_for,
    stand_ins,
)

FACTS = 2 * PEOPLE + 2 + 2 * ORDERS
NO_PEOPLE = "per_99"


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Program]:
    """A shop that has delivered to two platforms; look, do not touch."""
    folder = tmp_path_factory.mktemp("delivered")
    build_shop(folder / "shop.db")
    with stand_ins(folder, "drip", "klaviyo") as ports:
        (folder / "orderwire.toml").write_text(settings_for(ports), encoding="utf-8")
        program = Program(folder)
        for name in ports:
            assert 0 == program.run("destination", "acknowledge", name, "--yes").returncode
        synced = program.run("sync", "--once")
        assert 0 == synced.returncode, synced.stderr
        yield program


@pytest.fixture
def copied(delivered: Program, tmp_path: Path) -> Program:
    """The same, to be changed."""
    folder = tmp_path / "shop"
    shutil.copytree(delivered.folder, folder)
    return Program(folder)


@pytest.fixture
def fresh(tmp_path: Path) -> Program:
    """A shop with a mapping and no destination, never read."""
    build_shop(tmp_path / "shop.db")
    (tmp_path / "orderwire.toml").write_text(SOURCE, encoding="utf-8")
    return Program(tmp_path)


def facts(program: Program, *arguments: str) -> list[dict[str, Any]]:
    """What `log` prints."""
    done = program.run("log", *arguments)
    assert 0 == done.returncode, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_sync_once_delivers_everything(delivered: Program) -> None:
    found = delivered.json("status")["destinations"]
    assert [("drip", 0, 0), ("klaviyo", 0, 0)] == [
        (one["destination"], one["behind"], one["open_requests"]) for one in found
    ]


def test_a_second_sync_sends_nothing(delivered: Program) -> None:
    outcome = delivered.json("sync", "--once")
    assert [(0, 0), (0, 0)] == [(one["accepted"], one["requests"]) for one in outcome["destinations"]]


def test_audit_says_that_the_books_balance(delivered: Program) -> None:
    found = delivered.json("audit")
    assert [(FACTS, []), (FACTS, [])] == [(one["head"], one["faults"]) for one in found]


def test_audit_fails_when_a_cursor_was_pushed(copied: Program) -> None:
    with sqlite3.connect(copied.folder / "orderwire.db") as ledger:
        ledger.execute("DELETE FROM attempt WHERE destination = 'drip'")
    ledger.close()
    done = copied.run("audit", "drip")
    assert (1, True) == (done.returncode, "do not balance" in done.stdout)


def test_status_is_a_table(delivered: Program) -> None:
    lines = delivered.run("status").stdout.splitlines()
    assert ["destination", "drip", "klaviyo"] == [line.split()[0] for line in lines]


def test_the_log_shows_whole_bodies_and_the_records_own_identity(delivered: Program) -> None:
    (placed,) = facts(delivered, "--kind", "order.placed", "--subject", "order:5")
    assert ("5", "p6@mail.test", {"external_id": "6", "email": "p6@mail.test"}) == (
        placed["body"]["order_id"],
        placed["body"]["identity"]["email"],
        placed["identity"],
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), FACTS),
        (("--kind", "order.*"), 2 * ORDERS),
        (("--kind", "order.paid", "--kind", "person.updated"), ORDERS + PEOPLE),
        (("--person", "P3@mail.test"), 6),
        (("--since", "2024-01-05", "--until", "2024-01-06", "--kind", "order.placed"), 1),
        (("--after", str(FACTS - 1)), 1),
        (("--source", "elsewhere"), 0),
    ],
)
def test_the_log_is_filtered(delivered: Program, arguments: tuple[str, ...], expected: int) -> None:
    assert expected == len(facts(delivered, *arguments))


def test_a_reader_that_goes_away_ends_the_log_cleanly(delivered: Program) -> None:
    process = delivered.start("log")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=30)
    assert process.stderr is not None
    said = process.stderr.read()
    process.stderr.close()
    assert (0, "") == (process.returncode, said)


def test_plan_reads_a_source_that_was_never_read_and_sends_nothing(fresh: Program) -> None:
    (fresh.folder / "orderwire.toml").write_text(settings_for({"klaviyo": 9}), encoding="utf-8")
    found = fresh.json("plan", "klaviyo", "--show-requests", "1")
    assert (ORDERS, 1, "/api/profile-subscription-bulk-create-jobs") == (
        found["plans"][0]["facts"]["order.placed"],
        len(found["requests"]),
        found["requests"][0]["path"],
    )


def test_plan_of_the_first_facts(fresh: Program) -> None:
    (fresh.folder / "orderwire.toml").write_text(settings_for({"drip": 9}), encoding="utf-8")
    done = fresh.run("plan", "--first", "3")
    assert (0, "drip (drip): 3 facts in") == (done.returncode, done.stdout[:23])


def test_a_shop_without_destinations_plans_nothing(fresh: Program) -> None:
    done = fresh.run("plan")
    assert (0, "", True) == (done.returncode, done.stdout, "no destination is configured" in done.stderr)


def test_person_show_finds_by_any_identifier(delivered: Program) -> None:
    shown = {delivered.json("person", "show", who)["person"] for who in ("p2@mail.test", "2", "per_2")}
    assert 1 == len(shown)


def test_person_show_tells_where_they_are_known(delivered: Program) -> None:
    page = delivered.json("person", "show", "p2@mail.test")
    assert (["drip", "klaviyo"], {"consent.changed": 1, "order.paid": 2, "order.placed": 2, "person.updated": 1}) == (
        [one["destination"] for one in page["destinations"]],
        page["kinds"],
    )


def test_person_show_as_text_has_no_raw_bytes(delivered: Program) -> None:
    shown = delivered.run("person", "show", "p2@mail.test").stdout
    assert ("Name2", True) == (shown.split()[1], "email p2@mail.test" in shown)


def test_person_show_explains_where_it_is_from(delivered: Program) -> None:
    shown = delivered.run("person", "show", "p2@mail.test").stdout
    assert ("from shop" in shown, "): in force" in shown) == (True, True)


def test_only_a_joined_person_can_be_taken_apart(delivered: Program) -> None:
    done = delivered.run("person", "separate", "per_2", "--yes")
    assert (2, "", True) == (done.returncode, done.stdout, "is not joined into another person" in done.stderr)


def test_a_persons_export_holds_every_fact(delivered: Program) -> None:
    done = delivered.run("person", "export", "p2@mail.test")
    assert ["consent.changed", "person.updated", "order.placed", "order.paid", "order.placed", "order.paid"] == [
        one["kind"] for one in json.loads(done.stdout)["facts"]
    ]


def test_a_person_who_is_not_known_is_a_usage_error_without_repeating_them(delivered: Program) -> None:
    done = delivered.run("person", "show", "nobody@mail.test")
    assert (2, "", False) == (done.returncode, done.stdout, "nobody@" in done.stderr)


def test_forgetting_blanks_a_person(copied: Program) -> None:
    done = copied.run("person", "forget", "p2@mail.test", "--yes", "--reason", "asked")
    assert (0, f"{FACTS + 1}\n") == (done.returncode, done.stdout)
    assert 2 == copied.run("person", "show", "p2@mail.test").returncode
    assert "p2@mail.test" not in copied.run("log").stdout


def test_reconcile_is_clean_after_a_sync(delivered: Program) -> None:
    found = delivered.json("reconcile", "klaviyo")
    accepted = sum(row["accepted"] for row in found["rows"] if row["kind"] == "order.placed")
    assert (ORDERS, [], {"consent.changed": PEOPLE}) == (accepted, found["missing"], found["unreadable"])


def test_reconcile_shows_receipts_where_nothing_can_be_read_back(delivered: Program) -> None:
    found = delivered.json("reconcile", "drip")
    lines = delivered.run("reconcile", "drip", "--receipts").stdout.splitlines()
    receipts = [json.loads(line) for line in lines]
    assert (["people"], ORDERS) == (found["compared"], found["unreadable"]["order.placed"])
    assert set(range(1, FACTS + 1)) == {one["seq"] for one in receipts}


def test_reconcile_finds_what_is_missing_and_plans_its_repair(copied: Program, tmp_path: Path) -> None:
    with stand_ins(tmp_path, "klaviyo") as ports:
        text = settings_for(ports)
        (copied.folder / "orderwire.toml").write_text(text, encoding="utf-8")
        done = copied.run("reconcile", "klaviyo", "--json")
    found = json.loads(done.stdout)
    readable = PEOPLE + 2 + 2 * ORDERS
    assert (1, readable, readable) == (
        done.returncode,
        len(found["missing"]),
        sum(found["repair"]["facts"].values()),
    )


def test_reconcile_of_a_platform_that_is_down_is_remote_unavailable(copied: Program) -> None:
    (copied.folder / "orderwire.toml").write_text(settings_for({"klaviyo": 9}), encoding="utf-8")
    assert 3 == copied.run("reconcile", "klaviyo").returncode


def test_pause_keeps_a_destination_from_being_served_until_resumed(copied: Program) -> None:
    assert 0 == copied.run("destination", "pause", "drip", "--reason", "holiday").returncode
    paused = copied.run("sync", "--once", "--json")
    stopped = {one["destination"]: one["blocked"] for one in json.loads(paused.stdout)["destinations"]}
    assert (1, {"drip": "holiday", "klaviyo": ""}) == (paused.returncode, stopped)
    assert 0 == copied.run("destination", "resume", "drip").returncode
    assert 0 == copied.run("sync", "--once").returncode


def test_destination_list_names_what_was_acknowledged(delivered: Program) -> None:
    found = {one["destination"]: "orders" in one["acknowledged"] for one in delivered.json("destination", "list")}
    assert {"drip": True, "klaviyo": False} == found


def test_replay_plans_first_and_sends_nothing_that_was_accepted(copied: Program) -> None:
    done = copied.run("replay", "drip", "--to", "0", "--yes")
    assert (0, "drip (drip): 0 facts in 0 requests") == (done.returncode, done.stdout.partition(",")[0])
    outcome = copied.json("sync", "--once")
    assert [0, 0] == [one["accepted"] for one in outcome["destinations"]]
    assert 0 == copied.run("audit").returncode


def test_replay_applies_a_changed_setting_backward(copied: Program) -> None:
    settings = copied.folder / "orderwire.toml"
    whole = settings.read_text(encoding="utf-8")
    for part in copied.folder.glob("orderwire.db*"):
        part.unlink()
    settings.write_text(whole.replace("[destination.drip]", '[destination.drip]\nkinds = ["person.*"]'), "utf-8")
    for name, before in (("klaviyo", "2030-01-01"), ("drip", "2020-01-01")):
        assert 0 == copied.run("destination", "adopt", name, "--before", before, "--yes").returncode
        assert 0 == copied.run("destination", "acknowledge", name, "--yes").returncode
    assert 0 == copied.run("sync", "--once").returncode
    settings.write_text(whole, encoding="utf-8")
    done = copied.run("replay", "drip", "--to", "0", "--yes")
    assert (True, True) == ("order.placed" in done.stdout, "destination acknowledge drip" in done.stdout)
    assert 0 == copied.run("destination", "acknowledge", "drip", "--yes").returncode
    outcome = copied.json("sync", "--once")
    accepted = {one["destination"]: one["accepted"] for one in outcome["destinations"]}
    assert {"drip": FACTS - PEOPLE, "klaviyo": 0} == accepted
    assert 0 == copied.run("audit").returncode


def test_reread_corrects_with_the_mapping_of_today(copied: Program) -> None:
    settings = copied.folder / "orderwire.toml"
    text = settings.read_text(encoding="utf-8").replace('first_name = "first_name"', 'last_name = "first_name"')
    settings.write_text(text, encoding="utf-8")
    done = copied.json("reread", "shop", "--stream", "people")
    assert (PEOPLE, PEOPLE, 0) == (done["read"], done["appended"], done["invalid"])
    assert "Name2" == facts(copied, "--after", str(FACTS), "--person", "p2@mail.test")[0]["body"]["last_name"]


def test_reread_from_the_source_finds_what_changed_without_a_newer_clock(copied: Program) -> None:
    with sqlite3.connect(copied.folder / "shop.db") as shop:
        shop.execute("UPDATE products SET title = 'Big cup' WHERE sku = 'cup'")
    shop.close()
    done = copied.json("reread", "shop", "--from-source")
    assert 1 == done["appended"]


def test_config_check_counts_what_each_status_gives(delivered: Program) -> None:
    (found,) = delivered.json("config", "check")["sources"]
    orders = next(one for one in found["entities"] if one["path"] == "orders")
    assert [("paid", ORDERS, "own time")] == [(one["status"], one["rows"], one["when"]) for one in orders["statuses"]]


def test_config_check_names_every_fault(fresh: Program) -> None:
    settings = fresh.folder / "orderwire.toml"
    broken = SOURCE.replace('"total"', '"totall"').replace('"first_name"', '"vorname"')
    settings.write_text(broken, encoding="utf-8")
    done = fresh.run("config", "check")
    assert (2, [True, True]) == (done.returncode, [name in done.stderr for name in ('"totall"', '"vorname"')])


def test_config_show_tells_origins_and_no_secrets(delivered: Program) -> None:
    ledger = str(delivered.folder / "orderwire.db")
    done = Program(delivered.folder, {"ORDERWIRE_LEDGER": ledger}).json("config", "show")
    found = {one["key"]: (one["value"], one["origin"]) for one in done}
    assert (
        (ledger, "environment ORDERWIRE_LEDGER"),
        ("2", "default"),
        ("env:SHOP_KEY", "orderwire.toml"),
        ("600", "default"),
    ) == (
        found["ledger"],
        found["workers"],
        found["destination.drip.key"],
        (found["opt_outs_every"][0].removesuffix("s"), found["opt_outs_every"][1]),
    )


def test_source_preview_shows_rows_beside_records(delivered: Program) -> None:
    found = delivered.json("source", "preview", "shop", "orders", "--count", "2")
    assert [("12", 12), ("11", 11)] == [(one["record"]["order_id"], one["row"]["id"]) for one in found]


def test_doctor_proves_the_keys(delivered: Program) -> None:
    found = {one["what"]: one["health"] for one in delivered.json("doctor")}
    assert {"fine"} == set(found.values())
    assert {"python", "ledger", "destination.drip", "destination.klaviyo.revision"} <= set(found)


@pytest.mark.parametrize(
    ("arguments", "environment", "status"),
    [((), {"SHOP_KEY": ""}, 2), (("--json",), {"ORDERWIRE_LEDGER": "orderwire.toml"}, 1)],
    ids=["a missing key", "a broken ledger"],
)
def test_doctor_says_what_is_wrong(
    delivered: Program, arguments: tuple[str, ...], environment: dict[str, str], status: int
) -> None:
    assert status == Program(delivered.folder, environment).run("doctor", *arguments).returncode


def test_doctor_of_a_platform_that_is_down_is_remote_unavailable(copied: Program) -> None:
    (copied.folder / "orderwire.toml").write_text(settings_for({"drip": 9}), encoding="utf-8")
    assert 3 == copied.run("doctor").returncode


@pytest.mark.parametrize(
    "arguments",
    [
        ("status", "--nonsense"),
        ("sync", "--canary", "0"),
        ("log", "--kind", "order.plaecd"),
        ("log", "--since", "yesterday"),
        ("plan", "nowhere"),
        ("destination", "pause", "nowhere"),
        ("source", "preview", "nowhere", "orders"),
        ("reread", "nowhere"),
        ("dead-letter", "show", "drip", "1"),
        ("dead-letter", "drop", "drip", "1"),
        ("person", "forget", NO_PEOPLE, "--yes"),
        ("destination", "adopt", "drip", "--before", "2024-01-01"),
        ("replay", "drip", "--to", "0"),
        ("init", "shop.db"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_as_asked_is_exit_status_2(delivered: Program, arguments: tuple[str, ...]) -> None:
    done = delivered.run(*arguments)
    assert (2, False) == (done.returncode, "Traceback" in done.stderr)


def test_a_folder_without_settings_says_how_to_begin(tmp_path: Path) -> None:
    done = Program(tmp_path).run("status")
    assert (2, True) == (done.returncode, "orderwire init" in done.stderr)


def test_init_writes_a_mapping_that_syncs(tmp_path: Path) -> None:
    build_shop(tmp_path / "shop.db")
    done = Program(tmp_path).run("init", str(tmp_path / "shop.db"))
    assert (0, f"{tmp_path / 'orderwire.toml'}\n") == (done.returncode, done.stdout)
    assert 'url = "shop.db"' in (tmp_path / "orderwire.toml").read_text(encoding="utf-8")
    assert 0 == Program(tmp_path).run("config", "check").returncode
    assert FACTS == Program(tmp_path).json("sync", "--once")["appended"]


@pytest.mark.parametrize(
    ("url", "status"),
    [("nowhere.db", 2), ("postgresql://user:secret@127.0.0.1:9/shop", 2), ("postgresql://user@127.0.0.1:9/shop", 3)],
)
def test_init_of_what_cannot_be_read_writes_nothing(tmp_path: Path, url: str, status: int) -> None:
    done = Program(tmp_path).run("init", url)
    assert (status, False, False) == (
        done.returncode,
        (tmp_path / "orderwire.toml").exists(),
        "secret" in done.stderr,
    )


def test_a_sandbox_of_no_known_platform_is_a_usage_error(tmp_path: Path) -> None:
    done = Program(tmp_path).run("sandbox", "nothing")
    assert (2, True) == (done.returncode, "There are: drip" in done.stderr)


@pytest.mark.parametrize("faults", ["{", '{"rate": 1}'])
def test_a_fault_plan_that_is_not_understood_is_a_usage_error(tmp_path: Path, faults: str) -> None:
    assert 2 == Program(tmp_path).run("sandbox", "drip", "--faults", faults).returncode


def test_help_and_version_need_no_shop(tmp_path: Path) -> None:
    environment = {**os.environ, "COLUMNS": "100"}
    shown = subprocess.run(
        [PROGRAM, "--help"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    told = subprocess.run([PROGRAM, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (True, False, True) == ("dead-letter" in shown.stdout, "worker" in shown.stdout, told.stdout.strip() != "")
