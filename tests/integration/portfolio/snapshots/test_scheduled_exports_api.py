"""Scheduled exports: each is made once and handed over once, by mail with its file or to a webhook with a link."""

import asyncio
import base64
from collections.abc import Callable
from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text

from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.jobs import JobContext
from backend.core.sealing import unseal
from backend.core.settings import Settings
from backend.notifications.mail.outbox import opened_attachments
from backend.portfolio.scheduled_exports import making, tasks
from tests.integration.api.conftest import Api
from tests.integration.portfolio.snapshots.conftest import worth

PATH = "/v1/portfolio/scheduled-exports"
DAILY = {"name": "Morning", "what": "assets", "format": "csv", "every": "daily", "at": "08:00", "channel": "email"}


@pytest.fixture
def job(make_settings: Callable[..., Settings], worker_database: Database, redis) -> JobContext:
    return JobContext(settings=make_settings(), database=worker_database, redis=redis, job_id=1, attempt=1)


async def ask(database: Database, statement: str, **values: object) -> list:
    async with database.unit_of_work() as session:
        result = await session.execute(text(statement), values)
        return list(result.mappings()) if result.returns_rows else []


async def make_due(database: Database, schedule_id: str, hours: float = 3) -> None:
    at = utc_now() - timedelta(hours=hours)
    await ask(database, "update scheduled_exports set next_due_at = :at where id = :id", at=at, id=schedule_id)


async def runs_of(database: Database, schedule_id: str) -> list:
    return await ask(database, "select * from export_runs where schedule_id = :id order by due_at", id=schedule_id)


async def test_it_is_saved_changed_paused_and_deleted(api: Api):
    user, other = await api.new_user("starter"), await api.new_user("starter")
    mine, theirs = api.client_of(user), api.client_of(other)
    made = await mine.post(PATH, json={**DAILY, "timeZone": "Europe/Berlin"})
    assert made.status == 201 and made.data["nextDueAt"] > made.data["createdAt"]
    one = f"{PATH}/{made.data['id']}"
    assert (await theirs.send("PATCH", one, json={"name": "x"})).status == 404
    assert (await theirs.post(f"{one}/test")).status == 404
    paused = (await mine.send("PATCH", one, json={"isPaused": True, "format": "pdf"})).data
    assert (paused["nextDueAt"], paused["format"], paused["at"]) == (None, "pdf", "08:00")
    wrong = await mine.send("PATCH", one, json={"every": "weekly"})
    assert wrong.status == 422 and "day of the week" in str(wrong.error)
    private = {**DAILY, "channel": "webhook", "destination": "http://10.0.0.1/x"}
    assert (await mine.post(PATH, json=private)).status == 422
    listed = (await mine.get(PATH)).data
    assert (listed["total"], listed["limit"], listed["items"][0]["isPaused"]) == (1, 3, True)
    assert (await theirs.get(PATH)).data["total"] == 0
    assert (await mine.send("DELETE", one)).status == 200 and (await mine.get(PATH)).data["total"] == 0
    free = api.client_of(await api.new_user("free"))
    assert (await free.post(PATH, json=DAILY)).status == 201
    assert (await free.post(PATH, json=DAILY)).error["details"]["upgradeTo"] == "starter"


async def test_what_was_missed_is_mailed_once_with_its_file(api: Api, save, job: JobContext, admin_database: Database):
    user = await api.new_user("starter")
    await save(worth(user.id, utc_now(), "80"))
    client = api.client_of(user)
    schedule = (await client.post(PATH, json=DAILY)).data
    await make_due(admin_database, schedule["id"], hours=80)  # three mornings were missed
    await making.begin_due(job.database)
    await making.begin_due(job.database)
    (run,) = await runs_of(admin_database, schedule["id"])
    # Two workers at once, and the job again afterwards.
    run_id = str(run["id"])
    await asyncio.gather(tasks.make_scheduled_export(job, run_id), tasks.make_scheduled_export(job, run_id))
    await tasks.make_scheduled_export(job, run_id)
    mails = await ask(admin_database, "select * from mail_outbox where user_id = :id", id=user.id)
    assert [(mail["recipient"], mail["template"]) for mail in mails] == [(user.email, "portfolio_export")]
    (file,) = opened_attachments(bytes(mails[0]["content"]))
    assert file.media_type == "text/csv" and b"TKN" in file.content and file.name.endswith(".csv")
    said = orjson.loads(unseal(bytes(mails[0]["content"])))
    assert base64.b64decode(said["attachments"][0][2]) == file.content
    listed = (await client.get(PATH)).data["items"][0]
    assert (listed["lastRun"]["status"], listed["lastRun"]["isTest"]) == ("sent", False)
    assert listed["nextDueAt"] > utc_now().isoformat()[:10]
    # The link gives the same file to whoever has it, until its time is over.
    link = next(part for part in said["text"].split() if "/files/" in part)
    token = link.rsplit("/", 1)[1]
    got = await api.anonymous.get(f"{PATH}/files/{token}")
    assert (got.status, got.content, got.headers["Cache-Control"]) == (200, file.content, "private, no-store")
    assert (await api.anonymous.get(f"{PATH}/files/{token[:-2]}xx")).status == 404
    await ask(admin_database, "update export_runs set due_at = now() - interval '8 days' where id = :id", id=run["id"])
    await making.delete_old(job.database)
    assert (await api.anonymous.get(f"{PATH}/files/{token}")).status == 404


async def test_a_webhook_gets_a_message_with_a_link_and_a_test_does_not_move_the_schedule(
    api: Api, job: JobContext, admin_database: Database
):
    client = api.client_of(user := await api.new_user("pro"))
    hook = {**DAILY, "format": "json", "channel": "webhook", "destination": "https://example.com/hook"}
    schedule = (await client.post(PATH, json=hook)).data
    tried = await client.post(f"{PATH}/{schedule['id']}/test")
    assert (tried.status, tried.data["status"], tried.data["isTest"]) == (202, "waiting", True)
    await tasks.make_scheduled_export(job, tried.data["id"])
    (message,) = await ask(admin_database, "select * from notification_outbox where user_id = :id", id=user.id)
    assert (str(message["id"]), message["event_type"]) == (tried.data["id"], "portfolio.export")
    assert (message["channel"], message["destination"]) == ("webhook", "https://example.com/hook")
    payload = message["payload"]
    assert (payload["export"], payload["format"], payload["isTest"]) == ("assets", "json", True)
    got = await api.anonymous.get(PATH + "/files/" + payload["fileUrl"].rsplit("/", 1)[1])
    assert orjson.loads(got.content)["export"] == "assets" and len(got.content) == payload["sizeBytes"]
    listed = (await client.get(PATH)).data["items"][0]
    assert (listed["nextDueAt"], listed["lastRun"]["status"]) == (schedule["nextDueAt"], "sent")
    for _ in range(4):
        assert (await client.post(f"{PATH}/{schedule['id']}/test")).status == 202
    assert (await client.post(f"{PATH}/{schedule['id']}/test")).status == 429


async def test_what_cannot_be_sent_says_why(api: Api, job: JobContext, admin_database: Database):
    user = await api.new_user("starter")
    client = api.client_of(user)
    first, second = [(await client.post(PATH, json={**DAILY, "name": name})).data["id"] for name in ("One", "Two")]
    await ask(
        admin_database, "update premium_users set tier = 'free', email_verified_at = null where id = :id", id=user.id
    )
    for each in (first, second):
        await make_due(admin_database, each)
    await making.begin_due(job.database)
    (allowed,), (over,) = await runs_of(admin_database, first), await runs_of(admin_database, second)
    assert (over["status"], over["problem"]) == ("failed", making.OVER_PLAN)
    await tasks.make_scheduled_export(job, str(allowed["id"]))
    (allowed,) = await runs_of(admin_database, first)
    assert (allowed["status"], allowed["problem"]) == ("failed", making.NO_ADDRESS)
    assert await ask(admin_database, "select 1 from mail_outbox where user_id = :id", id=user.id) == []
