"""Looks at a shop before anything is read for good: checks the way in, and shows how things are understood."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from orderwire.dialects.shop_json import Misread, Part, decoded
from orderwire.sources.api.source import ApiSource
from orderwire.sources.contract import Source
from orderwire.sources.inspect import EntityCheck, Preview


def check_shop(source: Source) -> tuple[EntityCheck, ...]:
    """Reach the shop, and count what each stream has; what should be seen to stands with the first.

    Raises:
        ConfigError: the shop refuses us, or is none.
        Unavailable: no useful answer came.
    """
    sight = _api(source).look()
    return tuple(
        EntityCheck(
            path=stream,
            rows=sight.counts.get(stream) or 0,
            ignored=(),
            warnings=sight.warnings if place == 0 else (),
        )
        for place, stream in enumerate(source.streams)
        if place == 0 or stream in sight.counts
    )


def preview_shop(source: Source, stream: str, *, count: int, now: datetime) -> tuple[Preview, ...]:
    """Some things of a stream beside the records they are understood as.

    Raises:
        NotFound: there is no such stream.
    """
    page = _api(source).sample(stream, count=count, now=now)
    shown = [Preview(row=_row(one.raw), record=one.record, problem=None, ignored=()) for one in page.records]
    shown += [Preview(row=_row(one.raw), record=None, problem=one.reason, ignored=()) for one in page.problems]
    return tuple(shown[:count])


def _api(source: Source) -> ApiSource:
    if not isinstance(source, ApiSource):
        raise TypeError("this source is no shop with an API")
    return source


def _row(raw: bytes) -> Mapping[str, object]:
    try:
        return Part(decoded(raw)).value
    except Misread:
        return {}
