"""The review of a book over a real socket: what is open is listed, settled, taken back, and never another's."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.core.db import Database
from backend.core.jobs import JobContext
from backend.core.settings import Settings
from backend.tax import store
from backend.tax.books import IssueKind
from backend.tax.review import tasks
from backend.tax.review.service import open_summary
from backend.tax.transactions import Edit, TaxLeg, TaxTransaction, TransactionKind, Worth
from tests.integration.api.conftest import Api, Client
from tests.unit.tax.made import made

FAUCET = "0x" + "fa" * 20


@pytest.fixture
def job(make_settings: Callable[..., Settings], worker_database: Database, redis: Redis) -> JobContext:
    return JobContext(settings=make_settings(), database=worker_database, redis=redis, job_id=1, attempt=1)


def usd(amount: object) -> Worth:
    return Worth(Decimal(str(amount)), "USD", "a test")


def moved(number: int, kind: TransactionKind, *legs: tuple[str, object, object], **more: Any) -> TaxTransaction:
    """A transaction of (asset, amount, worth or None) legs, from a faucet."""
    made_legs = tuple(
        TaxLeg(asset, asset, Decimal(str(amount)), None if worth is None else usd(worth), "principal", FAUCET)
        for asset, amount, worth in legs
    )
    return replace(made(number), kind=kind, legs=made_legs, **more)


DEPOSIT = moved(1, TransactionKind.DEPOSIT, ("ETH", 2, 4000))
SALE = moved(60, TransactionKind.SELL, ("ETH", -2, 5000), ("fiat:USD", 5000, None))


async def put(database: Database, user: CurrentUser, *transactions: TaxTransaction) -> None:
    async with database.unit_of_work(user.id) as session:
        await store.add_transactions(session, user.id, transactions)


async def listed(client: Client, query: str = "") -> dict[str, Any]:
    return (await client.get(f"/v1/tax/issues{query}")).data


async def edits(database: Database, user: CurrentUser) -> dict[UUID, Edit | None]:
    async with database.unit_of_work(user.id) as session:
        return {each.id: edit for each, edit in await store.entries_of(session, user.id)}


def named(issue: dict[str, Any], sort: str) -> dict[str, Any]:
    return next(each for each in issue["proposals"] if each["sort"] == sort)


async def test_what_is_open_is_settled_and_taken_back(
    api: Api, job: JobContext, app_database: Database, worker_database: Database
):
    user, other = await api.new_user("pro"), await api.new_user("pro")
    mine, theirs = api.client_of(user), api.client_of(other)
    assert (await listed(mine))["review"] == {
        **{"version": 0, "reviewedVersion": 0, "reviewedAt": None, "isCurrent": True, "step": None},
        **{"problem": None, "open": 0, "dismissed": 0},
    }
    await put(app_database, user, DEPOSIT, SALE)
    assert (await listed(mine))["review"]["isCurrent"] is False
    await tasks.review(job, str(user.id))

    found = await listed(mine)
    (issue,) = found["items"]
    assert (issue["kind"], issue["transactionId"], issue["asset"]) == ("unmatched_transfer", str(DEPOSIT.id), "ETH")
    # What rests on the deposit's unknown cost is what its units were sold for, not what they were worth when they came.
    assert (issue["atStake"], found["atStake"], found["currency"]) == ("5000", "5000", "USD")
    assert found["review"]["isCurrent"] and found["review"]["open"] == 1
    assert [(each["kind"], each["count"], each["atStake"]) for each in found["byKind"]] == [
        ("unmatched_transfer", 1, "5000")
    ]
    shown = issue["evidence"][0]
    assert (shown["legs"][0]["amount"], shown["legs"][0]["worth"], shown["kind"]) == ("2", "4000", "deposit")
    bought = named(issue, "buy")
    assert bought["ruleMatches"] == {
        **{"kind": "deposit", "counterparty": FAUCET, "asset": None, "wallet": None, "protocol": None},
        "amountBelow": None,
    }
    assert (await listed(theirs))["items"] == []
    for path in ("accept", "dismiss"):
        refused = await theirs.post(
            f"/v1/tax/issues/{issue['id']}/{path}", json={"proposal": bought["key"]} if path == "accept" else {}
        )
        assert (refused.status, refused.error["code"]) == (404, "NOT_FOUND")

    missed = await mine.post(f"/v1/tax/issues/{issue['id']}/accept", json={"proposal": "buy:0000"})
    assert missed.status == 409
    done = (
        await mine.post(f"/v1/tax/issues/{issue['id']}/accept", json={"proposal": bought["key"], "reason": "A receipt"})
    ).data
    assert (done["issues"], done["transactions"]) == (1, 1)
    assert (await edits(app_database, user))[DEPOSIT.id] == Edit(kind=TransactionKind.BUY, reason="A receipt")
    assert (await listed(mine))["items"] == []  # at once, before the next review
    again = await mine.post(f"/v1/tax/issues/{issue['id']}/accept", json={"proposal": bought["key"]})
    assert again.status == 404
    await tasks.review(job, str(user.id))
    assert (await listed(mine))["total"] == 0

    (decision,) = (await mine.get("/v1/tax/decisions")).data["items"]
    assert (decision["what"], decision["reason"], decision["undoneAt"]) == ("accepted", "A receipt", None)
    assert (await theirs.post(f"/v1/tax/decisions/{decision['id']}/undo")).status == 404
    assert (await mine.post(f"/v1/tax/decisions/{decision['id']}/undo")).data["transactions"] == 1
    assert (await edits(app_database, user))[DEPOSIT.id] is None
    assert [each["id"] for each in (await listed(mine))["items"]] == [issue["id"]]
    assert (await mine.post(f"/v1/tax/decisions/{decision['id']}/undo")).status == 409
    await tasks.review(job, str(user.id))
    assert [each["id"] for each in (await listed(mine))["items"]] == [issue["id"]]


async def test_dismissed_stays_dismissed_whatever_is_reviewed(api: Api, job: JobContext, app_database: Database):
    user = await api.new_user("pro")
    mine = api.client_of(user)
    await put(app_database, user, DEPOSIT, SALE)
    await tasks.review(job, str(user.id))
    (issue,) = (await listed(mine))["items"]
    assert (await mine.post(f"/v1/tax/issues/{issue['id']}/dismiss", json={"reason": "Small"})).data["issues"] == 1
    await put(app_database, user, moved(90, TransactionKind.BUY, ("UNI", 1, 5), ("fiat:USD", -5, None)))
    await tasks.review(job, str(user.id))
    assert (await listed(mine))["total"] == 0
    (kept,) = (await listed(mine, "?dismissed=true"))["items"]
    assert kept["id"] == issue["id"] and kept["dismissedAt"] is not None
    async with app_database.unit_of_work(user.id) as session:
        assert (await open_summary(session, user.id)).count == 0
    assert (await mine.post(f"/v1/tax/issues/{issue['id']}/restore")).data["open"] == 1
    assert (await mine.post(f"/v1/tax/issues/{issue['id']}/restore")).status == 404
    await mine.post(f"/v1/tax/issues/{issue['id']}/dismiss", json={})
    newest = (await mine.get("/v1/tax/decisions?limit=1")).data
    assert newest["total"] == 2 and newest["nextCursor"] is not None
    older = (await mine.get(f"/v1/tax/decisions?limit=1&cursor={newest['nextCursor']}")).data
    assert older["items"][0]["reason"] == "Small" and older["nextCursor"] is None
    assert (await mine.post(f"/v1/tax/decisions/{newest['items'][0]['id']}/undo")).status == 200
    assert (await listed(mine))["total"] == 1


async def test_a_worth_that_nobody_knows_is_given_with_its_reason(api: Api, job: JobContext, app_database: Database):
    user = await api.new_user("pro")
    mine = api.client_of(user)
    income = moved(1, TransactionKind.INCOME, ("NEW", 4, None))
    await put(app_database, user, income)
    await tasks.review(job, str(user.id))
    (issue,) = (await listed(mine))["items"]
    assert (issue["kind"], issue["lacksWorth"]) == ("missing_price", True)
    path = f"/v1/tax/issues/{issue['id']}/worth"
    for wrong in (
        {"amount": "1", "currency": "USD"},
        {"amount": "-1", "currency": "USD", "reason": "r"},
        {"amount": "1", "currency": "usd", "reason": "r"},
        {"amount": "NaN", "currency": "USD", "reason": "r"},
        {"amount": "1", "currency": "USD", "asset": "ETH", "reason": "r"},
    ):
        assert (await mine.post(path, json=wrong)).status == 422, wrong
    body = {"amount": "2.5", "currency": "USD", "isUnitPrice": True, "reason": "The listing price"}
    assert (await mine.post(path, json=body)).status == 200
    edit = (await edits(app_database, user))[income.id]
    assert edit is not None and edit.worths is not None and edit.reason == "The listing price"
    assert (edit.worths[0].amount, edit.worths[0].currency, edit.worths[0].source) == (Decimal(10), "USD", "you")
    await tasks.review(job, str(user.id))
    assert (await listed(mine))["total"] == 0


async def test_many_are_settled_as_one_decision(api: Api, job: JobContext, app_database: Database):
    user = await api.new_user("pro")
    mine = api.client_of(user)
    deposits = [moved(number, TransactionKind.DEPOSIT, ("ETH", number, 100 * number)) for number in range(1, 8)]
    await put(app_database, user, *deposits, moved(50, TransactionKind.INCOME, ("NEW", 4, None)))
    await tasks.review(job, str(user.id))
    first = await listed(mine, "?limit=3")
    assert first["total"] == 8 and [each["atStake"] for each in first["items"]] == ["700", "600", "500"]
    items, cursor = list(first["items"]), first["nextCursor"]
    while cursor:
        page = await listed(mine, f"?limit=3&cursor={cursor}")
        items, cursor = items + page["items"], page["nextCursor"]
    assert len({each["id"] for each in items}) == 8 and items[-1]["atStake"] is None
    assert items == (await listed(mine))["items"]
    assert (await listed(mine, "?kind=missing_price"))["total"] == 1
    assert (await mine.get("/v1/tax/issues?cursor=x")).status == 422

    done = (
        await mine.post("/v1/tax/issues/bulk", json={"proposal": "income.reward", "kind": "unmatched_transfer"})
    ).data
    assert (done["issues"], done["transactions"], done["skipped"]) == (7, 7, 0)
    assert {each.kind for each in (await edits(app_database, user)).values() if each} == {TransactionKind.INCOME}
    nothing = await mine.post("/v1/tax/issues/bulk", json={"proposal": "income.reward"})
    assert nothing.status == 404
    # What is edited again since is not touched when the decision is taken back.
    async with app_database.unit_of_work(user.id) as session:
        await store.edit_transactions(session, user.id, {deposits[0].id: Edit(kind=TransactionKind.BUY)})
    undone = (await mine.post(f"/v1/tax/decisions/{done['decisionId']}/undo")).data
    assert (undone["transactions"], undone["kept"]) == (6, 1)
    left = await edits(app_database, user)
    assert left.pop(deposits[0].id) == Edit(kind=TransactionKind.BUY) and set(left.values()) == {None}
    await tasks.review(job, str(user.id))
    assert (await listed(mine, "?kind=unmatched_transfer"))["total"] == 6
    gone = (await mine.post("/v1/tax/issues/bulk", json={"action": "dismiss", "kind": "unmatched_transfer"})).data
    assert gone["issues"] == 6 and (await listed(mine))["total"] == 1


async def test_a_rule_settles_what_comes_later(api: Api, job: JobContext, app_database: Database):
    user = await api.new_user("pro")
    mine = api.client_of(user)
    await put(app_database, user, DEPOSIT)
    await tasks.review(job, str(user.id))
    (issue,) = (await listed(mine))["items"]
    reward = named(issue, "income.reward")
    body = {"matches": reward["ruleMatches"], "sets": reward["ruleSets"]}
    preview = (await mine.post("/v1/tax/rules/preview", json=body)).data
    assert (preview["transactions"], preview["changed"]) == (1, 1)
    saved = await mine.post("/v1/tax/rules", json={"name": "Faucet", **body})
    assert saved.status == 201 and saved.data["transactions"] == 1
    await put(app_database, user, moved(2, TransactionKind.DEPOSIT, ("ETH", 1, 2000)))
    await tasks.review(job, str(user.id))
    assert (await listed(mine))["total"] == 0
    (rule,) = (await mine.get("/v1/tax/rules")).data["items"]
    assert rule["transactions"] == 2 and rule["matches"] == body["matches"]
    assert (await mine.send("DELETE", f"/v1/tax/rules/{rule['id']}")).data["transactions"] == 2
    await tasks.review(job, str(user.id))
    assert (await listed(mine))["total"] == 2
    wrong = await mine.post("/v1/tax/rules", json={"name": "All", "matches": {}, "sets": {"kind": "ignored"}})
    assert (wrong.status, wrong.error["code"]) == (422, "INVALID_INPUT")


async def test_two_accept_at_once_and_one_of_them_decides(api: Api, job: JobContext, app_database: Database):
    user = await api.new_user("pro")
    mine = api.client_of(user)
    await put(app_database, user, DEPOSIT)
    await tasks.review(job, str(user.id))
    (issue,) = (await listed(mine))["items"]
    keys = [named(issue, sort)["key"] for sort in ("gift_in", "income.airdrop")]
    replies = await asyncio.gather(
        *(mine.post(f"/v1/tax/issues/{issue['id']}/accept", json={"proposal": key}) for key in keys * 2)
    )
    assert sorted(each.status for each in replies) == [200, 404, 404, 404]
    assert (await mine.get("/v1/tax/decisions")).data["total"] == 1


async def test_reviews_of_one_book_never_mix(
    api: Api, job: JobContext, app_database: Database, worker_database: Database
):
    user = await api.new_user("pro")
    mine = api.client_of(user)
    await put(app_database, user, *(moved(n, TransactionKind.DEPOSIT, ("ETH", n, n)) for n in range(1, 40)))
    await asyncio.gather(*(tasks.review(job, str(user.id)) for _ in range(3)))
    found = await listed(mine)
    assert found["total"] == 39 and found["review"]["isCurrent"] and found["review"]["step"] is None


async def test_what_is_settled_during_a_review_does_not_come_back(
    api: Api, job: JobContext, app_database: Database, monkeypatch: pytest.MonkeyPatch
):
    user = await api.new_user("pro")
    mine = api.client_of(user)
    await put(app_database, user, DEPOSIT)
    await tasks.review(job, str(user.id))
    (issue,) = (await listed(mine))["items"]
    await put(app_database, user, moved(7, TransactionKind.DEPOSIT, ("UNI", 1, 5)))
    begun, go_on, book_of = asyncio.Event(), asyncio.Event(), tasks.book_of

    async def slowly(*arguments: Any) -> Any:
        book = await book_of(*arguments)
        begun.set()
        await go_on.wait()
        return book

    monkeypatch.setattr(tasks, "book_of", slowly)
    running = asyncio.create_task(tasks.review(job, str(user.id)))
    await begun.wait()
    assert (await listed(mine))["review"]["step"] == "reading"
    body = {"proposal": named(issue, "income.reward")["key"]}
    assert (await mine.post(f"/v1/tax/issues/{issue['id']}/accept", json=body)).status == 200
    go_on.set()
    await running
    assert (await listed(mine))["total"] == 0  # the review was of a book that is no more
    await tasks.review(job, str(user.id))
    assert [each["asset"] for each in (await listed(mine))["items"]] == ["UNI"]


async def test_a_worker_that_dies_leaves_the_list_whole_and_the_next_goes_on(
    api: Api, job: JobContext, app_database: Database, monkeypatch: pytest.MonkeyPatch
):
    user = await api.new_user("pro")
    mine = api.client_of(user)
    await put(app_database, user, DEPOSIT)
    await tasks.review(job, str(user.id))
    before = await listed(mine)
    await put(app_database, user, moved(7, TransactionKind.DEPOSIT, ("UNI", 1, 5)))
    for stage in ("book_of", "judged", "issue_row"):
        with monkeypatch.context() as patch:
            patch.setattr(tasks, stage, _dying)
            with pytest.raises(KeyboardInterrupt):
                await tasks.review(job, str(user.id))
        assert (await listed(mine))["items"] == before["items"], stage
    with monkeypatch.context() as patch:
        patch.setattr(tasks.repository, "note_reviewed", _dying)
        with pytest.raises(KeyboardInterrupt):
            await tasks.review(job, str(user.id))
    assert (await listed(mine))["items"] == before["items"]
    await tasks.review(job, str(user.id))
    assert (await listed(mine))["total"] == 2


def _dying(*_: Any) -> Any:
    raise KeyboardInterrupt


async def test_a_review_that_fails_for_good_says_so(
    api: Api, job: JobContext, app_database: Database, monkeypatch: pytest.MonkeyPatch
):
    user = await api.new_user("pro")
    mine = api.client_of(user)
    await put(app_database, user, DEPOSIT)
    monkeypatch.setattr(tasks, "judged", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await tasks.review(job, str(user.id))
    assert (await listed(mine))["review"]["problem"] is None  # it is tried again
    with pytest.raises(ZeroDivisionError):
        await tasks.review(replace(job, attempt=tasks.RETRIES + 1), str(user.id))
    stamp = (await listed(mine))["review"]
    assert "could not be reviewed" in stamp["problem"] and stamp["step"] is None
    monkeypatch.undo()
    assert (await mine.post("/v1/tax/issues/review")).status == 202
    await tasks.review(job, str(user.id))
    assert (await listed(mine))["review"]["problem"] is None


async def test_the_summary_says_how_much_rests_on_what_is_open(api: Api, job: JobContext, app_database: Database):
    user, starter = await api.new_user("pro"), await api.new_user("starter")
    await put(app_database, user, DEPOSIT, SALE, moved(9, TransactionKind.INCOME, ("NEW", 4, None)))
    await tasks.review(job, str(user.id))
    async with app_database.unit_of_work(user.id) as session:
        found = await open_summary(session, user.id)
    assert (found.count, found.at_stake, found.unknown, found.is_current) == (2, Decimal(5000), 1, True)
    assert found.by_kind == {IssueKind.UNMATCHED_TRANSFER: 1, IssueKind.MISSING_PRICE: 1}
    refused = await api.client_of(starter).get("/v1/tax/issues")
    assert (refused.status, refused.error["code"]) == (403, "TIER_LIMIT_REACHED")
    async with app_database.unit_of_work() as session:
        assert (await session.execute(text("select count(*) from tax_issues"))).scalar_one() == 0
