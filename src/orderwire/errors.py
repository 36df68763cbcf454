"""Every error Orderwire raises on purpose.

::

    OrderwireError
    ├── ConfigError            the settings or the mapping are wrong: exit status 2
    ├── InvalidRecord          the data is at fault; carries source and path
    ├── NotFound
    ├── Conflict
    ├── NotExpressible         a value that the platform's API cannot be told
    ├── RemoteError (abstract) the other side; exit status 3
    │   ├── Unavailable        not reached, or no complete answer: `may_have_arrived` says which
    │   ├── RateLimited        429: wait, the payload survives
    │   ├── Rejected           refused for good
    │   ├── Unauthorized       the key is refused: the destination pauses
    │   └── BadReply           the peer broke its own format
    └── StoreError (abstract)
        ├── Busy               a lock or a lease is held elsewhere; try again
        ├── LeaseLost          another worker holds this destination now
        ├── StoreFull          the disk takes no more; nothing was acknowledged
        ├── IntegrityBroken
        └── NeedsMigration

Facts are attributes, the message is built from them and says what to do next.
No message holds a secret or a person's data.
"""


class OrderwireError(Exception):
    """Any error raised by Orderwire on purpose."""


class ConfigError(OrderwireError):
    """A setting or a mapping is wrong.

    Args:
        place: where, as `file: table.key`, or the name of the option.
        problem: what is wrong with it.
        remedy: what to do about it.
    """

    def __init__(self, place: str, problem: str, remedy: str = "") -> None:
        self.place = place
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{place}: {problem}" + (f" {remedy}" if remedy else ""))


class InvalidRecord(OrderwireError):
    """One record of a source cannot be understood; the others go on.

    Args:
        source: the source's name.
        path: the place inside the record, such as `lines[2].quantity`.
        problem: what is wrong, without the value itself.
        remedy: what to do about it.
    """

    def __init__(self, source: str, path: str, problem: str, remedy: str = "") -> None:
        self.source = source
        self.path = path
        self.problem = problem
        self.remedy = remedy
        told = problem if problem.endswith((".", "?")) or not remedy else f"{problem}."
        super().__init__(f"{source}: {path}: {told}" + (f" {remedy}" if remedy else ""))


class NotFound(OrderwireError):
    """The thing asked for does not exist."""


class Conflict(OrderwireError):
    """The request contradicts what is already there."""


class NotExpressible(OrderwireError):
    """A value that the platform's API cannot be told; names the field."""


class RemoteError(OrderwireError):
    """The other side of a network connection; abstract."""

    def __new__(cls, *_args: object, **_kwargs: object) -> "RemoteError":
        """Refuse to build the abstract class itself."""
        if cls is RemoteError:
            raise TypeError("RemoteError is abstract: raise one of its kinds")
        return super().__new__(cls)


class Unavailable(RemoteError):
    """No complete answer.

    Args:
        stage: `connect`, `send`, `read` or `timeout`.
        may_have_arrived: False only when not one byte of the request can have reached the peer.
        peer: who gave none, such as `source.shop`, where only reading was meant.
    """

    def __init__(self, stage: str, *, may_have_arrived: bool, peer: str = "") -> None:
        self.stage = stage
        self.may_have_arrived = may_have_arrived
        self.peer = peer
        outcome = "outcome unknown" if may_have_arrived else "nothing was sent"
        super().__init__(
            f"{peer}: no answer ({stage}). Look whether it runs and can be reached from here, then try again."
            if peer
            else f"no answer ({stage}); {outcome}"
        )


class RateLimited(RemoteError):
    """The platform asks us to slow down."""

    def __init__(self, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__("rate limited" + ("" if retry_after is None else f", retry after {retry_after:g} s"))


class Rejected(RemoteError):
    """The platform refused the request for good."""


class Unauthorized(RemoteError):
    """The platform refuses our key: check it, then `orderwire destination resume`."""


class BadReply(RemoteError):
    """The peer broke its own format."""


class StoreError(OrderwireError):
    """The ledger's store; abstract."""

    def __new__(cls, *_args: object, **_kwargs: object) -> "StoreError":
        """Refuse to build the abstract class itself."""
        if cls is StoreError:
            raise TypeError("StoreError is abstract: raise one of its kinds")
        return super().__new__(cls)


class Busy(StoreError):
    """A lock or a lease is held elsewhere; try again."""


class LeaseLost(StoreError):
    """Another worker holds this destination now; this one must stop writing for it."""


class StoreFull(StoreError):
    """The disk takes no more; nothing of this transaction was acknowledged."""


class IntegrityBroken(StoreError):
    """The store contradicts itself; stop and run `orderwire audit`."""


class NeedsMigration(StoreError):
    """The store was written by another version; run `orderwire doctor` to see which."""
