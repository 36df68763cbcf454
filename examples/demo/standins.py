"""The sandbox process of the demo: five stand-ins with clocks of their own; prints their ports as a line of JSON."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

from demo.stage import FAULT_SHARE, KEY, OPTED_OUT, OPTED_OUT_AT, SCALES, email_of
from orderwire.sandbox.kit import FaultPlan, PlatformClock, ReceptionLog, serve
from orderwire.sandbox.registry import stand_in


async def serve_all(folder: Path) -> None:
    """Serve until asked to stop."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    runners, ports = [], {}
    for seed, (name, scale) in enumerate(SCALES.items(), 1):
        people = [
            {"email": email_of(customer), "status": "unsubscribed", "changed_at": OPTED_OUT_AT}
            for customer in OPTED_OUT[name]
        ]
        made = stand_in(name)(PlatformClock(scale), {"key": KEY, "people": people})
        log = ReceptionLog(folder / f"{name}.jsonl")
        runner, ports[name] = await serve(made, log=log, plan=FaultPlan.mixed(seed, FAULT_SHARE))
        runners.append(runner)
    print(json.dumps(ports), flush=True)
    await stopped.wait()
    for runner in runners:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve_all(Path(sys.argv[1])))
