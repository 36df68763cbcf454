"""The sceptic's verdict: the shop's log on one side, what each stand-in received on the other."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from demo.program import read, run
from demo.stage import SCALES
from orderwire.app.bootstrap import open_shop
from orderwire.ledger.values import AttemptState
from orderwire.sandbox.checker import FAULTS, Checker, Destination, Log, Report, read_facts
from orderwire.sandbox.checker.sabotage import Proof, prove
from orderwire.sandbox.kit import read_log

HEADINGS = (
    *("destination", "facts", "expected", "held", "missing", "duplicated", "out of order", "wrong consent"),
    *("fired by history", "unexplained", "in doubt (settled)", "requests / fewest", "seconds / minimum"),
)
LEGEND = """
expected, held      things that the log calls for there, and those that are there
fired by history    automations started by old data although the platform has a quiet form
in doubt (settled)  items whose answer was lost where nothing says whether they were taken: the product lists them,
                    and what the checker found missing or doubled among them is counted in brackets, not before
requests / fewest   requests that told something, and how few would have done with every one filled
seconds / minimum   real seconds of the history, and how long the platform's limits make it take at the least,
                    both on a clock that runs {scales} times faster
"""
ALL = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One destination's report, with what the product listed itself and what the sabotage showed."""

    report: Report
    in_doubt: int
    proofs: tuple[Proof, ...]

    @property
    def is_right(self) -> bool:
        """Whether every figure is as it should be."""
        return self.report.is_clean and all(proof.is_found for proof in self.proofs)


def give(folder: Path) -> bool:
    """Check every destination, print the table, write `report.json`; whether everything is as it should be."""
    (folder / "log.jsonl").write_text(run(folder, "log", is_read=True), encoding="utf-8")
    with ProcessPoolExecutor(max_workers=2) as pool:
        futures = [pool.submit(check, folder, name, excused(folder, name)) for name in SCALES]
        found = [future.result() for future in futures]
    print("\nThe shop's log beside what each platform received:\n")
    show_table([list(HEADINGS), *(row(one) for one in found)])
    print(LEGEND.format(scales=", ".join(f"{SCALES[one.report.destination]:g}" for one in found)))
    for one in found:
        show_faults(one.report)
    print("Copies of the reception logs, each spoiled in one way; the checker must find that and nothing else:")
    for one in found:
        told = (f"one {proof.sabotage}: {'found' if proof.is_found else 'NOT FOUND'}" for proof in one.proofs)
        print(f"  {one.report.destination:<9} {', '.join(told)}")
    write_report(folder, found)
    return all(one.is_right for one in found)


def excused(folder: Path, name: str) -> dict[int, int]:
    """What the product itself lists, as items by fact: given up, or in a request whose outcome was in doubt."""
    letters = read(folder, "dead-letter", "list", name, "--limit", str(ALL))
    found = Counter({int(one["seq"]): ALL for one in letters if one["disposition"] == "dead"})
    with open_shop(folder) as shop:
        for attempt in shop.ledger.attempts(name, states=[AttemptState.UNKNOWN]):
            found.update(member.seq for member in attempt.members)
    return dict(found)


def check(folder: Path, name: str, listed: Mapping[int, int]) -> Checked:
    """Check one destination, then spoil copies of its reception log and check those."""
    log = Log(read_facts(folder / "log.jsonl"))
    checker = Checker(log, Destination(name=name, platform=name), excused=listed)
    lines = list(read_log(folder / "sandbox" / f"{name}.jsonl"))
    report = checker.check(lambda: lines)
    return Checked(report=report, in_doubt=len(listed), proofs=tuple(prove(checker, lambda: lines, report)))


def row(checked: Checked) -> list[str]:
    """One line of the table."""
    report, asked = checked.report, checked.report.requests
    scale = SCALES[report.destination]
    return [
        report.destination,
        f"{report.facts:,}",
        f"{report.expected:,}",
        f"{report.held:,}",
        *(f"{report.faults[name].count:,}" for name in FAULTS),
        f"{checked.in_doubt:,} ({report.excused_count:,})",
        f"{asked.telling:,} / {asked.fewest:,}",
        f"{asked.history_seconds / scale:,.1f} / {asked.minimum_seconds / scale:,.1f}",
    ]


def show_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns, under headings of two lines."""
    narrow = [heading.rpartition(" ") for heading in rows[0]]
    lines = [[first for first, _, _ in narrow], [last for _, _, last in narrow], *rows[1:]]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        print("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)))


def show_faults(report: Report) -> None:
    """Print the first examples of every fault."""
    for name, finding in report.faults.items():
        for example in finding.examples[:5]:
            facts = ", ".join(map(str, example.seqs[:5])) or "none"
            print(f"{report.destination}: {name}: {example.key} (facts: {facts}) {example.why}")


def write_report(folder: Path, found: Sequence[Checked]) -> None:
    """Everything as JSON, beside both logs."""
    page = {
        one.report.destination: one.report.to_json()
        | {"in_doubt": one.in_doubt, "sabotage": [asdict(proof) for proof in one.proofs], "is_right": one.is_right}
        for one in found
    }
    (folder / "report.json").write_text(json.dumps(page, indent=1, ensure_ascii=False), encoding="utf-8")
