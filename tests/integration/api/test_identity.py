"""What a web process remembers of who is asking: it saves queries, and never outlives a change."""

import asyncio

import pytest
from sqlalchemy import text

from backend.accounts.service import change_tier
from backend.api.resources import resources
from backend.core.db import Database


async def until(condition, seconds=5.0):
    async with asyncio.timeout(seconds):
        while not await condition():
            await asyncio.sleep(0.01)


@pytest.fixture
async def listening(api):
    """The API's identities, once they hear of changes."""
    identities = resources().identities

    async def live():
        return identities.is_live()

    await until(live)
    return identities


async def test_a_session_is_read_once_and_gone_when_it_is_revoked(api, listening, monkeypatch):
    user = await api.new_user()
    cookie = await api.sign_in(user)
    browser = api.client_with(Cookie=cookie)
    from backend.accounts import identity

    reads = []
    real = identity.user_of_cookie

    async def counted(*args):
        reads.append(args)
        return await real(*args)

    monkeypatch.setattr(identity, "user_of_cookie", counted)
    for _ in range(5):
        assert (await browser.get("/v1/auth/me")).status == 200
    assert len(reads) == 1
    out = await browser.post("/v1/auth/logout", headers={"Origin": api.url})
    assert out.status == 303

    async def refused():
        return (await browser.get("/v1/auth/me")).status == 401

    await until(refused, 2.0)


async def test_another_plan_counts_at_once_for_cookies_and_tokens(api, listening):
    user = await api.new_user("free")
    browser, program = api.client_with(Cookie=await api.sign_in(user)), api.client_of(user)
    for client in (browser, program):
        assert (await client.get("/v1/auth/me")).data["tier"] == "free"
    worker = Database(api.settings.worker_database_url, pool_size=1)
    async with worker.unit_of_work() as session:
        assert await change_tier(session, user.id, "pro", "test") is True
        assert await change_tier(session, user.id, "pro", "test") is False
    await worker.close()

    async def both_know():
        replies = [await client.get("/v1/auth/me") for client in (browser, program)]
        return [reply.data["tier"] for reply in replies] == ["pro", "pro"] and replies[1].headers[
            "X-RateLimit-Limit"
        ] == "10000"

    await until(both_know, 2.0)
    async with api.admin.unit_of_work() as session:
        rows = await session.execute(
            text("select details from audit_log where user_id = :id and action = 'account.tier_changed'"),
            {"id": user.id},
        )
        assert rows.scalars().all() == [{"from": "free", "to": "pro", "reason": "test"}]


async def test_the_token_of_a_removed_account_is_refused(api, listening):
    user = await api.new_user()
    program = api.client_of(user)
    assert (await program.get("/v1/auth/me")).status == 200
    async with api.admin.unit_of_work() as session:
        await session.execute(text("delete from premium_users where id = :id"), {"id": user.id})

    async def refused():
        return (await program.get("/v1/auth/me")).status == 401

    await until(refused, 2.0)


async def test_without_news_nothing_is_kept(api, listening):
    user = await api.new_user("free")
    program = api.client_of(user)
    assert (await program.get("/v1/auth/me")).data["tier"] == "free"
    await listening.close()
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update premium_users set tier = 'starter' where id = :id"), {"id": user.id})
    assert (await program.get("/v1/auth/me")).data["tier"] == "starter"


async def test_a_lost_listener_comes_back(api, listening):
    user = await api.new_user("free")
    program = api.client_of(user)
    assert (await program.get("/v1/auth/me")).data["tier"] == "free"
    web = Database(api.settings.database_url, pool_size=1)
    async with web.unit_of_work() as session:
        ended = await session.execute(
            text(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where application_name = 'premium-identity' and datname = current_database()"
            )
        )
        assert ended.scalars().all() == [True]
    await web.close()
    async with api.admin.unit_of_work() as session:
        await session.execute(text("update premium_users set tier = 'starter' where id = :id"), {"id": user.id})

    async def knows():
        return (await program.get("/v1/auth/me")).data["tier"] == "starter"

    await until(knows, 2.0)

    async def live():
        return listening.is_live()

    await until(live)
