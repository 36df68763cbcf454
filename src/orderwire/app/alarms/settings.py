"""The table `[alarms]`: what alarms there are, and who is told."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct


class AlarmKind(StrEnum):
    """What an alarm is."""

    SILENCE = "silence"
    """A source tells of no orders for far longer than usual at this hour of the week."""
    BACKLOG = "backlog"
    """News waits for a destination."""
    KEY_REFUSED = "key_refused"
    """A platform takes the key no more; the destination is paused."""
    PAUSED = "paused"
    """A destination is paused for another reason."""
    DEAD_LETTERS = "dead_letters"
    """Facts were given up, or nobody knows what became of them."""
    REFUSED_RECORDS = "refused_records"
    """Records of a source could not be understood."""
    DISK = "disk"
    """The disk of the ledger is nearly full."""
    REVISION = "revision"
    """A platform is about to retire the interface that is spoken with it."""
    TEST = "test"
    """Nothing is wrong: somebody tries whether alarms arrive."""


class AlarmSettings(Struct, frozen=True, kw_only=True):
    """What is looked at, and who is told."""

    webhook: str = ""
    """Where a signed message is posted when an alarm begins, and when it ends."""
    key: str = ""
    """Where the secret is kept that these messages are signed with."""
    allow_private: bool = False
    """Whether the webhook may stand in a private network, or on this machine."""
    mail: str = ""
    """Who gets a mail when an alarm begins, and when it ends."""
    mail_from: str = ""
    """Whom the mail is from; the address it goes to by default."""
    smtp: str = ""
    """Where the address of the mail server is kept: `smtps://user:password@host`, or `smtp+starttls://` or
    `smtp://`."""
    every: timedelta = timedelta(minutes=1)
    """How often is looked."""
    backlog_after: timedelta = timedelta(minutes=15)
    """How long news may wait for a destination."""
    disk_below: int = 2_000_000_000
    """How many bytes must be free on the disk of an SQLite ledger."""
    mute: tuple[str, ...] = ()
    """Alarms that nobody wants: by name, such as `silence`, or of one thing, `silence:shop`."""

    @property
    def is_told(self) -> bool:
        """Whether somebody is told."""
        return bool(self.webhook or self.mail)

    @property
    def references(self) -> tuple[tuple[str, str], ...]:
        """The references to secrets that are needed, each with its place in the file."""
        needed = ((self.webhook, self.key, "alarms.key"), (self.mail, self.smtp, "alarms.smtp"))
        return tuple((reference, place) for way, reference, place in needed if way)

    def is_muted(self, alarm: str, about: str) -> bool:
        """Whether nobody wants to know."""
        return alarm in self.mute or f"{alarm}:{about}" in self.mute
