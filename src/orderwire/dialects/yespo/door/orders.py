"""Orders in bulk: each taken or refused by itself, the refused ones named in the reply."""

from __future__ import annotations

from typing import Any

from msgspec import Raw

from orderwire.dialects.doorway import Answer, Call, Intake, Read, Shelves
from orderwire.dialects.yespo.door.answers import NOTHING, answering, shown
from orderwire.dialects.yespo.door.desk import Desk
from orderwire.dialects.yespo.door.read_orders import Moment, read_order
from orderwire.dialects.yespo.door.values import Refusal, Unfit, decoded, items, parts, text

MOST_ORDERS = 1000


@answering
def take_orders(call: Call, shelves: Shelves) -> Answer:
    """`POST orders`: 200 whenever the batch was worked through, without a body when nothing was refused."""
    desk = Desk(call, shelves)
    moment = Moment(received_at=call.received_at)
    records: list[Read] = []
    failed: list[dict[str, Any]] = []
    for raw in items(parts(call.body).get("orders"), "orders", MOST_ORDERS):
        try:
            record = _read(raw, moment, desk)
        except Unfit as unfit:
            failed.append({"order": Raw(raw), "error": str(unfit)})
            continue
        desk.said(record)
        records.append(Read(record=record, raw=raw))
    # A list even of one, against the platform's habit: one of its own modules counts an object's fields as orders.
    reply = shown({"failedOrders": failed}) if failed else NOTHING
    return Intake(reply=reply, records=tuple(records)) if records else reply


def _read(raw: bytes, moment: Moment, desk: Desk) -> Any:
    try:
        given = decoded(raw)
    except Refusal as refusal:
        raise Unfit("order has a wrong format") from refusal
    if not isinstance(given, dict):
        raise Unfit("order has a wrong format")
    return read_order(given, text(given.get("status"), "status") or "", moment, desk)
