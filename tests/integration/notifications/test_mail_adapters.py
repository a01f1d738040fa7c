"""The ways out for mails, over real sockets: what arrives, and what each refusal means."""

import asyncio
import socket
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from backend.core.http import OutgoingHttp
from backend.core.ids import new_id
from backend.notifications.mail.port import (
    MailDeferredError,
    MailProblem,
    MailRefusedError,
    MailUnavailableError,
    OutgoingMail,
)
from backend.notifications.mail.sendgrid import SendGridMail
from backend.notifications.mail.smtp import SmtpMail, parse_smtp_url
from tests.doubles.sendgrid import API_KEY, sendgrid_double
from tests.doubles.smtp_server import PASSWORD, USER, make_tls, smtp_server

SENDER = "Prémium <no-reply@premium.example>"


def a_mail(subject: str = "Your receipt für Pro") -> OutgoingMail:
    written_at = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    return OutgoingMail(new_id(), "ann@example.com", subject, "<p>Grüße</p>", "Grüße\n" + "x" * 1500, written_at)


async def test_a_mail_arrives_whole_over_smtp() -> None:
    mail = a_mail()
    async with smtp_server() as server:
        await SmtpMail(f"smtp://127.0.0.1:{server.port}", SENDER).send(mail)
        await SmtpMail(f"smtp://127.0.0.1:{server.port}", SENDER).send(mail)
    first, second = server.received
    assert first["Message-ID"] == second["Message-ID"] == f"<{mail.id}@premium.example>"
    assert first["From"].addresses[0].display_name == "Prémium"
    assert first["From"].addresses[0].addr_spec == "no-reply@premium.example"
    assert first["To"] == "ann@example.com"
    assert first["Subject"] == "Your receipt für Pro"
    assert first["Date"].datetime == mail.written_at
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_content_type() == "multipart/alternative"
    text, page = first.iter_parts()
    assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    assert text.get_content().split() == mail.text.split()
    assert page.get_content().strip() == mail.html


async def test_a_line_break_cannot_become_a_header() -> None:
    async with smtp_server() as server:
        with pytest.raises(ValueError, match="linefeed"):
            await SmtpMail(f"smtp://127.0.0.1:{server.port}", SENDER).send(a_mail("Hi\r\nBcc: all@example.com"))
    assert server.received == []


@pytest.mark.parametrize("from_the_start", [False, True])
async def test_signing_in_over_tls(tmp_path: Path, from_the_start: bool) -> None:
    server_tls, client_tls = make_tls(tmp_path)
    login = f"{USER}:{quote(PASSWORD, safe='')}"
    scheme = "smtps" if from_the_start else "smtp"
    async with smtp_server(server_tls, sign_in=True, from_the_start=from_the_start) as server:
        url = f"{scheme}://{login}@127.0.0.1:{server.port}"
        await SmtpMail(url, SENDER, tls_context=client_tls).send(a_mail())
        await SmtpMail(url, SENDER, tls_context=client_tls).check()
        assert (server.over_tls, server.users) == ([True], [USER.encode()])
        wrong = SmtpMail(f"{scheme}://{USER}:wrong@127.0.0.1:{server.port}", SENDER, tls_context=client_tls)
        with pytest.raises(MailUnavailableError, match="did not accept the user and password") as caught:
            await wrong.send(a_mail())
        assert "wrong" not in str(caught.value)
        with pytest.raises(MailUnavailableError, match="certificate"):
            await SmtpMail(url, SENDER).check()


async def test_without_tls_nothing_is_sent_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    async with smtp_server() as server:
        # The rule looks at the name, so a name that is not this machine's own leads here.
        real = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more))
        with pytest.raises(MailUnavailableError, match="no TLS"):
            await SmtpMail(f"smtp://mail.example:{server.port}", SENDER).send(a_mail())
        assert server.received == []
        await SmtpMail(f"smtp://mail.example:{server.port}?tls=off", SENDER).send(a_mail())
        assert len(server.received) == 1


@pytest.mark.parametrize(
    ("rcpt", "data", "kind"),
    [
        ("550 no such user", "", MailRefusedError),
        ("450 greylisted, try later", "", MailDeferredError),
        ("421 closing", "", MailUnavailableError),
        ("", "554 spam", MailRefusedError),
        ("", "451 try later", MailDeferredError),
    ],
)
async def test_what_a_servers_answer_means(rcpt: str, data: str, kind: type[MailProblem]) -> None:
    async with smtp_server() as server:
        server.rcpt = [rcpt] if rcpt else []
        server.data = [data] if data else []
        with pytest.raises(kind) as caught:
            await SmtpMail(f"smtp://127.0.0.1:{server.port}", SENDER).send(a_mail())
        assert "ann@" not in str(caught.value)
        assert server.received == []


async def test_a_server_that_stalls_or_is_not_there() -> None:
    async with smtp_server() as server:
        server.stall = True
        with pytest.raises(MailUnavailableError, match=r"not answer within 0\.3 s"):
            await SmtpMail(f"smtp://127.0.0.1:{server.port}", SENDER, timeout_seconds=0.3).send(a_mail())
    with pytest.raises(MailUnavailableError, match="cannot be reached"):
        await SmtpMail(f"smtp://127.0.0.1:{server.port}", SENDER).check()


def test_smtp_urls() -> None:
    server = parse_smtp_url("smtp://me%40x:p%3Aw%2F@mail.example")
    assert (server.user, server.password, server.port, server.tls_required) == ("me@x", "p:w/", 587, True)
    assert parse_smtp_url("smtps://mail.example").port == 465
    assert not parse_smtp_url("smtp://localhost:2525").tls_required
    for bad in ("http://x", "smtp://", "smtp://me:hunter2@mail.example?tls=off"):
        with pytest.raises(ValueError, match="SMTP_URL") as caught:
            parse_smtp_url(bad)
        assert "hunter2" not in str(caught.value)


async def test_a_mail_arrives_whole_at_sendgrid() -> None:
    mail = a_mail()
    async with sendgrid_double() as double, OutgoingHttp(timeout_seconds=5, allow_private=True) as http:
        port = SendGridMail(http, double.url + "/", SecretStr(API_KEY), SENDER)
        await port.check()
        assert double.taken == []
        await port.send(mail)
    [taken] = double.taken
    assert taken["personalizations"] == [{"to": [{"email": "ann@example.com"}]}]
    assert taken["from"] == {"email": "no-reply@premium.example", "name": "Prémium"}
    assert taken["subject"] == mail.subject
    assert [part["value"] for part in taken["content"]] == [mail.text, mail.html]
    assert taken["headers"]["Message-ID"] == f"<{mail.id}@premium.example>"
    assert taken["tracking_settings"]["click_tracking"] == {"enable": False, "enable_text": False}
    assert taken["tracking_settings"]["open_tracking"] == {"enable": False}


@pytest.mark.parametrize(
    ("status", "retry_after", "kind", "asked"),
    [
        (400, None, MailRefusedError, None),
        (413, None, MailRefusedError, None),
        (429, "17", MailUnavailableError, 17.0),
        (500, None, MailUnavailableError, None),
        (503, "soon", MailUnavailableError, None),
        (403, None, MailUnavailableError, None),
    ],
)
async def test_what_sendgrids_answer_means(
    status: int, retry_after: str | None, kind: type[MailProblem], asked: float | None
) -> None:
    async with sendgrid_double() as double, OutgoingHttp(timeout_seconds=5, allow_private=True) as http:
        double.script = [(status, retry_after)]
        with pytest.raises(kind) as caught:
            await SendGridMail(http, double.url, SecretStr(API_KEY), SENDER).send(a_mail())
        assert caught.value.retry_after_seconds == asked


async def test_a_wrong_key_is_not_shown() -> None:
    async with sendgrid_double() as double, OutgoingHttp(timeout_seconds=5, allow_private=True) as http:
        port = SendGridMail(http, double.url, SecretStr("SG.wrong"), SENDER)
        for call in (port.send(a_mail()), port.check()):
            with pytest.raises(MailUnavailableError, match="SENDGRID_API_KEY") as caught:
                await call
            assert "SG.wrong" not in str(caught.value)


async def test_sendgrid_away() -> None:
    async with sendgrid_double() as double:
        pass
    async with OutgoingHttp(timeout_seconds=5, allow_private=True) as http:
        with pytest.raises(MailUnavailableError, match="No connection"):
            await asyncio.wait_for(SendGridMail(http, double.url, SecretStr(API_KEY), SENDER).send(a_mail()), 5)
