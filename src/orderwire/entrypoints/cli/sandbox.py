"""Serving local stand-ins of the platforms."""

# ruff: noqa: D417 - what the options say stands where they are declared

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import Parameter

from orderwire.app.standins import SandboxTerms, run_sandbox, table_of, variables_of
from orderwire.entrypoints.cli.options import AsJson, Position
from orderwire.entrypoints.cli.output import say, show_line


@dataclass(frozen=True, kw_only=True)
class Behaviour:
    """How the stand-ins behave.

    Args:
        faults: what goes wrong, as JSON, such as `{"rates": {"limited": 0.05}, "seed": 7}`; `drip={…}` for one
            platform; may be given several times.
        scale: platform seconds in a real one; `drip=60` for one platform; may be given several times.
        reject: an id or e-mail that is refused as bad; may be given several times.
        opted_out: the e-mail of somebody who is there already and has just unsubscribed; may be given several times.
        no_limits: leave the platforms' rate limits out.
        log_dir: where each keeps a log of what it received, `<platform>.jsonl`.
        hooks_to: the address of a server that shops send their webhooks to, such as `http://127.0.0.1:8080`.
    """

    faults: Sequence[str] = ()
    scale: Sequence[str] = ()
    reject: Sequence[str] = ()
    opted_out: Sequence[str] = ()
    no_limits: bool = False
    log_dir: Path | None = None
    hooks_to: str = ""


USUAL = Behaviour()


def sandbox(
    *platforms: str,
    port: Position = 0,
    behaviour: Annotated[Behaviour, Parameter(name="*")] = USUAL,
    ready_file: Path | None = None,
    json: AsJson = False,
) -> None:
    """Serve stand-ins of the platforms on 127.0.0.1 until stopped; prints the tables that make them destinations.

    Args:
        platforms: which; all by default.
        port: of the first, the others follow; any free ones by default.
        ready_file: a file to write the ports to as a line of JSON, once all are ready.
        json: print the ports as a line of JSON instead of the tables.
    """
    terms = SandboxTerms(
        platforms=platforms,
        port=port,
        faults=behaviour.faults,
        scale=behaviour.scale,
        log_dir=behaviour.log_dir,
        reject=behaviour.reject,
        opted_out=behaviour.opted_out,
        has_limits=not behaviour.no_limits,
        hooks_to=behaviour.hooks_to,
    )

    def ready(ports: Mapping[str, int]) -> None:
        if json:
            show_line(ports)
        else:
            _show_tables(ports, terms)
        if ready_file is not None:
            write_whole(ready_file, msgspec.json.encode(ports) + b"\n")
        say("serving; stop with Ctrl-C")

    run_sandbox(terms, ready)


def _show_tables(ports: Mapping[str, int], terms: SandboxTerms) -> None:
    """Everything that `orderwire.toml` and the terminal need, to be copied."""
    print("# into orderwire.toml; in the terminal where orderwire runs, first:")
    for name in ports:
        for variable, value in variables_of(name, terms).items():
            print(f"#   export {variable}={value}")
    for name, port in ports.items():
        print(f"\n{table_of(name, port, terms)}")
    print(flush=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that whoever waits for it never reads a part of it."""
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
