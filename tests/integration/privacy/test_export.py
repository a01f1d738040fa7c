"""Everything we hold of a user as one ZIP: complete, without secrets, in bounded memory, whatever dies on the way."""

import asyncio
import csv
import io
import zipfile
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from sqlalchemy import text

from backend.core.clock import now_seconds, use_clock, utc_now
from backend.core.errors import ConflictError, NotFoundError, RateLimitError
from backend.privacy import exporting, repository, service, tasks
from backend.privacy.register import HELD, exported_tables


async def requested(app_database, user) -> UUID:
    async with app_database.unit_of_work(user.id) as session:
        return (await service.request_export(session, user)).id


async def downloaded(app_database, user, export_id) -> zipfile.ZipFile:
    parts = []
    async with app_database.unit_of_work(user.id) as session:
        await service.open_export(session, user, export_id)
        while (part := await service.export_part(session, export_id, len(parts))) is not None:
            parts.append(part)
    return zipfile.ZipFile(io.BytesIO(b"".join(parts)))


async def status_of(app_database, user, export_id):
    async with app_database.unit_of_work(user.id) as session:
        return next(each for each in await service.list_exports(session, user) if each.id == export_id)


async def test_every_exported_column_of_every_table_is_in_the_file(app_database, make_someone, job) -> None:
    (mine, user), (other, _) = await make_someone(), await make_someone()
    export_id = await requested(app_database, user)
    await tasks.make_export(job, str(export_id))
    archive = await downloaded(app_database, user, export_id)
    assert archive.testzip() is None
    names = {name.split(".")[0] for name in archive.namelist()} - {"README"}
    assert names == set(exported_tables())
    for name, holding in exported_tables().items():
        rows = orjson.loads(archive.read(f"{name}.json"))
        as_csv = list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode("utf-8-sig"))))
        assert len(rows) == len(as_csv) >= 1, name
        for row in (*rows, *as_csv):
            assert tuple(row) == holding.exported, name
        assert {row[holding.owner] for row in rows} == {str(mine.id)}, name
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert not any(trace in everything for trace in other.traces())
    assert "Not in here: your password" in everything and mine.email in archive.read("README.txt").decode()


async def test_no_withheld_value_is_in_the_file(app_database, admin_database, make_someone, job) -> None:
    person, user = await make_someone()
    export_id = await requested(app_database, user)
    await tasks.make_export(job, str(export_id))
    archive = await downloaded(app_database, user, export_id)
    everything = b"".join(archive.read(name) for name in archive.namelist())
    secrets = 0
    for name, holding in HELD.items():
        for column in holding.withheld:
            value = person.rows[name].get(column)
            if isinstance(value, bytes) or "hash" in column:
                held = value if isinstance(value, bytes) else value.encode()
                assert held not in everything and held.hex().encode() not in everything, (name, column)
                secrets += 1
    assert secrets >= 5


async def test_the_page_sees_how_far_it_is_and_the_mail_is_sent(
    app_database, admin_database, make_someone, job
) -> None:
    _, user = await make_someone()
    export_id = await requested(app_database, user)
    assert (await status_of(app_database, user, export_id)).status == "waiting"
    with pytest.raises(ConflictError):
        await requested(app_database, user)
    await tasks.make_export(job, str(export_id))
    ready = await status_of(app_database, user, export_id)
    assert (ready.status, ready.tables_done, ready.tables_total) == ("ready", len(exported_tables()), ready.tables_done)
    assert ready.rows_written == ready.rows_total >= len(exported_tables())
    assert ready.size_bytes and ready.expires_at - ready.ready_at == timedelta(days=7)
    async with admin_database.unit_of_work() as session:
        mails = await session.execute(
            text("select recipient from mail_outbox where user_id = :id and template = 'export_ready'"), {"id": user.id}
        )
        assert mails.scalars().all() == [user.email]
        jobs = await session.execute(
            text("select args from procrastinate.procrastinate_jobs where task_name = 'privacy.make_export'")
        )
        assert {"export_id": str(export_id)} in jobs.scalars().all()


async def test_making_it_twice_or_at_once_does_no_harm(app_database, make_someone, job, worker_database) -> None:
    _, user = await make_someone()
    export_id = await requested(app_database, user)
    async with worker_database.unit_of_work() as other:
        assert await repository.lock_export(other, export_id)
        with pytest.raises(ConflictError):
            await tasks.make_export(job, str(export_id))
    await tasks.make_export(job, str(export_id))
    first = await status_of(app_database, user, export_id)
    await tasks.make_export(job, str(export_id))
    assert await status_of(app_database, user, export_id) == first


async def test_a_file_expires_after_seven_days_and_its_bytes_go(
    app_database, admin_database, make_someone, job
) -> None:
    _, user = await make_someone()
    export_id = await requested(app_database, user)
    await tasks.make_export(job, str(export_id))
    now = now_seconds()
    try:
        use_clock(lambda: now + 7 * 86400 - 60)
        await tasks.delete_old_exports(job, 0)
        assert (await downloaded(app_database, user, export_id)).testzip() is None
        use_clock(lambda: now + 7 * 86400 + 60)
        with pytest.raises(NotFoundError):
            await downloaded(app_database, user, export_id)
        await tasks.delete_old_exports(job, 0)
    finally:
        use_clock(None)
    async with admin_database.unit_of_work() as session:
        for table, column in (("data_exports", "id"), ("data_export_parts", "export_id")):
            left = await session.execute(text(f"select count(*) from {table} where {column} = :id"), {"id": export_id})
            assert left.scalar_one() == 0


async def test_three_a_day_and_those_that_hang_do_not_block(app_database, make_someone, job, admin_database) -> None:
    _, user = await make_someone()
    async with admin_database.unit_of_work() as session:
        await session.execute(text("delete from data_exports where user_id = :id"), {"id": user.id})
    hung = await requested(app_database, user)
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text("update data_exports set requested_at = now() - interval '4 hours' where id = :id"), {"id": hung}
        )
    for _ in range(2):
        await tasks.make_export(job, str(await requested(app_database, user)))
    with pytest.raises(RateLimitError) as caught:
        await requested(app_database, user)
    assert 3600 < caught.value.details["retryAfter"] <= 86400
    await tasks.delete_old_exports(job, 0)
    assert (await status_of(app_database, user, hung)).status == "failed"


async def test_two_tabs_asking_at_once_get_one(app_database, make_someone) -> None:
    _, user = await make_someone()
    answers = await asyncio.gather(*(requested(app_database, user) for _ in range(2)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["ConflictError", "UUID"]


async def test_after_the_last_try_the_user_is_told(app_database, make_someone, job, monkeypatch) -> None:
    _, user = await make_someone()
    export_id = await requested(app_database, user)

    async def broken(*_: object) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr("backend.privacy.archive.Archive.add_table", broken)
    for attempt, expected in ((1, "running"), (tasks.EXPORT_RETRIES + 1, "failed")):
        context = type(job)(job.settings, job.database, job.redis, 1, attempt)
        with pytest.raises(OSError):
            await tasks.make_export(context, str(export_id))
        assert (await status_of(app_database, user, export_id)).status == expected
    assert (await status_of(app_database, user, export_id)).problem == exporting.FAILED


async def test_it_is_all_as_of_one_moment(app_database, admin_database, make_someone, job, monkeypatch) -> None:
    """A rule that is made while the file is being made is in none of it."""
    _, user = await make_someone()
    export_id = await requested(app_database, user)
    plain = exporting._Progress.note

    async def note(self, step: str, done: int) -> None:
        if done == 1:
            async with admin_database.unit_of_work() as session:
                await session.execute(
                    text(
                        "insert into alert_rules (user_id, name, type, conditions, actions)"
                        " values (:id, 'Meanwhile', 'whale', '[]', '[]')"
                    ),
                    {"id": user.id},
                )
        await plain(self, step, done)

    monkeypatch.setattr(exporting._Progress, "note", note)
    await tasks.make_export(job, str(export_id))
    archive = await downloaded(app_database, user, export_id)
    assert "Meanwhile" not in archive.read("alert_rules.json").decode()
    assert utc_now()
