"""What old calls carry, in whichever form their clients put it: query, form, JSON, base64."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from binascii import Error
from typing import Any
from urllib.parse import parse_qsl, unquote

from orderwire.dialects.doorway import Call
from orderwire.dialects.klaviyo.door.members import decode_if, words

_MOST_FIELDS = 1000
_MANY = re.compile(r"(?P<name>[^\[\]]+)\[\d*\]")


def form_of(call: Call) -> dict[str, str]:
    """The fields of a form in the body; empty where it is none."""
    kind = call.headers.get("content-type", "")
    start = call.body[:64].lstrip()
    if "json" in kind and start[:1] in (b"{", b"["):
        return {}
    if "form-urlencoded" not in kind and (start[:1] in (b"{", b"[", b"") or b"=" not in call.body[:4096]):
        return {}
    try:
        pairs = parse_qsl(call.body.decode(), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    return dict(pairs)


def tracked(call: Call) -> dict[str, Any] | None:
    """The JSON object of a Track or Identify; None where it cannot be read."""
    given = call.asked("data") or form_of(call).get("data", "")
    value: Any
    if given:
        value = _opened(given)
    else:
        value = decode_if(call.body)
        if isinstance(value, dict) and set(value) == {"data"}:
            value = _opened(value["data"]) if isinstance(value["data"], str) else value["data"]
    return value if isinstance(value, dict) else None


def _opened(text: str) -> Any:
    """JSON as it is, or in base64 of either alphabet, with or without its padding."""
    text = text.strip()
    if text[:1] == "{":
        return decode_if(text.encode("utf-8", "surrogatepass"))
    if "%" in text:
        text = unquote(text)
    packed = text.replace(" ", "-").replace("+", "-").replace("/", "_").rstrip("=")
    packed = "".join(packed.split())
    try:
        return decode_if(urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    except (Error, ValueError):
        return None


def fields_of(call: Call) -> dict[str, Any]:
    """The fields of an old call: those of its body, then those of its query; `emails[]` are a list."""
    found: dict[str, Any] = {}
    for name, value in (*call.query, *form_of(call).items()):
        listed = _MANY.fullmatch(name)
        if listed is not None:
            found.setdefault(listed["name"], [])
            if isinstance(found[listed["name"]], list):
                found[listed["name"]].append(value)
        else:
            found[name] = value
    whole = decode_if(call.body) if call.body and not form_of(call) else None
    return found | whole if isinstance(whole, dict) else found


def texts_of(value: Any) -> list[str]:
    """Several texts, also where they are one text, its parts divided by commas, or JSON."""
    given: Any = value
    if isinstance(value, str):
        listed = decode_if(value.encode("utf-8", "surrogatepass")) if value.lstrip()[:1] == "[" else None
        given = listed if isinstance(listed, list) else value.split(",")
    texts = [words(one) for one in given if isinstance(one, str)] if isinstance(given, list) else []
    return [one for one in texts if one]


def objects_of(value: Any) -> list[dict[str, Any]]:
    """Several objects, also where there is only one, or where a form holds them as JSON."""
    given: Any = decode_if(value.encode("utf-8", "surrogatepass")) if isinstance(value, str) else value
    several = [given] if isinstance(given, dict) else given
    return [one for one in several if isinstance(one, dict)] if isinstance(several, list) else []
