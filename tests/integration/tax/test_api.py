"""`/v1/tax` over a real socket: choices, transactions with filters and edits, and what years come to."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.accounts import entitlements
from backend.accounts.schemas import CurrentUser
from backend.accounts.service import Cap
from backend.api.resources import resources
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.jobs import JobContext
from backend.tax import store
from backend.tax.files.reading import read_file
from backend.tax.listing import exporting
from backend.tax.review import tasks as review_tasks
from backend.tax.summary import service as summary
from backend.tax.summary.tasks import summarise_years
from backend.tax.transactions import TaxLeg, TaxTransaction, TransactionKind, Worth
from tests.integration.api.conftest import Api, Client
from tests.unit.tax.made import START, WALLET, made


def usd(amount: str) -> Worth:
    return Worth(Decimal(amount), "USD", "file", START)


BOUGHT = made(
    1,
    kind=TransactionKind.BUY,
    legs=(TaxLeg("ETH", "ETH", Decimal(2), usd("2000")), TaxLeg("fiat:USD", "USD", Decimal(-2000))),
)
SOLD = made(
    2,
    kind=TransactionKind.SELL,
    happened_at=START + timedelta(days=500),
    legs=(TaxLeg("ETH", "ETH", Decimal(-1)), TaxLeg("fiat:USD", "USD", Decimal(1500))),
    fees=(TaxLeg("fiat:USD", "USD", Decimal(10)),),
)
CAME = made(3, asset="BTC", happened_at=START + timedelta(days=3), wallet="Kraken", source="wallet", tx_hash="0xab")
SPENT = made(
    4,
    kind=TransactionKind.SELL,
    happened_at=START + timedelta(days=30),
    legs=(TaxLeg("ETH", "ETH", Decimal("-0.5")), TaxLeg("fiat:USD", "USD", Decimal(700))),
)


async def put(api: Api, user: CurrentUser, *transactions: TaxTransaction) -> None:
    async with api.admin.unit_of_work(user.id) as session:
        await store.add_transactions(session, user.id, transactions)


@pytest.fixture
async def user(api: Api) -> CurrentUser:
    return await api.new_user("pro")


@pytest.fixture
async def client(api: Api, user: CurrentUser) -> Client:
    await put(api, user, BOUGHT, SOLD, CAME, SPENT)
    return api.client_of(user)


def ids(listed: Any) -> list[UUID]:
    return [UUID(each["id"]) for each in listed["items"]]


async def test_lists_are_filtered_sorted_and_paged(client: Client, api: Api, user: CurrentUser):
    async def listed(query: str = "") -> Any:
        return (await client.get(f"/v1/tax/transactions?{query}")).data

    newest = [SOLD.id, SPENT.id, CAME.id, BOUGHT.id]
    whole = await listed()
    assert (ids(whole), whole["total"], whole["nextCursor"]) == (newest, 4, None)
    assert ids(await listed("sort=oldest")) == newest[::-1]
    first = await listed("limit=3")
    assert ids(first) == newest[:3] and first["total"] == 4
    assert ids(await listed(f"limit=3&cursor={first['nextCursor']}")) == newest[3:]
    assert ids(await listed("year=2025")) == [SOLD.id]
    assert ids(await listed("asset=BTC")) == ids(await listed("wallet=Kraken")) == [CAME.id]
    assert ids(await listed("source=wallet")) == ids(await listed("txHash=0xAB")) == [CAME.id]
    assert ids(await listed("kind=buy&kind=deposit")) == [CAME.id, BOUGHT.id]
    assert ids(await listed("asset=ETH&sort=oldest&limit=2")) == [BOUGHT.id, SPENT.id]
    assert ids(await listed("editedOnly=true")) == ids(await listed("openOnly=true")) == []
    async with api.admin.unit_of_work() as session:
        await session.execute(
            text(
                "insert into tax_issues (user_id, id, kind, transaction_id, message) values (:u, :i, 'x', :t, 'open')"
            ),
            {"u": user.id, "i": new_id(), "t": CAME.id},
        )
    (only,) = (await listed("openOnly=true"))["items"]
    assert only["issues"][0]["message"] == "open"
    for wrong in ("year=1999", "kind=nothing", "cursor=abc", "limit=0", "what=1"):
        assert (await client.get(f"/v1/tax/transactions?{wrong}")).status == 422
    choices = (await client.get("/v1/tax/transactions/choices")).data
    assert choices["years"] == [2025, 2024]
    assert {each["value"]: each["transactions"] for each in choices["assets"]} == {"ETH": 3, "BTC": 1, "fiat:USD": 3}
    assert {each["value"] for each in choices["wallets"]} == {WALLET, "Kraken"}


async def test_one_says_all_that_its_source_says(client: Client):
    sold = (await client.get(f"/v1/tax/transactions/{SOLD.id}")).data
    assert (sold["kind"], sold["toldKind"], sold["value"], sold["feeValue"]) == ("sell", "sell", "1500", "10")
    assert [(each["symbol"], each["amount"]) for each in sold["legs"]] == [("ETH", "-1"), ("USD", "1500")]
    bought = (await client.get(f"/v1/tax/transactions/{BOUGHT.id}")).data
    assert bought["legs"][0]["worth"] == {
        **{"amount": "2000", "currency": "USD", "source": "file"},
        "asOf": "2024-03-01T12:00:00.000Z",
    }
    came = (await client.get(f"/v1/tax/transactions/{CAME.id}")).data
    assert (came["value"], came["legs"][0]["worth"]) == (None, None)
    assert (await client.get(f"/v1/tax/transactions/{new_id()}")).status == 404


async def test_what_the_user_says_holds_and_can_be_taken_back(client: Client):
    address = f"/v1/tax/transactions/{CAME.id}"
    said = {"kind": "income", "income": "airdrop", "worths": {"0": {"amount": "60000.5", "currency": "USD"}}}
    reply = await client.send("PATCH", address, json={**said, "reason": "they gave it away"})
    changed = reply.data
    assert (changed["kind"], changed["toldKind"], changed["income"]) == ("income", "deposit", "airdrop")
    assert (changed["value"], changed["legs"][0]["worth"]["source"]) == ("60000.5", "you")
    assert (changed["legs"][0]["toldWorth"], changed["edit"]["reason"]) == (None, "they gave it away")
    assert changed["editedAt"] is not None
    more = (await client.send("PATCH", address, json={"note": "see mail", "reason": "to know later"})).data
    assert (more["kind"], more["note"], more["value"]) == ("income", "see mail", "60000.5")
    less = (await client.send("PATCH", address, json={"worths": None, "reason": "it was wrong"})).data
    assert (less["value"], less["kind"]) == (None, "income")
    assert (await client.get("/v1/tax/transactions?editedOnly=true")).data["total"] == 1
    assert (await client.get("/v1/tax/transactions?kind=income")).data["total"] == 1
    back = (await client.send("DELETE", f"{address}/edit")).data
    assert (back["edit"], back["kind"], back["editedAt"]) == (None, "deposit", None)


async def test_edits_that_cannot_be_say_why_next_to_the_field(client: Client):
    async def refused(**said: Any) -> Any:
        reply = await client.send("PATCH", f"/v1/tax/transactions/{CAME.id}", json={"reason": "why not", **said})
        assert reply.status == 422, reply.content
        return reply.error["details"]

    worth = {"amount": "1", "currency": "USD"}
    assert "worths" in await refused(worths={"1": worth})
    assert "currency" in await refused(basis={"amount": "1", "currency": "XXX"})
    assert "matches" in await refused(matches=str(CAME.id))
    assert "matches" in await refused(matches=str(new_id()))
    assert "choices" in await refused(choices=[{"transactionId": str(new_id()), "amount": "1"}])
    assert "acquiredAt" in await refused(acquiredAt="2030-01-01T00:00:00Z")
    assert await refused(reason="")
    assert await refused(worths={"0": {"amount": "-1", "currency": "USD"}})


async def test_what_is_written_by_hand_counts_and_can_be_deleted(client: Client, monkeypatch: pytest.MonkeyPatch):
    gift = {
        **{"happenedAt": "2024-05-01T10:00:00Z", "kind": "gift_in", "wallet": "Ledger Nano", "note": "from  my aunt"},
        "legs": [{"asset": "eth", "amount": "0.25", "worth": {"amount": "700", "currency": "USD"}}],
        "basis": {"amount": "100", "currency": "USD"},
        "acquiredAt": "2020-01-01T00:00:00Z",
    }
    made_ = (await client.post("/v1/tax/transactions", json=gift)).data
    assert (made_["source"], made_["legs"][0]["asset"], made_["note"]) == ("manual", "ETH", "from my aunt")
    assert made_["basis"]["amount"] == "100"

    async def refused(**said: Any) -> set[str]:
        reply = await client.post("/v1/tax/transactions", json={**gift, **said})
        assert reply.status == 422, reply.content
        return set(reply.error["details"])

    assert await refused(legs=[]) == {"legs"}
    assert await refused(legs=[{"asset": "ETH", "amount": "-1"}]) == {"legs"}
    assert await refused(kind="sell") == {"legs"}
    assert await refused(happenedAt="2199-01-01T00:00:00Z") == {"happenedAt"}
    assert await refused(acquiredAt="2025-01-01T00:00:00Z") == {"acquiredAt"}
    assert await refused(kind="fee") == {"fees"}
    assert await refused(kind="transfer", legs=[{"asset": "ETH", "amount": "-1"}]) == {"toWallet"}
    assert await refused(legs=[{"asset": "fiat:xxx", "amount": "1"}]) == {"currency"}
    assert await refused(legs=[{"asset": "no such thing", "amount": "1"}])

    monkeypatch.setitem(entitlements.PLANS["pro"].caps, Cap.TAX_TRANSACTIONS, 5)
    full = await client.post("/v1/tax/transactions", json=gift)
    assert (full.status, full.error["details"]["cap"]) == (403, "tax_transactions")
    assert (await client.send("DELETE", f"/v1/tax/transactions/{made_['id']}")).status == 200
    assert (await client.get(f"/v1/tax/transactions/{made_['id']}")).status == 404
    kept = await client.send("DELETE", f"/v1/tax/transactions/{CAME.id}")
    assert (kept.status, "by hand" in kept.error["message"]) == (409, True)


async def test_what_is_written_by_hand_is_written_anew_with_what_was_said_of_it(client: Client):
    fee = {"asset": "fiat:USD", "amount": "5"}
    sold = {
        **{"happenedAt": "2024-05-01T10:00:00Z", "kind": "sell", "wallet": "Paper", "fees": [fee]},
        "legs": [{"asset": "ETH", "amount": "-0.5"}, {"asset": "fiat:USD", "amount": "1500"}],
    }
    path = f"/v1/tax/transactions/{(await client.post('/v1/tax/transactions', json=sold)).data['id']}"
    said = {"kind": "spend", "choices": [{"transactionId": str(BOUGHT.id), "amount": "0.5"}], "reason": "lunch"}
    assert (await client.send("PATCH", path, json=said)).data["kind"] == "spend"
    anew = {**sold, "kind": "income", "income": "mining", "legs": [{"asset": "BTC", "amount": "0.01"}], "fees": []}
    found = (await client.send("PUT", path, json=anew)).data
    assert (found["kind"], found["income"], found["fees"]) == ("income", "mining", [])
    assert [(each["asset"], each["amount"]) for each in found["legs"]] == [("BTC", "0.01")]
    assert found["edit"]["kind"] is None and found["choices"][0]["amount"] == "0.5"
    assert (await client.get("/v1/tax/transactions?asset=BTC&source=manual")).data["total"] == 1
    assert (await client.get("/v1/tax/transactions?asset=ETH&source=manual")).data["total"] == 0
    assert set((await client.send("PUT", path, json={**anew, "legs": []})).error["details"]) == {"legs"}
    assert (await client.send("PUT", f"/v1/tax/transactions/{CAME.id}", json=anew)).status == 409
    assert (await client.send("PUT", f"/v1/tax/transactions/{new_id()}", json=anew)).status == 404


async def test_what_is_filtered_is_exported_as_it_counts(client: Client, api: Api, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exporting, "READ_AT_ONCE", 2)  # so that it takes some pages
    change = {"note": "mine", "feeWorths": {"0": {"amount": "9", "currency": "USD"}}, "reason": "so"}
    await client.send("PATCH", f"/v1/tax/transactions/{SOLD.id}", json=change)
    reply = await client.get("/v1/tax/transactions/export?asset=ETH")
    assert "attachment" in reply.headers["Content-Disposition"]
    read = read_file(reply.content, "generic", account="", user_id=new_id())
    assert read.problems == ()
    assert [each.kind for each in read.transactions] == ["buy", "sell", "sell"]
    assert [each.legs[0].amount for each in read.transactions] == [Decimal(-2000), Decimal("-0.5"), Decimal(-1)]
    assert read.transactions[-1].note == "mine"
    nothing = await client.get("/v1/tax/transactions/export?year=2015")
    assert nothing.content.startswith(b"timestamp,type,") and nothing.content.count(b"\r\n") == 1
    poor = api.client_of(await api.new_user("starter"))
    assert (await poor.get("/v1/tax/transactions/export")).status == 403


async def test_settings_are_chosen_and_refused_with_the_law_s_reason(client: Client):
    usual = (await client.get("/v1/tax/settings")).data
    assert usual["settings"]["jurisdiction"] == "US" and usual["settings"]["changedAt"] is None
    chosen = {"methods": {"2024": "hifo"}, "excludedWallets": ["Kraken"], "washSales": True}
    saved = (await client.send("PUT", "/v1/tax/settings", json=chosen)).data["settings"]
    assert (saved["methods"], saved["excludedWallets"], saved["washSales"]) == ({"2024": "hifo"}, ["Kraken"], True)
    refused = await client.send("PUT", "/v1/tax/settings", json={"methods": {"2024": "average"}})
    assert refused.status == 422 and "does not allow average" in refused.error["details"]["methods"]
    assert (await client.get("/v1/tax/settings")).data["settings"]["methods"] == {"2024": "hifo"}
    moved = (await client.post("/v1/tax/settings", json={"jurisdiction": "UK"})).data["settings"]
    assert (moved["currency"], moved["methods"], moved["washSales"]) == ("GBP", {}, False)


async def test_a_year_is_computed_from_the_book_and_kept_until_that_changes(
    client: Client, api: Api, user: CurrentUser
):
    year = (await client.get("/v1/tax/summary/2024")).data["summary"]
    assert (year["label"], year["currency"], year["method"], year["transactions"]) == ("2024", "USD", "fifo", 3)
    assert (year["shortTermGain"], year["longTermGain"], year["totalGain"]) == ("200", "0", "200")
    assert (year["fees"], year["unknown"], year["disposals"]) == ("0", 0, 1)
    assert year["openIssues"] > 0  # nobody knows where the bitcoin came from
    later = (await client.get("/v1/tax/summary/2025")).data["summary"]
    assert (later["longTermGain"], later["totalGain"], later["fees"]) == ("490", "490", "10")
    assert {each["name"] for each in later["figures"]} >= {"net_capital_gain", "long_term_gain"}
    all_years = (await client.get("/v1/tax/summary")).data
    assert [each["year"] for each in all_years["years"]][-2:] == [2025, 2024]
    assert (await client.get("/v1/tax/summary/2023")).status == 404
    assert (await client.get("/v1/tax/summary/2024")).data["bookVersion"] == all_years["bookVersion"]

    said = {"kind": "income", "worths": {"0": {"amount": "60000", "currency": "USD"}}, "reason": "pay"}
    await client.send("PATCH", f"/v1/tax/transactions/{CAME.id}", json=said)
    assert (await client.get("/v1/tax/summary/2024")).data["summary"]["income"] == "60000"
    await client.send("PUT", "/v1/tax/settings", json={"excludedWallets": ["Kraken"]})
    excluded = (await client.get("/v1/tax/summary/2024")).data["summary"]
    assert (excluded["income"], excluded["transactions"]) == ("0", 2)
    await client.send("PUT", "/v1/tax/settings", json={"jurisdiction": "CA", "currency": "USD"})
    canada = (await client.get("/v1/tax/summary/2024")).data["summary"]
    assert (canada["shortTermGain"], canada["method"]) == (None, "average")
    await put(api, user, replace(SPENT, legs=(TaxLeg("ETH", "ETH", Decimal("-0.5")), *SPENT.legs[1:])))


async def test_it_takes_a_plan_with_tax_and_nobody_sees_another_s(client: Client, api: Api):
    other, poor = api.client_of(await api.new_user("pro")), api.client_of(await api.new_user("starter"))
    assert (await other.get("/v1/tax/transactions")).data["total"] == 0
    assert (await other.get(f"/v1/tax/transactions/{CAME.id}")).status == 404
    said = {"kind": "gift_in", "reason": "mine"}
    assert (await other.send("PATCH", f"/v1/tax/transactions/{CAME.id}", json=said)).status == 404
    for path in ("settings", "transactions", "transactions/choices", "summary", "summary/2024"):
        reply = await poor.get(f"/v1/tax/{path}")
        assert (reply.status, reply.error["details"]["upgradeTo"]) == (403, "pro")
        assert (await api.anonymous.get(f"/v1/tax/{path}")).status == 401


async def test_the_years_of_a_long_history_are_computed_by_a_job(
    client: Client, api: Api, user: CurrentUser, worker_database: Database, monkeypatch: pytest.MonkeyPatch
):
    job = JobContext(api.settings, worker_database, resources().redis, 1, 1)
    for module in (summary, review_tasks):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 3)
    waiting = await client.get("/v1/tax/summary/2024")
    assert (waiting.status, waiting.data["isComputing"], waiting.data["summary"]) == (202, True, None)
    waiting = await client.get("/v1/tax/summary")
    assert (waiting.status, waiting.data["years"], waiting.data["transactions"]) == (202, [], 4)
    async with api.admin.unit_of_work() as session:
        jobs = await session.execute(
            text("select args ->> 'user_id' from procrastinate.procrastinate_jobs where task_name = 'tax.summarise'")
        )
        assert jobs.scalars().all() == [str(user.id)]

    await summarise_years(job, str(user.id))
    found = await client.get("/v1/tax/summary/2024")
    assert (found.status, found.data["summary"]["totalGain"]) == (200, "200")

    said = {"kind": "income", "worths": {"0": {"amount": "60000", "currency": "USD"}}, "reason": "pay"}
    await client.send("PATCH", f"/v1/tax/transactions/{CAME.id}", json=said)
    assert (await client.get("/v1/tax/summary/2024")).status == 202
    await review_tasks.review(job, str(user.id))
    found = await client.get("/v1/tax/summary/2024")
    assert (found.status, found.data["summary"]["income"]) == (200, "60000")

    await client.send("PUT", "/v1/tax/settings", json={"methods": {"2024": "specific"}})
    lots = [{"transactionId": str(SOLD.id), "amount": "0.5"}]
    await client.send("PATCH", f"/v1/tax/transactions/{SPENT.id}", json={"choices": lots, "reason": "mine"})
    assert (await client.get("/v1/tax/summary")).status == 202
    await summarise_years(job, str(user.id))
    refused = await client.get("/v1/tax/summary")
    assert (refused.status, refused.error["details"]["transactionId"]) == (409, str(SPENT.id))
