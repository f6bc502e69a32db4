"""Mail to a real SMTP server on loopback: what arrives, and what is refused."""

from __future__ import annotations

import email
import email.policy
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from chipbrief_reports.delivery import Parcel
from chipbrief_reports.delivery.mail import composed
from chipbrief_reports.timetable import ByMail

PASSWORD = "Tr0ub4dor&3=secret"
ATTACHED = ("pdf", "html", "md")
Fails = Callable[..., str]
Arrives = Callable[..., None]


@dataclass
class Office:
    """A mail server: what it took, and what it answers."""

    port: int = 0
    taken: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    helo: list[str] = field(default_factory=list)
    refused: frozenset[str] = frozenset()
    sender_reply: str = ""
    data_reply: str = "250 OK"
    encrypted: list[bool] = field(default_factory=list)

    async def handle_EHLO(self, server: Any, session: Any, envelope: Any, hostname: str, responses: Any) -> Any:  # noqa: N802 - aiosmtpd looks for it
        session.host_name = hostname
        self.helo.append(hostname)
        return responses

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd looks for it
        envelope.mail_from = address
        return self.sender_reply or "250 OK"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - aiosmtpd looks for it
        if address in self.refused:
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd looks for it
        if self.data_reply.startswith("250"):
            self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
            self.encrypted.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        return self.data_reply

    def authenticator(
        self, server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword
    ) -> AuthResult:
        self.logins.append((data.login, data.password))
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    def message(self, number: int = -1) -> EmailMessage:
        found = email.message_from_bytes(self.taken[number][2], policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        assert not found.defects
        return found


@pytest.fixture
def office() -> Iterator[Callable[..., Office]]:
    with ExitStack() as stack:

        def started(settings: dict[str, Any] | None = None, **answers: Any) -> Office:
            state = replace(Office(), **answers)
            with socket.create_server(("127.0.0.1", 0)) as free:
                state.port = free.getsockname()[1]
            settings = settings or {}
            if settings.get("auth_required"):
                settings = settings | {"authenticator": state.authenticator}
            controller = Controller(state, hostname="127.0.0.1", port=state.port, **settings)
            controller.start()
            stack.callback(controller.stop)
            return state

        yield started


def way(port: int, **more: Any) -> dict[str, Any]:
    said = {"host": "localhost", "port": port, "security": "none", "from": "press@example.com"}
    return {"smtp": said | {"to": ["cfo@example.com"], "attach": list(ATTACHED)} | more}


def test_a_message_parses_and_its_attachments_are_the_files(
    office: Callable[..., Office], parcel: Parcel, arrives: Arrives
) -> None:
    server = office()
    arrives(way(server.port), parcel)
    (sender, to, content), message = server.taken[0], server.message()
    assert (sender, to) == ("press@example.com", ["cfo@example.com"])
    assert (message["From"], message["To"]) == ("press@example.com", "cfo@example.com")
    assert message["Subject"] == "Our plän, as of 2024-11-11"
    assert message["Auto-Submitted"] == "auto-generated"
    assert abs((message["Date"].datetime - datetime.now(UTC)).total_seconds()) < 60
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert parcel.folder
    found = {part.get_filename(): part for part in message.iter_attachments()}
    assert list(found) == ["briefing.pdf", "briefing.html", "briefing.md"]
    for name, part in found.items():
        assert part.get_payload(decode=True) == (parcel.folder / str(name)).read_bytes()
    kinds = [part.get_content_type() for part in found.values()]
    assert kinds == ["application/pdf", "text/html", "text/markdown"]


def test_the_body_tells_title_date_ten_changes_and_what_is_attached(
    office: Callable[..., Office], parcel: Parcel, arrives: Arrives
) -> None:
    server = office()
    arrives(way(server.port, attach=["pdf", "xlsx"]), parcel)
    body = server.message().get_body(("plain",))
    assert body
    assert body.get_content_charset() == "utf-8"
    lines = body.get_content().splitlines()
    assert lines[:4] == ["Our plän", "As of 2024-11-11", "", "What changed:"]
    assert [line for line in lines if line.startswith("- Cost of system")] == [
        f"- Cost of system {number} rose by {number}\u202f%" for number in range(1, 11)
    ]
    assert "- and 2 more changes, in the briefing" in lines
    assert lines[-2:] == ["Attached: briefing.pdf.", "This edition has no briefing.xlsx."]


def test_each_address_gets_a_message_of_its_own_with_a_name_that_stays(
    office: Callable[..., Office], edition: Callable[..., Parcel], arrives: Arrives
) -> None:
    server = office()
    both = way(server.port, to=["cfo@example.com", "cto@example.com"])
    first, second = edition(), edition("2024-11-18T0600Z")
    for parcel in (first, first, second):
        arrives(both, parcel)
    assert [to for _, to, _ in server.taken] == [["cfo@example.com"], ["cto@example.com"]] * 3
    names = [server.message(number)["Message-ID"] for number in range(6)]
    assert names[:2] == names[2:4]
    assert len(set(names)) == 4
    assert all(name.endswith("@example.com>") for name in names)


def test_a_failure_is_told_without_files(office: Callable[..., Office], failure: Parcel, arrives: Arrives) -> None:
    server = office()
    arrives(way(server.port), failure)
    message = server.message()
    assert message["Subject"] == "Our plän: no edition for 2024-11-11T0600Z"
    assert failure.error in message.get_content()
    assert not list(message.iter_attachments())


@pytest.mark.parametrize(
    ("template", "title", "expected"),
    [
        ("{title} ({slot})", "Plan", "Plan (2024-11-11T0600Z)"),
        ("{name}: {as_of} {unknown} {title.__class__}", "Plan", "agentic: 2024-11-11 {unknown} {title.__class__}"),
        ("{title}", "Plan\r\nBcc: everyone@example.com", "Plan Bcc: everyone@example.com"),
        ("Plan\nBcc: everyone@example.com", "", "Plan Bcc: everyone@example.com"),
        ("{title}", "{slot} " + "ü" * 200, "{slot} " + "ü" * 200),
    ],
)
def test_a_subject_is_one_line_of_plain_text(
    template: str, title: str, expected: str, office: Callable[..., Office], parcel: Parcel, arrives: Arrives
) -> None:
    server = office()
    arrives(way(server.port, subject=template), replace(parcel, title=title))
    message = server.message()
    assert message["Subject"] == expected
    assert "Bcc" not in message
    assert server.taken[0][1] == ["cfo@example.com"]


def test_the_date_is_that_of_the_clock_that_is_given(parcel: Parcel) -> None:
    mail = ByMail.model_validate(way(25)["smtp"])
    message = composed(mail, "cfo@example.com", parcel, datetime(2024, 11, 11, 6, 0, 3, tzinfo=UTC))
    assert message["Date"] == "Mon, 11 Nov 2024 06:00:03 +0000"


# -- encryption and login -------------------------------------------------------------------------------------


def logged_in(port: int, **more: Any) -> dict[str, Any]:
    return way(port, security="starttls", user="press", password_env="SMTP_PASSWORD", **more)


def test_login_under_starttls(
    office: Callable[..., Office], certificates: Any, parcel: Parcel, arrives: Arrives
) -> None:
    server = office({"tls_context": certificates.context(), "require_starttls": True, "auth_required": True})
    arrives(logged_in(server.port), parcel, certificates.environment | {"SMTP_PASSWORD": f"{PASSWORD}\n"})
    assert server.logins == [(b"press", PASSWORD.encode())]
    assert server.encrypted == [True]
    assert server.helo[0].startswith("[127.0.0.1]") or "." in server.helo[0]


def test_tls_from_the_first_byte(
    office: Callable[..., Office], certificates: Any, parcel: Parcel, arrives: Arrives, talks: Callable[..., int]
) -> None:
    taken: list[bytes] = []

    def script(connection: socket.socket, over: Any) -> None:
        file = connection.makefile("rwb", 0)
        file.write(b"220 hello\r\n")
        while line := file.readline():
            if line.upper().startswith(b"DATA"):
                file.write(b"354 go on\r\n")
                while (text := file.readline()) != b".\r\n":
                    taken.append(text)
            file.write(b"250 yes\r\n")

    port = talks(script, certificates.context())
    arrives(way(port, security="tls"), parcel, certificates.environment)
    assert b"To: cfo@example.com\r\n" in taken


def test_a_certificate_of_nobody_known_is_refused(
    office: Callable[..., Office], certificates: Any, parcel: Parcel, fails: Fails
) -> None:
    server = office({"tls_context": certificates.context()})
    assert "certificate that is not accepted" in fails(way(server.port, security="starttls"), parcel)
    assert server.taken == []


def test_a_certificate_of_nobody_known_is_refused_from_the_first_byte(
    talks: Callable[..., int], certificates: Any, parcel: Parcel, fails: Fails
) -> None:
    port = talks(lambda connection, over: connection.recv(1), certificates.context())
    assert "certificate that is not accepted" in fails(way(port, security="tls"), parcel)


def test_a_certificate_for_another_name_is_refused(
    office: Callable[..., Office], certificates: Any, parcel: Parcel, fails: Fails
) -> None:
    server = office({"tls_context": certificates.context()})
    said = fails(way(server.port, security="starttls", host="127.1"), parcel, certificates.environment)
    assert "127.1" in said
    assert "certificate that is not accepted" in said
    assert server.taken == []


def test_without_starttls_nothing_is_sent(office: Callable[..., Office], parcel: Parcel, fails: Fails) -> None:
    server = office()
    assert "STARTTLS extension not supported" in fails(logged_in(server.port), parcel, {"SMTP_PASSWORD": PASSWORD})
    assert server.taken == []


@pytest.mark.parametrize("environment", [{}, {"SMTP_PASSWORD": "\n"}])
def test_a_missing_password_is_named(environment: dict[str, str], parcel: Parcel, fails: Fails, refusing: int) -> None:
    assert fails(logged_in(refusing), parcel, environment) == "the environment variable SMTP_PASSWORD is not set"


def test_a_wrong_password_is_refused_and_not_told(
    office: Callable[..., Office], certificates: Any, parcel: Parcel, fails: Fails
) -> None:
    server = office({"tls_context": certificates.context(), "auth_required": True})
    said = fails(logged_in(server.port), parcel, certificates.environment | {"SMTP_PASSWORD": "wr0ng-one"})
    assert "does not accept user and password: 535" in said


def test_a_password_that_smtp_cannot_send_is_not_told(parcel: Parcel, fails: Fails, refusing: int) -> None:
    said = fails(logged_in(refusing), parcel, {"SMTP_PASSWORD": "pässword"})
    assert said == "the password in SMTP_PASSWORD has letters that SMTP cannot send"


def test_certificates_that_cannot_be_read_are_named(parcel: Parcel, fails: Fails, refusing: int) -> None:
    said = fails(way(refusing, security="tls"), parcel, {"SSL_CERT_FILE": "/proc/none.pem"})
    assert said == "SSL_CERT_FILE=/proc/none.pem cannot be used: No such file or directory"


# -- refusals -------------------------------------------------------------------------------------------------


def test_a_refused_recipient(office: Callable[..., Office], parcel: Parcel, fails: Fails) -> None:
    server = office(refused=frozenset({"cfo@example.com"}))
    said = fails(way(server.port), parcel)
    assert said == f"localhost:{server.port} refuses the recipient cfo@example.com: 550 5.1.1 no such user here"


def test_a_refused_sender(office: Callable[..., Office], parcel: Parcel, fails: Fails) -> None:
    server = office(sender_reply="553 5.7.1 not from you")
    assert "refuses the sender: 553 5.7.1 not from you" in fails(way(server.port), parcel)


def test_a_refused_message(office: Callable[..., Office], parcel: Parcel, fails: Fails) -> None:
    server = office(data_reply="554 5.7.1 looks like\u00a0news")
    assert "refuses the message: 554 5.7.1 looks like" in fails(way(server.port), parcel)


def test_a_message_beyond_the_servers_size(office: Callable[..., Office], parcel: Parcel, fails: Fails) -> None:
    server = office({"data_size_limit": 1000})
    assert "552" in fails(way(server.port), parcel)
    assert server.taken == []


def test_a_damaged_attachment_is_not_sent(office: Callable[..., Office], parcel: Parcel, fails: Fails) -> None:
    server = office()
    assert parcel.folder
    (parcel.folder / "briefing.pdf").write_bytes(b"%PDF bad block")
    assert "briefing.pdf is not as its manifest says" in fails(way(server.port), parcel)
    assert server.taken == []


def test_an_address_in_other_letters_goes_where_the_server_takes_it(
    office: Callable[..., Office], parcel: Parcel, arrives: Arrives, fails: Fails
) -> None:
    takes, refuses = office({"enable_SMTPUTF8": True}), office({"enable_SMTPUTF8": False})
    arrives(way(takes.port, to=["jürgen@example.com"]), parcel)
    assert takes.taken[0][1] == ["jürgen@example.com"]
    assert "lacks what is needed" in fails(way(refuses.port, to=["jürgen@example.com"]), parcel)


def test_the_context_checks_names_and_certificates(certificates: Any) -> None:
    from chipbrief_reports.delivery.limit import Limit
    from chipbrief_reports.delivery.sockets import tls_context

    context = tls_context(Limit(1.0), certificates.environment)
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
