"""From a checked mapping to the source it describes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from orderwire.sources.contract import Source
from orderwire.sources.mapping import SourceKind, SourceMapping
from orderwire.sources.registry import opener


def open_source(
    mapping: SourceMapping, *, folder: Path | None = None, environment: Mapping[str, str] | None = None
) -> Source:
    """The source that a mapping describes; nothing is read yet.

    Args:
        mapping: the checked mapping.
        folder: where its relative paths begin; the current directory by default.
        environment: where `env:` references are looked up; the process's own by default.

    Raises:
        ConfigError: its address leads nowhere.
    """
    mapping = mapping if folder is None else placed(mapping, folder)
    if mapping.kind is SourceKind.FILES:
        return opener(mapping.kind)(mapping)
    return opener(mapping.kind)(mapping, environment=environment)


def placed(mapping: SourceMapping, folder: Path) -> SourceMapping:
    """The mapping with its relative paths beginning at a folder."""
    if mapping.kind is SourceKind.FILES:
        return replace(mapping, folder=str(folder / mapping.folder))
    if mapping.kind is SourceKind.API:
        return mapping
    if "://" in mapping.url or mapping.url.startswith(("env:", "file:")):
        return mapping
    return replace(mapping, url=str(folder / mapping.url))
