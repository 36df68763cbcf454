"""A process of its own that writes to a ledger, for tests that stop it, kill it or run several.

Usage:
    worker.py record <ledger> <name> <batches> <size>   prints the head after each acknowledged batch
    worker.py lease <ledger> <seconds>                  takes a lease, waits for a line, commits, prints the outcome
"""

import sys
from datetime import timedelta

from orderwire.errors import Busy, LeaseLost
from orderwire.ledger import Changes, Ledger, Stream, open_ledger
from orderwire.model import Identity
from orderwire.testing.ledgers import order, record


def tell(text: object) -> None:
    print(text, flush=True)


def write(ledger: Ledger, name: str, batches: int, size: int) -> None:
    for batch in range(batches):
        orders = [
            order(f"{name}-{batch}-{number}", identity=Identity(email=f"{name}{number}@mail.test"))
            for number in range(size)
        ]
        receipt = None
        while receipt is None:
            try:
                receipt = record(ledger, *orders)
            except Busy:
                continue
        tell(receipt.head)


def hold(ledger: Ledger, seconds: float) -> None:
    lease = ledger.acquire("letters", "sleeper", ttl=timedelta(seconds=seconds))
    tell("held" if lease else "refused")
    sys.stdin.readline()
    if lease is not None:
        try:
            ledger.commit(lease, Changes(cursors={Stream.LIVE: 1}))
            tell("written")
        except LeaseLost:
            tell("lost")


def main(verb: str, place: str, *arguments: str) -> None:
    ledger = open_ledger(place)
    match verb, arguments:
        case "record", (name, batches, size):
            write(ledger, name, int(batches), int(size))
        case "lease", (seconds,):
            hold(ledger, float(seconds))


if __name__ == "__main__":
    main(*sys.argv[1:])
