"""From the `url` of a source to a read-only engine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from orderwire.errors import ConfigError

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_AT_CONNECT = {
    "sqlite": ("PRAGMA query_only = ON",),
    "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+00:00'"),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY", "SET time_zone = '+00:00'"),
}
"""What is said to the database first, so that it refuses writes and answers in UTC."""


def resolve(reference: str, *, place: str, environment: Mapping[str, str] | None = None) -> str:
    """What a secret reference stands for: `env:NAME`, `file:PATH`, or the text itself.

    Raises:
        ConfigError: there is no such variable or file.
    """
    scheme, _, name = reference.partition(":")
    if scheme == "env":
        found = (os.environ if environment is None else environment).get(name, "").strip()
        if not found:
            raise ConfigError(place, f"the environment has no {name}.", "Set it, or refer to another place.")
        return found
    if scheme == "file":
        try:
            return Path(name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError):
            raise ConfigError(place, f"the file {name} cannot be read.", "Check its path and rights.") from None
    return reference


def engine(reference: str, *, place: str, environment: Mapping[str, str] | None = None) -> Engine:
    """A read-only engine for a source's `url`.

    Raises:
        ConfigError: the reference leads nowhere, or is no database URL.
    """
    text = resolve(reference, place=place, environment=environment)
    try:
        url = make_url(text if "://" in text else f"sqlite:///{text}")
    except (ArgumentError, ValueError):
        raise ConfigError(place, "is not a database URL.", "Write it like postgresql://user@host/database.") from None
    url = url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))
    backend = url.get_backend_name()
    options: dict[str, Any] = {}
    if backend == "sqlite":
        url = _existing_file(url, place)
    else:
        options["isolation_level"] = "REPEATABLE READ"
    if backend == "postgresql":
        options["connect_args"] = {
            "options": "-c default_transaction_read_only=on -c timezone=UTC",
            "connect_timeout": 10,
        }
    elif backend in ("mysql", "mariadb"):
        options["connect_args"] = {"connect_timeout": 10, "charset": "utf8mb4"}
    try:
        made = create_engine(url, pool_size=1, max_overflow=1, pool_pre_ping=backend != "sqlite", **options)
    except (NoSuchModuleError, ImportError, TypeError):
        raise ConfigError(
            place, "names a database without a driver here.", "Use sqlite, postgresql, mysql or mariadb."
        ) from None
    _speak_first(made, _AT_CONNECT.get(backend, ()))
    return made


def _existing_file(url: URL, place: str) -> URL:
    path = url.database or ""
    if not path or path == ":memory:":
        raise ConfigError(place, "names no file.", "Give the path of the SQLite file.")
    if not Path(path).is_file():
        raise ConfigError(place, f"there is no SQLite file {path}.", "Check the path; it is never created.")
    absolute = Path(path).absolute().as_uri()
    return url.set(database=absolute, query={**url.query, "mode": "ro", "uri": "true"})


def _speak_first(made: Engine, statements: tuple[str, ...]) -> None:
    def on_connect(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        cursor.close()

    event.listen(made, "connect", on_connect)
