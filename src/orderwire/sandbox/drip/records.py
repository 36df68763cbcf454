"""Requests about people as Drip's REST API v2 takes them: batches, pages, and the fields of a subscriber."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orderwire.sandbox.drip.refusals import refused, wrong_count, wrong_structure
from orderwire.sandbox.drip.shapes import MAX_RECORDS
from orderwire.sandbox.kit import Answer

TEXT_FIELDS = (
    "first_name",
    "last_name",
    "address1",
    "address2",
    "city",
    "state",
    "zip",
    "country",
    "phone",
    "time_zone",
    "user_id",
    "ip_address",
    "user_agent",
    "eu_consent_message",
)
"""Fields of a subscriber that hold text."""

_US_MOBILE = re.compile(r"\+1[2-9]\d{9}")


def fault_of_fields(record: Mapping[str, Any]) -> Answer | None:
    """The refusal of a subscriber one of whose fields is of another type or form; None when all are right."""
    for names, kinds in (
        (("custom_fields",), dict),
        (("remove_tags",), list),
        (("tags",), (list, str)),
        (("sms_consent", "prospect"), bool),
        (("id", "visitor_uuid", *TEXT_FIELDS), str),
    ):
        for name in names:
            if record.get(name) is not None and not isinstance(record[name], kinds):
                return wrong_structure()
    for name in ("lifetime_value", "base_lead_score"):
        if record.get(name) is not None and type(record[name]) is not int:
            return wrong_structure()
    number = record.get("sms_number")
    if number and not (isinstance(number, str) and _US_MOBILE.fullmatch(number)):
        return refused(422, "sms_error", "Sms number is invalid", "sms_number")
    if record.get("eu_consent") not in (None, "", "granted", "denied", "unknown"):
        return refused(422, "format_error", "Eu consent is invalid", "eu_consent")
    return None


def paged(query: Mapping[str, str]) -> tuple[int, int]:
    """The page asked for and its size: 100 unless told, at most 1000."""
    return _count(query, "page", 1), min(_count(query, "per_page", 100), 1000)


def _count(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, "")
    return max(1, int(text)) if text.isascii() and text.isdigit() else default


def batched(body: Any, key: str) -> list[dict[str, Any]] | Answer:
    """The records of `{"batches": [{key: [...]}]}`, or the refusal."""
    batches = body.get("batches") if isinstance(body, dict) else None
    if not isinstance(batches, list) or len(batches) != 1 or not isinstance(batches[0], dict):
        return wrong_structure()
    records = batches[0].get(key)
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        return wrong_structure()
    if not 1 <= len(records) <= MAX_RECORDS:
        return wrong_count(key)
    return records
