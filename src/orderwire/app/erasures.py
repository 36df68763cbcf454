"""What became of forgetting a person, destination by destination."""

from __future__ import annotations

from orderwire.app.bootstrap import Shop
from orderwire.ledger.values import Disposition, PersonReport
from orderwire.model import Kind


def told_of(shop: Shop, report: PersonReport) -> list[str]:
    """One line for each destination and wish to be forgotten; none where nobody wished it."""
    seqs = [fact.seq for fact in report.facts if fact.kind == Kind.PERSON_FORGOTTEN]
    lines: list[str] = []
    for name in shop.ledger.destinations() if seqs else ():
        found = {one.seq: one for one in shop.ledger.exemptions(name, seqs=seqs, limit=len(seqs))}
        for seq in seqs:
            one = found.get(seq)
            if one is None:
                lines.append(f"to be forgotten at {name} (fact {seq}): not asked yet")
            elif one.disposition is Disposition.ERASED:
                lines.append(f"forgotten at {name} (fact {seq}): {one.reason}")
            else:
                lines.append(f"being forgotten at {name} (fact {seq}): {one.reason}")
    return lines
