"""What follows from a reply, or from none: pure decisions, item by item."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from orderwire.delivery.settings import BROWSING, UnknownPolicy
from orderwire.dialects.contract import Resend, Route
from orderwire.dialects.wire import Result, Verdict
from orderwire.model import Kind, kind_of


class Fate(StrEnum):
    """What is done with an item after a try."""

    TAKEN = "taken"
    RETRY = "retry"
    """Certainly not taken: try again later."""
    DEAD = "dead"
    ASK = "ask"
    """Outcome never learned, and a resend might show: wait for the operator."""
    RESEND = "resend"
    """Outcome never learned; sent again, and where that might show, listed as unknown."""


class Course(StrEnum):
    """What is done with a whole parcel after a try."""

    SETTLE = "settle"
    """Each item has its fate."""
    AGAIN = "again"
    """Nothing was taken: the same parcel later."""
    SAME_IDS = "same_ids"
    """Perhaps taken, and harmless to send again under the same ids."""
    LOOK = "look"
    """Perhaps taken: read each item back, then decide."""
    IN_DOUBT = "in_doubt"
    """Perhaps taken, and a resend may show: each fact by policy."""
    SPLIT = "split"
    PAUSE = "pause"
    """The key is refused."""


def course_of(route: Route, result: Result, item_count: int) -> Course:
    """What a whole-request result means on a route.

    Example:
        >>> from orderwire.dialects.contract import History, Semantics
        >>> route = Route(name="r", budget="b", resend=Resend.TRIGGERS, semantics=Semantics.EVENT,
        ...               history=History.MAY_FIRE)
        >>> course_of(route, Result.UNKNOWN, 1)
        <Course.IN_DOUBT: 'in_doubt'>
    """
    match result:
        case Result.ACCEPTED | Result.CONFIRMED:
            return Course.SETTLE
        case Result.REJECTED:
            return Course.SETTLE if item_count == 1 or route.names_culprit else Course.SPLIT
        case Result.SPLIT:
            return Course.SPLIT if item_count > 1 else Course.SETTLE
        case Result.RATE_LIMITED | Result.UNAVAILABLE:
            return Course.AGAIN
        case Result.UNAUTHORIZED:
            return Course.PAUSE
        case Result.UNKNOWN:
            return {
                Resend.DEDUPLICATED: Course.SAME_IDS,
                Resend.OVERWRITES: Course.SAME_IDS,
                Resend.READABLE: Course.LOOK,
                Resend.TRIGGERS: Course.IN_DOUBT,
                Resend.BLIND: Course.IN_DOUBT,
            }[route.resend]


def fate_in_doubt(kind: str, policy: UnknownPolicy) -> Fate:
    """What becomes of a fact whose outcome was never learned where a resend may show (Law 6)."""
    match policy:
        case UnknownPolicy.RESEND:
            return Fate.RESEND
        case UnknownPolicy.ASK:
            return Fate.ASK
        case UnknownPolicy.DEFAULT:
            known = kind_of(kind)
            return Fate.ASK if known in BROWSING or known is Kind.CUSTOM else Fate.RESEND


class ItemFate(Struct, frozen=True):
    """One item's fate, with the platform's reason where it was refused."""

    fate: Fate
    reason: str = ""


def fates(verdict: Verdict, item_count: int) -> list[ItemFate]:
    """The fate of every item of a settled request, by place."""
    whole = _fate_of(verdict.result, verdict.reason)
    found = [whole] * item_count
    for item in verdict.items:
        if 0 <= item.index < item_count:
            found[item.index] = _fate_of(item.result, item.reason)
    return found


def _fate_of(result: Result, reason: str) -> ItemFate:
    match result:
        case Result.ACCEPTED | Result.CONFIRMED:
            return ItemFate(Fate.TAKEN)
        case Result.REJECTED | Result.SPLIT:
            return ItemFate(Fate.DEAD, reason or "refused without a reason")
        case Result.UNKNOWN | Result.RATE_LIMITED | Result.UNAVAILABLE | Result.UNAUTHORIZED:
            return ItemFate(Fate.RETRY, reason)
