"""From a checked mapping to the source it describes."""

from __future__ import annotations

from collections.abc import Mapping

from orderwire.sources.contract import Source
from orderwire.sources.files import FilesSource
from orderwire.sources.mapping import SourceKind, SourceMapping
from orderwire.sources.sql import SqlSource


def open_source(mapping: SourceMapping, *, environment: Mapping[str, str] | None = None) -> Source:
    """The source that a mapping describes; nothing is read yet.

    Raises:
        ConfigError: its address leads nowhere.
    """
    if mapping.kind is SourceKind.FILES:
        return FilesSource(mapping)
    return SqlSource(mapping, environment=environment)
