"""Options that many commands share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, Token, validators

from orderwire.app.running.roles import at


def _instant(_type: Any, tokens: Sequence[Token]) -> datetime:
    return at(tokens[0].value)


Folder = Annotated[Path, Parameter(name="--dir", help="The folder that holds orderwire.toml; here by default.")]
AsJson = Annotated[bool, Parameter(name="--json", help="Print JSON.")]
Yes = Annotated[bool, Parameter(name="--yes", help="Do not ask.")]
Instant = Annotated[datetime, Parameter(converter=_instant, n_tokens=1)]
"""A date, or a date and time; without a zone it is UTC."""
Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]
Position = Annotated[int, Parameter(validator=validators.Number(gte=0))]
"""A sequence number of the log, or 0 for before the first."""
