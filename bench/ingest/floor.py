"""The least that taking batches in can cost: a bare loop that decodes the same JSON and inserts the same rows.

The rows are those that the ledger itself writes for these batches: it is filled first, and what each batch added is
read back from its file. The loop then does nothing but decode, insert and commit, with the same sync setting.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from orderwire.dialects.native.read import read_batch
from orderwire.dialects.native.types import tagged
from orderwire.ledger import Received, open_ledger
from orderwire.ledger.sqlite.opening import connect

_TABLES = ("fact", "raw", "subject_state", "person", "identifier")
_ORDER = (
    '{"type":"order","order_id":"%d","currency":"EUR","placed_at":"2026-03-01T12:00:00Z","total":4598,'
    '"identity":{"email":"p%d@mail.test"},"lines":[{"line_id":"1","name":"Cup","sku":"A%d","quantity":2,'
    '"unit_price":"19.99","subtotal":3998,"total":3998},{"line_id":"2","name":"Jug","sku":"B%d","quantity":1,'
    '"unit_price":"6.00","subtotal":600,"total":600}]}'
)


class _Batch(msgspec.Struct):
    records: list[tagged("order")]  # type: ignore[valid-type]


def bodies(batches: int, size: int) -> list[bytes]:
    """The same batches that the load sends, ids from 1 upward."""
    return [
        (
            '{"records":['
            + ",".join(_ORDER % (n, n % 50_000, n % 500, n % 300) for n in range(first, first + size))
            + "]}"
        ).encode()
        for first in range(1, batches * size + 1, size)
    ]


def bare_loop(folder: Path, batches: int, size: int) -> float:
    """Orders a second of the bare loop."""
    said = bodies(batches, size)
    written = _rows_of(folder / "filled.db", said)
    statements, schema = written.pop()
    connection = connect(folder / "bare.db", busy_timeout=1.0)
    for statement in schema:
        connection.execute(statement)
    decoder = msgspec.json.Decoder(_Batch)
    began = time.perf_counter()
    for body, tables in zip(said, written, strict=True):
        decoder.decode(body)
        connection.execute("BEGIN IMMEDIATE")
        for name, rows in tables.items():
            connection.executemany(statements[name], rows)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    return batches * size / seconds


def _rows_of(path: Path, said: Sequence[bytes]) -> list[Any]:
    """What each batch adds to the tables of a ledger; last, the statements and the schema."""
    ledger = open_ledger(path)
    look = sqlite3.connect(path)
    found: list[Any] = []
    marks = dict.fromkeys(_TABLES, 0)
    for body in said:
        received = [Received(record=one.record, raw=one.raw) for one in read_batch(body, source="bench").pieces]
        ledger.record(received, source="bench", at=datetime.now(UTC), is_imported=False)
        found.append({name: _new_rows(look, name, marks) for name in _TABLES})
    statements = {}
    for name in _TABLES:
        width = len(look.execute(f"SELECT * FROM {name} LIMIT 1").fetchone())
        statements[name] = f"INSERT OR REPLACE INTO {name} VALUES ({', '.join('?' * width)})"
    made = look.execute("SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC").fetchall()
    schema = [sql for table, sql in made if table in _TABLES]
    look.close()
    ledger.close()
    found.append((statements, schema))
    return found


def _new_rows(look: sqlite3.Connection, name: str, marks: dict[str, int]) -> list[tuple[Any, ...]]:
    """Rows since the last look. Tables without a number of their own are matched by the newest facts and people."""
    since = marks["fact" if name in ("subject_state", "identifier") else name]
    where = {
        "fact": "seq > ?",
        "raw": "raw > ?",
        "person": "person > ?",
        "subject_state": "newest > ?",
        "identifier": "seq > ?",
    }[name]
    rows = look.execute(f"SELECT * FROM {name} WHERE {where}", (since,)).fetchall()
    if name in ("raw", "person") and rows:
        marks[name] = max(row[0] for row in rows)
    if name == "identifier":
        marks["fact"] = look.execute("SELECT MAX(seq) FROM fact").fetchone()[0]
    return rows
