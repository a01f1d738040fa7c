"""Writing mails: with the transaction or not at all, sealed, and seen by nobody else."""

from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.core.ids import new_id
from backend.notifications.mail.outbox import opened_content
from backend.notifications.mail.templates import TemplateError
from backend.notifications.service import send_mail
from tests.integration.notifications.conftest import Outbox

LINK = "https://premium.example/verify?token=t0p-s3cret"
VALUES = {"link": LINK, "valid_for": "24 hours"}


async def mails(outbox: Outbox) -> list[dict[str, object]]:
    async with outbox.admin.unit_of_work() as session:
        rows = await session.execute(text("select * from mail_outbox order by created_at"))
        return [dict(row) for row in rows.mappings()]


async def write(outbox: Outbox, user: UUID | None, to: str = "ann@example.com") -> UUID | None:
    """As a page does it for somebody who is not signed in."""
    async with outbox.app.unit_of_work() as session:
        return await send_mail(session, user_id=user, to=to, template="verify_email", values=VALUES)


async def test_a_mail_is_written_before_anybody_is_signed_in_and_its_link_is_sealed(outbox: Outbox) -> None:
    user = await outbox.new_user()
    mail_id = await write(outbox, user)
    await write(outbox, None)
    row, nobodys = await mails(outbox)
    assert (row["id"], row["user_id"], row["recipient"], row["status"]) == (mail_id, user, "ann@example.com", "pending")
    assert nobodys["user_id"] is None
    assert all("t0p-s3cret" not in str(value) for value in row.values())
    content = row["content"]
    assert isinstance(content, bytes)
    assert LINK in opened_content(content).text


async def test_rolled_back_there_is_no_mail(outbox: Outbox) -> None:
    with pytest.raises(RuntimeError):
        async with outbox.app.unit_of_work() as session:
            await send_mail(session, user_id=None, to="ann@example.com", template="verify_email", values=VALUES)
            raise RuntimeError
    with pytest.raises(TemplateError):
        async with outbox.app.unit_of_work() as session:
            await send_mail(session, user_id=None, to="ann@example.com", template="verify_email", values={})
    assert await mails(outbox) == []


async def test_a_user_sees_that_a_mail_went_out_and_never_what_it_says(outbox: Outbox) -> None:
    user = await outbox.new_user()
    await write(outbox, user)
    for who, count in ((user, 1), (new_id(), 0), (None, 0)):
        async with outbox.app.unit_of_work(who) as session:
            rows = (await session.execute(text("select template from mail_outbox"))).all()
            assert len(rows) == count
    for statement in (
        "select content from mail_outbox",
        "update mail_outbox set recipient = ''",
        "insert into mail_outbox (id, recipient, template) values (gen_random_uuid(), 'a@b.example', 'x')",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with outbox.app.unit_of_work(user) as session:
                await session.execute(text(statement))


async def test_mails_that_were_switched_off_are_not_written_whoever_sends_them(outbox: Outbox) -> None:
    user, other = await outbox.new_user(), await outbox.new_user()
    receipt = {"plan": "Pro", "amount": "$50.00", "date": "2026-11-25", "number": "1", "link": LINK}
    async with outbox.app.unit_of_work(user) as session:
        await session.execute(
            text("insert into mail_switched_off (user_id, kind) values (:user, 'receipts')"), {"user": user}
        )
    for database in (outbox.app, outbox.worker):
        async with database.unit_of_work() as session:
            for who, template, values in ((user, "receipt", receipt), (user, "verify_email", VALUES)):
                sent = await send_mail(session, user_id=who, to="a@example.com", template=template, values=values)
                assert (sent is None) == (template == "receipt")
            assert await send_mail(session, user_id=other, to="b@example.com", template="receipt", values=receipt)
    assert [row["template"] for row in await mails(outbox)] == ["verify_email", "receipt"] * 2
