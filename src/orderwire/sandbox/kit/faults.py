"""Faults on the wire, drawn from a seed by the number of the request: the same seed gives the same faults."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass, field
from enum import StrEnum


class Fault(StrEnum):
    """What can go wrong with one request. `before` means that nothing was taken, `after` that everything was."""

    NONE = "none"
    LIMITED = "limited"
    """429 with Retry-After, though no window is full."""
    LIMITED_BARE = "limited_bare"
    """429 without Retry-After."""
    REFUSED_BEFORE = "refused_before"
    """503, nothing taken."""
    FAILED_AFTER = "failed_after"
    """500 after taking the data: a lost acknowledgement."""
    DROPPED_BEFORE = "dropped_before"
    """The connection closes before the data is taken."""
    DROPPED_AFTER = "dropped_after"
    """The connection closes after the data is taken."""
    TRUNCATED = "truncated"
    """Taken, and half of the reply's body arrives."""
    SLOW = "slow"
    """Taken and answered, but late."""


@dataclass
class FaultPlan:
    """How often each fault happens.

    `rates` are probabilities per request; `outage` refuses everything (503) while it is set; `bad_key` answers every
    request as if the key were refused. `slow_seconds` are platform seconds.
    """

    seed: int = 1
    rates: dict[str, float] = field(default_factory=dict)
    outage: bool = False
    bad_key: bool = False
    slow_seconds: float = 5.0

    def draw(self, number: int) -> Fault:
        """The fault of the request with this number."""
        if self.outage:
            return Fault.REFUSED_BEFORE
        dice = random.Random(f"{self.seed}:{number}").random()
        for name, rate in self.rates.items():
            dice -= rate
            if dice < 0:
                return Fault(name)
        return Fault.NONE

    def change(self, **values: object) -> None:
        """Change the plan while the stand-in runs; unknown names are refused."""
        for name, value in values.items():
            if name not in asdict(self):
                raise ValueError(f"a fault plan has no {name!r}; it has {', '.join(asdict(self))}")
            if name == "rates" and isinstance(value, dict):
                value = {Fault(fault).value: float(rate) for fault, rate in value.items()}
            setattr(self, name, value)

    @classmethod
    def mixed(cls, seed: int, share: float) -> FaultPlan:
        """A plan in which `share` of all requests meet a fault, spread over all kinds but slowness."""
        kinds = [fault for fault in Fault if fault not in (Fault.NONE, Fault.SLOW)]
        return cls(seed=seed, rates={fault.value: share / len(kinds) for fault in kinds})

    @classmethod
    def parse(cls, text: str) -> FaultPlan:
        """Read a plan from JSON, as `--faults` takes it."""
        plan = cls()
        plan.change(**json.loads(text))
        return plan
