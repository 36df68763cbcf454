"""The shapes of Klaviyo's documents as small checks that collect what is wrong.

A check takes a value, its JSON pointer and the list that faults are added to. Unknown members are refused inside
`attributes` objects only, where Klaviyo names them "not a valid field for the resource".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

import phonenumbers

from orderwire.sandbox.klaviyo.refusals import Fault

Check: TypeAlias = Callable[[Any, str, list[Fault]], None]

MAX_STRING_BYTES = 100_000
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z0-9-]{2,}"
)
_CURRENCY = re.compile(r"[A-Z]{3}")


def text(most: int | None = None, least: int = 0) -> Check:
    """Text of at least `least` and at most `most` characters."""

    def check(value: Any, at: str, faults: list[Fault]) -> None:
        if not isinstance(value, str):
            faults.append(Fault("This field must be a string.", at))
        elif len(value) < least:
            faults.append(Fault("This field may not be blank.", at))
        elif most is not None and len(value) > most:
            faults.append(Fault(f"Ensure this field has no more than {most} characters.", at))

    return check


def number(value: Any, at: str, faults: list[Fault]) -> None:
    """A JSON number; text and booleans are refused."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        faults.append(Fault("A valid number is required.", at))


def flag(value: Any, at: str, faults: list[Fault]) -> None:
    """A JSON boolean."""
    if not isinstance(value, bool):
        faults.append(Fault("Must be a valid boolean.", at))


def anything(_value: Any, _at: str, _faults: list[Fault]) -> None:
    """Whatever it is."""


def mapping(value: Any, at: str, faults: list[Fault]) -> None:
    """A JSON object with any members."""
    if not isinstance(value, dict):
        faults.append(Fault("This field must be an object.", at))


def external_id(value: Any, at: str, faults: list[Fault]) -> None:
    """Text of at most 255 characters; an integer is taken as well, as recorded traffic shows."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        faults.append(Fault("This field must be a string.", at))
    elif len(str(value)) > 255:
        faults.append(Fault("Ensure this field has no more than 255 characters.", at))


def currency(value: Any, at: str, faults: list[Fault]) -> None:
    """An ISO 4217 code in capitals."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        faults.append(Fault("Must be a valid ISO 4217 currency code.", at))


def among(*allowed: Any) -> Check:
    """One of the listed values."""

    def check(value: Any, at: str, faults: list[Fault]) -> None:
        if value not in allowed or isinstance(value, bool):
            faults.append(Fault(f"Must be one of: {', '.join(map(str, allowed))}.", at))

    return check


def maybe(inner: Check) -> Check:
    """Null, or what `inner` takes."""

    def check(value: Any, at: str, faults: list[Fault]) -> None:
        if value is not None:
            inner(value, at, faults)

    return check


def array(inner: Check, most: int | None = None, least: int = 0) -> Check:
    """A list with at least `least` and at most `most` members."""

    def check(value: Any, at: str, faults: list[Fault]) -> None:
        if not isinstance(value, list):
            faults.append(Fault("This field must be a list.", at))
            return
        if len(value) < least:
            faults.append(Fault(f"Ensure this field has at least {least} elements.", at))
        if most is not None and len(value) > most:
            faults.append(Fault(f"Ensure this field has no more than {most} elements.", at))
            return
        for place, member in enumerate(value):
            inner(member, f"{at}/{place}", faults)

    return check


def members(
    required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *, resource: str | None = None
) -> Check:
    """An object; with `resource` given, unknown members are refused in its name."""
    known = {**required, **(optional or {})}

    def check(value: Any, at: str, faults: list[Fault]) -> None:
        if not isinstance(value, dict):
            faults.append(Fault("This field must be an object.", at))
            return
        faults.extend(Fault("This field is required.", f"{at}/{name}") for name in required if name not in value)
        for name, part in value.items():
            rule = known.get(name)
            if rule is not None:
                rule(part, f"{at}/{name}", faults)
            elif resource is not None:
                detail = f"'{name}' is not a valid field for the resource '{resource}'."
                faults.append(Fault(detail, f"{at}/{name}"))

    return check


def resource(kind: str, attributes: Check, required: Mapping[str, Check] | None = None, **optional: Check) -> Check:
    """A resource object: its type, its attributes, and what else it must or may carry."""
    return members({"type": among(kind), "attributes": attributes, **(required or {})}, optional)


def document(data: Check) -> Check:
    """A whole request body; its member pointers begin at `/data`."""
    return members({"data": data})


def linkage(kind: str) -> Check:
    """A relationship to one resource."""
    return members({"data": members({"type": among(kind), "id": text(least=1)})})


def is_address(value: str) -> bool:
    """Whether this has the form of an e-mail address Klaviyo takes."""
    return len(value) <= 100 and _ADDRESS.fullmatch(value) is not None


def is_phone(value: str) -> bool:
    """Whether this is E.164 and a number that can be assigned to somebody."""
    if not value.startswith("+") or not value[1:].isdigit():
        return False
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(value))
    except phonenumbers.NumberParseException:
        return False


def moment(value: Any) -> datetime | None:
    """The instant of an ISO 8601 text, cut to seconds; without a zone it is UTC. None when it is no instant."""
    if not isinstance(value, str) or "T" not in value.upper().replace(" ", "T", 1):
        return None
    try:
        when = datetime.fromisoformat(value.strip())
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    try:
        return when.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return None


def nested(value: Any, at: str, faults: list[Fault], depth: int = 1) -> None:
    """Event properties all the way down: strings, arrays, depth and integers within Klaviyo's sizes."""
    if isinstance(value, str):
        if len(value) * 4 > MAX_STRING_BYTES and len(value.encode("utf-8", "replace")) > MAX_STRING_BYTES:
            faults.append(Fault("String values may not be larger than 100 KB.", at))
    elif isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            faults.append(Fault("Integers may not need more than 64 bits.", at))
    elif isinstance(value, (dict, list)):
        if depth > 10:
            faults.append(Fault("Properties may not be nested deeper than 10 levels.", at))
            return
        if isinstance(value, list) and len(value) > 4000:
            faults.append(Fault("Arrays may not hold more than 4000 elements.", at))
            return
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for name, part in parts:
            if part.__class__ is not str or len(part) > 25_000:
                nested(part, f"{at}/{name}", faults, depth + 1)
