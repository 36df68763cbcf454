"""Serving local stand-ins of the platforms, for trying, testing and measuring."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orderwire.errors import ConfigError
from orderwire.sandbox.kit import FaultPlan, PlatformClock, ReceptionLog, serve
from orderwire.sandbox.registry import PLATFORMS, stand_in


@dataclass(frozen=True, kw_only=True)
class SandboxTerms:
    """How stand-ins run.

    Args:
        platforms: which; all when empty.
        port: of the first, the others follow; 0 for any that are free.
        faults: what goes wrong, as JSON: `{"rates": {"limited": 0.05}, "seed": 7, "outage": false}`.
        scale: platform seconds in a real one.
        log_dir: where each keeps its reception log, `<platform>.jsonl`; none when None.
        reject: ids and e-mails that are refused as bad.
        has_limits: whether the platforms' rate limits are kept.
    """

    platforms: Sequence[str] = ()
    port: int = 0
    faults: str = ""
    scale: float = 1.0
    log_dir: Path | None = None
    reject: Sequence[str] = ()
    has_limits: bool = True


def run_sandbox(terms: SandboxTerms, ready: Callable[[Mapping[str, int]], None]) -> None:
    """Serve stand-ins on loopback until SIGINT or SIGTERM; `ready` is told the port of each.

    Raises:
        ConfigError: there is no such stand-in, the faults are not understood, or a port is taken.
    """
    names = list(dict.fromkeys(terms.platforms)) or sorted(PLATFORMS)
    if unknown := [name for name in names if name not in PLATFORMS]:
        raise ConfigError("sandbox", f"there is no stand-in of {', '.join(unknown)}.", f"There are: {_known()}.")
    asyncio.run(_serve(names, terms, ready))


def _known() -> str:
    return ", ".join(sorted(PLATFORMS))


def _plan(text: str) -> FaultPlan:
    try:
        return FaultPlan.parse(text) if text else FaultPlan()
    except (ValueError, TypeError) as error:
        raise ConfigError("--faults", f"is not a fault plan: {error}.") from error


async def _serve(names: Sequence[str], terms: SandboxTerms, ready: Callable[[Mapping[str, int]], None]) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    clock = PlatformClock(terms.scale)
    runners, logs, ports = [], [], {}
    try:
        for place, name in enumerate(names):
            made = stand_in(name)(clock, {"limits": terms.has_limits, "reject": list(terms.reject)})
            logs.append(ReceptionLog(terms.log_dir / f"{name}.jsonl" if terms.log_dir else None))
            port = terms.port + place if terms.port else 0
            try:
                runner, ports[name] = await serve(made, log=logs[-1], plan=_plan(terms.faults), port=port)
            except OSError as error:
                raise ConfigError("--port", f"{port} cannot be had ({error.strerror}).") from error
            runners.append(runner)
        ready(ports)
        await stopped.wait()
    finally:
        for runner in runners:
            await runner.cleanup()
        for log in logs:
            log.close()
