"""The demo market's first day: a fresh chain begins 26 hours ago, and trade on it fills the time until now.

Without it, whatever compares with yesterday (volume, changes of a day) would be unknown for a day. These are blocks
like any other, half an hour apart; in each, every pool is brought to where its assets' prices have wandered, and traded
there and back for about what the traders do in that time. The rest of the network uses its gas as it does later.
"""

import asyncio
import contextlib
import math
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np

from backend.core.clock import now_seconds
from backend.core.errors import UnavailableError
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses
from backend.demo.anvil import anvil_command
from backend.demo.deploy import deploy_market
from backend.demo.market_view import Snapshot, read_market
from backend.demo.plan import TOKENS
from backend.demo.price_targets import PriceTargets
from backend.demo.rpc import Rpc
from backend.demo.swaps import load_transaction, swap_transaction
from backend.demo.trader_config import TraderConfig
from backend.demo.trader_model import PoolView, traded_prices
from backend.demo.transactions import Transaction, send_calls
from backend.demo.uniswap_math import amount_in_to_reach, amount_out

HOURS = 26
STEP_SECONDS = 1_800
DEMO_JOINS_AT = 2  # the demo accounts get their funds after this step: what they were worth then is known
MINED_BY_HAND_SECONDS = 3_600.0
TRADED_USD, TRADED_SIGMA = 900_000.0, 0.4  # median of one pool's trade in a step, there and back each
MOST_OF_DEPTH = 0.02
START_ATTEMPTS = 100
STOP_SECONDS = 20.0
SENDERS = tuple(ACCOUNTS[name] for name in ("whale", "whale_2", "network_load"))


async def found_market(port: int, state_file: Path, addresses_file: Path, seed: int) -> None:
    """Make a chain with the market and its first day in `state_file`. Raises UnavailableError when that fails."""
    began_at = int(now_seconds()) - HOURS * 3_600
    async with _chain(port, state_file, began_at) as rpc:
        market = await deploy_market(rpc.url, addresses_file, with_demo_accounts=False)
        await _trade(rpc, market, np.random.default_rng([seed, HOURS]), began_at, addresses_file)


@contextlib.asynccontextmanager
async def _chain(port: int, state_file: Path, began_at: int) -> AsyncIterator[Rpc]:
    """Run a chain that began then and mines only when told to; its end saves it."""
    command = [*anvil_command(port, state_file, MINED_BY_HAND_SECONDS), "--timestamp", str(began_at)]
    process = await asyncio.create_subprocess_exec(*command)
    try:
        async with Rpc(f"http://127.0.0.1:{port}") as rpc:
            await _answers(rpc)
            yield rpc
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()


async def _answers(rpc: Rpc) -> None:
    for attempt in range(START_ATTEMPTS):
        try:
            await rpc.call("eth_chainId")
            return
        except UnavailableError:
            if attempt + 1 == START_ATTEMPTS:
                raise
            await asyncio.sleep(0.1)


async def _trade(
    rpc: Rpc, market: DemoAddresses, random: np.random.Generator, began_at: int, addresses_file: Path
) -> None:
    snapshot = await read_market(rpc, market, SENDERS)
    targets = PriceTargets(TraderConfig().wander, traded_prices(snapshot.pools))
    steps = HOURS * 3_600 // STEP_SECONDS
    for step in range(1, steps):
        targets.advance(random, STEP_SECONDS)
        await rpc.all(send_calls(_transactions(market, snapshot, targets, random), snapshot.nonces))
        await rpc.call("evm_setNextBlockTimestamp", hex(began_at + step * STEP_SECONDS))
        await rpc.call("evm_mine")
        if step == DEMO_JOINS_AT:
            market = await deploy_market(rpc.url, addresses_file)
        snapshot = await read_market(rpc, market, SENDERS)
    await rpc.call("evm_setTime", int(now_seconds()))
    await rpc.call("evm_mine")


def _transactions(
    market: DemoAddresses, snapshot: Snapshot, targets: PriceTargets, random: np.random.Generator
) -> list[Transaction]:
    whale, other, load = SENDERS
    transactions: list[Transaction] = []
    for pool in snapshot.pools.values():
        for token_in in pool.symbols:
            best = amount_in_to_reach(
                *pool.reserves_from(token_in), fair=_fair(pool, token_in, targets), fee_ppm=pool.fee_ppm
            )
            if best > 0:
                transactions.append(swap_transaction(market, whale, [pool.name], token_in, int(best)))
        first = pool.symbols[int(random.integers(2))]
        own, others = pool.reserves_from(first)
        usd = TRADED_USD * math.exp(TRADED_SIGMA * random.standard_normal())
        amount = int(min(usd / targets.usd(first) * 10 ** TOKENS[first].decimals, own * MOST_OF_DEPTH))
        back = int(amount_out(amount, own, others, pool.fee_ppm))
        transactions.append(swap_transaction(market, other, [pool.name], first, amount))
        transactions.append(swap_transaction(market, other, [pool.name], pool.other(first), back))
    gas = int(random.uniform(8e6, 14.5e6))
    return [*transactions, load_transaction(market, load, gas)]


def _fair(pool: PoolView, token_in: str, targets: PriceTargets) -> float:
    """Return how many units of the other token one unit of token_in is worth at the targets."""
    out = pool.other(token_in)
    return targets.usd(token_in) / targets.usd(out) * 10 ** (TOKENS[out].decimals - TOKENS[token_in].decimals)
