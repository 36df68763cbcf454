"""What a cart gained between two of its snapshots."""

from __future__ import annotations

from decimal import Decimal

from orderwire.sandbox.checker.facts import Fact, Log


def grown(fact: Fact, log: Log) -> list[str]:
    """The ids of lines that a cart has now and had not, or had less of, when it was told last."""
    before = log.before(fact)
    held = (
        {str(line["line_id"]): _quantity(line.get("quantity")) for line in before.body.get("lines", ())}
        if before
        else {}
    )
    return [
        line_id
        for line in fact.body.get("lines", ())
        if _quantity(line.get("quantity")) > held.get(line_id := str(line["line_id"]), Decimal(0))
    ]


def _quantity(value: object) -> Decimal:
    return Decimal(str(value)) if value is not None else Decimal(1)
