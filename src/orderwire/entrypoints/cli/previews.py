"""Rows of a source beside the records they are understood as, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

import msgspec

from orderwire.app.checking import Row
from orderwire.model import Record
from orderwire.model.money import decimal_text

WIDTH = 52
"""Columns of the left side, the row as it is there."""
MOST_PARTS = 3
"""Lines, refunds and shipments shown of a record; the others are counted."""
_AMOUNTS = frozenset({"total", "subtotal", "discount", "tax", "shipping", "fee", "amount", "value", "price"})


def show_preview(found: Sequence[Row]) -> None:
    """Each row on the left, what it is understood as on the right."""
    for one in found:
        left = [f"{name} = {_short(value)}" for name, value in one.row.items() if value is not None]
        right = [str(one.problem)] if one.record is None else list(_understood(one.record))
        for row, record in zip_longest(left, right, fillvalue=""):
            print(f"{_cut(row, WIDTH):<{WIDTH}} │ {record}".rstrip())
        print("─" * (WIDTH + 1) + "┴" + "─" * 30)


def _understood(record: Record) -> Iterator[str]:
    plain: Mapping[str, Any] = msgspec.to_builtins(record)
    yield type(record).__name__
    yield from _lines(plain, str(plain.get("currency") or ""), "  ")


def _lines(plain: Mapping[str, Any], currency: str, indent: str) -> Iterator[str]:
    for name, value in plain.items():
        if isinstance(value, dict):
            yield f"{indent}{name}"
            yield from _lines(value, currency, indent + "  ")
        elif isinstance(value, list | tuple) and value and isinstance(value[0], dict):
            yield f"{indent}{name}: {len(value)}"
            for part in value[:MOST_PARTS]:
                yield indent + "  " + ", ".join(text.strip() for text in _lines(part, currency, ""))
            if len(value) > MOST_PARTS:
                yield f"{indent}  and {len(value) - MOST_PARTS} more"
        elif name in _AMOUNTS and isinstance(value, int) and currency:
            yield f"{indent}{name}: {decimal_text(value, currency)} {currency}"
        else:
            yield f"{indent}{name}: {_short(value)}"


def _short(value: object) -> str:
    return _cut(str(value).replace("\n", " "), 80)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
