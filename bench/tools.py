"""The tools that are measured, and how one run of each is started."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench import shop
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
        command: what is run; it may start further processes, and the run is over when it ends.
        is_over: asked once it has ended well.
    """

    name: str
    is_bulk: bool
    command: Callable[[Job], list[str]]
    is_over: Callable[[Job], bool] = lambda _job: True


def _orderwire(job: Job) -> list[str]:
    if not (job.folder / "orderwire.toml").exists():
        orderwire_peer.prepare(job.folder, job.shop, job.sink, is_limited=job.is_limited)
    return orderwire_peer.command(job.folder)


def _peer(name: str) -> Callable[[Job], list[str]]:
    def command(job: Job) -> list[str]:
        script = HERE / "runners" / f"{name}_peer.py"
        return [str(_python(name)), str(script), str(job.shop), job.sink, str(job.folder), job.view]

    return command


def _segment(job: Job) -> list[str]:
    """Segment's mapping library is given the events as lines of JSON: it reads no database.

    Raises:
        subprocess.SubprocessError: there is no Node, or the packages could not be had.
    """
    modules = _modules("segment")
    events = job.shop.with_suffix(f".{job.view}.jsonl")
    shop.write_events(job.shop, job.view, events)
    return ["node", str(HERE / "runners" / "segment_peer.cjs"), str(modules), str(events), job.sink]


def _modules(peer: str) -> Path:
    """A peer's Node modules, installed when they are missing or their lock has changed.

    Raises:
        subprocess.SubprocessError: there is no npm, or the packages could not be had.
    """
    given = HERE / "requirements" / peer
    folder = CACHE / peer
    ready = folder / "lock.digest"
    digest = hashlib.sha256((given / "package-lock.json").read_bytes()).hexdigest()
    if not ready.exists() or ready.read_text() != digest:
        npm = shutil.which("npm")
        if npm is None:
            raise subprocess.SubprocessError("there is no npm")
        print(f"installing {peer} into {folder} …", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(given, folder)
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(install, cwd=folder, check=True, timeout=180, stdout=subprocess.DEVNULL)
        ready.write_text(digest)
    return folder / "node_modules"


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
    command=_orderwire,
    is_over=lambda job: orderwire_peer.is_delivered(job.folder),
)
DLT = Tool(name="dlt", is_bulk=True, command=_peer("dlt"))
DRT = Tool(name="drt", is_bulk=False, command=_peer("drt"))
SDK = Tool(name="sdk", is_bulk=False, command=_peer("sdk"))
SEGMENT = Tool(name="segment", is_bulk=True, command=_segment)
TOOLS = {tool.name: tool for tool in (ORDERWIRE, DLT, DRT, SDK, SEGMENT)}
