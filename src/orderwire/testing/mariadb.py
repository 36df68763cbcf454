"""A private MariaDB server for tests, like those of `servers`."""

from __future__ import annotations

import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pymysql

from orderwire.testing.servers import (
    ServerFailed,
    ServerMissing,
    free_port,
    ordinary_user,
    private_directory,
    run_as,
    running,
)

_START_SECONDS = 60.0
_LOGIN = "orderwire"
_FIRST_STATEMENTS = (
    "CREATE DATABASE shop CHARACTER SET utf8mb4",
    f"CREATE USER {_LOGIN}@'127.0.0.1'",
    f"GRANT ALL ON *.* TO {_LOGIN}@'127.0.0.1'",
)
"""One a line: the server reads its start file line by line."""


@contextmanager
def mariadb_server() -> Iterator[str]:
    """The URL of an empty database on a private MariaDB server, for as long as the block runs.

    Raises:
        ServerMissing: no `mariadb-install-db` and `mariadbd` were found.
        ServerFailed: the server did not come up.
    """
    install, server = _binaries()
    user = ordinary_user()
    with private_directory("orderwire-mariadb-", user) as home:
        data, log, start = home / "data", home / "log", home / "start.sql"
        run_as(
            user,
            [
                *(install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"),
                *("--skip-test-db", "--skip-name-resolve"),
            ],
        )
        start.write_text("".join(f"{statement};\n" for statement in _FIRST_STATEMENTS), encoding="utf-8")
        start.chmod(0o644)
        port = free_port()
        arguments = [
            *(server, "--no-defaults", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1"),
            *(f"--socket={home / 'socket'}", f"--pid-file={home / 'pid'}", f"--init-file={start}"),
            *("--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=32M"),
        ]
        with running(arguments, user, log, signal.SIGTERM) as process:
            _await(port, process, log)
            yield f"mysql+pymysql://{_LOGIN}@127.0.0.1:{port}/shop"


def _binaries() -> tuple[str, str]:
    places = "/usr/sbin:/usr/local/sbin"
    install = shutil.which("mariadb-install-db") or shutil.which("mariadb-install-db", path=places)
    server = shutil.which("mariadbd") or shutil.which("mariadbd", path=places)
    if install is None or server is None:
        raise ServerMissing("MariaDB is not installed: no mariadb-install-db and mariadbd were found")
    return install, server


def _await(port: int, process: Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            pymysql.connect(host="127.0.0.1", port=port, user=_LOGIN, database="shop", connect_timeout=5).close()
        except pymysql.err.OperationalError:
            time.sleep(0.1)
        else:
            return
    raise ServerFailed(log.read_text(encoding="utf-8", errors="replace")[-2000:])
