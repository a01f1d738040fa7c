"""Accounts, a bot of each kind at work, and the operators' doubles."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from sqlalchemy import text

from backend.accounts.service import CurrentUser
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.settings import Settings
from backend.worker.telegram import run_telegram
from tests.doubles import telegram as telegram_double_module
from tests.doubles.telegram import TelegramDouble, telegram_double

TOKEN_ADDRESS = "0x00000000000000000000000000000000000000aa"


async def eventually(check: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait until `check` gives something true, and return it; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while not (found := check()):
            await asyncio.sleep(0.02)
        return found


@pytest.fixture
def make_user(admin_database: Database) -> Callable[..., Awaitable[CurrentUser]]:
    """A function that makes a new account."""

    async def make(tier: str = "enterprise") -> CurrentUser:
        user = CurrentUser(id=new_id(), email=f"{new_id()}@example.com", tier=tier)
        async with admin_database.unit_of_work() as session:
            await session.execute(
                text("insert into premium_users (id, email, tier) values (:id, :email, :tier)"),
                {"id": user.id, "email": user.email, "tier": user.tier},
            )
        return user

    return make


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramDouble]:
    """Telegram, on this machine."""
    async with telegram_double() as double:
        yield double


@pytest.fixture
def settings(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch, telegram: TelegramDouble
) -> Settings:
    """Settings with a bot, and one chain of which a token is known."""
    made = make_settings(
        chains={1: ["http://127.0.0.1:9"]},
        webhook_allow_private=True,
        telegram_api_url=telegram.url,
        telegram_bot_token=telegram_double_module.TOKEN,
    )
    monkeypatch.setattr("backend.alerts.lookup.get_settings", lambda: made)
    return made


@pytest.fixture(autouse=True)
async def known_token(admin_database: Database) -> None:
    async with admin_database.unit_of_work() as session:
        await session.execute(text("delete from bot_links"))  # the people of these tests are the same ones
        await session.execute(
            text(
                "insert into chain_tokens (chain_id, address, symbol, decimals) values (1, :address, 'AAA', 18)"
                " on conflict do nothing"
            ),
            {"address": TOKEN_ADDRESS},
        )


@asynccontextmanager
async def bot_at_work(settings: Settings, worker_database: Database) -> AsyncIterator[asyncio.Task[None]]:
    """The Telegram bot, serving."""
    task = asyncio.create_task(run_telegram(settings, worker_database))
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def rows(database: Database, statement: str, **values: object) -> list[dict[str, Any]]:
    async with database.unit_of_work() as session:
        return [dict(row) for row in (await session.execute(text(statement), values)).mappings()]


__all__ = ["bot_at_work", "eventually", "rows"]
