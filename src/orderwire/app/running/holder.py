"""Who holds a lease: a process by a name that tells, on its own machine, whether it is still there.

The name is `host:number#place-start`: the process's number, the boot and process namespace it belongs to (a digest),
and the moment it began. A holder of this very boot and namespace whose number is free, or was given to a process that
began at another moment, is gone for certain. Whoever cannot be looked up counts as there: on another machine, in
another container, on a system without `/proc`.
"""

from __future__ import annotations

import os
import re
import socket
from hashlib import blake2b
from pathlib import Path

_PROC = Path("/proc")
_STARTED_AT = 18
"""The place of a process's start among the fields that follow its state."""
_DEAD = ("Z", "X")
_NAME = re.compile(r".*:(?P<number>\d+)#(?P<place>[0-9a-f]+)-(?P<start>\d+)")


def own_name() -> str:
    """The name of this process in leases."""
    number = os.getpid()
    return f"{socket.gethostname()}:{number}#{_place()}-{_start(number)}"


def is_gone(name: str) -> bool:
    """Whether the process of this name has ended for certain."""
    told = _NAME.fullmatch(name)
    if told is None or not _place() or told["place"] != _place():
        return False
    number = int(told["number"])
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return _start(number) not in ("", told["start"])


def _place() -> str:
    """This boot and process namespace; empty where the system does not tell."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_bytes()
        return blake2b(boot + bytes((_PROC / "self/ns/pid").readlink()), digest_size=6).hexdigest()
    except OSError:
        return ""


def _start(number: int) -> str:
    """When a process began, in the kernel's ticks; `ended` for one that only waits to be buried, empty if unknown."""
    try:
        state, *fields = (_PROC / str(number) / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except (OSError, ValueError):
        return ""
    return "ended" if state in _DEAD else fields[_STARTED_AT]
