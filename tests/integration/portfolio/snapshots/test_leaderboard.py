"""The leaderboard end to end: joined by choice, ranked from complete data, left and gone at once."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.accounts.schemas import CurrentUser
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import InvalidInputError
from backend.core.ids import new_id
from backend.portfolio.leaderboard import service
from backend.portfolio.leaderboard.schemas import LeaderboardJoin
from backend.portfolio.snapshots.records import day_of
from backend.portfolio.snapshots.service import SnapshotHome
from tests.integration.api.conftest import Api
from tests.integration.portfolio.snapshots.conftest import worth

Wallet = Callable[..., Awaitable[None]]


@pytest.fixture
def give_wallet(admin_database: Database) -> Wallet:
    """A function that gives a user a wallet in the portfolio, proven or not."""

    async def give(user: CurrentUser, *, proven: bool = True) -> None:
        address = "0x" + new_id().hex[:32] + "00000000"
        async with admin_database.unit_of_work() as session:
            values = {"id": new_id(), "user": user.id, "address": address}
            await session.execute(
                text(
                    "insert into portfolio_wallets (id, user_id, address, added_by)"
                    " values (:id, :user, :address, 'address')"
                ),
                values,
            )
            if proven:
                await session.execute(
                    text(
                        "insert into user_wallets (id, user_id, address, chain_id, kind)"
                        " values (:id, :user, :address, 1, 'key')"
                    ),
                    values,
                )

    return give


async def a_month(save: Any, user: CurrentUser, step: int) -> None:
    """33 whole days from 1,000, `step` more each day, nothing put in or taken out."""
    today = day_of(utc_now())
    await save(
        *(
            worth(user.id, today - timedelta(days=back) + timedelta(hours=23), str(1000 + step * (33 - back)), flow="0")
            for back in range(33, 0, -1)
        )
    )


async def test_joined_ranked_seen_and_gone(
    api: Api, save: Any, give_wallet: Wallet, worker: SnapshotHome, worker_database: Database, app_database: Database
) -> None:
    good, better, watching, shy = [await api.new_user("free") for _ in range(4)]
    for user, step in ((good, 1), (better, 5), (watching, 9), (shy, 20)):
        await a_month(save, user, step)
        await give_wallet(user, proven=user is not watching)
    marks = {user.id: f"Owl {new_id().hex[-6:]}" for user in (good, better, watching)}
    for user in (good, better, watching):
        answer = await api.client_of(user).post(
            "/v1/portfolio/leaderboard/membership", json={"pseudonym": marks[user.id]}
        )
        assert answer.status == 201, answer.json
        assert answer.data["me"]["reason"] == "waiting"
    assert await service.rank_all(worker_database, worker) == 2
    board = (await api.client_of(good).get("/v1/portfolio/leaderboard?period=30d")).data
    assert [(row["place"], row["pseudonym"], row["isMe"]) for row in board["items"]] == [
        (1, marks[better.id], False),
        (2, marks[good.id], True),
    ]
    assert set(board["items"][0]) == {"place", "pseudonym", "returnPct", "isMe"}, "a percentage, never an amount"
    assert (board["me"]["place"], board["me"]["returnPct"]) == (2, board["items"][1]["returnPct"])
    assert (await api.client_of(good).get("/v1/portfolio/leaderboard?period=1y")).data["me"]["reason"] == "too_young"
    assert (await api.client_of(watching).get("/v1/portfolio/leaderboard")).data["me"]["reason"] == "not_proven"
    assert (await api.client_of(shy).get("/v1/portfolio/leaderboard")).data["me"] is None

    async with app_database.unit_of_work(good.id) as session:
        seen = (await session.execute(text("select pseudonym from leaderboard_members"))).scalars().all()
        assert seen == [marks[good.id]], "nobody else's membership"
    with pytest.raises(DBAPIError, match="permission denied"):
        async with app_database.unit_of_work(good.id) as session:
            await session.execute(text("select member_id from leaderboard_rows"))

    assert (await api.client_of(better).send("DELETE", "/v1/portfolio/leaderboard/membership")).status == 200
    after = (await api.client_of(good).get("/v1/portfolio/leaderboard")).data
    assert [row["pseudonym"] for row in after["items"]] == [marks[good.id]]
    async with worker_database.unit_of_work() as session:
        left = await session.execute(
            text("select count(*) from leaderboard_rows where pseudonym = :name"), {"name": marks[better.id]}
        )
        assert left.scalar_one() == 0
    assert (await api.client_of(better).send("DELETE", "/v1/portfolio/leaderboard/membership")).status == 404


async def test_names_are_checked_and_had_once(api: Api, app_database: Database) -> None:
    one, other = await api.new_user("free"), await api.new_user("free")
    path, name = "/v1/portfolio/leaderboard/membership", f"Name {new_id().hex[-6:]}"
    for wrong in ("ab", "0xdeadbeef", "admin", "a@b.example"):
        assert (await api.client_of(one).post(path, json={"pseudonym": wrong})).status == 422
    async with app_database.unit_of_work(one.id) as session:
        mailed = replace(one, email="night.owl@example.com")
        with pytest.raises(InvalidInputError, match="e-mail"):
            await service.join(session, mailed, LeaderboardJoin(pseudonym="Nightowl 7"))
    assert (await api.client_of(one).post(path, json={"pseudonym": name})).status == 201
    taken = await api.client_of(other).post(path, json={"pseudonym": name.upper()})
    assert (taken.status, taken.error["details"]) == (422, {"pseudonym": service.TAKEN})
    assert (await api.client_of(one).post(path, json={"pseudonym": "Another one"})).status == 409
    assert (await api.anonymous.get("/v1/portfolio/leaderboard")).status == 401
