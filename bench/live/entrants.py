"""The tools beside each other: how each is installed, started, asked whether it is ready, and given an order."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.live import flows
from bench.live.load import Door
from bench.live.sink import PROGRAM
from bench.tools import CACHE, HERE
from orderwire.app.frontdoor.opening import make_key

INSTALL_SECONDS = 600
_SETTINGS = """
[destination.sink]
platform = "klaviyo"
key = "env:BENCH_KEY"
base_url = "{sink}"
kinds = ["order.placed"]

[destination.sink.limits]
events = "learn"
"""
_BOTH = '"$@" serve --port {port} --no-limits --dir {folder} & exec "$@" sync --dir {folder}'


@dataclass(frozen=True, kw_only=True)
class Started:
    """What one run of a tool needs.

    Args:
        command: started again as it is after a kill.
        door: where orders go.
        ready: a page that answers once orders are taken in.
    """

    command: list[str]
    door: Door
    ready: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Entrant:
    """A tool.

    Args:
        name: in the table.
        prepare: makes the tool's folder for a sink and a port; raises SubprocessError where it cannot be had.
    """

    name: str
    prepare: Callable[[Path, str, int], Started]


def _orderwire(folder: Path, sink: str, port: int) -> Started:
    (folder / "orderwire.toml").write_text(_SETTINGS.format(sink=sink), encoding="utf-8")
    secret = make_key(folder, "native").secret
    script = _BOTH.format(port=port, folder=folder)
    return Started(
        command=["sh", "-c", script, "sh", *PROGRAM],
        door=Door(url=f"http://127.0.0.1:{port}/v1/orders", headers={"authorization": f"Bearer {secret}"}),
        ready=f"http://127.0.0.1:{port}/readyz",
    )


def _node_red(folder: Path, sink: str, port: int) -> Started:
    modules = installed("nodered")
    (folder / "flows.json").write_text(flows.node_red(sink), encoding="utf-8")
    settings = ("-D", "uiHost=127.0.0.1", "-D", "telemetry.enabled=false")
    program = str(modules / "node-red" / "red.js")
    return Started(
        command=[_node(), program, "-u", str(folder), "-p", str(port), *settings, str(folder / "flows.json")],
        door=Door(url=f"http://127.0.0.1:{port}/{flows.PATH}"),
        ready=f"http://127.0.0.1:{port}/",
    )


def _n8n(folder: Path, sink: str, port: int) -> Started:
    modules = installed("n8n", builds=("sqlite3",))
    program = [_node(), str(modules / "n8n" / "bin" / "n8n")]
    environment = {
        "N8N_USER_FOLDER": str(folder),
        "N8N_PORT": str(port),
        "N8N_LISTEN_ADDRESS": "127.0.0.1",
        "N8N_DIAGNOSTICS_ENABLED": "false",
        "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
        "N8N_TEMPLATES_ENABLED": "false",
        "N8N_EXPRESSION_ENGINE": "legacy",
        "N8N_RUNNERS_BROKER_PORT": str(port + 1),
    }
    (folder / "workflow.json").write_text(flows.n8n(sink), encoding="utf-8")
    for step in (
        ("import:workflow", f"--input={folder / 'workflow.json'}"),
        ("update:workflow", "--all", "--active=true"),
    ):
        subprocess.run(
            [*program, *step],
            env={**os.environ, "HOME": str(folder), **environment},
            check=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    return Started(
        command=[*program, "start"],
        door=Door(url=f"http://127.0.0.1:{port}/webhook/{flows.PATH}"),
        ready=f"http://127.0.0.1:{port}/healthz/readiness",
        environment=environment,
    )


def installed(peer: str, *, builds: tuple[str, ...] = ()) -> Path:
    """A peer's Node modules, installed when they are missing or their lock has changed; `builds` are compiled.

    Raises:
        subprocess.SubprocessError: there is no npm, or it took longer than ten minutes, or something failed.
    """
    given, folder = HERE / "requirements" / peer, CACHE / peer
    digest = hashlib.sha256((given / "package-lock.json").read_bytes()).hexdigest()
    ready = folder / "lock.digest"
    if not ready.exists() or ready.read_text() != digest:
        npm = shutil.which("npm")
        if npm is None:
            raise subprocess.SubprocessError("there is no npm")
        print(f"installing {peer} into {folder} …", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(given, folder)
        quiet = ("--no-audit", "--no-fund", "--silent")
        steps = [["install", "--no-save", "--ignore-scripts", *quiet]]
        steps += [["rebuild", name, *quiet] for name in builds]
        for step in steps:
            subprocess.run([npm, *step], cwd=folder, check=True, timeout=INSTALL_SECONDS, stdout=subprocess.DEVNULL)
        ready.write_text(digest)
    return folder / "node_modules"


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise subprocess.SubprocessError("there is no Node")
    return node


ENTRANTS = {
    entrant.name: entrant
    for entrant in (
        Entrant(name="orderwire", prepare=_orderwire),
        Entrant(name="node-red", prepare=_node_red),
        Entrant(name="n8n", prepare=_n8n),
    )
}
