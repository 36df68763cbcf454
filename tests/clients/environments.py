"""The clients, each in an environment of its own, made from a lock of hashes and kept until that changes."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import venv
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parent.parent / ".cache" / "clients"


def python_of(client: str) -> Path:
    """The Python of a client's virtual environment.

    Raises:
        subprocess.SubprocessError: the packages could not be had.
    """
    lock = HERE / "requirements" / f"{client}.lock"
    folder = CACHE / client
    python = folder / "bin" / "python"
    if _is_stale(folder, lock):
        venv.create(folder, clear=True, with_pip=True)
        quiet = ("--disable-pip-version-check", "--no-input", "--quiet")
        install = [str(python), "-m", "pip", "install", *quiet, "--require-hashes", "-r", str(lock)]
        subprocess.run(install, check=True, timeout=600, stderr=subprocess.DEVNULL)
        _mark(folder, lock)
    return python


def modules_of(client: str) -> Path:
    """The Node modules of a client.

    Raises:
        subprocess.SubprocessError: there is no npm, or the packages could not be had.
    """
    given = HERE / "requirements" / client
    folder = CACHE / client
    if _is_stale(folder, given / "package-lock.json"):
        npm = shutil.which("npm")
        if npm is None:
            raise subprocess.SubprocessError("there is no npm")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(given, folder)
        install = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
        subprocess.run(install, cwd=folder, check=True, timeout=300, stdout=subprocess.DEVNULL)
        _mark(folder, given / "package-lock.json")
    return folder / "node_modules"


def version_of(client: str, package: str) -> str:
    """The version of a Python client that its lock names."""
    for line in (HERE / "requirements" / f"{client}.lock").read_text().splitlines():
        name, _, rest = line.partition("==")
        if name == package:
            return rest.split()[0]
    raise LookupError(package)


def _is_stale(folder: Path, lock: Path) -> bool:
    mark = folder / "lock.digest"
    return not mark.exists() or mark.read_text() != _digest(lock)


def _mark(folder: Path, lock: Path) -> None:
    (folder / "lock.digest").write_text(_digest(lock))


def _digest(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest()
