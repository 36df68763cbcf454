"""What was asked of a platform, and how little would have done."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping

from orderwire.sandbox.checker.matching import Ledgers, is_somebody
from orderwire.sandbox.checker.report import Requests
from orderwire.sandbox.checker.table import Line, Path, Platform

_READS = ("GET", "HEAD")


def count_requests(lines: Iterable[Line], platform: Platform, ledgers: Ledgers) -> Requests:
    """Count the requests of a reception log and what they were worth."""
    historic = _historic(ledgers)
    verdicts: Counter[str] = Counter()
    faulted = telling = 0
    items: Counter[str] = Counter()
    old_items: Counter[str] = Counter()
    span: list[float] = []
    for line in lines:
        verdicts[line["verdict"]] += 1
        faulted += line["fault"] not in ("none", "slow")
        if line["method"] in _READS or line["verdict"] != "taken":
            continue
        telling += 1
        is_historic = line["n"] in historic
        if is_historic:
            span.append(float(line["at"]))
        if found := _path_of(line, platform.paths):
            name = found.bulk if is_historic and found.bulk else found.name
            count = sum(not one.get("duplicate") or found.most == 1 for one in _told(line))
            items[name] += count
            old_items[name] += count if is_historic else 0
    return Requests(
        total=sum(verdicts.values()),
        taken=verdicts["taken"],
        refused=verdicts["refused"],
        limited=verdicts["limited"],
        faulted=faulted,
        telling=telling,
        fewest=sum(_fewest(items, platform.paths).values()),
        minimum_seconds=_minimum_seconds(_fewest(old_items, platform.paths), platform),
        history_seconds=round(max(span) - min(span), 3) if span else 0.0,
    )


def _historic(ledgers: Ledgers) -> set[int]:
    """The requests that brought history; of a person only the first, since news of them tells the person again."""
    return {
        kept.number
        for key, slot in ledgers.slots.items()
        if slot.is_imported
        for kept in (slot.kept[:1] if is_somebody(key) else slot.kept)
    }


def _told(line: Line) -> list[Mapping[str, object]]:
    """What a request told: a permission that changed along with a person, or an order with its event, is no more."""
    kept = list(line["kept"])
    alone = [one for one in kept if one.get("type") not in ("consent", "ignored")]
    if any(one.get("type") == "event" for one in alone):
        alone = [one for one in alone if one.get("type") == "event"]
    return alone or kept


def _path_of(line: Line, paths: tuple[Path, ...]) -> Path | None:
    asked = f"{line['method']} {line['path']}"
    return next((one for one in paths if one.pattern.fullmatch(asked)), None)


def _fewest(items: Mapping[str, int], paths: tuple[Path, ...]) -> dict[str, int]:
    """The fewest requests by rate family."""
    known = {one.name: one for one in paths}
    found: Counter[str] = Counter()
    for name, count in items.items():
        found[known[name].family] += math.ceil(count / known[name].most)
    return dict(found)


def _minimum_seconds(fewest: Mapping[str, int], platform: Platform) -> float:
    """How long the windows of the slowest family make its requests take."""
    spans = [
        math.floor((count - 1) / most) * per
        for family, count in fewest.items()
        if count
        for most, per in platform.windows.get(family, ())
    ]
    return max(spans, default=0.0)
