"""Ways in that we pull: pages of decoded records out of a shop's database or files, from a committed position.

What reads databases and files is imported when a source is opened: most processes open none.
"""

from orderwire.sources.contract import Decoded, Page, Source
from orderwire.sources.mapping import MappingFaults, MoneyUnit, SourceKind, SourceMapping
from orderwire.sources.opening import open_source
from orderwire.sources.parsing import parse

__all__ = [
    "Decoded",
    "MappingFaults",
    "MoneyUnit",
    "Page",
    "Source",
    "SourceKind",
    "SourceMapping",
    "open_source",
    "parse",
]
