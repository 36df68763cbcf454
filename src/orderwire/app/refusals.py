"""Records that were refused: what waits in the ledger to be understood, and reading it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from msgspec import Struct

from orderwire.app.bootstrap import Shop
from orderwire.errors import InvalidRecord, NotFound
from orderwire.ledger.preparing import sift
from orderwire.ledger.values import Received, Refusal, Refused
from orderwire.sources.contract import Source

BATCH = 500


class SourceStatus(Struct, frozen=True, kw_only=True):
    """How many records of a source wait to be understood, and how many of them were met since an instant."""

    source: str
    refused: int
    new: int = 0


class RefusedLine(Struct, frozen=True, kw_only=True):
    """A refused record as it is shown: nothing of what it holds."""

    source: str
    stream: str
    key: str
    place: str
    problem: str
    remedy: str
    is_whole: bool
    """Whether `source retry` can read it again; else the source itself must be mended."""
    first_at: datetime
    last_at: datetime
    times: int


class Retried(Struct, kw_only=True):
    """What reading refused records again has done."""

    source: str
    understood: int = 0
    appended: int = 0
    refused: int = 0
    """Still not understood."""
    partial: int = 0
    """Not read again: what is kept is not the whole record, the source itself must be mended."""
    unmapped: int = 0
    """Of streams that the mapping has no more."""

    @property
    def left(self) -> int:
        """How many still wait."""
        return self.refused + self.partial + self.unmapped


def sources(shop: Shop, *, since: datetime | None = None) -> list[SourceStatus]:
    """How many records of each source are refused: those configured, and any other that the ledger knows of."""
    counts = dict.fromkeys(shop.settings.sources, 0) | _by_source(shop.ledger.refused_counts())
    new = _by_source(shop.ledger.refused_counts(since=since)) if since is not None else {}
    return [SourceStatus(source=source, refused=count, new=new.get(source, 0)) for source, count in counts.items()]


def listed(shop: Shop, name: str, *, stream: str = "", limit: int | None = None) -> list[RefusedLine]:
    """The refused records of a source, without anything they hold.

    Raises:
        NotFound: no such source.
    """
    return [_line_of(one) for one in islice(_all(shop, name, stream), limit)]


def raw_of(shop: Shop, name: str, key: str) -> bytes:
    """The bytes of one refused record, for the operator who asked to see them.

    Raises:
        NotFound: no such source, or no record is refused under this key.
    """
    for one in _all(shop, name):
        if one.key == key:
            return one.raw
    raise NotFound(f"source.{name} has no refused record with this key; `orderwire source refused {name}` lists them")


def drop(shop: Shop, name: str, keys: Sequence[str]) -> int:
    """Give refused records of a source up for good; all of them where no key is given.

    Raises:
        NotFound: no such source.
    """
    wanted = set(keys)
    names = [(one.stream, one.key) for one in _all(shop, name) if not wanted or one.key in wanted]
    return shop.ledger.drop_refused(name, names)


def retry(shop: Shop, name: str) -> Retried:
    """Read the kept bytes of refused records again with the mapping of today; what is understood is recorded.

    A record keeps whether it was met in a first full pass: what was history when it was refused stays history, and
    what was news goes by its age as any other fact.

    Raises:
        NotFound: no such source.
        ConfigError: the mapping is wrong.
    """
    source = shop.source(name)
    done = Retried(source=name)
    try:
        streams = list(dict.fromkeys(stream.partition(".")[0] for stream in source.streams))
        for stream in streams:
            waiting = shop.ledger.refused(name, stream)
            while batch := list(islice(waiting, BATCH)):
                _retry(shop, source, batch, done)
        counts = shop.ledger.refused_counts()
        done.unmapped = sum(count for (of, stream), count in counts.items() if of == name and stream not in streams)
        return done
    finally:
        source.close()


def _by_source(counts: Mapping[tuple[str, str], int]) -> dict[str, int]:
    found: dict[str, int] = {}
    for (source, _), count in counts.items():
        found[source] = found.get(source, 0) + count
    return found


def _retry(shop: Shop, source: Source, batch: Iterable[Refused], done: Retried) -> None:
    now = datetime.now(UTC)
    received: dict[bool, list[Received]] = {True: [], False: []}
    refused: dict[bool, list[Refusal]] = {True: [], False: []}
    for one in batch:
        if not one.is_whole:
            done.partial += 1
            continue
        try:
            record = source.reread(one.stream, one.raw).record
        except InvalidRecord as problem:
            refused[one.is_imported].append(_again(one, problem))
        else:
            received[one.is_imported].append(Received(record=record, raw=one.raw, stream=one.stream, key=one.key))
    for is_imported in (True, False):
        kept, unfit = sift(received[is_imported], source.name, now)
        still = [*refused[is_imported], *unfit]
        if not kept and not still:
            continue
        receipt = shop.ledger.record(kept, source=source.name, at=now, is_imported=is_imported, refused=still)
        done.understood += len(kept)
        done.appended += receipt.appended
        done.refused += len(still)


def _again(one: Refused, problem: InvalidRecord) -> Refusal:
    """The same record with what is wrong with it now; where it stands in its file is told as before."""
    found_at, colon, _ = one.place.rpartition(": ")
    return Refusal(
        stream=one.stream,
        key=one.key,
        place=f"{found_at}{colon}{problem.path}",
        problem=problem.problem,
        remedy=problem.remedy,
        raw=one.raw,
    )


def _all(shop: Shop, name: str, stream: str = "") -> Iterator[Refused]:
    """Every refused record of a source, of one that is configured no more too.

    Raises:
        NotFound: neither the settings nor the ledger know the source.
    """
    streams = [of for source, of in shop.ledger.refused_counts() if source == name]
    if not streams and name not in shop.settings.sources:
        raise NotFound(f"no source is called {name}; there are: {', '.join(shop.settings.sources)}")
    for one in streams:
        if not stream or one == stream:
            yield from shop.ledger.refused(name, one)


def _line_of(one: Refused) -> RefusedLine:
    return RefusedLine(
        source=one.source,
        stream=one.stream,
        key=one.key,
        place=one.place,
        problem=one.problem,
        remedy=one.remedy,
        is_whole=one.is_whole,
        first_at=one.first_at,
        last_at=one.last_at,
        times=one.times,
    )
