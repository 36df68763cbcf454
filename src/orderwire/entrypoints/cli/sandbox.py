"""Serving local stand-ins of the platforms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter, validators

from orderwire.app.standins import SandboxTerms, run_sandbox
from orderwire.entrypoints.cli.options import Position
from orderwire.entrypoints.cli.output import say, show_line

Scale = Annotated[float, Parameter(validator=validators.Number(gt=0))]


def sandbox(
    *platforms: str,
    port: Position = 0,
    faults: str = "",
    scale: Scale = 1.0,
    log_dir: Path | None = None,
    reject: Annotated[Sequence[str], Parameter(consume_multiple=False)] = (),
    no_limits: bool = False,
    ready_file: Path | None = None,
) -> None:
    """Serve stand-ins of the platforms on 127.0.0.1 until stopped; prints their ports as a line of JSON.

    Args:
        platforms: which; all by default.
        port: of the first, the others follow; any free ones by default.
        faults: what goes wrong, as JSON, such as `{"rates": {"limited": 0.05}, "seed": 7}`.
        scale: platform seconds in a real one.
        log_dir: where each keeps a log of what it received, `<platform>.jsonl`.
        reject: an id or e-mail that is refused as bad; may be given several times.
        no_limits: leave the platforms' rate limits out.
        ready_file: a file to write the line of JSON to as well, once all are ready.
    """

    def ready(ports: Mapping[str, int]) -> None:
        show_line(ports)
        if ready_file is not None:
            write_whole(ready_file, msgspec.json.encode(ports) + b"\n")
        say("serving; stop with Ctrl-C")

    terms = SandboxTerms(
        platforms=platforms,
        port=port,
        faults=faults,
        scale=scale,
        log_dir=log_dir,
        reject=reject,
        has_limits=not no_limits,
    )
    run_sandbox(terms, ready)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that whoever waits for it never reads a part of it."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
