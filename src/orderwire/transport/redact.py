"""What may be said about a request or reply in logs and errors: never a key, never a person's data."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[^\s\"'<>,;:()\[\]]+@[^\s\"'<>,;:()\[\]]+")
_LONG_DIGITS = re.compile(r"\+?\d[\d \-]{6,}\d")
_QUOTED = re.compile(r"(['\"`])(?:(?!\1).){1,200}\1")


def safe(text: str, *, most: int = 300) -> str:
    """A platform's message with e-mail addresses, phone-like numbers and quoted values blanked, cut to `most`."""
    text = _EMAIL.sub("<e-mail>", text)
    text = _LONG_DIGITS.sub("<number>", text)
    text = _QUOTED.sub("<value>", text)
    return text if len(text) <= most else text[: most - 1] + "…"
