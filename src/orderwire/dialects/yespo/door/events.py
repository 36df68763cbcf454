"""Events: one as it happens, and past ones in bulk with a status for each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from orderwire.dialects.doorway import Answer, Call, Intake, Read, Shelves
from orderwire.dialects.yespo.door.answers import NOTHING, answering, collapsed, shown
from orderwire.dialects.yespo.door.desk import Desk
from orderwire.dialects.yespo.door.event_records import record_of
from orderwire.dialects.yespo.door.read_events import read_happening
from orderwire.dialects.yespo.door.values import decoded, fields, instant, items, parts

MOST_PAST_EVENTS = 500
EVENT_BYTES = 20_480
"""20 kB, taken as the larger reading of a kilobyte."""

_ACCEPTED = "ACCEPTED"


@answering
def take_event(call: Call, shelves: Shelves) -> Answer:
    """`POST event`: one event, answered without a body."""
    desk = Desk(call, shelves)
    happening = read_happening(fields(call.body), desk, is_past=False)
    return Intake(reply=NOTHING, records=(Read(record=record_of(happening, desk), raw=call.body),))


@answering
def take_past_events(call: Call, shelves: Shelves) -> Answer:
    """`POST past_events`: history, each event taken or refused by its date."""
    desk = Desk(call, shelves)
    records: list[Read] = []
    statuses: list[dict[str, str]] = []
    for raw in items(parts(call.body).get("events"), "events", MOST_PAST_EVENTS):
        given = decoded(raw)
        happening = read_happening(given, desk, is_past=True)
        status = _status(given.get("occurred"), call.received_at)
        statuses.append({"status": status})
        if status == _ACCEPTED:
            record = record_of(happening, desk)
            desk.said(record)
            records.append(Read(record=record, raw=raw, is_imported=True))
    reply = shown(
        {
            "results": collapsed(statuses),
            "successCount": len(records),
            "errorCount": len(statuses) - len(records),
        }
    )
    return Intake(reply=reply, records=tuple(records)) if records else reply


def _status(occurred: Any, now: datetime) -> str:
    if occurred is None or occurred == "":
        return "OCCURRED_DATE_IS_REQUIRED"
    at = instant(occurred)
    if at is None:
        return "INCORRECT_OCCURRED_DATE_FORMAT"
    return "OCCURRED_TIME_IN_FUTURE" if at > now else _ACCEPTED
