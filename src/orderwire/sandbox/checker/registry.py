"""Names to tables of expectations."""

from __future__ import annotations

from orderwire.sandbox.checker.drip import DRIP
from orderwire.sandbox.checker.klaviyo import KLAVIYO
from orderwire.sandbox.checker.ometria import OMETRIA
from orderwire.sandbox.checker.omnisend import OMNISEND
from orderwire.sandbox.checker.table import Platform
from orderwire.sandbox.checker.yespo import YESPO

_TABLES = {table.name: table for table in (DRIP, KLAVIYO, OMETRIA, OMNISEND, YESPO)}
PLATFORMS = tuple(_TABLES)


def platform(name: str) -> Platform:
    """The table of expectations of a platform.

    Raises:
        KeyError: there is none of this name.
    """
    return _TABLES[name]
