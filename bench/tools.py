"""The tools that are measured, and how one run of each is started."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.runners import orderwire_peer

HERE = Path(__file__).parent
CACHE = HERE.parent / ".cache" / "bench"


@dataclass(frozen=True, kw_only=True)
class Job:
    """One run: what is read, where it goes, and a folder that is the run's own."""

    shop: Path
    view: str
    sink: str
    folder: Path
    is_limited: bool


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A way to bring a shop's orders to the platform.

    Args:
        name: in the table.
        is_bulk: whether it sends to the bulk endpoint; the others are given fewer orders.
        commands: the processes of a run. All but the first are stopped when the run is over.
        is_over: asked once the first process has ended well.
    """

    name: str
    is_bulk: bool
    commands: Callable[[Job], list[list[str]]]
    is_over: Callable[[Job], bool] = lambda _job: True


def _orderwire_commands(job: Job) -> list[list[str]]:
    if not (job.folder / "orderwire.toml").exists():
        orderwire_peer.prepare(job.folder, job.shop, job.sink, is_limited=job.is_limited)
    return [orderwire_peer.reading(job.folder), orderwire_peer.delivering(job.folder)]


def _peer(name: str) -> Callable[[Job], list[list[str]]]:
    def commands(job: Job) -> list[list[str]]:
        script = HERE / "runners" / f"{name}_peer.py"
        return [[str(_python(name)), str(script), str(job.shop), job.sink, str(job.folder), job.view]]

    return commands


def _python(peer: str) -> Path:
    """The Python of a peer's own environment, which is made when it is missing or its lock has changed.

    Raises:
        subprocess.CalledProcessError: the packages could not be had.
    """
    lock = HERE / "requirements" / f"{peer}.lock"
    folder = CACHE / peer
    ready = folder / "lock.digest"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    python = folder / "bin" / "python"
    if not ready.exists() or ready.read_text() != digest:
        print(f"installing {peer} into {folder} …", file=sys.stderr, flush=True)
        venv.create(folder, clear=True, with_pip=True)
        quiet = ("--disable-pip-version-check", "--no-input", "--quiet")
        install = [str(python), "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(lock)]
        subprocess.run(install, check=True, timeout=900, stderr=subprocess.DEVNULL)
        ready.write_text(digest)
    return python


ORDERWIRE = Tool(
    name="orderwire",
    is_bulk=True,
    commands=_orderwire_commands,
    is_over=lambda job: orderwire_peer.is_delivered(job.folder),
)
DLT = Tool(name="dlt", is_bulk=True, commands=_peer("dlt"))
DRT = Tool(name="drt", is_bulk=False, commands=_peer("drt"))
SDK = Tool(name="sdk", is_bulk=False, commands=_peer("sdk"))
TOOLS = {tool.name: tool for tool in (ORDERWIRE, DLT, DRT, SDK)}
