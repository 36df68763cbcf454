"""Alarms of a running shop: shown by `status` and `/metrics`, told once by `sync` and by `serve`."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from orderwire.testing.commands import Program, build_shop, settings_for
from orderwire.testing.served import served

SECRET = {"ALARM_SECRET": "whsec_c2VjcmV0"}


class Receiver(ThreadingHTTPServer):
    """Keeps the messages that are posted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.messages: list[dict[str, Any]] = []
        self.status = 204

    @property
    def told(self) -> list[tuple[str, str, str]]:
        return [(one["type"], one["alarm"], one["about"]) for one in self.messages]


class _Post(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        self.server.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def program(tmp_path: Path, receiver: Receiver) -> Program:
    """A shop with a destination that is never reached, whose alarms are posted, whatever this machine's disk."""
    build_shop(tmp_path / "shop.db")
    alarms = f'[alarms]\nwebhook = "http://127.0.0.1:{receiver.server_address[1]}/alarms"\nkey = "env:ALARM_SECRET"\n'
    alarms += 'allow_private = true\nevery = "1s"\nmute = ["disk"]\n'
    (tmp_path / "orderwire.toml").write_text(settings_for({"drip": 9}) + alarms, encoding="utf-8")
    return Program(tmp_path, SECRET)


def wait_for(what: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Whether something becomes true in time."""
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        time.sleep(0.1)
    return what()


def test_an_alarm_is_shown_for_people_and_programs(program: Program) -> None:
    before = program.json("status")["alarms"]
    program.run("destination", "pause", "drip", "--reason", "moving")
    (found,) = program.json("status")["alarms"]
    assert ([], "paused", "drip", "orderwire destination resume drip") == (
        before,
        found["alarm"],
        found["about"],
        found["remedy"],
    )
    assert "alarm paused (drip): drip is paused\n  orderwire destination resume drip" in program.run("status").stdout


def test_a_sync_tells_an_alarm_once_however_often_it_is_started(program: Program, receiver: Receiver) -> None:
    program.run("destination", "pause", "drip", "--reason", "moving")
    for _ in range(2):
        service = program.start("sync")
        try:
            assert wait_for(lambda: len(receiver.messages) > 0)
            time.sleep(3)
        finally:
            service.terminate()
            _, said = service.communicate(timeout=60)
            assert 1 == service.returncode, said
    assert [("alarm.began", "paused", "drip")] == receiver.told


def test_a_sync_with_an_end_looks_when_it_is_over(program: Program, receiver: Receiver) -> None:
    program.run("destination", "pause", "drip", "--reason", "moving")
    program.run("sync", "--once")
    assert [("alarm.began", "paused", "drip")] == receiver.told


def test_a_server_tells_alarms_and_shows_them_to_prometheus(program: Program, receiver: Receiver) -> None:
    program.run("destination", "pause", "drip", "--reason", "moving")
    with served(program.folder, environment=SECRET) as door:
        assert wait_for(lambda: b'orderwire_alarm{about="drip",alarm="paused"} 1.0' in door.get("/metrics").body)
        assert b'orderwire_backlog{destination="drip"} 0.0' in door.get("/metrics").body
        assert wait_for(lambda: receiver.told == [("alarm.began", "paused", "drip")])


def test_a_test_arrives_and_says_so(program: Program, receiver: Receiver) -> None:
    done = program.run("alarm", "test")
    assert (0, "webhook: taken\n") == (done.returncode, done.stdout)
    assert [("alarm.began", "test", "orderwire")] == receiver.told
    assert [] == program.json("status")["alarms"]


def test_a_test_that_does_not_arrive_says_what_came_back(program: Program, receiver: Receiver) -> None:
    receiver.status = 500
    done = program.run("alarm", "test", "--json")
    answer = "the receiver of alarms answers 500"
    expected = [{"channel": "webhook", "is_taken": False, "answer": answer}]
    assert (1, expected) == (done.returncode, json.loads(done.stdout))


def test_a_test_of_nothing_is_an_error_of_the_settings(program: Program) -> None:
    (program.folder / "orderwire.toml").write_text(settings_for({"drip": 9}), encoding="utf-8")
    done = program.run("alarm", "test")
    assert (2, True) == (done.returncode, "alarms: tells nobody." in done.stderr)


def test_a_sync_does_not_begin_when_the_secret_of_its_alarms_is_missing(program: Program) -> None:
    done = Program(program.folder, {"ALARM_SECRET": ""}).run("sync", "--once")
    assert (2, True) == (done.returncode, "ALARM_SECRET is not set" in done.stderr)
