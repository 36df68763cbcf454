"""Alarms told over real lines: a receiver of webhooks, and a mail server, each on this machine."""

import base64
import hashlib
import hmac
import json
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from orderwire.app.alarms.looking import Alarm
from orderwire.app.alarms.mail import MailChannel
from orderwire.app.alarms.settings import AlarmKind
from orderwire.app.alarms.trying import tried
from orderwire.app.alarms.watching import Told
from orderwire.app.alarms.webhook import WebhookChannel
from orderwire.errors import ConfigError, Rejected, Unavailable

BEGAN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
BEGINNING = Told(
    alarm=Alarm(alarm=AlarmKind.SILENCE, about="shop", text="no order of shop was placed", remedy="Is the shop up?"),
    began_at=BEGAN,
)
END = Told(alarm=BEGINNING.alarm, began_at=BEGAN, ended_at=BEGAN + timedelta(hours=1))
SECRET = "whsec_" + base64.b64encode(b"the secret of alarms").decode()


class Receiver(ThreadingHTTPServer):
    """Keeps what is posted; answers `status`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Post)
        self.status = 204
        self.posts: list[tuple[dict[str, str], bytes]] = []


class _Post(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks as much SMTP as a client needs, and keeps every mail; `refusing` answers a command with a status."""

    allow_reuse_address = True

    def __init__(self, trust: ssl.SSLContext | None = None, *, is_tls: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.trust, self.is_tls = trust, is_tls
        self.mails: list[str] = []
        self.logins: list[str] = []
        self.commands: list[str] = []
        self.refusing: dict[str, str] = {}

    def handle_error(self, *_: Any) -> None:
        """A client hangs up in the midst of a handshake."""


class _Session(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        if self.server.is_tls:
            self._encrypt()
        self._say("220 mail.test")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            command = line.upper().partition(" ")[0]
            self.server.commands.append(command)
            if command in self.server.refusing:
                self._say(self.server.refusing[command])
            elif command == "EHLO":
                offers = ["STARTTLS"] if self.server.trust and not isinstance(self.request, ssl.SSLSocket) else []
                self._say("\r\n".join(["250-mail.test", *(f"250-{one}" for one in offers), "250 AUTH PLAIN"]))
            elif command == "STARTTLS":
                self._say("220 go on")
                self._encrypt()
            elif command == "AUTH":
                self.server.logins.append(base64.b64decode(line.split()[2]).decode())
                self._say("235 welcome")
            elif command == "DATA":
                self._say("354 go on")
                self._take()
            elif command == "QUIT":
                self._say("221 bye")
                return
            else:
                self._say("250 fine")

    def finish(self) -> None:
        super().finish()
        self.request.close()

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline().decode().rstrip("\r\n")) != ".":
            lines.append(line)
        self.server.mails.append("\n".join(lines))
        self._say("250 taken")

    def _encrypt(self) -> None:
        assert self.server.trust is not None
        self.request = self.server.trust.wrap_socket(self.request, server_side=True)
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for this machine that nobody else trusts, with its key in the same file."""
    path = tmp_path_factory.mktemp("tls") / "mail.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(path), "-out", str(path.with_suffix(".crt")), "-days", "2", "-subj", "/CN=127.0.0.1"]
    subprocess.run([*command, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


@pytest.fixture
def trust(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    server = Receiver()
    with serving(server):
        yield server


def channel(receiver: Receiver, *, may_be_private: bool = True) -> WebhookChannel:
    address = f"http://127.0.0.1:{receiver.server_address[1]}/alarms"
    return WebhookChannel(address, SECRET, may_be_private=may_be_private)


def test_a_message_says_what_began_and_is_signed(receiver: Receiver) -> None:
    channel(receiver).tell(BEGINNING)
    (headers, body) = receiver.posts[0]
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.digest(b"the secret of alarms", signed, hashlib.sha256)).decode()
    assert f"v1,{expected}" == headers["webhook-signature"]
    assert {
        "id": headers["webhook-id"],
        "type": "alarm.began",
        "alarm": "silence",
        "about": "shop",
        "text": "no order of shop was placed",
        "remedy": "Is the shop up?",
        "began_at": "2026-03-02T09:30:00Z",
    } == json.loads(body)


def test_the_same_is_told_with_the_same_id_and_the_end_with_another(receiver: Receiver) -> None:
    way = channel(receiver)
    for told in (BEGINNING, BEGINNING, END):
        way.tell(told)
    first, again, end = (json.loads(body) for _, body in receiver.posts)
    assert (first["id"], True) == (again["id"], first["id"] != end["id"])
    assert ("alarm.ended", "2026-03-02T10:30:00Z") == (end["type"], end["ended_at"])


@pytest.mark.parametrize("status", [301, 401, 500])
def test_only_a_success_counts_as_told(receiver: Receiver, status: int) -> None:
    receiver.status = status
    with pytest.raises(Rejected, match=str(status)):
        channel(receiver).tell(BEGINNING)


def test_a_private_address_is_told_only_when_allowed(receiver: Receiver) -> None:
    with pytest.raises(Unavailable, match="private"):
        channel(receiver, may_be_private=False).tell(BEGINNING)
    assert [] == receiver.posts


def test_a_mail_says_what_began_and_what_to_do() -> None:
    server = MailServer()
    with serving(server) as port:
        MailChannel(f"smtp://127.0.0.1:{port}", to="ops@shop.test").tell(BEGINNING)
    (mail,) = server.mails
    assert "Subject: Orderwire: silence (shop)" in mail
    assert "It began at 2026-03-02 09:30 UTC." in mail
    assert "no order of shop was placed.\n\nIs the shop up?" in mail


def test_a_mail_tells_the_end_and_is_the_same_mail_when_it_is_sent_again() -> None:
    server = MailServer()
    with serving(server) as port:
        way = MailChannel(f"smtp://127.0.0.1:{port}", to="ops@shop.test", sender="alarms@shop.test")
        for told in (BEGINNING, END, END):
            way.tell(told)
    idents = [next(line for line in mail.split("\n") if line.startswith("Message-ID")) for mail in server.mails]
    assert (2, idents[1]) == (len(set(idents)), idents[2])
    assert "Subject: Orderwire: silence (shop) is over" in server.mails[1]
    assert "From: alarms@shop.test" in server.mails[1]


@pytest.mark.parametrize(("scheme", "is_tls"), [("smtps", True), ("smtp+starttls", False)])
def test_a_password_goes_over_an_encrypted_line(
    trust: ssl.SSLContext, certificate: Path, scheme: str, is_tls: bool
) -> None:
    server = MailServer(trust, is_tls=is_tls)
    with serving(server) as port:
        authority = certificate.with_suffix(".crt")
        MailChannel(f"{scheme}://ops:p%40ss@127.0.0.1:{port}?ca={authority}", to="ops@shop.test").tell(BEGINNING)
    assert (["\0ops\0p@ss"], 1) == (server.logins, len(server.mails))


@pytest.mark.parametrize(("scheme", "is_tls"), [("smtps", True), ("smtp+starttls", False)])
def test_a_server_whose_certificate_nobody_trusts_hears_no_password(
    trust: ssl.SSLContext, scheme: str, is_tls: bool
) -> None:
    server = MailServer(trust, is_tls=is_tls)
    with serving(server) as port, pytest.raises(Unavailable):
        MailChannel(f"{scheme}://ops:secret@127.0.0.1:{port}", to="ops@shop.test").tell(BEGINNING)
    assert ([], []) == (server.logins, server.mails)


def test_a_server_that_does_not_encrypt_is_not_used_when_it_should() -> None:
    server = MailServer()
    with serving(server) as port, pytest.raises(Rejected):
        MailChannel(f"smtp+starttls://ops:secret@127.0.0.1:{port}", to="ops@shop.test").tell(BEGINNING)
    assert ([], []) == (server.logins, server.mails)


@pytest.mark.parametrize(
    ("command", "answer", "expected"),
    [
        ("MAIL", "451 later", Unavailable),
        ("MAIL", "550 never", Rejected),
        ("RCPT", "550 nobody here", Rejected),
        ("DATA", "554 no", Rejected),
    ],
)
def test_what_the_server_answers_decides(command: str, answer: str, expected: type[Exception]) -> None:
    server = MailServer()
    server.refusing[command] = answer
    with serving(server) as port, pytest.raises(expected) as caught:
        MailChannel(f"smtp://127.0.0.1:{port}", to="ops@shop.test").tell(BEGINNING)
    assert "ops@shop.test" not in str(caught.value)


def test_a_password_that_mail_cannot_carry_is_rejected_as_such(trust: ssl.SSLContext, certificate: Path) -> None:
    server = MailServer(trust, is_tls=True)
    address = f"?ca={certificate.with_suffix('.crt')}"
    with serving(server) as port, pytest.raises(Rejected) as caught:
        MailChannel(f"smtps://ops:p%C3%BC@127.0.0.1:{port}{address}", to="ops@shop.test").tell(BEGINNING)
    assert "p\u00fc" not in str(caught.value)


def test_a_test_goes_every_way_and_one_that_fails_leaves_the_others_alone() -> None:
    server, receiver = MailServer(), Receiver()
    server.refusing["RCPT"] = "550 nobody here"
    with serving(server) as mail, serving(receiver) as port:
        ways = [
            MailChannel(f"smtp://127.0.0.1:{mail}", to="ops@shop.test"),
            WebhookChannel(f"http://127.0.0.1:{port}/", SECRET, may_be_private=True),
        ]
        found = tried(ways, BEGAN)
    assert [("mail", False), ("webhook", True)] == [(one.channel, one.is_taken) for one in found]
    assert "ops@shop.test" not in found[0].answer
    assert "test" == json.loads(receiver.posts[0][1])["alarm"]


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(Unavailable):
        MailChannel("smtp://127.0.0.1:9", to="ops@shop.test").tell(BEGINNING)


@pytest.mark.parametrize(
    "address",
    [
        "mail.test",
        "http://mail.test",
        "smtp://",
        "smtp://ops:secret@mail.test",
        "smtps://ops:secret@mail.test:smtp",
        "smtps://ops:secret@[::1",
    ],
    ids=str,
)
def test_an_address_that_cannot_be_used_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        MailChannel(address, to="ops@shop.test")
    assert "secret" not in str(caught.value)
