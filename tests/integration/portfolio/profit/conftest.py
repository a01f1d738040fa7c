"""A user with a wallet, its history in the ledger, and snapshots of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.core.db import Database
from backend.core.ids import new_id
from backend.ledger import repository as ledger_repository
from backend.ledger import service as ledger
from backend.ledger.events import Event, Leg
from backend.ledger.records import row_of
from backend.portfolio.profit import service
from backend.portfolio.snapshots.records import AssetPart, Snapshot, make_snapshot
from backend.portfolio.snapshots.service import SnapshotHome
from tests.integration.ledger.events import block_hash, tx_hash
from tests.integration.portfolio.snapshots.conftest import (
    NOW,
    WALLET,
    Save,
    _a_day_in_may,
    api,
    asset,
    chain,
    empty_store,
    mine,
    new_user,
    save,
    user,
    web,
    worker,
)

__all__ = ["_a_day_in_may", "api", "empty_store", "mine", "new_user", "save", "user", "web", "worker"]

CHAIN = 31337
COIN, CASH, OTHER = "0x" + "c0" * 20, "0x" + "ca" * 20, "0x" + "33" * 20


def at(hours_ago: float) -> datetime:
    return NOW - timedelta(hours=hours_ago)


def block(hours_ago: float) -> int:
    """The block of a moment: one a minute."""
    return 10_000 - round(hours_ago * 60)


def leg(token: str, amount: int, price: str | None = None, **more: Any) -> Leg:
    values = {"price_source": "pool", "priced_at": NOW} if price else {}
    usd = None if price is None else Decimal(price)
    return Leg(token=token, amount_raw=amount * 10**18, price_usd=usd, counterparty=OTHER, **values, **more)


def event(hours_ago: float, kind: ledger.Kind, *legs: Leg, **more: Any) -> Event:
    number = block(hours_ago)
    return Event(
        id=ledger.event_id(CHAIN, tx_hash(number), WALLET, 0),
        wallet=WALLET,
        chain_id=CHAIN,
        kind=kind,
        happened_at=at(hours_ago),
        block_number=number,
        block_hash=block_hash(number),
        tx_hash=tx_hash(number),
        tx_index=0,
        number=0,
        source="chain",
        legs=legs,
        **{"fee_wei": 0, **more},
    )


def held(token: str, amount: int, price: str, **more: Any) -> AssetPart:
    usd = Decimal(price)
    values = {"price_usd": usd, "value_usd": usd * amount, "amount_raw": amount * 10**18, "symbol": "TKN", **more}
    return asset(None, CHAIN, token=token, **values)


MakeBook = Callable[[CurrentUser], Awaitable["Book"]]


@dataclass(frozen=True)
class Book:
    """Writes the user's history and snapshots, and counts."""

    database: Database
    home: SnapshotHome
    save: Save
    user: CurrentUser

    async def past(self, *events: Event, to_block: int = 10_000, reached_start: bool = True) -> None:
        """Make these the whole history of the wallet."""
        async with self.database.unit_of_work() as session:
            await ledger.open_coverage(session, self.user.id, [(WALLET, CHAIN)])
            rows = [row_of(each, 1) for each in events]
            await ledger_repository.replace_range(session, self.user.id, WALLET, CHAIN, (0, 10**9), rows)
            values = {"user": self.user.id, "to": to_block, "start": reached_start}
            await session.execute(
                text(
                    "update ledger_coverage set from_block = 0, to_block = :to, to_block_at = now(),"
                    " native_is_known = true, reached_start = :start where user_id = :user"
                ),
                values,
            )

    async def snapshot(self, hours_ago: float, *parts: AssetPart, is_complete: bool = True) -> Snapshot:
        """Take a snapshot."""
        number = block(hours_ago)
        chains = [chain(CHAIN, block_number=number, block_hash=block_hash(number), taken_at=at(hours_ago))]
        made = make_snapshot(self.user.id, at(hours_ago), chains, parts, is_complete=is_complete)
        await self.save(made)
        return made

    async def count(self) -> None:
        """Count anew."""
        await service.recount(self.home, self.user.id)

    async def flows(self) -> dict[int, Decimal | None]:
        """The flow of each hour, by how many hours ago its snapshot was."""
        async with self.home.open() as store:
            rows = await store.hours(self.user.id, at(1_000), at(-2))
        return {round((NOW - row["taken_at"]) / timedelta(hours=1)): row["net_flow_usd"] for row in rows}


@pytest.fixture
def make_book(admin_database: Database, worker_database: Database, worker: SnapshotHome, save: Save) -> MakeBook:
    """A function that gives a user one wallet, and two tokens whose decimals are known."""

    async def make(owner: CurrentUser) -> Book:
        async with admin_database.unit_of_work() as session:
            await session.execute(
                text(
                    "insert into portfolio_wallets (id, user_id, address, added_by)"
                    " values (:id, :user, :wallet, 'address')"
                ),
                {"id": new_id(), "user": owner.id, "wallet": WALLET},
            )
            for token in (COIN, CASH):
                await session.execute(
                    text(
                        "insert into chain_tokens (chain_id, address, symbol, decimals)"
                        " values (:chain, :token, 'TKN', 18) on conflict do nothing"
                    ),
                    {"chain": CHAIN, "token": token},
                )
        return Book(worker_database, worker, save, owner)

    return make


@pytest.fixture
async def book(make_book: MakeBook, new_user: Callable[[], Awaitable[CurrentUser]]) -> Book:
    """A new user's."""
    return await make_book(await new_user())
