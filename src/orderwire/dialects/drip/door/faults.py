"""What Drip says when it refuses: two APIs and a browser tag, each in its own shape."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import json

from orderwire.dialects.doorway import Call, Refused, Reply
from orderwire.errors import OrderwireError

_LIMITED = {
    "message": "API rate limit exceeded. Please try again in an hour.",
    "documentation": "https://www.getdrip.com/docs/rest-api#rate-limting",
}
"""The misspelt anchor is Drip's own."""
_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,99}", re.ASCII)

_REFUSALS: Mapping[Refused, tuple[int, str, str]] = {
    Refused.NO_KEY: (401, "authentication_error", "Authentication failed, check your credentials"),
    Refused.BAD_KEY: (401, "authentication_error", "Authentication failed, check your credentials"),
    Refused.FORBIDDEN: (403, "authorization_error", "You are not authorized to access this resource"),
    Refused.NOT_FOUND: (404, "not_found_error", "The resource you requested was not found"),
    Refused.NOT_ALLOWED: (404, "not_found_error", "The resource you requested was not found"),
    Refused.TOO_LARGE: (413, "length_error", "Request Too Long"),
    Refused.NOT_READABLE: (400, "parsing_error", "There was a problem in the JSON you submitted"),
    Refused.UNAVAILABLE: (503, "unavailable_error", "Service Unavailable"),
    Refused.BROKEN: (500, "server_error", "Internal Server Error"),
}


class Refusal(OrderwireError):
    """A call that is answered with a refusal and adds nothing."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        super().__init__(f"refused with status {reply.status}")


def invalid(code: str, message: str, attribute: str = "", *, status: int = 422) -> Refusal:
    """A refusal of the REST API v2 with one of its codes."""
    error = {"code": code, "attribute": attribute, "message": message}
    body = {"errors": [{name: value for name, value in error.items() if value}]}
    return Refusal(Reply(status=status, body=json.encode(body)))


def not_found() -> Refusal:
    """The refusal of what does not exist."""
    status, code, message = _REFUSALS[Refused.NOT_FOUND]
    return invalid(code, message, status=status)


def wrong_structure() -> Refusal:
    """The refusal of JSON with another structure than the call has."""
    schemas = "The property '#/' of type object did not match one or more of the required schemas"
    return invalid("parsing_error", f"JSON parsing error: {schemas}")


def wrong_count(noun: str) -> Refusal:
    """The refusal of an empty or over-long batch."""
    return invalid("length_error", f"{noun.capitalize()} must contain between 1 and 1000 items", noun)


def not_json(problem: str) -> Refusal:
    """The refusal by the REST API v2 of a body that is not JSON: not in the shape of its other refusals."""
    text = f"There was a problem in the JSON you submitted: {problem}"
    return Refusal(Reply(status=400, body=json.encode({"status": 400, "error": text})))


def gateway(fault: str) -> Refusal:
    """A refusal by the gateway before Shopper Activity v3: it names neither field nor record."""
    return Refusal(Reply(status=400, body=json.encode({"error": {"message": f"[{fault}]"}})))


def scripted(call: Call, body: Mapping[str, object], status: int = 200) -> Reply:
    """An answer to the browser tag: a call of the function it named, or plain JSON where it named none."""
    text = json.encode(body)
    callback = call.asked("callback")
    nosniff = (("X-Content-Type-Options", "nosniff"),)
    if not _CALLBACK.fullmatch(callback):
        return Reply(status=status, body=text, headers=nosniff)
    # These are line ends in scripts, though not in JSON; and no text may end the script it stands in.
    for plain, escaped in (("\u2028", "\\u2028"), ("\u2029", "\\u2029"), ("<", "\\u003c")):
        text = text.replace(plain.encode(), escaped.encode())
    script = f"{callback}(".encode() + text + b")"
    return Reply(status=status, body=script, content_type="text/javascript", headers=nosniff)


def refuse(call: Call, why: Refused, retry_after: float | None) -> Reply:
    """What the server refuses by itself, in the shape of the API that was called."""
    wait = (("Retry-After", str(max(1, round(retry_after)))),) if retry_after is not None else ()
    if why is Refused.LIMITED:
        # Drip names no wait; ours is told beside, for clients that look.
        if is_browser(call):
            return scripted(call, {"success": False, "error": _LIMITED["message"]}, 429)
        return Reply(status=429, body=json.encode(_LIMITED), headers=wait)
    status, code, message = _REFUSALS[why]
    if is_browser(call):
        return scripted(call, {"success": False, "error": message}, status)
    if call.path.startswith("/v3/") and status in (400, 413):
        body: object = {"error": {"message": f"[{message}]"}}
    else:
        body = {"errors": [{"code": code, "message": message}]}
    return Reply(status=status, body=json.encode(body), headers=wait)


def is_browser(call: Call) -> bool:
    """Whether it is a call of the browser tag."""
    return call.path.startswith("/client/")
