"""The running server: an empty folder, a key, real HTTP, and what is left after a kill."""

import base64
import gzip
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import pytest

from orderwire.ledger import FactFilter, open_ledger
from orderwire.testing.served import key_of, served

ORDERWIRE = [str(Path(sys.executable).with_name("orderwire"))]


class Running:
    """A server process and a key for it."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        made = subprocess.run(
            [*ORDERWIRE, "key", "create", "native", "--dir", str(folder), "--json"],
            check=True,
            capture_output=True,
            text=True,
        )
        self.key = json.loads(made.stdout)["key"]
        self.process = subprocess.Popen(
            [*ORDERWIRE, "serve", "--only", "native", "--port", str(self.port), "--dir", str(folder), *options],
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                if self.get("/readyz")[0] == 200:
                    return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the server is not ready after 20 seconds")

    def get(self, path: str) -> tuple[int, bytes]:
        return self.send("GET", path)

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}",
            body,
            {"Authorization": f"Bearer {self.key}", **(headers or {})},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def stop(self) -> str:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        _, said = self.process.communicate(timeout=30)
        return said


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    server = Running(tmp_path)
    yield server
    server.stop()


def order(number: int) -> dict[str, Any]:
    return {
        "order_id": str(number),
        "currency": "EUR",
        "placed_at": "2026-02-01T09:30:00Z",
        "total": 100,
        "identity": {"email": f"p{number}@mail.test"},
    }


def orders_in(folder: Path) -> set[str]:
    ledger = open_ledger(folder / "orderwire.db")
    try:
        return {fact.subject for fact in ledger.facts(FactFilter(kinds=("order.placed",)))}
    finally:
        ledger.close()


def test_an_empty_folder_is_enough_to_take_an_order(running: Running) -> None:
    assert (200, 200) == (running.get("/healthz")[0], running.get("/readyz")[0])

    status, body = running.send("POST", "/v1/orders", json.dumps(order(1)).encode())

    assert (200, 1) == (status, json.loads(body)["accepted"])
    assert {"order:1"} == orders_in(running.folder)
    assert (
        b'orderwire_calls_total{door="native",endpoint="POST /v1/orders",status="200"} 1.0'
        in running.get("/metrics")[1]
    )


def test_the_platforms_name_may_go_before_the_path(running: Running) -> None:
    assert 200 == running.send("POST", "/native/v1/orders", json.dumps(order(1)).encode())[0]
    assert 200 == running.send("POST", "//v1//orders/", json.dumps(order(2)).encode())[0]


def test_a_compressed_body_is_read_and_a_bomb_is_refused(running: Running) -> None:
    small = gzip.compress(json.dumps(order(1)).encode())
    bomb = gzip.compress(b" " * 200_000_000)

    assert 200 == running.send("POST", "/v1/orders", small, {"Content-Encoding": "gzip"})[0]
    assert 413 == running.send("POST", "/v1/orders", bomb, {"Content-Encoding": "gzip"})[0]
    assert 400 == running.send("POST", "/v1/orders", b"no gzip", {"Content-Encoding": "gzip"})[0]
    assert 400 == running.send("POST", "/v1/orders", small[:-4], {"Content-Encoding": "gzip"})[0]
    assert 400 == running.send("POST", "/v1/orders", small, {"Content-Encoding": "br"})[0]
    assert 413 == running.send("POST", "/v1/orders", b"x" * 10_000_001)[0]


def test_who_has_no_key_is_answered_before_the_body_and_may_go_on_with_one(running: Running) -> None:
    line = HTTPConnection("127.0.0.1", running.port, timeout=20)
    line.putrequest("POST", "/v1/orders")
    line.putheader("Content-Length", "3000000")
    line.putheader("Authorization", "Bearer ow_key_unknown")
    line.endheaders()
    refused = line.getresponse()
    refused.read()
    line.send(bytes(3_000_000))
    line.request("POST", "/v1/orders", json.dumps(order(1)), {"Authorization": f"Bearer {running.key}"})
    taken = line.getresponse()
    taken.read()
    line.close()

    assert (401, 200) == (refused.status, taken.status)


def test_many_clients_at_once_lose_nothing_and_share_commits(running: Running) -> None:
    lines: list[HTTPConnection] = []

    def send(first: int) -> None:
        line = HTTPConnection("127.0.0.1", running.port, timeout=20)
        lines.append(line)
        for number in range(first, first + 40):
            line.request("POST", "/v1/orders", json.dumps(order(number)), {"Authorization": f"Bearer {running.key}"})
            reply = line.getresponse()
            reply.read()
            assert 200 == reply.status

    clients = [threading.Thread(target=send, args=(first * 1_000,)) for first in range(16)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    for line in lines:
        line.close()

    assert 640 == len(orders_in(running.folder))


def test_a_stop_answers_what_was_received(running: Running) -> None:
    running.send("POST", "/v1/orders", json.dumps(order(1)).encode())

    said = running.stop()

    assert 0 == running.process.returncode
    assert running.key not in said
    assert {"order:1"} == orders_in(running.folder)


def test_after_a_kill_under_load_every_acknowledged_order_is_there(tmp_path: Path) -> None:
    server = Running(tmp_path)
    acknowledged: set[str] = set()
    lines: list[HTTPConnection] = []
    lock = threading.Lock()

    def send(first: int) -> None:
        line = HTTPConnection("127.0.0.1", server.port, timeout=20)
        lines.append(line)
        for number in range(first, first + 100_000):
            try:
                line.request(
                    "POST", "/v1/orders", json.dumps(order(number)), {"Authorization": f"Bearer {server.key}"}
                )
                reply = line.getresponse()
                reply.read()
            except (OSError, HTTPException):
                return
            if reply.status == 200:
                with lock:
                    acknowledged.add(f"order:{number}")

    clients = [threading.Thread(target=send, args=(first * 100_000,)) for first in range(8)]
    for client in clients:
        client.start()
    time.sleep(1.5)
    os.killpg(server.process.pid, signal.SIGKILL)
    for client in clients:
        client.join()
    for line in lines:
        line.close()
    server.process.communicate()

    assert len(acknowledged) > 50
    assert set() == acknowledged - orders_in(tmp_path)


def test_callers_have_their_rate_window_once_however_many_processes_serve(tmp_path: Path) -> None:
    key = key_of(tmp_path, "drip")
    basic = base64.b64encode(f"{key['key']}:".encode()).decode()
    while time.monotonic() % 3600 > 3540:
        time.sleep(1)  # The window of an hour must not end meanwhile.
    with served(tmp_path, "--only", "drip", "--workers", "2") as door:
        processes: set[str] = set()
        until = time.monotonic() + 30
        while len(processes) < 2 and time.monotonic() < until:
            processes.add(door.get("/healthz").headers["x-request-id"][:16])
        path = f"/v2/{key['account']}/subscribers/batches"
        answers = [
            door.send("POST", path, {"batches": []}, {"Authorization": f"Basic {basic}"}).status for _ in range(60)
        ]

    assert (10, 2) == (answers.count(429), len(processes))


def test_personal_data_and_keys_never_reach_the_log(tmp_path: Path) -> None:
    server = Running(tmp_path)
    server.send("POST", "/v1/orders", b'{"identity": {"email": "secret.person@mail.test"}, "x": 1}')
    server.send(
        "GET", "/v1/people?email=secret.person%40mail.test", headers={"Authorization": "Bearer ow_key_stolen"}
    )

    said = server.stop()

    assert "call" in said
    assert not [word for word in ("secret.person", "ow_key_stolen", server.key) if word in said]
