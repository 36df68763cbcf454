"""A stand-in in a process of its own. Arguments: the platform, its reception log, faults as JSON; says its port."""

import asyncio
import sys
from pathlib import Path

from orderwire.sandbox.kit import FaultPlan, PlatformClock, ReceptionLog, serve
from orderwire.sandbox.registry import stand_in


async def main(platform: str, log: str, faults: str) -> None:
    made = stand_in(platform)(PlatformClock(), {"limits": False, "batch_seconds": 0.2, "job_seconds": 0.2})
    _, port = await serve(made, log=ReceptionLog(Path(log)), plan=FaultPlan.parse(faults))
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
