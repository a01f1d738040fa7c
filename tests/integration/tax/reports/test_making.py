"""Making reports when things go wrong: killed at every step, cancelled, deleted, two at once."""

import asyncio
import threading
from typing import Any

import pytest
from sqlalchemy import text

from backend.tax.reports import making, repository
from backend.tax.reports.tasks import RETRIES, give_up_lost_reports, make_report
from backend.tax.transactions import ChosenLot, Edit
from tests.integration.tax.reports.conftest import HISTORY, Filer

STEPS = ("syncing", "reading", "calculating", "drawing", "writing")


class Killed(BaseException):
    """Nothing catches this: what comes after it does not happen."""


async def bytes_of(filer: Filer, report: dict[str, Any]) -> dict[str, bytes]:
    return {each["name"]: await filer.file(report["id"], each["name"]) for each in report["files"]}


async def rows_of(filer: Filer, report_id: str) -> tuple[int, int]:
    async with filer.worker.unit_of_work() as session:
        counts = [
            (await session.execute(text(f"select count(*) from {table} where report_id = :id"), {"id": report_id}))
            for table in ("tax_report_disposals", "tax_report_files")
        ]
        return counts[0].scalar_one(), counts[1].scalar_one()


@pytest.mark.parametrize("step", STEPS)
async def test_a_worker_killed_at_any_step_leaves_nothing_and_the_next_makes_it_whole(
    filer: Filer, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    whole = await bytes_of(filer, await filer.made())
    report_id = await filer.asked()
    plain = repository.set_progress

    async def dies(session: Any, of: Any, at: str, pct: int) -> bool:
        if at == step:
            raise Killed
        return await plain(session, of, at, pct)

    monkeypatch.setattr(repository, "set_progress", dies)
    with pytest.raises(Killed):
        await filer.make(report_id)
    monkeypatch.setattr(repository, "set_progress", plain)
    assert (await filer.read(report_id))["state"] == "running"
    assert await rows_of(filer, report_id) == (0, 0)
    await filer.make(report_id)
    report = await filer.read(report_id)
    assert report["state"] == "done" and report["disposals"]["total"] == 2
    assert await bytes_of(filer, report) == whole


async def test_a_worker_killed_while_it_writes_leaves_nothing(filer: Filer, monkeypatch: pytest.MonkeyPatch) -> None:
    report_id = await filer.asked()
    plain = repository.finish

    async def dies(*_: Any) -> None:
        raise Killed

    monkeypatch.setattr(repository, "finish", dies)
    with pytest.raises(Killed):
        await filer.make(report_id)
    assert await rows_of(filer, report_id) == (0, 0)
    monkeypatch.setattr(repository, "finish", plain)
    await filer.make(report_id)
    assert (await filer.read(report_id))["state"] == "done"


async def test_two_of_one_year_at_once_are_two_versions_each_whole(filer: Filer) -> None:
    ids = await asyncio.gather(filer.asked(method="fifo"), filer.asked(method="hifo"))
    await asyncio.gather(*map(filer.make, ids))
    reports = [await filer.read(each) for each in ids]
    assert sorted(each["number"] for each in reports) == [1, 2]
    for report in reports:
        assert report["state"] == "done" and report["disposals"]["total"] == 2
        assert len(await bytes_of(filer, report)) == len(report["files"])


async def test_one_report_in_two_hands_is_written_once(filer: Filer) -> None:
    report_id = await filer.asked()
    await asyncio.gather(filer.make(report_id), filer.make(report_id))
    report = await filer.read(report_id)
    assert report["state"] == "done"
    assert await rows_of(filer, report_id) == (2, len(report["files"]) + 1)


async def test_who_cancels_is_obeyed_in_the_middle_of_the_computing(
    filer: Filer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, heard = threading.Event(), threading.Event()

    def endless(book: Any, year: int, check: Any) -> None:
        begun.set()
        while True:
            try:
                check()
            except making.StoppedError:
                heard.set()
                raise
            threading.Event().wait(0.01)

    monkeypatch.setattr(making, "compute", endless)
    report_id = await filer.asked()
    working = asyncio.create_task(filer.make(report_id))
    await asyncio.to_thread(begun.wait, 20)
    cancelled = await filer.client.post(f"/v1/tax/reports/{report_id}/cancel")
    assert cancelled.data["state"] == "cancelled"
    async with asyncio.timeout(20):
        await working
    assert await asyncio.to_thread(heard.wait, 20), "the thread goes on"
    assert (await filer.read(report_id))["state"] == "cancelled"
    again = await filer.client.post(f"/v1/tax/reports/{report_id}/cancel")
    assert (again.status, again.error["code"]) == (409, "CONFLICT")


async def test_a_cancelled_or_deleted_report_in_line_is_not_made(filer: Filer) -> None:
    cancelled, deleted = await filer.asked(), await filer.asked()
    await filer.client.post(f"/v1/tax/reports/{cancelled}/cancel")
    await filer.client.send("DELETE", f"/v1/tax/reports/{deleted}")
    await filer.make(cancelled)
    await filer.make(deleted)
    assert (await filer.read(cancelled))["state"] == "cancelled"
    assert await rows_of(filer, cancelled) == (0, 0)


async def test_what_keeps_failing_says_so_after_the_last_try(filer: Filer, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(*_: Any) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(making, "compute", breaks)
    report_id = await filer.asked()
    with pytest.raises(RuntimeError):
        await filer.make(report_id)
    assert (await filer.read(report_id))["state"] == "running"
    last = type(filer.context)(filer.api.settings, filer.worker, filer.context.redis, 1, RETRIES + 1)
    with pytest.raises(RuntimeError):
        await make_report(last, report_id)
    report = await filer.read(report_id)
    assert (report["state"], report["message"]) == ("failed", making.GAVE_UP)


async def test_a_report_that_nobody_makes_any_more_fails_and_one_under_way_does_not(filer: Filer) -> None:
    lost, young = await filer.asked(), await filer.asked()
    async with filer.api.admin.unit_of_work() as session:
        begun = text(
            "update tax_reports set requested_at = now() - interval '4 hours', started_at = now() - interval '4 hours',"
            " state = 'running' where id = :id"
        )
        await session.execute(begun, {"id": lost})
    await give_up_lost_reports(filer.context, 0)
    assert (await filer.read(lost))["message"] == making.GAVE_UP
    assert (await filer.read(young))["state"] == "queued"


async def test_a_database_that_cannot_be_asked_is_no_cancelling(filer: Filer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: Any) -> None:
        raise OSError("away")

    def slow(*_: Any) -> None:
        threading.Event().wait(2)

    monkeypatch.setattr(repository, "state_of", away)
    monkeypatch.setattr(making, "compute", slow)
    report_id = await filer.asked()
    with pytest.raises(OSError, match="away"):
        await filer.make(report_id)
    assert (await filer.read(report_id))["state"] == "running", "it is tried again"


async def test_only_so_many_are_made_at_once(filer: Filer) -> None:
    for _ in range(5):
        await filer.asked()
    reply = await filer.ask()
    assert (reply.status, reply.error["code"]) == (429, "RATE_LIMIT_EXCEEDED")


async def test_more_transactions_than_the_plan_allows_are_refused_with_the_plan_that_does(
    filer: Filer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backend.accounts import entitlements

    monkeypatch.setitem(entitlements.PLANS["pro"].caps, entitlements.Cap.TAX_TRANSACTIONS, 6)
    reply = await filer.ask()
    assert reply.status == 403
    assert reply.error["details"] == {"cap": "tax_transactions", "limit": 6, "used": 7, "upgradeTo": "enterprise"}


async def test_lots_that_are_not_held_fail_at_once_and_say_for_what(filer: Filer) -> None:
    late = ChosenLot(HISTORY[1].id, HISTORY[2].legs[0].amount * -1)  # bought after it was sold
    await filer.edit(HISTORY[2].id, Edit(choices=(late,), reason="mine"))
    report_id = await filer.asked(method="specific")
    await filer.make(report_id)
    report = await filer.read(report_id)
    assert report["state"] == "failed"
    assert "for the sell of 1 November 2022 (0.5 ETH, Kraken), but nothing of that is left" in report["message"]
    await filer.client.send("PUT", "/v1/tax/settings", json={"methods": {"2009": "specific"}})
    reply = await filer.client.get("/v1/tax/summary")
    assert (reply.status, reply.error["details"]) == (409, {"transactionId": str(HISTORY[2].id)})
    assert reply.error["message"] == report["message"]
