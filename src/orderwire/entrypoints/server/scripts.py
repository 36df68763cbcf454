"""Serving the on-site script."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files

from orderwire.dialects.doorway import Call, Reply

PACKAGE = "orderwire.entrypoints.web"
PARTS = ("queues.js", "orderwire.js")
"""Put together in this order: the script looks for the queues when it starts."""


@cache
def content() -> tuple[bytes, str]:
    """The script and its ETag."""
    body = b"".join(files(PACKAGE).joinpath(name).read_bytes() for name in PARTS)
    return body, f'"{hashlib.blake2b(body, digest_size=8).hexdigest()}"'


def script(call: Call) -> Reply:
    """The script, for pages anywhere; browsers ask again after an hour and take it anew only when it changed."""
    body, tag = content()
    headers = (
        ("ETag", tag),
        ("Cache-Control", "public, max-age=3600"),
        ("Access-Control-Allow-Origin", "*"),
        ("X-Content-Type-Options", "nosniff"),
    )
    if call.method not in ("GET", "HEAD"):
        return Reply(status=405, headers=(("Allow", "GET, HEAD"),))
    if call.headers.get("if-none-match") == tag:
        return Reply(status=304, headers=headers)
    return Reply(body=body, content_type="text/javascript; charset=utf-8", headers=headers)
