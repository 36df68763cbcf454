"""How Drip refuses: the error bodies of its two APIs, which have nothing in common."""

from __future__ import annotations

from orderwire.sandbox.kit import Answer


def refused(status: int, code: str, message: str = "", attribute: str = "") -> Answer:
    """A refusal of the REST API v2."""
    error = {"code": code}
    if attribute:
        error["attribute"] = attribute
    if message:
        error["message"] = message
    return Answer(status, {"errors": [error]})


def not_found() -> Answer:
    """The refusal of what does not exist."""
    return refused(404, "not_found_error", "The resource you requested was not found")


def not_json(problem: ValueError) -> Answer:
    """The refusal of a body that is not JSON."""
    return Answer(400, {"status": 400, "error": f"There was a problem in the JSON you submitted: {problem}"})


def wrong_structure() -> Answer:
    """The refusal of JSON with another structure than the call has."""
    text = "The property '#/' of type object did not match one or more of the required schemas"
    return refused(422, "parsing_error", f"JSON parsing error: {text}")


def wrong_count(noun: str) -> Answer:
    """The refusal of an empty or over-long batch."""
    return refused(422, "length_error", f"{noun.capitalize()} must contain between 1 and 1000 items", noun)


def gateway(fault: str) -> Answer:
    """A refusal of Shopper Activity v3."""
    return Answer(400, {"error": {"message": f"[{fault}]"}})
