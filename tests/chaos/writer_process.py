"""A source in a process of its own. Arguments: the ledger, its name, how many batches, seconds between two of them.

Half of its batches are imported, half are observed now; says the head after each.
"""

import sys
import time
from datetime import UTC, datetime, timedelta

from orderwire.errors import Busy
from orderwire.ledger import open_ledger
from orderwire.testing.shops import identity, order_of
from orderwire.testing.stage import record

SIZE = 5
LONG_AGO = timedelta(days=200)


def write(place: str, name: str, batches: int, pause: float) -> None:
    ledger = open_ledger(place)
    for batch in range(batches):
        now = datetime.now(UTC)
        is_imported = batch % 2 == 0
        at = now - LONG_AGO if is_imported else now
        orders = [order_of(f"{name}{batch}.{number}", identity(batch % 7), at) for number in range(SIZE)]
        while True:
            try:
                record(ledger, *orders, at=now, is_imported=is_imported)
                break
            except Busy:
                time.sleep(0.01)
        sys.stdout.write(f"{ledger.head()}\n")
        sys.stdout.flush()
        time.sleep(pause)
    ledger.close()


if __name__ == "__main__":
    write(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
