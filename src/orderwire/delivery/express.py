"""From a fact to what its platform is told, or the reason why it is told nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from orderwire.delivery.decide import Context, Settled, decide
from orderwire.dialects.contract import Expression, Lane, Statement
from orderwire.ledger.values import Disposition, Entry, Mark


class Said(Struct, frozen=True):
    """A fact in the platform's words."""

    statement: Statement
    expression: Expression


Saying: TypeAlias = Settled | Said


def express(
    entry: Entry,
    context: Context,
    marks: Mapping[str, Mark],
    represented: Mapping[str, int],
    *,
    quietly: bool = False,
) -> Saying:
    """Decide about a fact and write it; arguments as for `decide`.

    A fact whose writing fails is given up with the kind of the failure: a fault of ours in one fact must not stop
    the others (Law 11), and its values must not reach a log.
    """
    try:
        decision = decide(entry, context, marks, represented, quietly=quietly)
        if isinstance(decision, Settled):
            return decision
        expression = context.dialect.write(decision, context.settings.account)
    except Exception as error:  # noqa: BLE001 - the outermost edge of one fact
        return Settled(Disposition.DEAD, f"it could not be written ({type(error).__name__}): please report this")
    if expression.withheld:
        return Settled(Disposition.WITHHELD, expression.withheld)
    if not expression.items:
        return Settled(Disposition.NOT_EXPRESSIBLE, "; ".join(expression.unsaid))
    return Said(decision, expression)


def unacknowledged(said: Said, context: Context) -> str:
    """The first route of it whose history may fire automations and was not acknowledged; empty for none."""
    locked = context.locked
    if not locked or said.statement.lane is Lane.LIVE:
        return ""
    for item in said.expression.items:
        if item.route in locked:
            return item.route
    return ""
