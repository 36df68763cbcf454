"""Outgoing webhooks over real HTTP: to the sandbox's receiver, and to the one that the docs show."""

import json
import os
import re
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orderwire.app.sync import SyncTerms, sync
from orderwire.testing.commands import ORDERS, Program, add_order, build_shop, settings_for, stand_ins

PAGE = Path(__file__).parent.parent.parent / "docs" / "howto" / "send-webhooks-of-your-own.md"
SECRET = "whsec_c2VjcmV0IG9mIHRoZSBlcnA="
AS_IT_IS = "webhook=1"
"""The receiver's clock is real time: the messages' time is checked against it."""


@contextmanager
def shop(folder: Path) -> Iterator[Program]:
    """A shop whose history was read, with the sandbox's receiver as its destination."""
    build_shop(folder / "shop.db")
    with stand_ins(folder, "webhook", "--scale", AS_IT_IS) as ports:
        (folder / "orderwire.toml").write_text(settings_for(ports), encoding="utf-8")
        yield Program(folder, {"SHOP_KEY": "key-1"})


def insert_order(folder: Path, number: int) -> None:
    """A customer orders; a reading ends at whole seconds, so the next one is let come."""
    with closing(sqlite3.connect(folder / "shop.db")) as database, database:
        add_order(database, number, placed_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S"))
    time.sleep(1.1)


@contextmanager
def receiver(folder: Path) -> Iterator[int]:
    """The program of the docs, running; its port."""
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "ERP_WEBHOOK_SECRET": SECRET, "PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-c", program], cwd=folder, env=environment)
    try:
        until = time.monotonic() + 20
        while not is_listening(port) and time.monotonic() < until:
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=20)


def is_listening(port: int) -> bool:
    """Whether somebody takes connections there."""
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def received(folder: Path) -> list[dict[str, Any]]:
    """The messages that the sandbox's receiver took, in their order."""
    lines = (folder / "logs" / "webhook.jsonl").read_text(encoding="utf-8").splitlines()
    return [kept for line in lines for kept in json.loads(line)["kept"]]


def test_news_is_posted_once_and_the_books_balance(tmp_path: Path) -> None:
    with shop(tmp_path) as program:
        first = program.run("sync", "--once")
        status = program.run("status").stdout
        insert_order(tmp_path, ORDERS + 1)
        again = program.run("sync", "--once").returncode
        posted = received(tmp_path)
        audited = program.run("audit")
        doctor = program.json("doctor")

    assert (0, 0, 0) == (first.returncode, again, audited.returncode), first.stderr
    assert not [word for word in ("acknowledge", "adopt") if word in status]
    assert [("order.placed", "order:13"), ("order.paid", "order:13")] == [
        (one["type"], one["subject"]) for one in posted
    ]
    assert {"fine"} == {one["health"] for one in doctor if one["what"] == "destination.webhook"}


def test_a_private_address_is_not_connected_to_unless_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_KEY", "key-1")
    with shop(tmp_path) as program:
        program.run("sync", "--once")
        insert_order(tmp_path, ORDERS + 1)
        settings = tmp_path / "orderwire.toml"
        allowed = settings.read_text(encoding="utf-8")
        settings.write_text(allowed.replace("options.allow_private = true\n", ""), encoding="utf-8")
        outcome = sync(tmp_path, SyncTerms(once=True, patience=timedelta(seconds=2)))
        looked = json.loads(program.run("doctor", "--json").stdout)
        calls = (tmp_path / "logs" / "webhook.jsonl").read_text(encoding="utf-8")
        settings.write_text(allowed, encoding="utf-8")
        then = program.run("sync", "--once")
        posted = received(tmp_path)

    (found,) = [one for one in looked if one["what"] == "destination.webhook"]
    assert ("unreached", True) == (found["health"], "the address is private" in found["detail"])
    assert 1 == outcome.read, outcome
    assert [(0, True)] == [(one.accepted, one.is_out_of_reach) for one in outcome.destinations], outcome
    assert ("", 0, 2) == (calls, then.returncode, len(posted))


def test_an_account_that_nobody_else_fills_is_not_asked_about(tmp_path: Path) -> None:
    with shop(tmp_path) as program:
        planned = program.json("plan")["plans"]
        (stands,) = program.json("status")["destinations"]

    assert [("", [])] == [(one["adopt_first"], one["unacknowledged"]) for one in planned]
    assert ["no worker delivers there now"] == [halt["why"] for halt in stands["halts"]]


def test_the_receiver_of_the_docs_takes_each_message_once_and_no_forgery(tmp_path: Path) -> None:
    with receiver(tmp_path) as port:
        build_shop(tmp_path / "shop.db")
        text = settings_for({"webhook": port}) + "options.history = true\n"
        (tmp_path / "orderwire.toml").write_text(text, encoding="utf-8")
        right, wrong = Program(tmp_path, {"SHOP_KEY": SECRET}), Program(tmp_path, {"SHOP_KEY": "whsec_d3Jvbmc="})
        refused = json.loads(wrong.run("doctor", "--json").stdout)
        done = right.run("sync", "--once", "--json")
        for part in tmp_path.glob("orderwire.db*"):
            part.unlink()
        repeated = right.run("sync", "--once", "--json")

    with closing(sqlite3.connect(tmp_path / "inbox.db")) as inbox:
        (messages, kinds) = inbox.execute("SELECT count(*), count(DISTINCT type) FROM message").fetchone()
    (accepted,) = [one["accepted"] for one in json.loads(done.stdout)["destinations"]]
    (again,) = [one["accepted"] for one in json.loads(repeated.stdout)["destinations"]]
    (found,) = [one["detail"] for one in refused if one["what"] == "destination.webhook"]
    assert (accepted, True, "the key is refused (401)") == (messages, kinds > 3, found)
    assert accepted == again
