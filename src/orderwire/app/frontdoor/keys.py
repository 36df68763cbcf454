"""Who may call: keys made, looked up and revoked. A key's secret is shown once and kept nowhere."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from orderwire.dialects.doorway import Door, Scope
from orderwire.errors import Busy, Conflict, NotFound
from orderwire.ledger import AccessKey, StoredLedger

FRESH_FOR = 1.0
"""Seconds after which the keys are looked up again."""
LONGEST = 2.0
"""Seconds that a revoked key may still open at most: keys that were looked up longer ago count no more."""
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class Made(Struct, frozen=True, kw_only=True):
    """A key just made; `secret` is shown once."""

    key: AccessKey
    secret: str


def hash_of(secret: str) -> str:
    """What is kept of a secret. Secrets are random and long, so that a plain digest tells nothing of them."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def make(
    ledger: StoredLedger,
    door: Door,
    *,
    name: str = "",
    source: str = "",
    account: str = "",
    scopes: Sequence[Scope] = (Scope.READ, Scope.WRITE),
    origins: Sequence[str] = (),
    is_public: bool = False,
) -> Made:
    """Make a key for an API; what comes with it is recorded under `source`, by default the platform's name.

    A public key may only browse, whatever `scopes` says. All keys of a source share its account.

    Raises:
        Conflict: the name is taken or not fit to be one.
    """
    existing = ledger.access_keys()
    source = source or door.name
    name = name or _free_name(f"{source}-browser" if is_public else source, existing)
    if not _NAME.fullmatch(name):
        raise Conflict(f"{name!r} is no name for a key: use small letters, digits, dots and dashes")
    if any(one.name == name for one in existing):
        raise Conflict(f"there is a key called {name!r}; give another name")
    known = account or next((one.account for one in existing if one.source == source and one.account), "")
    minted = door.mint(secrets.token_bytes(32), is_public=is_public, account=known)
    if is_public and any(one.hash == hash_of(minted.secret) for one in existing):
        raise Conflict(f"source {source!r} has this browser key already")
    key = AccessKey(
        name=name,
        hash=hash_of(minted.secret),
        platform=door.name,
        source=source,
        account=minted.account or known,
        scopes=(Scope.BROWSE.value,) if is_public else tuple(scope.value for scope in scopes),
        origins=tuple(one.rstrip("/").lower() for one in origins),
        created_at=datetime.now(UTC),
    )
    ledger.add_key(key)
    return Made(key=key, secret=minted.secret)


def revoke(ledger: StoredLedger, name: str) -> None:
    """Let a key open no longer.

    Raises:
        NotFound: there is no such key.
    """
    if all(one.name != name for one in ledger.access_keys()):
        raise NotFound(f"no key is called {name!r}")
    ledger.revoke_key(name, at=datetime.now(UTC))


class KeyRing:
    """The keys in force, by the hash of their secret.

    `keys` looks them up whenever one is asked for and the last look is `FRESH_FOR` seconds old. A ring without it is
    kept by somebody else, who calls `take`; what it holds counts for `LONGEST` seconds.
    """

    def __init__(
        self,
        keys: Callable[[], Sequence[AccessKey]] | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys
        self.clock = clock
        self._by_hash: dict[tuple[str, str], AccessKey] = {}
        self._looked_at = float("-inf")

    @property
    def age(self) -> float:
        """Seconds since the look that it knows its keys by began."""
        return self.clock() - self._looked_at

    def take(self, keys: Sequence[AccessKey], *, at: float) -> None:
        """Hold these keys, all that there were when a look began `at` this moment of the clock."""
        self._by_hash = {(one.platform, one.hash): one for one in keys if one.revoked_at is None}
        self._looked_at = at

    def find(self, platform: str, secret: str) -> AccessKey | None:
        """The key in force that this secret is, for this platform.

        Raises:
            StoreError: the keys cannot be looked up.
        """
        self._freshen()
        return self._known(platform, hash_of(secret))

    def of_any(self, secret: str) -> list[AccessKey]:
        """The keys in force that this secret is, whichever platform they are for.

        Raises:
            StoreError: the keys cannot be looked up.
        """
        self._freshen()
        hashed = hash_of(secret)
        platforms = {platform for platform, _ in self._by_hash}
        return [key for platform in platforms if (key := self._known(platform, hashed)) is not None]

    def _known(self, platform: str, hashed: str) -> AccessKey | None:
        found = self._by_hash.get((platform, hashed))
        return found if found is not None and hmac.compare_digest(found.hash, hashed) else None

    def _freshen(self) -> None:
        if self._keys is None:
            if self.age >= LONGEST:
                raise Busy("the keys cannot be looked up at the moment; try again")
        elif self.age >= FRESH_FOR:
            moment = self.clock()
            self.take(self._keys(), at=moment)


def _free_name(wish: str, existing: Sequence[AccessKey]) -> str:
    taken = {one.name for one in existing}
    wish = re.sub(r"[^a-z0-9._-]+", "-", wish.lower()).strip("-.") or "key"
    if wish not in taken:
        return wish
    return next(name for number in range(2, len(taken) + 2) if (name := f"{wish}-{number}") not in taken)
