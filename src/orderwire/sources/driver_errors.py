"""The one place where errors of SQLAlchemy and the database drivers become ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from orderwire.errors import ConfigError, OrderwireError, Unavailable

_MISSING = (
    re.compile(r"no such (?P<what>table|column): (?P<name>[\w.\"]+)"),
    re.compile(r"(?P<what>relation|column) \"?(?P<name>[\w.]+)\"? does not exist"),
    re.compile(r"(?P<what>Table) '(?P<name>[\w.]+)' doesn't exist"),
    re.compile(r"Unknown (?P<what>column) '(?P<name>[\w.]+)'"),
    re.compile(r"(?P<what>permission) denied for \w+ (?P<name>[\w.]+)"),
    re.compile(r"(?P<what>command) denied to user .* for table [`'\"]?(?P<name>[\w.`]+)"),
)
_LOGIN = (
    "authentication failed",
    "Access denied for user",
    "no password supplied",
    "role ",
    'database "',
    "Unknown database",
)
_SYNTAX = ("syntax error", "error in your SQL syntax", "incomplete input")
_DAMAGED = ("file is not a database", "file is encrypted", "malformed")


@contextmanager
def translated(place: str) -> Iterator[None]:
    """Turn what the database layer raises into our errors.

    Args:
        place: the part of the settings that is at fault if any is.

    Raises:
        ConfigError: something named in the mapping is missing, forbidden or of the wrong type.
        Unavailable: not reached, or the connection was lost.
    """
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise translate(error, place) from error
    except RuntimeError as error:
        # PyMySQL says so in this way when a MySQL 8 login needs an encrypted password exchange.
        if "cryptography" not in str(error):
            raise
        raise ConfigError(
            place, "this login needs the Python package cryptography.", "Install it, or use another login."
        ) from error


def translate(error: exc.SQLAlchemyError, place: str) -> OrderwireError:
    """Our error for one of SQLAlchemy's. Nothing of the database's own words but names from the mapping is kept."""
    if isinstance(error, exc.NoSuchTableError):
        return ConfigError(place, f"there is no table {error}.")
    if not isinstance(error, exc.DBAPIError):
        if isinstance(error, exc.TimeoutError):
            return Unavailable("timeout", may_have_arrived=False, peer=_source(place))
        return ConfigError(
            place, f"cannot be read ({type(error).__name__}).", "Check the mapping against the database."
        )
    said = str(error.orig)
    for pattern in _MISSING:
        if found := pattern.search(said):
            return _missing(place, found["what"].lower(), found["name"].strip('`"'))
    if any(words in said for words in _LOGIN):
        return ConfigError(place, "the database refuses the login.", "Check user, password and database name.")
    if any(words in said for words in _SYNTAX):
        return ConfigError(place, "the query is not valid SQL there.", "Try it in the database's own client.")
    if any(words in said for words in _DAMAGED):
        return ConfigError(place, "the file is not an SQLite database.", "Check the path.")
    if isinstance(error, exc.OperationalError | exc.InterfaceError | exc.InternalError):
        stage = "read" if error.statement else "connect"
        return Unavailable(stage, may_have_arrived=error.statement is not None, peer=_source(place))
    return ConfigError(
        place,
        f"the database refuses the reading ({type(error.orig).__name__}).",
        "Often a column compared with a value of another type: cast it in a query.",
    )


def _source(place: str) -> str:
    """The source that a place is in."""
    return ".".join(place.split(".")[:2])


def _missing(place: str, what: str, name: str) -> ConfigError:
    if what in ("permission", "command"):
        return ConfigError(place, f"the login may not read {name}.", "Grant SELECT on it.")
    kind = "column" if what == "column" else "table"
    return ConfigError(place, f"there is no {kind} {name}.", "Run `orderwire config check` for what there is.")
