"""What the follower reads of real contracts: fees, volume, value locked, deviations, and what occurred."""

from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend.chain.events import Occurrence, PoolSwap, PriceUpdate, Reading
from backend.core.clock import from_unix
from backend.core.db import Database
from backend.core.money import engine_decimal
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.demo.causes import GUEST, Proposal, change_owner, remove_liquidity, report, upgrade
from backend.demo.rpc import Rpc
from backend.demo.trade import whale_swap
from backend.market.service import latest_readings, metric_series, occurrences
from tests.integration.chain.harness import Market, assert_complete, following, stream_events, wait_for_head

LIQUIDITY = "pool.liquidity_removed"


async def block_of(market: Market) -> tuple[int, str, int]:
    block = await market.anvil.call("eth_getBlockByNumber", "latest", False)
    return int(block["number"], 16), block["hash"], int(block["timestamp"], 16)


async def read(redis: Redis, block_hash: str, metric: str = "") -> dict[tuple[str, str], Reading]:
    return {
        (event.metric, event.subject): event
        for event in await stream_events(redis)
        if isinstance(event, Reading) and event.block_hash == block_hash and event.metric.startswith(metric)
    }


async def occurred(redis: Redis, block_hash: str) -> list[Occurrence]:
    return [
        event
        for event in await stream_events(redis)
        if isinstance(event, Occurrence) and event.block_hash == block_hash
    ]


async def mine(market: Market, *transactions, seconds: int | None = None) -> tuple[int, str, int]:
    """Mine the transactions into one block, so many seconds after the last; all must succeed."""
    if seconds is not None:
        await market.anvil.call("evm_increaseTime", seconds)
    await market.anvil.mine(transactions)
    number, block_hash, taken_at = await block_of(market)
    block = await market.anvil.call("eth_getBlockByNumber", hex(number), False)
    assert len(block["transactions"]) == len(transactions)
    for sent in block["transactions"]:
        assert (await market.anvil.call("eth_getTransactionReceipt", sent))["status"] == "0x1"
    return number, block_hash, taken_at


async def test_every_block_says_its_base_fee_and_how_it_moved_in_ten_minutes(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with following(chain_settings):
        await mine(market)
        for seconds in (200, 200, 200, 60):
            number, block_hash, _ = await mine(market, seconds=seconds)
        await wait_for_head(market, chain_database, redis)
    fees = {}
    for height in range(market.addresses.deployed_at_block + 1, number + 1):
        block = await market.anvil.call("eth_getBlockByNumber", hex(height), False)
        fees[height] = (int(block["timestamp"], 16), Decimal(int(block["baseFeePerGas"], 16)) / 10**9, block["hash"])
    for height, (_, fee, each_hash) in fees.items():
        (reading,) = (await read(redis, each_hash, "gas.")).values()
        assert (reading.metric, reading.subject, reading.block_number) == ("gas.base_fee_gwei", "", height)
        assert reading.value == engine_decimal(fee) and reading.source == "base fee in the block's header"
    last = (await read(redis, block_hash))["gas.base_fee_gwei", ""]
    _, fee, _ = fees[number]
    assert (last.previous_value, last.previous_taken_at) == (engine_decimal(fees[number - 1][1]), fees[number - 1][0])

    def change(now_number: int) -> Decimal:
        now_at, now_fee, _ = fees[now_number]
        _, base = max((height, fee) for height, (taken_at, fee, _) in fees.items() if taken_at <= now_at - 600)
        return engine_decimal((engine_decimal(now_fee) / engine_decimal(base) - 1) * 100)

    before, now = last.changes[600]
    assert before is not None and abs(now - change(number)) < Decimal("1e-9") and now < 0
    assert abs(before - change(number - 1)) < Decimal("1e-9")
    early_at, _, early_hash = fees[number - 2]
    early = (await read(redis, early_hash))["gas.base_fee_gwei", ""].changes
    is_known = min(taken_at for taken_at, _, _ in fees.values()) <= early_at - 600
    assert bool(early) == is_known, "unknown as long as nothing is ten minutes old"


async def test_what_is_taken_out_of_a_pool_is_told_with_its_worth_and_share(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    pool = market.addresses.pools["UNI-WETH-V2"]
    async with Rpc(market.anvil.url) as rpc:
        removal = await remove_liquidity(rpc, market.addresses, "UNI-WETH-V2", GUEST, 0.9)
    reserves = await reserves_of(market, pool.address)
    async with following(chain_settings):
        await wait_for_head(market, chain_database, redis)
        number, block_hash, taken_at = await mine(market, removal, seconds=2)
        await wait_for_head(market, chain_database, redis)
        async with chain_database.unit_of_work() as session:
            (stored,) = await occurrences(session, DEMO_CHAIN_ID, LIQUIDITY, pool.address.lower(), from_unix(0))
    left = await reserves_of(market, pool.address)
    (event,) = [each for each in await occurred(redis, block_hash) if each.topic == LIQUIDITY]
    assert (event.subject, event.tx_hash) == (pool.address.lower(), stored.tx_hash)
    assert event.label in ("Uniswap V2 UNI/WETH", "Uniswap V2 WETH/UNI")
    taken = [before - after for before, after in zip(reserves, left, strict=True)]
    assert [event.details["amount0Raw"], event.details["amount1Raw"]] == [str(amount) for amount in taken]
    prices = await prices_of(chain_database, number)
    worth = sum(
        Decimal(amount) / 10**18 * prices[token.lower()]
        for amount, token in zip(taken, (pool.token0, pool.token1), strict=True)
    )
    assert event.value is not None and event.value == pytest.approx(worth, rel=Decimal("1e-12"))
    assert Decimal(2_000_000) < worth < Decimal(3_000_000) and stored.value == event.value
    assert float(event.details["sharePct"]) == pytest.approx(100 * taken[0] / reserves[0], rel=1e-9)
    # The fall of the protocol's holdings is told in the same block, in token terms once an hour has gone by.
    tvl = (await read(redis, block_hash))["protocol.tvl_usd", "uniswap-v2"]
    assert tvl.previous_value is not None and tvl.previous_value - tvl.value == pytest.approx(
        worth, rel=Decimal("0.01")
    )
    assert tvl.taken_at == taken_at and tvl.label == "Uniswap V2"


async def reserves_of(market: Market, pool: str) -> tuple[int, int]:
    answer = await market.anvil.call("eth_call", {"to": pool, "data": "0x0902f1ac"}, "latest")
    return int(answer[2:66], 16), int(answer[66:130], 16)


async def prices_of(database: Database, number: int) -> dict[str, Decimal]:
    async with database.unit_of_work() as session:
        rows = await session.execute(
            text(
                "select distinct on (token) token, price_usd from price_readings where block_number <= :number"
                " order by token, block_number desc"
            ),
            {"number": number},
        )
        return dict(rows.tuples().all())


async def test_value_locked_is_what_the_contracts_hold_and_its_change_knows_no_prices(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with following(chain_settings):
        await mine(market)
        _, base_hash, _ = await mine(market, seconds=61)
        # The market falls by some percent: nobody takes anything out.
        await mine(market, whale_swap(market.addresses, 40_000_000), seconds=1800)
        number, fallen_hash, _ = await mine(market, seconds=1900)
        await wait_for_head(market, chain_database, redis)
        held = await held_by_hand(market, "uniswap_v3")
        prices = await prices_of(chain_database, number)
        async with Rpc(market.anvil.url) as rpc:
            removal = await remove_liquidity(rpc, market.addresses, "UNI-WETH-V2", GUEST, 1.0)
        _, removed_hash, _ = await mine(market, removal, seconds=10)
        await wait_for_head(market, chain_database, redis)
    base, fallen = await read(redis, base_hash, "protocol."), await read(redis, fallen_hash, "protocol.")
    assert {subject for _, subject in base} == {"uniswap-v2", "uniswap-v3"}
    v3 = fallen["protocol.tvl_usd", "uniswap-v3"]
    expected = sum(amount * prices[token] for token, amount in held.items())
    assert v3.value == pytest.approx(expected, rel=Decimal("1e-9"))
    assert v3.details == {"pools": "6"} and v3.source == "holdings of 6 Uniswap V3 pools at their prices"
    _, change = v3.changes[3600]
    assert abs(v3.value / base["protocol.tvl_usd", "uniswap-v3"].value - 1) > Decimal("0.003"), "worth moved"
    assert abs(change) < 5, "a swap exchanges tokens: the change at the old prices is what the trader lost or won"
    removed = (await read(redis, removed_hash))["protocol.tvl_usd", "uniswap-v2"]
    before, now = removed.changes[3600]
    assert before is not None and abs(before) < Decimal("0.2")
    share = Decimal(3_000_000) / 410_000_000 * 100
    assert now == pytest.approx(before - share, abs=Decimal("0.15"))


async def held_by_hand(market: Market, kind: str) -> dict[str, Decimal]:
    """What the tokens' contracts say that the pools of a kind have."""
    held: dict[str, Decimal] = {}
    for pool in market.addresses.pools.values():
        if pool.kind != kind:
            continue
        for token in (pool.token0, pool.token1):
            data = "0x70a08231" + "0" * 24 + pool.address[2:].lower()
            balance = int(await market.anvil.call("eth_call", {"to": token, "data": data}, "latest"), 16)
            decimals = next(each.decimals for each in market.addresses.tokens.values() if each.address == token)
            held[token.lower()] = held.get(token.lower(), Decimal(0)) + Decimal(balance) / 10**decimals
    return held


async def test_owners_implementations_and_proposals(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    addresses, watched = market.addresses, market.addresses.watched
    assert watched is not None
    proposal, mistake = Proposal(watched, "Fund <b>bridges</b>"), Proposal(watched, "Never mind")
    async with Rpc(market.anvil.url) as rpc:
        changes = [await change_owner(rpc, addresses, GUEST), await upgrade(rpc, addresses, GUEST)]
    hashes = []
    async with following(chain_settings):
        await wait_for_head(market, chain_database, redis)
        for transactions in (
            changes,
            [proposal.propose(GUEST), mistake.propose(GUEST)],
            [mistake.step("cancel", GUEST)],
            [proposal.vote(GUEST, 1, "yes,\nplease")],
        ):
            hashes.append((await mine(market, *transactions))[1])
        await market.anvil.mine(blocks=10)
        for name in ("queue", "execute"):
            hashes.append((await mine(market, proposal.step(name, GUEST)))[1])
        number = await wait_for_head(market, chain_database, redis)
    found = [await occurred(redis, block_hash) for block_hash in hashes]
    owner, code = found[0]
    first, second = (address.lower() for address in watched.keyrings)
    assert (owner.topic, owner.subject) == ("contract.ownership_changed", watched.ownable.lower())
    assert owner.details == {"previousOwner": first, "newOwner": second} and owner.value is None
    assert (code.topic, code.subject) == ("contract.implementation_changed", watched.vault.lower())
    assert code.details == {"change": "implementation", "implementation": watched.vault_versions[1].lower()}
    assert {event.subject for events in found[1:] for event in events} == {watched.governor.lower()}
    told = [
        [(event.topic, event.details["proposalId"], event.details["title"]) for event in events] for events in found[1:]
    ]
    mine_, theirs = (str(proposal.id), "Fund <b>bridges</b>"), (str(mistake.id), "Never mind")
    assert told == [
        [("governance.proposal_created", *mine_), ("governance.proposal_created", *theirs)],
        [("governance.canceled", *theirs)],
        [("governance.vote_cast", *mine_)],
        [("governance.queued", *mine_)],
        [("governance.executed", *mine_)],
    ]
    vote = found[3][0].details
    assert (vote["voter"], vote["support"], vote["weight"]) == (GUEST.lower(), "for", str(1_000 * 10**18))
    assert vote["reason"] == "yes, please"
    await assert_complete(market, chain_database, redis, addresses.deployed_at_block + 1, number)


async def test_pools_against_the_reference_feed(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    weth = market.addresses.wrapped_native.lower()
    async with following(chain_settings):
        await wait_for_head(market, chain_database, redis)
        _, lower_hash, lower_at = await mine(market, report(market.addresses, "WETH", 3_150.0, GUEST))
        _, same_hash, _ = await mine(market)
        _, back_hash, _ = await mine(market, report(market.addresses, "WETH", 3_500.0, GUEST))
        _, swap_hash, _ = await mine(market, whale_swap(market.addresses, 900_000))
        _, late_hash, _ = await mine(market, whale_swap(market.addresses, 900_000), seconds=5_000)
        await wait_for_head(market, chain_database, redis)
        async with chain_database.unit_of_work() as session:
            series = await metric_series(session, "oracle.deviation_pct", DEMO_CHAIN_ID, weth, from_unix(0))
            newest = await latest_readings(session, DEMO_CHAIN_ID, "gas.base_fee_gwei")
    lower = (await read(redis, lower_hash, "oracle."))["oracle.deviation_pct", weth]
    assert lower.value == engine_decimal((Decimal(3500) / 3150 - 1) * 100) and lower.label == "WETH"
    assert lower.previous_value == 0 and lower.details == {
        "priceUsd": "3500",
        "referenceUsd": "3150",
        "feed": market.addresses.feeds["WETH"].lower(),
        "answeredAt": str(lower_at),
    }
    assert lower.source.startswith("Uniswap V3 WETH/USDC 0.05% pool 0x")
    assert "against Chainlink feed WETH / USD 0x" in lower.source
    assert await read(redis, same_hash, "oracle.") == {}, "neither the price nor the answer is new"
    assert (await read(redis, back_hash, "oracle."))["oracle.deviation_pct", weth].value == 0
    moved = (await read(redis, swap_hash, "oracle."))["oracle.deviation_pct", weth]
    price = next(
        event.price_usd
        for event in await stream_events(redis)
        if isinstance(event, PriceUpdate) and event.block_hash == swap_hash and event.token == weth
    )
    assert moved.value == engine_decimal((price / 3500 - 1) * 100) and moved.value > 0
    assert await read(redis, late_hash, "oracle.") == {}, "an answer older than its heartbeat is none"
    assert [point.value for point in series][-1] == moved.value
    assert len(newest) == 1 and newest[0].subject == "" and newest[0].taken_at > from_unix(lower_at)


async def test_a_busy_hour_against_the_day_before_by_the_obvious_computation(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    weth = market.addresses.wrapped_native.lower()
    async with following(chain_settings):
        await mine(market, whale_swap(market.addresses, 100_000))
        for usd in range(25):
            await mine(market, whale_swap(market.addresses, 100_000 + 7_000 * usd), seconds=3_590)
        await wait_for_head(market, chain_database, redis)
    # Started anew: what is known is what is stored.
    async with following(chain_settings):
        await mine(market, whale_swap(market.addresses, 1_500_000), seconds=1_000)
        number, block_hash, taken_at = await mine(market, whale_swap(market.addresses, 1_234_567), seconds=700)
        await wait_for_head(market, chain_database, redis)
    events = await stream_events(redis)
    reading = (await read(redis, block_hash, "market."))["market.volume_ratio", weth]
    assert not any(isinstance(event, Reading) and event.metric == "market.volume_usd" for event in events)
    swaps = [event for event in events if isinstance(event, PoolSwap)]
    prices: dict[str, Decimal] = {}
    traded: list[tuple[int, Decimal]] = []
    pool = market.addresses.pools["WETH-USDC-V3-500"]
    for event in events:
        if isinstance(event, PriceUpdate) and event.token == weth:
            prices[event.block_hash] = event.price_usd
    for swap in swaps:
        raw = swap.amount0_raw if pool.token0.lower() == weth else swap.amount1_raw
        traded.append((swap.taken_at // 60, Decimal(abs(raw)) / 10**18 * prices[swap.block_hash]))
    minute = taken_at // 60
    hour = sum(usd for at, usd in traded if minute - 60 < at <= minute)
    base = sum(usd for at, usd in traded if minute - 1_500 < at <= minute - 60)
    assert traded[0][0] <= minute - 1_500
    assert reading.value == pytest.approx(hour / (base / 24), rel=Decimal("1e-12")) and reading.value > 5
    early = [event for event in events if isinstance(event, Reading) and event.metric == "market.volume_ratio"]
    assert min(event.block_number for event in early) >= number - 3, "unknown while history is short"


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_reorganisation_takes_readings_back(
    market: Market,
    chain_settings: Settings,
    chain_database: Database,
    redis: Redis,
    restarted: bool,
    make_market: Callable[..., Awaitable[Market]],
) -> None:
    async with Rpc(market.anvil.url) as rpc:
        removal = await remove_liquidity(rpc, market.addresses, "UNI-WETH-V2", GUEST, 0.5)
    async with following(chain_settings):
        await mine(market, whale_swap(market.addresses, 50_000))
        await wait_for_head(market, chain_database, redis)
        snapshot = await market.anvil.call("evm_snapshot")
        _, gone_hash, _ = await mine(market, removal, report(market.addresses, "WETH", 2_000.0, GUEST), seconds=5)
        await mine(market, whale_swap(market.addresses, 700_000))
        await wait_for_head(market, chain_database, redis)
        assert len(await occurred(redis, gone_hash)) == 1
        if not restarted:
            await branch(market, snapshot)
            await wait_for_head(market, chain_database, redis)
    if restarted:
        await branch(market, snapshot)
        async with following(chain_settings):
            await wait_for_head(market, chain_database, redis)
    number, block_hash, _ = await block_of(market)
    await assert_complete(market, chain_database, redis, market.addresses.deployed_at_block + 1, number)
    async with chain_database.unit_of_work() as session:
        for table in ("metric_readings", "chain_occurrences"):
            stale = await session.execute(
                text(
                    f"select count(*) from {table} r join chain_blocks b on b.block_hash = r.block_hash"
                    " where b.orphaned_at is not null"
                )
            )
            assert stale.scalar_one() == 0
    deviation = await read(redis, block_hash, "oracle.")
    assert all(event.value < 3 for event in deviation.values()), "the answer of the dropped block is forgotten"


async def branch(market: Market, snapshot: str) -> None:
    """Go back and mine another, longer branch in the place of what came after."""
    assert await market.anvil.call("evm_revert", snapshot)
    for usd in (10_000, 20_000, 30_000, 40_000):
        await mine(market, whale_swap(market.addresses, usd), seconds=7)


async def test_a_lost_stream_is_filled_with_the_same_readings_again(
    market: Market, chain_settings: Settings, chain_database: Database, redis: Redis
) -> None:
    async with Rpc(market.anvil.url) as rpc:
        removal = await remove_liquidity(rpc, market.addresses, "UNI-WETH-V2", GUEST, 0.5)
    async with following(chain_settings):
        await mine(market, removal, whale_swap(market.addresses, 50_000))
        await mine(market, report(market.addresses, "WETH", 3_000.0, GUEST), seconds=61)
        await wait_for_head(market, chain_database, redis)
    before = [event for event in await stream_events(redis) if isinstance(event, (Reading, Occurrence))]
    await redis.delete(f"chain:{DEMO_CHAIN_ID}:events")
    async with following(chain_settings):
        await wait_for_head(market, chain_database, redis)
    after = [event for event in await stream_events(redis) if isinstance(event, (Reading, Occurrence))]
    assert after == before and {type(event) for event in before} == {Reading, Occurrence}
