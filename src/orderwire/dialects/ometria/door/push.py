"""The push: an array of records, answered before it is judged, and the list of what was wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from orderwire.dialects.doorway import Answer, Call, Document, Intake, Read, Shelves, Unread
from orderwire.dialects.ometria.door.answers import answering, shown
from orderwire.dialects.ometria.door.desk import Desk
from orderwire.dialects.ometria.door.read_contacts import read_contact
from orderwire.dialects.ometria.door.read_events import read_event
from orderwire.dialects.ometria.door.read_orders import read_order
from orderwire.dialects.ometria.door.read_products import read_product
from orderwire.dialects.ometria.door.values import NOT_VALID, Fields, Refusal, Unfit, decoded
from orderwire.dialects.ometria.fields import MAX_RECORDS
from orderwire.model import Record

MAX_RECORD = 61_440
"""60 KB, taken as the larger reading of a kilobyte."""
KEPT_ERRORS = 100
_ERRORS = "errors"
_TOO_LARGE = "Payload invalid: Record is too large."
_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])

_READERS: Mapping[str, Callable[[Fields, Desk], list[Record]]] = {
    "contact": read_contact,
    "order": lambda given, desk: [read_order(given, desk)],
    "product": lambda given, desk: [read_product(given, desk)],
    "custom_event": lambda given, desk: [read_event(given, desk)],
}


class Taking:
    """One call's records as they are read, and what is wrong with some of them."""

    def __init__(self, call: Call, shelves: Shelves) -> None:
        self.call = call
        self.desk = Desk(call, shelves)
        self.request_id = str(UUID(hex=call.request_id))
        self.records: list[Read] = []
        self.unread: list[Unread] = []
        self.rejected = 0

    def take(self, raw: bytes, place: int, more: Fields | None = None) -> Unfit | None:
        """Read one record; what is wrong with it is listed, and told."""
        if len(raw) > MAX_RECORD:
            self.rejected += 1
            self._list({}, raw, place, "root", _TOO_LARGE)
            return Unfit()
        given: Any = None
        try:
            given = decoded(raw)
            if not isinstance(given, dict):
                raise Unfit()
            given = {**given, **(more or {})}
            read = self._read(given)
        except (Unfit, Refusal) as problem:
            unfit = problem if isinstance(problem, Unfit) else Unfit()
            self._list(given if isinstance(given, dict) else {}, raw, place, unfit.path, NOT_VALID)
            return unfit
        for record in read:
            self.desk.said(record)
            self.records.append(Read(record=record, raw=raw))
        return None

    def _read(self, given: Fields) -> list[Record]:
        reader = _READERS.get(str(given.get("@type")))
        if reader is None:
            raise Unfit("@type")
        return reader(given, self.desk)

    def _list(self, given: Fields, raw: bytes, place: int, path: str, message: str) -> None:
        record_id, kind = given.get("id"), given.get("@type")
        own_id = str(record_id)[:500] if isinstance(record_id, str | int) and not isinstance(record_id, bool) else ""
        shown_kind = kind if isinstance(kind, str) and kind in _READERS else None
        customer = given.get("customer_id")
        self.desk.keep(
            _ERRORS,
            f"{self.request_id}/{place}",
            {
                "error_message": message,
                "error_path": path,
                "record_id": own_id,
                "record_type": shown_kind,
                "request_id": self.request_id,
                "account": self.call.account,
                "source": "push",
                "customer_id": customer if isinstance(customer, str | int) else None,
                "timestamp": self.call.received_at.isoformat(),
            },
            rank=f"{self.call.received_at.isoformat()}/{place:04}",
        )
        self.unread.append(
            Unread(
                stream=f"push {shown_kind or 'record'}",
                key=own_id.replace("\0", ""),
                place=path.removeprefix("root").removeprefix(" > ") or "record",
                problem="is too large" if message is _TOO_LARGE else "has no valid value",
                remedy="Mend the record where it is made and push it again.",
                raw=raw,
            )
        )

    def intake(self, answer: object, *, status: int = 200) -> Intake:
        """What the call adds, answered so."""
        return Intake(
            reply=shown(answer, status=status),
            records=tuple(self.records),
            documents=tuple(self.desk.documents.values()),
            removed=self._outdated(),
            unread=tuple(self.unread),
        )

    def _outdated(self) -> tuple[tuple[str, str], ...]:
        """The oldest errors, as many as there will be too many."""
        fresh = sum(collection == _ERRORS for collection, _ in self.desk.documents)
        surplus = self.desk.shelves.count(_ERRORS) + fresh - KEPT_ERRORS if fresh else 0
        if surplus <= 0:
            return ()
        oldest = self.desk.shelves.documents(_ERRORS, limit=surplus)
        return tuple((_ERRORS, document.key) for document in oldest)


@answering
def push(call: Call, shelves: Shelves) -> Answer:
    """`POST push`: OK means taken, not valid."""
    try:
        raws = [bytes(raw) for raw in _RAW_LIST.decode(call.body)]
    except (msgspec.DecodeError, UnicodeError, RecursionError, ValueError) as error:
        raise Refusal(400, "Payload invalid: an array of records is expected") from error
    if len(raws) > MAX_RECORDS:
        raise Refusal(400, f"Payload invalid: more than {MAX_RECORDS} records")
    taking = Taking(call, shelves)
    for place, raw in enumerate(raws):
        taking.take(raw, place)
    return taking.intake(
        {
            "status": "OK",
            "request_id": taking.request_id,
            "accepted": len(raws) - taking.rejected,
            "rejected": taking.rejected,
        }
    )


def one_of(kind: str) -> Callable[[Call, Shelves], Answer]:
    """The call that takes one record of a type, refused in the answer itself."""

    @answering
    def take(call: Call, shelves: Shelves) -> Answer:
        taking = Taking(call, shelves)
        more: dict[str, Any] = {"@type": kind}
        if "id" in call.parameters:
            more["id"] = call.parameters["id"]
        if "collection" in call.parameters:
            more["@collection"] = call.parameters["collection"]
        if unfit := taking.take(call.body, 0, more):
            raise unfit
        return taking.intake({"status": "OK", "request_id": taking.request_id, "accepted": 1, "rejected": 0})

    return take


@answering
def show_errors(call: Call, shelves: Shelves) -> Answer:  # noqa: ARG001
    """`GET push/_errors`: the hundred newest errors, the newest first."""
    newest: list[Document] = shelves.documents(_ERRORS, limit=KEPT_ERRORS, is_last_first=True)
    return shown([msgspec.Raw(document.body) for document in newest])
