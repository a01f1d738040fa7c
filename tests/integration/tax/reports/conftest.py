"""Somebody on Pro with a short history of trades, who asks for reports; the job is done when a test says so."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from backend.accounts.schemas import CurrentUser
from backend.api.resources import resources
from backend.core.db import Database
from backend.core.ids import derived_id
from backend.core.jobs import JobContext
from backend.tax import store
from backend.tax.engine.events import IncomeKind
from backend.tax.reports import tasks
from backend.tax.transactions import Edit, TaxLeg, TaxTransaction, TransactionKind, Worth
from tests.integration.api.conftest import Api, Client, Reply, api

__all__ = ["api"]
KRAKEN = "Kraken"


def leg(asset: str, amount: object, usd: object = None) -> TaxLeg:
    worth = None if usd is None else Worth(Decimal(str(usd)), "USD", "file")
    return TaxLeg(asset, asset.removeprefix("fiat:"), Decimal(str(amount)), worth)


def transaction(
    name: str, day: str, kind: TransactionKind, *legs: TaxLeg, fees: Sequence[TaxLeg] = (), **more: Any
) -> TaxTransaction:
    at = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
    return TaxTransaction(
        id=derived_id("report test", name), source="manual", happened_at=at, kind=kind, wallet=KRAKEN, legs=legs,
        fees=tuple(fees), **more,
    )  # fmt: skip


def bought(name: str, day: str, amount: object, usd: object, asset: str = "ETH") -> TaxTransaction:
    return transaction(name, day, TransactionKind.BUY, leg(asset, amount, usd), leg("fiat:USD", f"-{usd}", usd))


def sold(name: str, day: str, amount: object, usd: object, asset: str = "ETH") -> TaxTransaction:
    return transaction(name, day, TransactionKind.SELL, leg(asset, f"-{amount}", usd), leg("fiat:USD", usd, usd))


HISTORY = (
    bought("b1", "2022-02-01", 2, 4000),
    bought("b2", "2023-04-01", 3, 5400),
    sold("s1", "2022-11-01", "0.5", 600),
    sold("s2", "2023-05-01", "2.25", 4300),
    transaction("i1", "2023-06-01", TransactionKind.INCOME, leg("ETH", "0.1", 190), income=IncomeKind.STAKING),
    bought("b3", "2023-06-02", "0.333333333333333333", "7000.01", "BTC"),
    sold("s3", "2023-09-01", "0.1", "2650.55", "BTC"),
)


@dataclass
class Filer:
    """A user with a client, and the worker that makes their reports."""

    api: Api
    worker: Database
    user: CurrentUser
    client: Client

    async def have(self, *transactions: TaxTransaction) -> None:
        async with self.worker.unit_of_work(self.user.id) as session:
            await store.add_transactions(session, self.user.id, transactions)

    async def edit(self, transaction_id: UUID, edit: Edit) -> None:
        async with self.worker.unit_of_work(self.user.id) as session:
            await store.edit_transactions(session, self.user.id, {transaction_id: edit})

    async def ask(self, **wanted: Any) -> Reply:
        return await self.client.post("/v1/tax/reports", json={"year": 2023, "jurisdiction": "US", **wanted})

    async def asked(self, **wanted: Any) -> str:
        reply = await self.ask(**wanted)
        assert reply.status == 202, reply.json
        return reply.data["id"]

    @property
    def context(self) -> JobContext:
        return JobContext(self.api.settings, self.worker, resources().redis, 1, 1)

    async def make(self, report_id: str) -> None:
        await tasks.make_report(self.context, report_id)

    async def made(self, **wanted: Any) -> dict[str, Any]:
        report_id = await self.asked(**wanted)
        await self.make(report_id)
        return await self.read(report_id)

    async def read(self, report_id: str, query: str = "") -> dict[str, Any]:
        return (await self.client.get(f"/v1/tax/reports/{report_id}{query}")).data

    async def file(self, report_id: str, name: str) -> bytes:
        reply = await self.client.get(f"/v1/tax/reports/{report_id}/files/{name}")
        assert reply.status == 200
        return reply.content


@pytest.fixture
async def filer(api: Api, worker_database: Database) -> AsyncIterator[Filer]:
    """Somebody on Pro with HISTORY."""
    user = await api.new_user("pro")
    found = Filer(api, worker_database, user, api.client_of(user))
    await found.have(*HISTORY)
    return found
