"""Users for the tests of tax, and one with a wallet whose history is in the ledger."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.ledger import repository as ledger_repository
from backend.ledger import service as ledger
from backend.ledger.events import Event
from backend.ledger.records import row_of
from backend.tax import ledger_sync, store
from backend.tax.ledger_sync import Synced
from backend.tax.store import Entry
from tests.integration.api.conftest import api
from tests.integration.ledger.conftest import new_user
from tests.integration.ledger.events import CHAIN, WALLET

__all__ = ["api", "new_user"]


@dataclass
class Taxpayer:
    """A user with a wallet in their portfolio; writes its ledger and takes it over."""

    settings: Settings
    admin: Database
    worker: Database
    app: Database
    user: CurrentUser = field(default_factory=lambda: CurrentUser(new_id(), "", "pro"))

    @property
    def id(self) -> UUID:
        return self.user.id

    async def begin(self, *wallets: str) -> None:
        async with self.admin.unit_of_work() as session:
            await session.execute(
                text("insert into premium_users (id, email, tier) values (:id, :email, :tier)"),
                {"id": self.id, "email": f"{self.id}@example.com", "tier": self.user.tier},
            )
            for wallet in wallets:
                await session.execute(
                    text(
                        "insert into portfolio_wallets (id, user_id, address, label, group_name, added_by)"
                        " values (:id, :user_id, :address, '', '', 'address')"
                    ),
                    {"id": new_id(), "user_id": self.id, "address": wallet},
                )

    async def past(self, *events: Event, wallet: str = WALLET) -> None:
        """Make these the whole history of a wallet, as the importer does."""
        async with self.worker.unit_of_work() as session:
            await ledger.open_coverage(session, self.id, [(wallet, CHAIN)])
            rows = [row_of(each, 1) for each in events]
            await ledger_repository.replace_range(session, self.id, wallet, CHAIN, (0, 10**9), rows)

    async def sync(self) -> Synced:
        async with self.worker.unit_of_work() as session:
            return await ledger_sync.sync(session, self.settings, self.id, self.user.tier)

    async def entries(self) -> list[Entry]:
        async with self.app.unit_of_work(self.id) as session:
            return await store.entries_of(session, self.id)

    async def version(self) -> int:
        async with self.app.unit_of_work(self.id) as session:
            return await store.book_version(session, self.id)


MakeTaxpayer = Callable[[], Taxpayer]


@pytest.fixture
async def taxpayer(
    make_settings: Callable[..., Settings],
    admin_database: Database,
    worker_database: Database,
    app_database: Database,
) -> Taxpayer:
    """A user on Pro with one wallet."""
    made = Taxpayer(make_settings(), admin_database, worker_database, app_database)
    await made.begin(WALLET)
    return made
