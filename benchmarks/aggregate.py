"""Snapshots of portfolios from a farm of a hundred JSON-RPC endpoints (50 ms each, 5 failing, 2 stalled).

Prints `aggregate.wallets10_s` (one user: 10 wallets, 100 chains, 40 tokens each) and `aggregate.nightly_minutes`
(2,000 users with two wallets on three chains with 13 assets each, and what that comes to for 125,000). Wallets, tokens
and snapshots are in a real PostgreSQL; prices are given.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import uvloop
from sqlalchemy import text

from backend.chain.registry import all_chains
from backend.chain.rpc.pool import RpcPool
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.redis import make_redis
from backend.core.settings import Settings
from backend.portfolio.aggregator import USERS_AT_ONCE, Aggregator, Taken
from backend.portfolio.prices import Key, Price
from backend.portfolio.sink import StoreSink
from backend.portfolio.snapshots.service import worker_home
from benchmarks.harness import report, say
from benchmarks.rpc_farm import balance_of, rpc_farm
from benchmarks.servers import servers

CHAINS, WALLETS, TOKENS = 100, 10, 40
FAILING, STALLED, DELAY_SECONDS = 5, 2, 0.05
USERS, EVERYBODY = 2_000, 125_000

_WALLETS = """
insert into portfolio_wallets (id, user_id, address, added_by)
select gen_random_uuid(), u.id, '0x' || substr(md5(u.id::text || n) || md5(n || u.id::text), 1, 40), 'address'
from premium_users u, generate_series(1, :wallets) n where u.id = any(:users)
"""
_CHAINS = """
insert into portfolio_wallet_chains (wallet_id, user_id, chain_id, is_active, checked_at)
select w.id, w.user_id, c, true, now() from portfolio_wallets w, unnest(cast(:chains as bigint[])) c
where w.user_id = any(:users)
"""
_NOT_ACTIVE = """
update portfolio_wallet_chains set is_active = false where user_id = any(:users)
and (hashtextextended(wallet_id::text || chain_id, 1) & 1023) >= 307
"""
_TOKENS = """
insert into portfolio_wallet_tokens (wallet_id, user_id, chain_id, token, found_by)
select c.wallet_id, c.user_id, c.chain_id, '0x' || substr(md5('t' || n || c.chain_id) || md5('u' || n), 1, 40),
  'transfer'
from portfolio_wallet_chains c, generate_series(1, :tokens) n where c.user_id = any(:users) and c.is_active
"""
_FACTS = """
insert into chain_tokens (chain_id, address, symbol, name, decimals)
select distinct chain_id, token, 'T', 'Token', 18 from portfolio_wallet_tokens on conflict do nothing
"""


@dataclass(frozen=True, slots=True)
class _Given:
    price_usd: Decimal
    source: str
    taken_at: datetime
    detail: str = ""


class _Prices:
    """Everything costs $1.25."""

    async def quotes(self, keys: Sequence[Key]) -> dict[Key, Price]:
        price = _Given(Decimal("1.25"), "given", utc_now())
        return dict.fromkeys(keys, price)


def main() -> None:
    """Run the benchmark."""
    with servers() as running:
        uvloop.run(_run(running.settings(WORKER_DATABASE_URL=running.urls.worker)))


async def _run(settings: Settings) -> None:
    admin, worker = Database(settings.admin_database_url, 2), Database(settings.worker_database_url, 4)
    redis = make_redis(settings.redis_url)
    home = worker_home(settings, worker)
    sink = StoreSink(home, redis)
    try:
        chain_ids = [chain.id for chain in all_chains()][:CHAINS]
        failing, stalled = set(chain_ids[3 : 3 + FAILING]), set(chain_ids[40 : 40 + STALLED])
        with rpc_farm(chain_ids, delay_seconds=DELAY_SECONDS, failing=failing, stalled=stalled) as urls:
            await _one_user(admin, worker, sink, urls, failing | stalled)
        with rpc_farm(chain_ids[:10], delay_seconds=DELAY_SECONDS, failing=set(), stalled=set()) as urls:
            await _many_users(admin, worker, sink, urls)
    finally:
        await home.close()
        await redis.aclose()
        await admin.close()
        await worker.close()


async def _one_user(admin: Database, worker: Database, sink: StoreSink, urls: dict[int, str], broken: set[int]) -> None:
    (user,) = await _people(admin, 1, WALLETS, list(urls), TOKENS - 1, every_chain=True)
    taken, seconds = await _take(worker, sink, urls, [[user]])
    assert set(taken[0].failed) == broken, "every failed chain is marked, and no other"
    snapshot = (await sink.last([user]))[user]
    by_state = [part.state for part in snapshot.chains]
    assert by_state.count("unknown") == len(broken) and not snapshot.is_complete
    held = {(part.wallet, part.chain_id, part.token): part.amount_raw for part in snapshot.assets}
    assert len(held) >= WALLETS * (CHAINS - len(broken)) * TOKENS * 0.99
    assert all(amount == balance_of(wallet, token) for (wallet, _, token), amount in held.items())
    report(
        "aggregate.wallets10_s",
        seconds,
        "s",
        "the requirement",
        6.0,
        better="lower",
        pairs=taken[0].pairs,
        failed=len(broken),
        marked=by_state.count("unknown"),
    )


async def _many_users(admin: Database, worker: Database, sink: StoreSink, urls: dict[int, str]) -> None:
    users = await _people(admin, USERS, 2, list(urls), 12, every_chain=False)
    groups = [users[start : start + USERS_AT_ONCE] for start in range(0, len(users), USERS_AT_ONCE)]
    taken, seconds = await _take(worker, sink, urls, groups)
    assert sum(each.snapshots for each in taken) == USERS
    minutes = seconds / USERS * EVERYBODY / 60
    report(
        "aggregate.nightly_minutes",
        minutes,
        "min",
        "the document's 10 to 15 minutes",
        15.0,
        better="lower",
        arithmetic=f"{seconds:.2f} s / {USERS} users x {EVERYBODY} / 60, one process",
        pairs=sum(each.pairs for each in taken),
        users_per_s=round(USERS / seconds),
    )


async def _take(
    worker: Database, sink: StoreSink, urls: dict[int, str], groups: Sequence[Sequence[UUID]]
) -> tuple[list[Taken], float]:
    pools = {chain_id: RpcPool(chain_id, [url]) for chain_id, url in urls.items()}
    aggregator = Aggregator(worker, pools, {}, _Prices(), sink)
    begin = time.perf_counter()
    taken = [await aggregator.take(users) for users in groups]
    seconds = time.perf_counter() - begin
    for pool in pools.values():
        await pool.close()
    return taken, seconds


async def _people(
    admin: Database, count: int, wallets: int, chains: list[int], tokens: int, *, every_chain: bool
) -> list[UUID]:
    users = sorted(new_id() for _ in range(count))
    values = {"users": users, "wallets": wallets, "chains": chains, "tokens": tokens}
    async with admin.unit_of_work() as session:
        add = "insert into premium_users (id, email, tier) select u, u || '@example.com', 'pro' from unnest(:users) u"
        statements = [add, _WALLETS, _CHAINS, *([] if every_chain else [_NOT_ACTIVE]), _TOKENS, _FACTS, "analyze"]
        for statement in statements:
            await session.execute(text(statement), {key: values[key] for key in values if f":{key}" in statement})
    say(f"{count} users, {wallets} wallets each, {len(chains)} chains, {tokens} tokens and the chain's own each")
    return users


if __name__ == "__main__":
    main()
