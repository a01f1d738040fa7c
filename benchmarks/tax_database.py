"""From a file to a finished report as a user meets it: through PostgreSQL, as the jobs do it; and an edit of one.

A file of the generic format is uploaded and read for its preview; timed are the job that imports it (read, told apart,
written) and the job that makes a year's report of it (read back, assembled, calculated, drawn as CSV and JSON,
disposals and files stored). Then some transactions are edited as in the grid, and the years' figures taken from the
book that the process keeps. It runs in a process of its own, whose peak until the report is a worker's memory;
PostgreSQL's own is not in it.
"""

import asyncio
import json
import subprocess
import sys
import time
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from uuid import UUID

from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.jobs import JobContext
from backend.core.redis import make_redis
from backend.core.settings import Settings
from backend.tax import store
from backend.tax.engine.events import Kind
from backend.tax.imports import service as imports
from backend.tax.imports import tasks as import_tasks
from backend.tax.imports.schemas import UploadChoices
from backend.tax.optimisation.kept import KeptBooks
from backend.tax.reports import service as reports
from backend.tax.reports import tasks as report_tasks
from backend.tax.reports.schemas import ReportAsk
from backend.tax.transactions import Edit, Worth
from benchmarks.harness import peak_mb
from benchmarks.servers import servers
from benchmarks.tax import ledger
from benchmarks.tax_report import generic_csv

YEAR = 2022
CHANGES = 11


async def report(path: Path) -> dict[str, float]:
    """Return seconds by step (wall and this process's processor time), peak MB, and what came of it."""
    settings = Settings(_env_file=None)  # pyright: ignore[reportCallIssue]
    web, worker = Database(settings.database_url, 2), Database(settings.worker_database_url, 4)
    redis = make_redis(settings.redis_url)
    context = JobContext(settings, worker, redis, 1, 1)
    user = await _user(settings)
    clock = [_now()]
    async with web.unit_of_work(user.id) as session:
        file = (await imports.upload(session, user, path.read_bytes(), path.name, UploadChoices())).file
    await import_tasks.read_import(context, str(user.id), str(file.id), await _revision(worker, file.id))
    clock.append(_now())
    async with web.unit_of_work(user.id) as session:
        await imports.confirm(session, user, file.id, leave_out=False)
    await import_tasks.import_large_file(context, str(user.id), str(file.id), await _revision(worker, file.id))
    clock.append(_now())
    async with web.unit_of_work(user.id) as session:
        done = await imports.read_import(session, user, file.id)
        asked = await reports.ask_for_report(session, user, ReportAsk(year=YEAR, jurisdiction="US", format="csv"))
    assert done.state == "committed", done
    await report_tasks.make_report(context, str(asked.id))
    clock.append(_now())
    async with web.unit_of_work(user.id) as session:
        made = await reports.detail_of(session, user, asked.id)
    assert made.state == "done", made
    wall = [later[0] - before[0] for before, later in pairwise(clock)]
    cpu = [later[1] - before[1] for before, later in pairwise(clock)]
    peak = peak_mb()
    changes = await _changes(web, user)
    await redis.aclose()
    await web.close()
    await worker.close()
    return {
        **changes, "seconds": wall[1] + wall[2], "cpu_s": round(cpu[1] + cpu[2], 2), "peak_mb": peak,
        "preview_s": round(wall[0], 2), "import_s": round(wall[1], 2), "report_s": round(wall[2], 2),
        "import_cpu_s": round(cpu[1], 2), "report_cpu_s": round(cpu[2], 2), "preview_cpu_s": round(cpu[0], 2),
        "disposals": made.disposals.total, "files": len(made.files),
    }  # fmt: skip


async def _changes(web: Database, user: CurrentUser) -> dict[str, float]:
    """Return milliseconds from an edit to the years' figures with it, of edits all over the history."""
    books = KeptBooks()
    first = _now()
    async with web.unit_of_work(user.id) as session:
        kept = await books.of(session, user.id)
    first_s = _now()[0] - first[0]
    trades = [event.id for event in kept.book.events if event.kind is not Kind.TRANSFER]
    times, spent = [], []
    for number in range(CHANGES):
        id_ = UUID(trades[number * (len(trades) - 1) // (CHANGES - 1)])
        edit = Edit(worths={0: Worth(Decimal(1000 + number), "USD", "you")}, reason="a receipt says so")
        begin = _now()
        async with web.unit_of_work(user.id) as session:
            await store.edit_transactions(session, user.id, {id_: edit})
        async with web.unit_of_work(user.id) as session:
            kept = await books.of(session, user.id)
        kept.history.assess_all(2017, 2024)
        end = _now()
        times.append((end[0] - begin[0]) * 1e3)
        spent.append((end[1] - begin[1]) * 1e3)
    return {
        "change_p50_ms": sorted(times)[CHANGES // 2], "change_slowest_ms": round(max(times), 1),
        "change_cpu_ms": round(sorted(spent)[CHANGES // 2], 1), "first_book_s": round(first_s, 2),
    }  # fmt: skip


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


async def _user(settings: Settings) -> CurrentUser:
    user = CurrentUser(new_id(), f"{new_id()}@example.com", "enterprise")
    admin = Database(settings.admin_database_url, 1)
    async with admin.unit_of_work() as session:
        await session.execute(
            text("insert into premium_users (id, email, tier) values (:id, :email, 'enterprise')"),
            {"id": user.id, "email": user.email},
        )
    await admin.close()
    return user


async def _revision(database: Database, import_id: UUID) -> int:
    async with database.unit_of_work() as session:
        return (
            await session.execute(text("select revision from tax_imports where id = :id"), {"id": import_id})
        ).scalar_one()


def with_servers(size: int) -> str:
    """Return what `report` prints of a made-up history, through servers of its own."""
    with servers() as running:
        path = running.directory / "trades.csv"
        path.write_bytes(generic_csv(ledger(size)))
        running.settings()
        command = [sys.executable, "-m", "benchmarks.tax_database", str(path)]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.splitlines()[-1]


if __name__ == "__main__":
    if sys.argv[1].isdigit():
        print(with_servers(int(sys.argv[1])))
    else:
        print(json.dumps(asyncio.run(report(Path(sys.argv[1])))))
