"""The sceptic's verdict: the shop's log on one side, what each stand-in received on the other."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from demo.program import ORDERWIRE, run
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
ALL = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Checked:
    """One destination's report, with what the product listed itself and what the sabotage showed."""

    report: Report
    listed: int
    """Facts that the product lists as given up, as of unknown outcome, or as once in doubt."""
    proofs: tuple[Proof, ...]

    @property
    def is_right(self) -> bool:
        """Whether every figure is as it should be."""
        return self.report.is_clean and all(proof.is_found for proof in self.proofs)


def give(folder: Path) -> bool:
    """Check every destination, print the table, write `report.json`; whether everything is as it should be."""
    write_log(folder)
    listed = {name: excused(folder, name) for name in SCALES}
    with ProcessPoolExecutor(max_workers=2) as pool:
        futures = [pool.submit(check, folder, name, sorted(listed[name])) for name in SCALES]
        found = [future.result() for future in futures]
    print("\nThe shop's log beside what each platform received; seconds are the platform's, of the history:\n")
    show(found)
    write_report(folder, found)
    return all(one.is_right for one in found)


def write_log(folder: Path) -> None:
    """Write the whole log to `log.jsonl`."""
    text = run(folder, "log", is_read=True)
    (folder / "log.jsonl").write_text(text, encoding="utf-8")


def excused(folder: Path, name: str) -> set[int]:
    """Facts that the product itself lists: given up, of unknown outcome, or in a request that was once in doubt."""
    done = subprocess.run(
        [ORDERWIRE, "dead-letter", "list", name, "--limit", str(ALL), "--json", "--dir", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seqs = {int(one["seq"]) for one in json.loads(done.stdout)}
    with open_shop(folder) as shop:
        doubtful = shop.ledger.attempts(name, states=[AttemptState.UNKNOWN])
    return seqs | {member.seq for attempt in doubtful for member in attempt.members}


def check(folder: Path, name: str, listed: Sequence[int]) -> Checked:
    """Check one destination, then spoil copies of its reception log and check those."""
    log = Log(read_facts(folder / "log.jsonl"))
    checker = Checker(log, Destination(name=name, platform=name), excused=listed)
    lines = list(read_log(folder / "sandbox" / f"{name}.jsonl"))
    proofs = tuple(prove(checker, lambda: lines))
    return Checked(report=checker.check(lambda: lines), listed=len(listed), proofs=proofs)


def show(found: Sequence[Checked]) -> None:
    """Print the table, the examples of every fault, and what the sabotage showed."""
    rows = [list(HEADINGS), *(row(one) for one in found)]
    widths = [max(len(line[place]) for line in rows) for place in range(len(HEADINGS))]
    for line in rows:
        print("  ".join(text.rjust(width) for text, width in zip(line, widths, strict=True)))
    for one in found:
        for name, finding in one.report.faults.items():
            for example in finding.examples[:5]:
                facts = ", ".join(map(str, example.seqs[:5]))
                print(f"  {one.report.destination}: {name}: {example.key} (facts {facts or '-'}) {example.why}")
    print("\nCopies of the reception logs, each spoiled in one way; the checker must find that and nothing else:")
    for one in found:
        told = ", ".join(
            f"{proof.sabotage}: {'found' if proof.is_found else f'NOT FOUND, but {proof.found}'}"
            for proof in one.proofs
        )
        print(f"  {one.report.destination:<9} {told}")


def row(checked: Checked) -> list[str]:
    """One line of the table."""
    report, asked = checked.report, checked.report.requests
    faults = [f"{report.faults[name].count:,}" for name in FAULTS]
    return [
        report.destination,
        f"{report.facts:,}",
        f"{report.expected:,}",
        f"{report.held:,}",
        *faults,
        f"{checked.listed:,} ({report.excused_count:,})",
        f"{asked.telling:,} / {asked.fewest:,}",
        f"{asked.history_seconds:,.0f} / {asked.minimum_seconds:,.0f}",
    ]


def write_report(folder: Path, found: Sequence[Checked]) -> None:
    """Everything as JSON, beside both logs."""
    page: dict[str, Any] = {
        one.report.destination: one.report.to_json()
        | {"listed": one.listed, "sabotage": [asdict(proof) for proof in one.proofs], "is_right": one.is_right}
        for one in found
    }
    (folder / "report.json").write_text(json.dumps(page, indent=1, ensure_ascii=False), encoding="utf-8")
