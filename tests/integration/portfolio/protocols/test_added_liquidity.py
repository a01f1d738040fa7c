"""Liquidity added by hand on the real market: what is no pool is refused, the price is the contract's."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import InvalidInputError, NotFoundError
from backend.core.ids import new_id
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.accounts import ACCOUNTS
from backend.demo.swaps import swap_transaction
from backend.demo.transactions import send_and_mine
from backend.portfolio.chains import close_shared_pools
from backend.portfolio.liquidity import service
from backend.portfolio.liquidity.pools import NO_POOL
from backend.portfolio.liquidity.schemas import LiquidityAdd
from tests.integration.portfolio.protocols.conftest import Chain
from tests.integration.portfolio.test_uniswap_positions import POOL

V2, V3 = "WETH-USDC-V2", POOL


class Prices:
    """Says one dollar for everything."""

    async def quotes(self, keys: Any) -> Any:
        return {key: SimpleNamespace(price_usd=Decimal(1), source="one") for key in keys}


@pytest.fixture
async def there(make_settings: Callable[..., Settings], chain: Chain) -> AsyncIterator[Settings]:
    yield make_settings(demo_chain_port=int(chain.url.rsplit(":", 1)[1]))
    await close_shared_pools()


@pytest.fixture
async def user(admin_database: Database) -> CurrentUser:
    found = CurrentUser(new_id(), f"{new_id()}@example.com", "free")
    async with admin_database.unit_of_work() as session:
        await session.execute(
            text("insert into premium_users (id, email, tier) values (:id, :email, 'free')"),
            {"id": found.id, "email": found.email},
        )
    return found


def wanted(pool: str, price: str = "1", **more: Any) -> LiquidityAdd:
    at = utc_now() - timedelta(days=9)
    return LiquidityAdd(chain_id=DEMO_CHAIN_ID, pool=pool, entry_price=Decimal(price), entry_at=at, **more)


async def test_a_pool_is_read_compared_and_read_again(
    chain: Chain, there: Settings, user: CurrentUser, app_database: Database, worker_database: Database
) -> None:
    pool = chain.market.pools[V2].address
    checked = await service.check(there, Prices(), wanted(pool))
    price = checked.state.price(checked.tokens[0].decimals or 0, checked.tokens[1].decimals or 0)
    reserves = [int(word, 16) for word in await words_of(chain, pool, "0x0902f1ac")]
    decimals = [token.decimals or 0 for token in checked.tokens]
    exact = Decimal(reserves[1]).scaleb(-decimals[1]) / Decimal(reserves[0]).scaleb(-decimals[0])
    assert float(price) == pytest.approx(float(exact), rel=1e-15)
    asked = wanted(pool, f"{price / 4:.30f}", amount0=Decimal(2), label="Mine")
    async with app_database.unit_of_work(user.id) as session:
        added = await service.add(session, user, asked, checked)
    assert added.il_pct == Decimal("-20.0000") and added.hold_usd is not None and added.il_usd is not None
    assert float(added.il_usd) == pytest.approx(-float(added.hold_usd) / 5, rel=1e-6)
    await send_and_mine(chain.rpc, [swap_transaction(chain.market, ACCOUNTS["whale"], [V2], "WETH", 10**20)])
    assert await service.read_all(there, worker_database, Prices()) == 1
    async with app_database.unit_of_work(user.id) as session:
        (after,) = await service.list_added(session, user)
    assert after.price_now != added.price_now and (after.block_number or 0) > (added.block_number or 0)
    async with app_database.unit_of_work(new_id()) as session:
        assert await service.list_added(session, user) == [], "rows are the user's alone"
    async with app_database.unit_of_work(user.id) as session:
        await service.remove(session, user, added.id)
        with pytest.raises(NotFoundError):
            await service.remove(session, user, added.id)


async def words_of(chain: Chain, target: str, data: str) -> list[str]:
    answer = await chain.rpc.call("eth_call", {"to": target, "data": data}, "latest")
    return [answer[2 + 64 * place : 66 + 64 * place] for place in range(len(answer) // 64)]


async def test_what_is_no_pool_or_does_not_fit_is_refused(chain: Chain, there: Settings) -> None:
    async def refused(asked: LiquidityAdd) -> dict[str, str]:
        with pytest.raises(InvalidInputError) as caught:
            await service.check(there, Prices(), asked)
        return caught.value.details

    token = chain.market.tokens["USDC"].address
    pool, ranged = chain.market.pools[V2].address, chain.market.pools[V3].address
    assert await refused(wanted(token)) == {"pool": NO_POOL}
    assert await refused(wanted(ACCOUNTS["guest"])) == {"pool": NO_POOL}
    assert list(await refused(wanted("0x12"))) == ["pool"]
    assert await refused(wanted(ranged)) == {"lowerPrice": service.RANGE_MISSING}
    ends = {"lower_price": Decimal(1), "upper_price": Decimal(2)}
    assert await refused(wanted(pool, **ends)) == {"lowerPrice": service.RANGE_TOO_MUCH}
    assert list(await refused(wanted(ranged, "3", amount0=Decimal(1), **ends))) == ["amount0"]
    assert list(await refused(wanted(pool).model_copy(update={"chain_id": 10}))) == ["chainId"]
    assert (await service.check(there, Prices(), wanted(ranged, "1.5", **ends))).state.version == "v3"


async def test_fifty_are_the_most(chain: Chain, there: Settings, user: CurrentUser, app_database: Database) -> None:
    asked = wanted(chain.market.pools[V2].address)
    checked = await service.check(there, Prices(), asked)
    async with app_database.unit_of_work(user.id) as session:
        for _ in range(service.MOST_ADDED):
            await service.add(session, user, asked, checked)
        with pytest.raises(InvalidInputError):
            await service.add(session, user, asked, checked)
