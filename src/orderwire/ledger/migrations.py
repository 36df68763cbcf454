"""Bringing a store's schema up to this version, and refusing one that only a later version can read.

A migration's file is `<number>_<pre|post>_<name>.sql`. *Pre* migrations run when a newer process opens the store, and
leave it usable for older processes that are still at work; *post* migrations take away what only those needed, and
run when asked. The major version changes when an older process could no longer work; it then refuses to open.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from importlib.resources.abc import Traversable
from typing import Protocol

from msgspec import Struct

from orderwire.errors import NeedsMigration
from orderwire.ledger.engine import Columns
from orderwire.ledger.queries import statements_of

MAJOR = 1
"""The schema's major version that this code can work with."""
_NAME = re.compile(r"(?P<number>\d{4})_(?P<stage>pre|post)_(?P<name>\w+)\.sql")


class Migration(Struct, frozen=True, kw_only=True):
    """One numbered step of the schema."""

    number: int
    stage: str
    name: str
    statements: tuple[str, ...]

    @classmethod
    def read(cls, path: Traversable) -> Migration:
        """The migration in a file.

        Raises:
            ValueError: the file's name has another shape.
        """
        found = _NAME.fullmatch(path.name)
        if found is None:
            raise ValueError(f"{path.name} is not <number>_<pre|post>_<name>.sql")
        statements = tuple(statements_of(path.read_text(encoding="utf-8")))
        return cls(number=int(found["number"]), stage=found["stage"], name=found["name"], statements=statements)


class Upgradable(Protocol):
    """The part of an engine that an upgrade needs."""

    def rows(self, name: str, /, **values: object) -> list[Columns]:
        """Ask, and take the whole answer."""
        ...

    def write(self, name: str, /, **values: object) -> None:
        """Write once, with named values."""
        ...

    def define(self, statement: str, /) -> None:
        """Run one statement of a migration."""
        ...

    def turn(self) -> AbstractContextManager[None]:
        """The only writer's transaction."""
        ...

    def now(self) -> int:
        """The store's clock."""
        ...


def upgrade(engine: Upgradable, migrations: Sequence[Migration], *, with_post: bool = False) -> list[Migration]:
    """Run the migrations that are missing, in one transaction, and give them.

    Raises:
        NeedsMigration: the store's major version is later than this code's.
    """
    if engine.rows("has_schema") and not _missing(engine, migrations, with_post):
        return []
    with engine.turn():
        if not engine.rows("has_schema"):
            engine.write("make_schema_version")
        missing = _missing(engine, migrations, with_post)
        for migration in missing:
            for statement in migration.statements:
                engine.define(statement)
            engine.write("add_migration", number=migration.number, name=migration.name, major=MAJOR, at=engine.now())
    return missing


def _missing(engine: Upgradable, migrations: Sequence[Migration], with_post: bool) -> list[Migration]:
    applied = {int(number): int(major) for number, major in engine.rows("migrations")}
    major = max(applied.values(), default=MAJOR)
    if major != MAJOR:
        raise NeedsMigration(
            f"the ledger's schema has major version {major}, this program works with {MAJOR}; "
            "use the release that wrote it, or upgrade"
        )
    return [step for step in migrations if step.number not in applied and (step.stage == "pre" or with_post)]
