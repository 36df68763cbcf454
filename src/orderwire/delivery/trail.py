"""How far a stream of facts has been dealt with: a low-water mark that never lies."""

from __future__ import annotations

from collections import OrderedDict


class Trail:
    """The cursor of one stream.

    `fetched` is how far the stream was read; `cursor` how far it may be committed: everything up to it has a durable
    disposition, that is an exemption or an intent for each of its items.
    """

    def __init__(self, cursor: int) -> None:
        self.fetched = cursor
        self._open: OrderedDict[int, None] = OrderedDict()

    def begin(self, seq: int) -> None:
        """A fact was read and is not dealt with yet."""
        self._open[seq] = None

    def reached(self, seq: int) -> None:
        """The stream was read up to here."""
        self.fetched = max(self.fetched, seq)

    def settle(self, seq: int) -> None:
        """The fact's disposition is staged with the next transaction."""
        self._open.pop(seq, None)

    @property
    def cursor(self) -> int:
        """How far the stream may be committed."""
        return next(iter(self._open)) - 1 if self._open else self.fetched

    @property
    def open_count(self) -> int:
        """How many facts were read and are not dealt with."""
        return len(self._open)
