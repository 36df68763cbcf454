"""Private database servers for tests: started on a free port of 127.0.0.1, in a directory of their own, and stopped.

A server that refuses to run as the superuser is started as an ordinary user of the machine.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg

_ORDINARY_USERS = ("postgres", "nobody")
_START_SECONDS = 60.0
_STOP_SECONDS = 20.0
_SUPERUSER = "orderwire"


class ServerMissing(Exception):
    """The programs of a database server are not installed here."""


class ServerFailed(Exception):
    """A private server did not start; the message ends with its log."""


class Postgres:
    """A private PostgreSQL server that can be taken down and started again; `url` stays the same."""

    def __init__(self, command: Sequence[str], user: str | None, log: Path, url: str) -> None:
        self.url = url
        self._command = command
        self._user = user
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Bring it up.

        Raises:
            ServerFailed: it did not come up.
        """
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603
                self._command,
                user=self._user,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        _await_postgres(self.url, self._process, self._log)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Take it down: SIGINT cuts everybody off and writes all down, SIGQUIT leaves that to the next start."""
        if self._process is not None:
            _end(self._process, how)


@contextmanager
def postgres_server(settings: Sequence[str] = ("fsync=off",)) -> Iterator[str]:
    """The URL of a private PostgreSQL server, for as long as the block runs.

    Args:
        settings: server settings as `name=value`.

    Raises:
        ServerMissing: no `initdb` and `postgres` were found.
        ServerFailed: the server did not come up.
    """
    with restartable_postgres(settings) as server:
        yield server.url


@contextmanager
def restartable_postgres(settings: Sequence[str] = ("fsync=off",)) -> Iterator[Postgres]:
    """The same server, to be taken down and started again within the block."""
    binaries = _postgres_binaries()
    user = ordinary_user()
    with private_directory("orderwire-postgres-", user) as home:
        data = home / "data"
        run_as(
            user,
            [
                *(str(binaries / "initdb"), "--pgdata", str(data), "--username", _SUPERUSER, "--auth", "trust"),
                *("--encoding", "UTF8", "--locale", "C", "--no-sync"),
            ],
        )
        port = free_port()
        command = [str(binaries / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port), "-k", ""]
        for setting in settings:
            command += ["-c", setting]
        url = f"postgresql://{_SUPERUSER}@127.0.0.1:{port}/postgres"
        server = Postgres(command, user, home / "log", url)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def ordinary_user() -> str | None:
    """The user to start servers as: None where this process is no superuser itself."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in _ORDINARY_USERS if name in known), None)


@contextmanager
def private_directory(prefix: str, user: str | None) -> Iterator[Path]:
    """A new directory that belongs to a user, removed afterwards."""
    home = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        if user is not None:
            shutil.chown(home, user)
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_as(user: str | None, command: Sequence[str]) -> None:
    """Run a command to its end as a user.

    Raises:
        ServerFailed: it failed; the message ends with what it wrote.
    """
    done = subprocess.run(command, user=user, cwd="/", capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise ServerFailed(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")


@contextmanager
def running(
    command: Sequence[str], user: str | None, log: Path, stop: signal.Signals
) -> Iterator[subprocess.Popen[bytes]]:
    """A server at work, asked to stop with a signal afterwards and killed when it does not."""
    with log.open("wb") as output:
        server = subprocess.Popen(  # noqa: S603
            command, user=user, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield server
    finally:
        _end(server, stop)


def _end(server: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """Ask a server to stop; kill it when it does not."""
    if server.poll() is None:
        server.send_signal(how)
    try:
        server.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _postgres_binaries() -> Path:
    """The newest directory that holds a server's programs."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    if (configured := shutil.which("pg_config")) is not None:
        asked = subprocess.run([configured, "--bindir"], capture_output=True, text=True, check=False)  # noqa: S603
        folders.insert(0, Path(asked.stdout.strip()))
    for folder in (*folders, Path("/usr/local/bin")):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerMissing("no PostgreSQL server is installed: initdb and postgres were not found")


def _await_postgres(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise ServerFailed(f"postgres did not start:\n{log.read_text(errors='replace')[-2_000:]}")
