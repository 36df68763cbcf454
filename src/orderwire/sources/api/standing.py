"""Our position in one stream of a shop's API, as the JSON bytes that the ledger keeps.

Two stages, as with a database. *Import* reads everything there is; what changed after it `began` is left out, because
it is news. *Following* reads what changed since `until`, reaching back a little. A stream without a clock of changes
is read in full, and again after a while. In each, `cursor` is the connector's own place in a stretch not finished.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import Struct


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a stream stands."""

    began: datetime
    """The start of the import less the safety lag; what changed from then on is observed."""
    is_imported: bool = False
    until: datetime | None = None
    """Every change before this has been read."""
    to: datetime | None = None
    """What `until` becomes when the stretch being read is finished."""
    cursor: str = ""
    read_at: datetime | None = None
    """When everything, or everything lately begun, was last read to its end."""
    rest_until: datetime | None = None
    """Before this the shop does not want to be asked anything."""


def load(position: bytes | None) -> Standing | None:
    """A committed position; None where there is none."""
    return msgspec.json.decode(position, type=Standing) if position else None


def dump(standing: Standing) -> bytes:
    """A position as the bytes to commit."""
    return msgspec.json.encode(standing)
