"""Records in: a batch, or one of a kind."""

from __future__ import annotations

from collections.abc import Callable

from orderwire.dialects.doorway import Answer, Call, Intake, Read, Shelves
from orderwire.dialects.native.door.replies import failed, problem_of, said
from orderwire.dialects.native.door.shapes import Problem, Taken
from orderwire.dialects.native.door.telling import Unasked, one_of
from orderwire.dialects.native.read import read_batch, read_one
from orderwire.errors import InvalidRecord

MOST_RECORDS = 10_000
FROM_BROWSERS = frozenset({"person", "cart", "event"})
"""What a browser's key may add."""


def take_batch(call: Call, _shelves: Shelves) -> Answer:
    """`POST /v1/records`: what can be understood is kept, the rest is named in the answer."""
    try:
        is_imported = _is_historical(call)
        reading = read_batch(call.body, source=call.source, most=MOST_RECORDS)
    except Unasked as error:
        return error.reply
    except InvalidRecord as error:
        return failed(400, "invalid", "the body is not a batch of records", [problem_of(error)])
    if reading.count > MOST_RECORDS:
        return failed(413, "too_large", f"a batch holds at most {MOST_RECORDS:,} records; send several")
    problems = tuple(problem_of(error) for error in reading.problems)
    pieces = reading.pieces
    if call.is_public:
        places = [place for place, one in zip(reading.places, pieces, strict=True) if one.type not in FROM_BROWSERS]
        pieces = tuple(one for one in pieces if one.type in FROM_BROWSERS)
        problems += tuple(
            Problem(place=f"records[{place}]", problem="may not come from a browser") for place in places
        )
        if places and not pieces:
            return failed(403, "forbidden", "a browser's key adds browsing facts only", problems)
    if problems and not pieces:
        return failed(422, "invalid", "no record of the batch can be understood", problems)
    return Intake(
        reply=said(Taken(accepted=len(pieces), refused=problems)),
        records=tuple(Read(record=one.record, raw=one.raw, is_imported=is_imported) for one in pieces),
    )


def taker_of(type_name: str) -> Callable[[Call, Shelves], Answer]:
    """The endpoint that takes one record of a type."""

    def take(call: Call, _shelves: Shelves) -> Answer:
        try:
            is_imported = _is_historical(call)
            record = read_one(type_name, call.body, source=call.source)
        except Unasked as error:
            return error.reply
        except InvalidRecord as error:
            return failed(422, "invalid", f"the {type_name} cannot be understood", [problem_of(error)])
        read = Read(record=record, raw=call.body, is_imported=is_imported)
        return Intake(reply=said(Taken(accepted=1)), records=(read,))

    return take


def _is_historical(call: Call) -> bool:
    return one_of(call, "historical", "false", "true") == "true"
