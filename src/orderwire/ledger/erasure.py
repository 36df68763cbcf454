"""The keyed hashes by which a forgotten person is recognised without being known."""

from __future__ import annotations

import secrets
from hashlib import blake2b

from orderwire.identity import Identifier, Identifiers
from orderwire.ledger.engine import Engine

_KEY = "erasure_key"


def hash_of(identifier: Identifier, key: bytes) -> str:
    """What stands for an identifier after its person was forgotten; worthless without the ledger's own key."""
    text = f"{identifier.kind}\0{identifier.source}\0{identifier.value}"
    return blake2b(text.encode(), digest_size=16, key=key).hexdigest()


def telling(identifiers: Identifiers) -> list[Identifier]:
    """Those identifiers by which a record counts as a forgotten person's.

    A phone or a device alone decides only where nothing stronger is given: families share them.
    """
    strong = [given for given in (identifiers.external_id, identifiers.email) if given is not None]
    return strong or [given for given in (identifiers.phone, identifiers.anonymous_id) if given is not None]


def erasure_key(engine: Engine) -> bytes:
    """The ledger's own secret, made at the first need; inside the writer's turn only."""
    engine.write("put_meta", name=_KEY, value=secrets.token_bytes(32))
    return bytes(engine.rows("meta", name=_KEY)[0][0])
