"""Files of transactions through the API and the jobs: looked at, corrected, imported once and as a whole, undone."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import aiohttp
import pytest
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.jobs import JobContext
from backend.tax import store
from backend.tax.book_service import book_of
from backend.tax.imports import service, tasks
from backend.tax.imports.working import Note
from backend.tax.transactions import TaxLeg, TaxTransaction, TransactionKind
from tests.integration.api.conftest import Api, Client, Reply

HEAD = "timestamp,type,sent_asset,sent_amount,received_asset,received_amount,fee_asset,fee_amount,value,currency,note"
START = datetime(2024, 1, 1, tzinfo=UTC)


def csv_of(first: int, last: int, *more: str) -> bytes:
    """A file whose line number `place` (from 0) buys something a day later each."""
    rows = [
        f"{START + timedelta(days=place):%Y-%m-%dT%H:%M:%SZ},buy,USD,{place + 100},ETH,0.5,,,,,"
        for place in range(first, last)
    ]
    return "\n".join([HEAD, *rows, *more, ""]).encode()


BAD = "2024-02-30T10:00:00Z,buy,USD,100,ETH,0.5,,,,,"
GOOD = "2024-02-29T10:00:00Z"


async def upload(client: Client, content: bytes, name: str = "trades.csv", **fields: str) -> Reply:
    form = aiohttp.FormData()
    form.add_field("file", content, filename=name, content_type="text/csv")
    for field, value in fields.items():
        form.add_field(field, value)
    return await client.post("/v1/tax/transactions/import", data=form)


async def uploaded(client: Client, content: bytes, **fields: str) -> dict[str, Any]:
    reply = await upload(client, content, **fields)
    assert reply.status in (201, 202), reply.json
    return reply.data["file"]


async def commit(client: Client, import_id: str, *, leave_out: bool = False) -> Reply:
    return await client.post(f"/v1/tax/imports/{import_id}/commit", json={"leaveOut": leave_out})


async def imported(client: Client, content: bytes, **fields: str) -> dict[str, Any]:
    file = await uploaded(client, content, **fields)
    return (await commit(client, file["id"])).data["file"]


async def read(client: Client, import_id: str, query: str = "") -> dict[str, Any]:
    return (await client.get(f"/v1/tax/imports/{import_id}{query}")).data


async def ids_of(database: Database, user: CurrentUser) -> list[UUID]:
    async with database.unit_of_work(user.id) as session:
        return [entry.id for entry, _ in await store.entries_of(session, user.id)]


@pytest.fixture
def job(make_settings: Callable[..., Any], worker_database: Database, redis: Any) -> JobContext:
    return JobContext(settings=make_settings(), database=worker_database, redis=redis, job_id=1, attempt=1)


async def revision_of(admin: Database, import_id: str) -> int:
    async with admin.unit_of_work() as session:
        found = await session.execute(text("select revision from tax_imports where id = :id"), {"id": import_id})
        return found.scalar_one()


async def work(admin: Database, job: JobContext, user: CurrentUser, import_id: str, task: Any) -> None:
    """Do the job that stands in line for an import."""
    await task(job, str(user.id), import_id, await revision_of(admin, import_id))


async def test_a_file_is_looked_at_then_imported_and_twice_adds_nothing(api: Api, app_database: Database) -> None:
    user = await api.new_user("pro")
    client = api.client_of(user)
    file = await uploaded(client, csv_of(0, 5), account="My exchange")
    assert (file["state"], file["lines"], file["fresh"], file["added"]) == ("preview", 5, 5, 5)
    assert (file["source"], file["account"], file["isSure"]) == ("generic", "My exchange", True)
    lines = (await read(client, file["id"], "?pageSize=2&page=2"))["lines"]
    assert (lines["total"], [each["line"] for each in lines["items"]]) == (5, [4, 5])
    assert list(lines["items"][0]["cells"]) == HEAD.split(",")
    assert lines["items"][0]["status"] == "new" and "0.5 ETH" in lines["items"][0]["says"]
    assert await ids_of(app_database, user) == []
    # The same bytes while they are looked at are the same import.
    assert (await uploaded(client, csv_of(0, 5)))["id"] == file["id"]
    done = (await commit(client, file["id"])).data["file"]
    assert (done["state"], done["added"], done["known"]) == ("committed", 5, 0)
    before = await ids_of(app_database, user)
    again = await uploaded(client, csv_of(0, 5))
    assert (again["account"], again["added"], again["known"]) == ("My exchange", 0, 5)
    assert (await read(client, again["id"]))["file"]["importedBefore"] is not None
    assert (await commit(client, again["id"])).data["file"]["added"] == 0
    assert await ids_of(app_database, user) == before and len(before) == 5
    listed = (await client.get("/v1/tax/imports")).data
    assert (listed["total"], listed["transactions"], listed["limit"]) == (2, 5, 100_000)


async def test_the_same_file_of_another_account_would_double_everything_and_is_refused(api: Api) -> None:
    client = api.client_of(await api.new_user("pro"))
    await imported(client, csv_of(0, 3), account="One")
    other = await uploaded(client, csv_of(0, 3), account="Two")
    assert other["added"] == 3
    refused = await commit(client, other["id"])
    assert refused.status == 409 and "'One'" in refused.error["message"]


async def test_bad_lines_are_named_and_nothing_is_half_imported(api: Api, app_database: Database) -> None:
    user = await api.new_user("pro")
    client = api.client_of(user)
    file = await uploaded(client, csv_of(0, 3, BAD))
    assert (file["lines"], file["fresh"], file["refused"]) == (4, 3, 1)
    (bad,) = (await read(client, file["id"], "?status=refused"))["lines"]["items"]
    assert bad["line"] == 5 and bad["problems"][0]["column"] == "timestamp" and bad["problems"][0]["isFatal"]
    refused = await commit(client, file["id"])
    assert (refused.status, refused.error["details"]) == (409, {"refused": 1, "leaveOut": False})
    assert await ids_of(app_database, user) == []
    path = f"/v1/tax/imports/{file['id']}"
    fixed = await client.send("PATCH", path, json={"corrections": {"5": {"timestamp": GOOD}}})
    assert (fixed.data["file"]["refused"], fixed.data["file"]["correctedLines"]) == (0, 1)
    taken_back = await client.send("PATCH", path, json={"corrections": {"5": {}}})
    assert (taken_back.data["file"]["refused"], taken_back.data["file"]["correctedLines"]) == (1, 0)
    done = (await commit(client, file["id"], leave_out=True)).data["file"]
    assert (done["added"], done["refused"], done["isLeftOut"]) == (3, 1, True)
    kept = (await read(client, file["id"]))["lines"]["items"]
    assert [each["line"] for each in kept] == [5]
    assert len(await ids_of(app_database, user)) == 3
    # Uploaded again and corrected, only what was left out comes.
    later = await uploaded(client, csv_of(0, 3, BAD))
    changed = await client.send(
        "PATCH", f"/v1/tax/imports/{later['id']}", json={"corrections": {"5": {"timestamp": GOOD}}}
    )
    assert (changed.data["file"]["known"], changed.data["file"]["added"]) == (3, 1)


async def test_lines_that_are_refused_only_now_are_not_left_out_in_silence(api: Api, app_database: Database) -> None:
    user = await api.new_user("pro")
    client = api.client_of(user)
    file = await uploaded(client, csv_of(0, 3, BAD))
    async with api.admin.unit_of_work() as session:  # as an older version may have read it
        await session.execute(text("update tax_imports set refused = 0 where id = :id"), {"id": file["id"]})
    assert (await commit(client, file["id"])).status == 409
    assert await ids_of(app_database, user) == []


async def test_files_that_overlap_share_what_both_have_and_undoing_one_keeps_it(
    api: Api, app_database: Database
) -> None:
    user = await api.new_user("pro")
    client = api.client_of(user)
    first = await imported(client, csv_of(0, 6), account="A")
    second = await imported(client, csv_of(4, 9), account="A")
    assert (first["added"], second["added"], second["known"]) == (6, 3, 2)
    both = set(await ids_of(app_database, user))
    undone = (await client.send("DELETE", f"/v1/tax/imports/{first['id']}")).data
    assert (undone["removed"], undone["kept"]) == (4, 2)
    left = set(await ids_of(app_database, user))
    assert len(left) == 5 and left < both
    states = {
        each["id"]: (each["state"], each["added"]) for each in (await client.get("/v1/tax/imports")).data["items"]
    }
    assert states == {first["id"]: ("undone", 6), second["id"]: ("committed", 5)}
    # Undone, and imported again: all is there as before.
    again = await imported(client, csv_of(0, 6), account="A")
    assert again["added"] == 4 and set(await ids_of(app_database, user)) == both
    assert (await client.send("DELETE", f"/v1/tax/imports/{second['id']}")).data["kept"] == 2
    assert (await client.send("DELETE", f"/v1/tax/imports/{again['id']}")).data == {
        "id": again["id"],
        "removed": 6,
        "kept": 0,
    }
    assert await ids_of(app_database, user) == []
    assert (await client.send("DELETE", f"/v1/tax/imports/{first['id']}")).status == 200
    assert first["id"] not in {each["id"] for each in (await client.get("/v1/tax/imports")).data["items"]}


async def test_two_commits_at_once_import_once(api: Api, app_database: Database) -> None:
    user = await api.new_user("pro")
    client = api.client_of(user)
    file = await uploaded(client, csv_of(0, 200), account="A")
    other = await uploaded(client, csv_of(100, 300), account="A")
    replies = await asyncio.gather(*(commit(client, each["id"]) for each in (file, file, other, other)))
    assert [reply.status for reply in replies] == [200] * 4
    listed = (await client.get("/v1/tax/imports")).data
    assert sum(each["added"] for each in listed["items"]) == 300 == listed["transactions"]
    assert len(await ids_of(app_database, user)) == 300


async def fill_to(admin: Database, user: CurrentUser, count: int) -> None:
    async with admin.unit_of_work() as session:
        await session.execute(
            text(
                "insert into tax_transactions (user_id, id, source, happened_at, kind, shown_kind, wallet, digest)"
                " select :user_id, gen_random_uuid(), 'manual', now(), 'buy', 'buy', 'x', 'x'"
                " from generate_series(1, :count)"
            ),
            {"user_id": user.id, "count": count},
        )


async def test_the_plan_allows_so_many_transactions_even_from_two_tabs(api: Api) -> None:
    user = await api.new_user("pro")
    client = api.client_of(user)
    await fill_to(api.admin, user, 99_995)
    files = [await uploaded(client, csv_of(10 * each, 10 * each + 4), account=f"A{each}") for each in range(2)]
    replies = await asyncio.gather(*(commit(client, each["id"]) for each in files))
    assert sorted(reply.status for reply in replies) == [200, 403]
    (refused,) = (reply for reply in replies if reply.status == 403)
    assert refused.error["code"] == "TIER_LIMIT_REACHED" and refused.error["details"]["upgradeTo"] == "enterprise"
    assert (await client.get("/v1/tax/imports")).data["transactions"] == 99_999


async def test_an_import_is_nobody_elses(api: Api) -> None:
    mine, theirs = api.client_of(await api.new_user("pro")), api.client_of(await api.new_user("pro"))
    file = await uploaded(mine, csv_of(0, 2))
    path = f"/v1/tax/imports/{file['id']}"
    assert (await theirs.get(path)).status == 404
    assert (await theirs.send("PATCH", path, json={"account": "x"})).status == 404
    assert (await commit(theirs, file["id"])).status == 404
    assert (await theirs.post(f"{path}/stop")).status == 404
    assert (await theirs.send("DELETE", path)).status == 404
    assert (await theirs.get("/v1/tax/imports")).data["items"] == []
    # The very same bytes of somebody else are a file of their own.
    assert (await uploaded(theirs, csv_of(0, 2)))["id"] != file["id"]
    assert (await upload(api.client_of(await api.new_user("starter")), csv_of(0, 2))).error[
        "code"
    ] == "TIER_LIMIT_REACHED"
    assert (await upload(api.anonymous, csv_of(0, 2))).status == 401


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"PK\x03\x04rest", "ZIP"),
        (b"%PDF-1.7", "PDF"),
    ],
)
async def test_what_is_no_table_is_refused_in_words(api: Api, content: bytes, words: str) -> None:
    client = api.client_of(await api.new_user("pro"))
    reply = await upload(client, content)
    assert reply.status == 422 and words in reply.error["details"]["file"]
    assert (await client.get("/v1/tax/imports")).data["total"] == 0


async def test_a_request_that_is_no_upload_is_told_what_one_is(api: Api) -> None:
    client = api.client_of(await api.new_user("pro"))
    assert (await client.post("/v1/tax/transactions/import", json={"source": "coinbase"})).status == 422
    form = aiohttp.FormData()
    form.add_field("account", "x", content_type="text/plain")
    form.add_field("file", "text and no file", content_type="text/plain")
    assert "file" in (await client.post("/v1/tax/transactions/import", data=form)).error["details"]
    assert "source" in (await upload(client, csv_of(0, 1), source="nobody")).error["details"]
    assert "timezone" in (await upload(client, csv_of(0, 1), timezone="Mars/Olympus")).error["details"]
    too_large = await upload(client, b"x" * (32 * 1024**2))
    assert (too_large.status, too_large.error["code"]) == (413, "PAYLOAD_TOO_LARGE")


async def test_wallets_are_put_in_line_once(api: Api) -> None:
    client = api.client_of(await api.new_user("pro"))
    first, again = [await client.post("/v1/tax/transactions/import", json={"source": "wallet"}) for _ in range(2)]
    assert (first.status, first.data["status"], again.status) == (202, "queued", 202)
    assert first.data["jobId"] > 0 and again.data["jobId"] is None and first.data["estimatedSeconds"] > 0
    poor = api.client_of(await api.new_user("starter"))
    assert (await poor.post("/v1/tax/transactions/import", json={"source": "wallet"})).status == 403


async def test_a_large_file_is_discarded_while_it_is_read(
    api: Api, admin_database: Database, job: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await api.new_user("pro")
    client = api.client_of(user)
    file = await uploaded(client, LARGE)
    noting = tasks._noting

    def discarding(context: JobContext, import_id: UUID, revision: int) -> Note:
        note = noting(context, import_id, revision)
        asked: list[asyncio.Task[Reply]] = []

        async def discard_then_note(percent: int) -> None:
            if not asked:
                asked.append(asyncio.create_task(client.send("DELETE", f"/v1/tax/imports/{file['id']}")))
                while await note(percent) is None and not asked[0].done():
                    await asyncio.sleep(0.05)
            await note(percent)

        return discard_then_note

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "_noting", discarding)
        await work(admin_database, job, user, file["id"], tasks.read_import)
    for _ in range(100):
        if (await client.get(f"/v1/tax/imports/{file['id']}")).status == 404:
            break
        await asyncio.sleep(0.05)
    assert (await client.get("/v1/tax/imports")).data["items"] == []


async def test_columns_that_nobody_knows_are_named_first(api: Api) -> None:
    client = api.client_of(await api.new_user("pro"))
    content = b"Day;Coin;Count\n01.02.2024;BTC;1,5\n"
    file = await uploaded(client, content)
    assert file["needsMapping"] and file["columns"] == ["Day", "Coin", "Count"]
    path = f"/v1/tax/imports/{file['id']}"
    wrong = await client.send("PATCH", path, json={"mapping": {"timestamp": "Nowhere"}})
    assert wrong.status == 422
    mapping = {"timestamp": "Day", "received_asset": "Coin", "received_amount": "Count", "date_order": "day_first"}
    read_so = (await client.send("PATCH", path, json={"mapping": mapping})).data["file"]
    assert (read_so["needsMapping"], read_so["fresh"], read_so["refused"]) == (False, 1, 0)


LARGE = csv_of(0, 7_000)


async def test_a_large_file_is_read_and_imported_by_jobs(
    api: Api, app_database: Database, admin_database: Database, job: JobContext
) -> None:
    assert len(LARGE) > service.SMALL_BYTES
    user = await api.new_user("pro")
    client = api.client_of(user)
    reply = await upload(client, LARGE)
    file = reply.data["file"]
    assert (reply.status, file["work"]["kind"], file["lines"]) == (202, "reading", 0)
    assert reply.data["estimatedSeconds"] >= 1
    assert (await commit(client, file["id"])).status == 409
    await work(admin_database, job, user, file["id"], tasks.read_import)
    ready = (await read(client, file["id"]))["file"]
    assert (ready["work"], ready["lines"], ready["added"]) == (None, 7_000, 7_000)
    asked = await commit(client, file["id"])
    assert (asked.status, asked.data["file"]["work"]["kind"]) == (202, "importing")
    assert (await client.send("PATCH", f"/v1/tax/imports/{file['id']}", json={"account": "x"})).status == 409
    assert (await client.send("DELETE", f"/v1/tax/imports/{file['id']}")).status == 409
    await work(admin_database, job, user, file["id"], tasks.import_large_file)
    await work(admin_database, job, user, file["id"], tasks.import_large_file)  # a job comes at least once
    done = (await read(client, file["id"]))["file"]
    assert (done["state"], done["added"], done["work"]) == ("committed", 7_000, None)
    assert len(set(await ids_of(app_database, user))) == 7_000


async def test_a_worker_killed_at_any_stage_leaves_nothing_and_the_next_one_does_it_once(
    api: Api, app_database: Database, admin_database: Database, job: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await api.new_user("pro")
    client = api.client_of(user)
    file = await uploaded(client, LARGE)
    stages: list[int] = []

    def dying(after: int) -> Callable[..., Note]:
        async def note(percent: int) -> None:
            stages.append(percent)
            if len(stages) > after:
                raise asyncio.CancelledError

        return lambda *_: note

    async def die_everywhere(task: Any) -> int:
        for after in range(20):
            stages.clear()
            with monkeypatch.context() as patched:
                patched.setattr(tasks, "_noting", dying(after))
                try:
                    await work(admin_database, job, user, file["id"], task)
                except asyncio.CancelledError:
                    assert (await read(client, file["id"]))["lines"]["total"] in (0, 7_000)
                    assert await ids_of(app_database, user) == []
                    continue
            return after
        raise AssertionError("it never came to an end")

    assert await die_everywhere(tasks.read_import) == 3
    await commit(client, file["id"])
    assert await die_everywhere(tasks.import_large_file) == 4
    assert (await read(client, file["id"]))["file"]["added"] == 7_000 == len(set(await ids_of(app_database, user)))


async def test_work_that_is_stopped_or_overtaken_writes_nothing(
    api: Api, app_database: Database, admin_database: Database, job: JobContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await api.new_user("pro")
    client = api.client_of(user)
    file = await uploaded(client, LARGE)
    path = f"/v1/tax/imports/{file['id']}"
    late = await revision_of(admin_database, file["id"])
    await client.send("PATCH", path, json={"account": "Other"})
    await tasks.read_import(job, str(user.id), file["id"], late)
    assert (await read(client, file["id"]))["file"]["lines"] == 0
    await work(admin_database, job, user, file["id"], tasks.read_import)
    assert (await read(client, file["id"]))["file"]["fresh"] == 7_000
    await commit(client, file["id"])
    noting = tasks._noting

    def stopping(context: JobContext, import_id: UUID, revision: int) -> Note:
        note = noting(context, import_id, revision)

        async def stop_then_note(percent: int) -> None:
            if percent > 70:  # after the last look at whether it is wanted still
                assert (await client.post(f"{path}/stop")).status == 200
                return
            await note(percent)

        return stop_then_note

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "_noting", stopping)
        await work(admin_database, job, user, file["id"], tasks.import_large_file)
    stopped = (await read(client, file["id"]))["file"]
    assert (stopped["state"], stopped["work"]) == ("preview", None)
    assert await ids_of(app_database, user) == []
    # It can be imported after all.
    await commit(client, file["id"])
    await work(admin_database, job, user, file["id"], tasks.import_large_file)
    assert len(await ids_of(app_database, user)) == 7_000


async def test_what_a_job_cannot_do_is_said_with_the_file(
    api: Api, admin_database: Database, job: JobContext, app_database: Database
) -> None:
    user = await api.new_user("pro")
    client = api.client_of(user)
    file = await uploaded(client, LARGE)
    await work(admin_database, job, user, file["id"], tasks.read_import)
    await commit(client, file["id"])
    await fill_to(admin_database, user, 95_000)
    await work(admin_database, job, user, file["id"], tasks.import_large_file)
    failed = (await read(client, file["id"]))["file"]
    assert failed["work"] is None and "Pro plan allows 100,000" in failed["problem"]
    assert (await client.get("/v1/tax/imports")).data["transactions"] == 95_000


async def test_files_that_nobody_imported_go_after_a_month(api: Api, admin_database: Database, job: JobContext) -> None:
    client = api.client_of(await api.new_user("pro"))
    kept = await imported(client, csv_of(0, 2))
    old, new = await uploaded(client, csv_of(2, 4)), await uploaded(client, csv_of(4, 6))
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text("update tax_imports set created_at = now() - interval '31 days' where id in (:kept, :old)"),
            {"kept": kept["id"], "old": old["id"]},
        )
    await tasks.delete_old_previews(job, 0)
    assert {each["id"] for each in (await client.get("/v1/tax/imports")).data["items"]} == {kept["id"], new["id"]}


async def test_what_the_wallets_tell_already_counts_once_and_can_be_told_to_count(
    api: Api, app_database: Database
) -> None:
    user = await api.new_user("pro")
    client = api.client_of(user)
    tx_hash = "0x" + "ab" * 32
    came = TaxTransaction(
        id=new_id(), source="wallet", happened_at=START, kind=TransactionKind.DEPOSIT, wallet="0x" + "a" * 40,
        legs=(TaxLeg("ETH", "ETH", Decimal(2)),), chain_id=1, tx_hash=tx_hash,
    )  # fmt: skip
    async with app_database.unit_of_work(user.id) as session:
        await store.add_transactions(session, user.id, [came])
    head = "timestamp,type,received_asset,received_amount,tx_hash"
    rows = [f"2024-01-01,receive,ETH,2,{tx_hash.upper()[2:]}", f"2024-01-02,receive,ETH,2,0x{'cd' * 32}"]
    content = "\n".join([head, *rows, ""]).encode()
    file = await uploaded(client, content, account="MetaMask")
    assert (file["doubled"], file["fresh"], file["added"]) == (1, 1, 2)
    (line,) = (await read(client, file["id"], "?status=double"))["lines"]["items"]
    assert (line["line"], line["status"]) == (2, "double")
    done = (await commit(client, file["id"])).data["file"]
    assert (done["doubled"], done["added"]) == (1, 2)

    async def counted() -> tuple[int, list[str | None]]:
        async with app_database.unit_of_work(user.id) as session:
            book = await book_of(session, user.id)
        listed = (await client.get("/v1/tax/transactions?sort=oldest")).data["items"]
        return len(book.events), [each["countsAs"] for each in listed if each["source"] == "file"]

    assert await counted() == (2, [str(came.id), None])
    second = line["transactionIds"][0]
    said = {"isSeparate": True, "reason": "two deposits"}
    changed = await client.send("PATCH", f"/v1/tax/transactions/{second}", json=said)
    assert changed.data["countsAs"] is None
    assert await counted() == (3, [None, None])
    await client.send("DELETE", f"/v1/tax/transactions/{second}/edit")
    assert await counted() == (2, [str(came.id), None])
