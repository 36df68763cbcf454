"""Which facts of an order change its status there.

Yespo knows five statuses and starts workflows at every order message, so an order is told again only when its status
moves. The movement is read off the newest snapshot alone: its instants are walked in the order of time, each step may
raise the status and never lowers it. A fact is told when the step it names is one that raised the status; asked twice
it answers the same, and a second shipment or a payment on delivery is no second IN_PROGRESS.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from orderwire.dialects.yespo.fields import CANCELLED, DELIVERED, IN_PROGRESS, INITIALIZED, RANK_BY_STATUS
from orderwire.model import Kind, Order, RefundKind


class _Step(NamedTuple):
    at: datetime
    kind: str
    detail: str | None
    status: str


def changes(order: Order, *, refund_cancels: bool = False) -> dict[tuple[str, str | None], str]:
    """The status each status-changing fact gives the order, by (kind, detail), in the order of time.

    `refund_cancels` makes the refund that gives everything back a cancellation.
    """
    steps = _steps(order)
    if refund_cancels:
        steps.extend(_refund_steps(order))
    if len(steps) > 1:
        steps.sort(key=lambda step: step.at)
    found: dict[tuple[str, str | None], str] = {(Kind.ORDER_PLACED, None): INITIALIZED}
    rank = 0
    for step in steps:
        if RANK_BY_STATUS[step.status] > rank:
            rank = RANK_BY_STATUS[step.status]
            found[step.kind, step.detail] = step.status
    return found


def _steps(order: Order) -> list[_Step]:
    """Everything that may raise the status after placing, with the details that the facts carry."""
    steps = []
    if order.paid_at:
        steps.append(_Step(order.paid_at, Kind.ORDER_PAID, None, IN_PROGRESS))
    for shipment in order.shipments:
        steps.append(_Step(shipment.shipped_at, Kind.ORDER_FULFILLED, shipment.shipment_id, IN_PROGRESS))
        if shipment.delivered_at:
            status = DELIVERED if _all_arrived(order, shipment.delivered_at) else IN_PROGRESS
            steps.append(_Step(shipment.delivered_at, Kind.ORDER_DELIVERED, shipment.shipment_id, status))
    if order.fulfilled_at and not order.shipments:
        steps.append(_Step(order.fulfilled_at, Kind.ORDER_FULFILLED, None, IN_PROGRESS))
    if order.delivered_at and not any(shipment.delivered_at for shipment in order.shipments):
        steps.append(_Step(order.delivered_at, Kind.ORDER_DELIVERED, None, DELIVERED))
    if order.cancelled_at:
        steps.append(_Step(order.cancelled_at, Kind.ORDER_CANCELLED, None, CANCELLED))
    return steps


def _all_arrived(order: Order, at: datetime) -> bool:
    """Whether at this instant nothing that had been shipped was still on its way."""
    return all(
        shipment.delivered_at is not None and shipment.delivered_at <= at
        for shipment in order.shipments
        if shipment.shipped_at <= at
    )


def _refund_steps(order: Order) -> list[_Step]:
    given_back = 0
    for refund in sorted(order.refunds, key=lambda refund: refund.refunded_at):
        given_back += refund.amount
        if refund.kind is RefundKind.FULL or given_back >= order.total > 0:
            return [_Step(refund.refunded_at, Kind.ORDER_REFUNDED, refund.refund_id, CANCELLED)]
    return []
