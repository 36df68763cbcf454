"""Ways in that we pull: pages of decoded records out of a shop's database or files, from a committed position."""

from orderwire.sources.contract import Decoded, Page, Source
from orderwire.sources.files import FilesSource
from orderwire.sources.inspect import EntityCheck, Preview, StatusCount, check, preview
from orderwire.sources.mapping import MappingFaults, MoneyUnit, SourceKind, SourceMapping
from orderwire.sources.opening import open_source
from orderwire.sources.parsing import parse
from orderwire.sources.sql import SqlSource
from orderwire.sources.suggest import suggest

__all__ = [
    "Decoded",
    "EntityCheck",
    "FilesSource",
    "MappingFaults",
    "MoneyUnit",
    "Page",
    "Preview",
    "Source",
    "SourceKind",
    "SourceMapping",
    "SqlSource",
    "StatusCount",
    "check",
    "open_source",
    "parse",
    "preview",
    "suggest",
]
