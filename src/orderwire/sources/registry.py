"""Kinds of sources to what reads them: the one place that knows which there are, each imported on first use."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast

from orderwire.sources.contract import Source
from orderwire.sources.mapping import SourceKind

_PLACES = {
    SourceKind.SQL: "orderwire.sources.sql:SqlSource",
    SourceKind.FILES: "orderwire.sources.files:FilesSource",
    SourceKind.API: "orderwire.sources.api.source:ApiSource",
}


def opener(kind: SourceKind) -> Callable[..., Source]:
    """What opens a source of this kind, given its mapping."""
    module, _, name = _PLACES[kind].partition(":")
    return cast("Callable[..., Source]", getattr(import_module(module), name))
