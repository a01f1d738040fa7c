"""From the outbox to the mail server: retries, an outage, a refused mail, a killed dispatcher; nothing is lost."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.core.sealing import seal
from backend.core.settings import Settings
from backend.notifications.mail import repository
from backend.notifications.mail.adapters import mail_port, uses_local_mailbox
from backend.notifications.mail.port import MailPort, OutgoingMail
from backend.notifications.mail.smtp import SmtpMail
from backend.notifications.service import send_mail
from backend.worker.mails import MailDispatcher, MailTimes
from tests.doubles.sendgrid import API_KEY, sendgrid_double
from tests.doubles.smtp_server import SmtpServer, smtp_server
from tests.integration.notifications.conftest import Outbox, eventually

ROOT = Path(__file__).resolve().parents[3]
SENDER = "Premium <no-reply@premium.example>"
QUICK = MailTimes(retry=(0.05,), lease=1.0, poll=0.05, failures_before_rest=1000)
PROGRAM = """
import asyncio, sys
from backend.core.db import Database
from backend.notifications.mail.smtp import SmtpMail
from backend.worker.mails import MailDispatcher
from tests.integration.notifications.test_mail_delivery import QUICK, SENDER

async def main():
    await MailDispatcher(Database(sys.argv[1], pool_size=2), SmtpMail(sys.argv[2], SENDER), QUICK).run()

asyncio.run(main())
"""


async def put(outbox: Outbox, to: str = "ann@example.com") -> UUID:
    values = {"link": "https://premium.example/verify?token=1", "valid_for": "24 hours"}
    async with outbox.app.unit_of_work() as session:
        mail_id = await send_mail(session, user_id=None, to=to, template="verify_email", values=values)
    assert mail_id is not None
    return mail_id


async def row(outbox: Outbox, mail_id: UUID) -> dict[str, object]:
    async with outbox.admin.unit_of_work() as session:
        found = await session.execute(text("select * from mail_outbox where id = :id"), {"id": mail_id})
        return dict(found.one()._mapping)


async def reaches(outbox: Outbox, mail_id: UUID, status: str) -> dict[str, object]:
    async def there() -> bool:
        return (await row(outbox, mail_id))["status"] == status

    await eventually(there)
    return await row(outbox, mail_id)


@asynccontextmanager
async def sending(outbox: Outbox, port: MailPort, times: MailTimes = QUICK) -> AsyncIterator[MailDispatcher]:
    dispatcher = MailDispatcher(outbox.worker, port, times)
    task = asyncio.create_task(dispatcher.run())
    try:
        yield dispatcher
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def smtp(server: SmtpServer, timeout_seconds: float = 5.0) -> SmtpMail:
    return SmtpMail(f"smtp://127.0.0.1:{server.port}", SENDER, timeout_seconds)


async def test_a_mail_is_sent_once_and_what_it_says_is_forgotten(outbox: Outbox) -> None:
    async with smtp_server() as server, sending(outbox, smtp(server)), sending(outbox, smtp(server)):
        mails = [await put(outbox, f"user{number}@example.com") for number in range(20)]
        for mail_id in mails:
            sent = await reaches(outbox, mail_id, "sent")
            assert (sent["attempts"], sent["content"], sent["last_error"]) == (1, None, None)
    assert {str(mail["Message-ID"]) for mail in server.received} == {f"<{m}@premium.example>" for m in mails}
    assert len(server.received) == 20
    assert "https://premium.example/verify?token=1" in server.received[0].get_body(("plain",)).get_content()


async def test_a_mail_that_is_put_off_is_tried_again(outbox: Outbox) -> None:
    async with smtp_server() as server, sending(outbox, smtp(server)):
        server.rcpt = ["450 later"]
        server.data = ["451 later", "250 now"]
        sent = await reaches(outbox, await put(outbox), "sent")
    assert sent["attempts"] == 3
    assert len(server.received) == 1


async def test_a_refused_mail_is_dead_at_once_and_can_be_sent_again(outbox: Outbox) -> None:
    async with smtp_server() as server, sending(outbox, smtp(server)):
        server.rcpt = ["550 no such user"]
        mail_id = await put(outbox)
        dead = await reaches(outbox, mail_id, "dead")
        assert (dead["attempts"], dead["last_error"]) == (1, "The mail server answered 550.")
        async with outbox.worker.unit_of_work() as session:
            [listed] = await repository.list_dead(session, 10)
            assert listed["id"] == mail_id
            assert await repository.put_in_line_again(session, mail_id)
            assert not await repository.put_in_line_again(session, mail_id)
        await reaches(outbox, mail_id, "sent")


async def test_a_provider_that_is_away_costs_no_mail(outbox: Outbox) -> None:
    async with smtp_server() as server:
        port = smtp(server)
        number = server.port
    mail_id = await put(outbox)
    async with sending(outbox, port):

        async def was_tried() -> bool:
            return int(str((await row(outbox, mail_id))["attempts"])) >= 3

        await eventually(was_tried)
        assert (await row(outbox, mail_id))["last_error"] == "The mail server cannot be reached."
        async with smtp_server(port=number) as back:
            await reaches(outbox, mail_id, "sent")
            assert len(back.received) == 1


async def test_a_provider_that_is_away_is_asked_with_one_mail_at_a_time(outbox: Outbox) -> None:
    async with smtp_server() as server:
        port = smtp(server)
    mails = [await put(outbox) for _ in range(12)]
    times = MailTimes(retry=(0.01,), poll=0.01, failures_before_rest=3, rest=0.3)
    async with sending(outbox, port, times):
        await asyncio.sleep(1.0)
    attempts = sum([int(str((await row(outbox, mail_id))["attempts"])) for mail_id in mails])
    assert 8 <= attempts <= 8 + 4, f"eight at first, then one each 0.3 s, not hundreds: {attempts}"


async def test_a_mail_is_given_up_after_a_day(outbox: Outbox) -> None:
    mail_id = await put(outbox)
    async with outbox.admin.unit_of_work() as session:
        await session.execute(text("update mail_outbox set created_at = now() - interval '25 hours'"))
    async with smtp_server() as server:
        server.rcpt = ["450 later"] * 5
        async with sending(outbox, smtp(server)):
            dead = await reaches(outbox, mail_id, "dead")
    assert (dead["attempts"], server.received) == (1, [])


async def test_a_stalling_server_holds_up_no_others_for_ever(outbox: Outbox) -> None:
    async with smtp_server() as server, sending(outbox, smtp(server, timeout_seconds=0.3)):
        server.stall = True
        mail_id = await put(outbox)
        await server.began.wait()
        server.stall = False
        sent = await reaches(outbox, mail_id, "sent")
    assert int(str(sent["attempts"])) >= 2


async def test_a_killed_dispatcher_loses_nothing(outbox: Outbox) -> None:
    async with smtp_server() as server:
        server.stall = True
        mail_id = await put(outbox)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-c", PROGRAM, outbox.urls.worker, f"smtp://127.0.0.1:{server.port}"),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        async with asyncio.timeout(30):
            await server.began.wait()
        process.kill()
        await process.wait()
        assert (await row(outbox, mail_id))["status"] == "sending"
        server.stall = False
        async with sending(outbox, smtp(server)):
            sent = await reaches(outbox, mail_id, "sent")
    assert sent["attempts"] == 2
    assert [str(mail["Message-ID"]) for mail in server.received] == [f"<{mail_id}@premium.example>"]


async def test_a_mail_whose_key_is_missing_waits_and_the_others_go(outbox: Outbox) -> None:
    broken = await put(outbox)
    async with outbox.admin.unit_of_work() as session:
        await session.execute(
            text("update mail_outbox set content = :content where id = :id"),
            {"id": broken, "content": seal("x")[:-4] + b"AAAA"},
        )
    async with smtp_server() as server, sending(outbox, smtp(server)):
        await reaches(outbox, await put(outbox), "sent")
        waiting = await row(outbox, broken)
        assert waiting["status"] in ("pending", "sending")
        assert waiting["content"] is not None


async def test_the_settings_choose_the_way_out(outbox: Outbox, make_settings: Callable[..., Settings]) -> None:
    for values, name in (({"smtp_url": "smtp://x@localhost"}, "SMTP"), ({"sendgrid_api_key": "k"}, "SendGrid")):
        settings = make_settings(**values)
        assert not uses_local_mailbox(settings)
        async with mail_port(settings, outbox.worker) as port:
            assert port.name == name
    async with sendgrid_double() as double:
        settings = make_settings(sendgrid_api_key=API_KEY, sendgrid_api_url=double.url, mail_from=SENDER)
        async with mail_port(settings, outbox.worker) as port, sending(outbox, port):
            double.script = [(429, "0"), (500, None)]
            await reaches(outbox, await put(outbox), "sent")
        assert (len(double.taken), double.requests) == (1, 3)


async def test_the_local_mailbox_keeps_a_mail_once(outbox: Outbox, make_settings: Callable[..., Settings]) -> None:
    settings = make_settings()
    assert uses_local_mailbox(settings)
    async with mail_port(settings, outbox.worker) as port, sending(outbox, port):
        mail_id = await put(outbox, "bea@example.com")
        sent = await reaches(outbox, mail_id, "sent")
        await port.send(OutgoingMail(mail_id, "bea@example.com", "again", "", "", sent["created_at"]))  # type: ignore[arg-type]
    async with outbox.app.unit_of_work() as session:
        [mail] = await repository.list_local(session, 10, "bea@example.com")
        assert await repository.list_local(session, 10, "nobody@example.com") == []
    assert mail["subject"] == "Confirm your e-mail address"


@pytest.mark.parametrize("days", [29, 31])
async def test_mails_that_were_sent_are_forgotten_after_thirty_days(outbox: Outbox, days: int) -> None:
    mail_id = await put(outbox)
    async with outbox.admin.unit_of_work() as session:
        await session.execute(
            text("update mail_outbox set status = 'sent', sent_at = now() - make_interval(days => :days)"),
            {"days": days},
        )
    async with outbox.worker.unit_of_work() as session:
        assert await repository.delete_old_mails(session, 30, 90) == (1 if days > 30 else 0)
    if days < 30:
        await row(outbox, mail_id)
