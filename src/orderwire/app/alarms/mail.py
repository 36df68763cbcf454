"""Telling alarms by mail.

The scheme of the server's address says how the line is kept private: `smtps` speaks TLS from the beginning (port
465), `smtp+starttls` turns to it and goes no further without (port 587), `smtp` never does (port 25) and therefore
takes no password. `?ca=FILE` names the certificate of an authority of one's own.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from orderwire.app.alarms.watching import Told
from orderwire.errors import ConfigError, Rejected, Unavailable

PORTS = {"smtps": 465, "smtp+starttls": 587, "smtp": 25}
TIMEOUT = 20.0
_PLACE = "alarms.smtp"


class MailChannel:
    """Sends a mail by one server.

    Raises:
        ConfigError: the address of the server is not understood, or would send a password in the clear.
    """

    name = "mail"

    def __init__(self, server: str, *, to: str, sender: str = "") -> None:
        parts, port = _parts(server)
        if parts is None or parts.scheme not in PORTS or not parts.hostname:
            raise ConfigError(_PLACE, "is no address of a mail server.", "Such as smtps://user:password@mail.example")
        if parts.scheme == "smtp" and parts.password:
            raise ConfigError(_PLACE, "would send a password in the clear.", "Use smtps or smtp+starttls.")
        self._scheme = parts.scheme
        self._host = parts.hostname
        self._port = port or PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._authority = parse_qs(parts.query).get("ca", [None])[0]
        self._to = to
        self._from = sender or to

    def tell(self, told: Told) -> None:
        """Hand the mail to the server.

        Raises:
            Unavailable: the server was not reached, or takes nothing at the moment.
            Rejected: it refuses the login or the mail.
        """
        message = mail_of(told, to=self._to, sender=self._from)
        try:
            with self._connected() as server:
                if self._user:
                    server.login(self._user, self._password)
                server.send_message(message)
        except smtplib.SMTPResponseException as error:
            if error.smtp_code < 500:
                raise Unavailable(
                    f"smtp {error.smtp_code}", may_have_arrived=False, peer="the mail server"
                ) from error
            raise Rejected(f"the mail server answers {error.smtp_code}") from error
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPNotSupportedError, UnicodeError) as error:
            raise Rejected(f"the mail server refuses: {type(error).__name__}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(type(error).__name__, may_have_arrived=True, peer="the mail server") from error

    def _connected(self) -> smtplib.SMTP:
        if self._scheme == "smtps":
            return smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT, context=self._trust())
        server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
        try:
            if self._scheme == "smtp+starttls":
                server.starttls(context=self._trust())
        except BaseException:
            with suppress(OSError, smtplib.SMTPException):
                server.close()
            raise
        return server

    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self._authority)


def _parts(server: str) -> tuple[SplitResult | None, int | None]:
    """An address taken apart, and its port; no address where that cannot be done."""
    try:
        parts = urlsplit(server)
        return parts, parts.port
    except ValueError:
        return None, None


def mail_of(told: Told, *, to: str, sender: str) -> EmailMessage:
    """The mail that tells of a beginning or an end; its Message-ID is the same however often it is sent."""
    alarm, is_over = told.alarm, told.ended_at is not None
    message = EmailMessage()
    message["Subject"] = f"Orderwire: {alarm.alarm} ({alarm.about}){' is over' if is_over else ''}"
    message["From"], message["To"] = sender, to
    message["Date"] = format_datetime(told.ended_at or told.began_at)
    digest = hashlib.blake2b(told.key.encode(), digest_size=15).hexdigest()
    message["Message-ID"] = f"<{digest}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    lines = [f"It began at {told.began_at:%Y-%m-%d %H:%M} UTC.", "", f"{alarm.text}."]
    if told.ended_at is not None:
        lines = [f"It is over since {told.ended_at:%Y-%m-%d %H:%M} UTC. It was:", "", f"{alarm.text}."]
    else:
        lines += ["", alarm.remedy]
    message.set_content("\n".join(lines) + "\n")
    return message
