"""Reading again what was read before, with the mapping of today: corrections become superseding revisions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import islice

import structlog
from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.app.ingest import reason_of, received_of
from orderwire.errors import InvalidRecord, NotFound
from orderwire.ledger.preparing import sift
from orderwire.ledger.values import Mode, Received, Refusal
from orderwire.sources.contract import Source

log = structlog.get_logger()
BATCH = 500
STREAMS = {
    "person": "people",
    "consent": "consents",
    "product": "products",
    "order": "orders",
    "cart": "carts",
    "subscription": "subscriptions",
    "event": "events",
}
"""The stream that a record of this noun came from."""


class Reread(Struct, kw_only=True):
    """What reading again has done so far."""

    source: str
    read: int = 0
    appended: int = 0
    invalid: int = 0
    """Records that the mapping of today does not understand; what was known of them stays."""
    unmapped: int = 0
    """Kept records of streams that the mapping has no more."""


def reread(
    shop: Shop,
    name: str,
    *,
    stream: str = "",
    from_source: bool = False,
    told: Callable[[Reread], None] | None = None,
) -> Reread:
    """Read a source's records again; what reads differently now is appended as a correction, quietly.

    Args:
        shop: the opened shop.
        name: the source.
        stream: only this one, such as `orders`; all when empty.
        from_source: read the source itself from its beginning, instead of the kept records.
        told: is told after every batch.

    Raises:
        NotFound: no such source or stream.
        Unavailable: the source was not reached.
    """
    source = shop.source(name)
    progress = Reread(source=name)
    try:
        if stream and stream not in source.streams:
            raise NotFound(f"source.{name} has no stream {stream!r}; there are: {', '.join(source.streams)}")
        found = _imported(source, stream) if from_source else _kept(shop, source, stream, progress)
        while batch := list(islice(found, BATCH)):
            now = datetime.now(UTC)
            received = [one for one in batch if isinstance(one, Received)]
            kept, unfit = sift(received, name, now)
            # What was kept before is there still; what the source itself holds is refused like at any reading.
            refused = [*(one for one in batch if isinstance(one, Refusal)), *unfit] if from_source else []
            receipt = shop.ledger.record(
                kept, source=name, at=now, is_imported=True, mode=Mode.CORRECT, refused=refused
            )
            progress.read += len(kept)
            progress.invalid += len(batch) - len(kept)
            progress.appended += receipt.appended
            if told is not None:
                told(progress)
        return progress
    finally:
        source.close()


def _imported(source: Source, stream: str) -> Iterator[Received | Refusal]:
    """Everything the source holds now; its committed positions are neither used nor moved."""
    for page in source.pages({}, now=datetime.now(UTC)):
        if stream and page.stream.partition(".")[0] != stream:
            continue
        received, refused = received_of(page)
        for one in refused:
            log.warning(
                "record not understood", source=source.name, stream=page.stream, problem=reason_of(one, source.name)
            )
        yield from received
        yield from refused


def _kept(shop: Shop, source: Source, stream: str, progress: Reread) -> Iterator[Received | Refusal]:
    """The newest kept record of every subject: older ones would read as a return to an older state."""
    newest = {_digest(subject): number for number, subject, _ in shop.ledger.raws(source.name)}
    for number, subject, raw in shop.ledger.raws(source.name):
        if newest.get(_digest(subject)) != number:
            continue
        came_from = STREAMS.get(subject.removeprefix(f"{source.name}/").partition(":")[0], "")
        if stream and came_from != stream:
            continue
        try:
            yield Received(record=source.reread(came_from, raw).record, raw=raw)
        except NotFound:
            progress.unmapped += 1
        except InvalidRecord as problem:
            progress.invalid += 1
            log.warning("record not understood", source=source.name, stream=came_from, problem=str(problem))


def _digest(subject: str) -> int:
    """A subject in eight bytes, so that millions can be remembered."""
    return int.from_bytes(blake2b(subject.encode(), digest_size=8).digest(), "big")
