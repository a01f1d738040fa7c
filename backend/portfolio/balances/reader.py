"""Reads balances: each chain's all at one pinned block, many chains at the same time."""

import asyncio
from collections.abc import Mapping
from typing import Any

from backend.chain.blocks import Header, parse_header
from backend.chain.rpc.errors import AllProvidersDownError, RpcError, RpcMissingError, RpcTimeoutError
from backend.chain.rpc.pool import RpcPool
from backend.chain.rpc.single import SingleProvider
from backend.chain.rpc.transport import Request, raise_if_error
from backend.core.logging import get_logger
from backend.portfolio.balances.pairs import Pairs
from backend.portfolio.balances.sheet import ChainBalances
from backend.portfolio.balances.ways import NO_TIME, Reading, probe, takes_override

CHAIN_SECONDS = 5.0
CHAINS_AT_ONCE = 100
_PIN_SECONDS = 2.0  # a provider that does not even say its head in that time is passed over
_LAST_SECONDS = 0.5  # kept for looking at the block again
_TRIES = 3  # a chain that reorganises during each of these is not read now
log = get_logger(__name__)


async def read_balances(
    pools: Mapping[int, RpcPool],
    wanted: Mapping[int, Pairs],
    multicall3: Mapping[int, str | None],
    *,
    chain_seconds: float = CHAIN_SECONDS,
) -> dict[int, ChainBalances]:
    """Return each chain's balances as of one block of it; what could not be read says why, and nothing is raised."""
    reading = start_reading(pools, wanted, multicall3, chain_seconds=chain_seconds)
    try:
        return {chain_id: await task for chain_id, task in reading.items()}
    finally:
        for task in reading.values():
            task.cancel()


def start_reading(
    pools: Mapping[int, RpcPool],
    wanted: Mapping[int, Pairs],
    multicall3: Mapping[int, str | None],
    *,
    chain_seconds: float = CHAIN_SECONDS,
) -> dict[int, asyncio.Task[ChainBalances]]:
    """Begin to read each chain; the tasks raise nothing. Whoever begins cancels what is no longer wanted."""
    slots = asyncio.Semaphore(CHAINS_AT_ONCE)

    async def read(chain_id: int, pairs: Pairs) -> ChainBalances:
        async with slots:
            return await read_chain(pools[chain_id], pairs, multicall3.get(chain_id), chain_seconds)

    return {chain_id: asyncio.create_task(read(chain_id, pairs)) for chain_id, pairs in wanted.items()}


async def read_chain(
    rpc: RpcPool, pairs: Pairs, multicall3: str | None, budget_seconds: float = CHAIN_SECONDS
) -> ChainBalances:
    """Return the balances of a chain as of its newest block, whole from one provider, within the budget.

    The block is pinned by its number and looked at again afterwards; when another one stands in its place by then, all
    is read again. Never raises: what could not be read is None, with the reason.
    """
    until = asyncio.get_running_loop().time() + budget_seconds
    try:
        return await rpc.together(lambda single: _at_one_block(single, pairs, multicall3, until), budget_seconds)
    except (RpcError, AllProvidersDownError) as error:
        log.warning("balances not read", chain_id=rpc.chain_id, pairs=len(pairs), reason=error.message[:200])
        return ChainBalances.unknown(rpc.chain_id, pairs, _words(error))


async def _at_one_block(single: SingleProvider, pairs: Pairs, multicall3: str | None, until: float) -> ChainBalances:
    clock = asyncio.get_running_loop()
    for _ in range(_TRIES):
        block = await _pin(single)
        reading = Reading(single, pairs, block.number, multicall3)
        await reading.run(until - clock.time() - _LAST_SECONDS)
        amounts = reading.amounts.tolist()
        if amounts and all(reading.problems.get(place) == NO_TIME for place in range(len(amounts))):
            raise RpcTimeoutError("no balance came in time")
        if (await _block(single, block.number)).hash == block.hash:
            return ChainBalances(single.provider.chain_id, pairs, block, amounts, reading.problems)
        log.info("another block stands where balances were read", chain_id=single.provider.chain_id, block=block.number)
    raise RpcMissingError(f"the chain reorganised during each of {_TRIES} readings")


async def _pin(single: SingleProvider) -> Header:
    """Return the provider's newest block; the first time, find out whether it takes code overrides too."""
    provider = single.provider
    newest = Request("eth_getBlockByNumber", ["latest", False])
    unknown = provider.takes_code_override is None
    try:
        async with asyncio.timeout(_PIN_SECONDS):
            answers = await single.batch([newest, probe("latest")] if unknown else [newest])
    except TimeoutError:
        raise RpcTimeoutError(f"no answer within {_PIN_SECONDS:g} s") from None
    header = parse_header(raise_if_error(answers[0]))
    if unknown:
        provider.takes_code_override = takes_override(answers[1])
    return header


async def _block(single: SingleProvider, number: int) -> Header:
    def parse(raw: Any) -> Header:
        return parse_header(raw, number=number)

    return await single.call("eth_getBlockByNumber", [hex(number), False], parse)


def _words(error: RpcError | AllProvidersDownError) -> str:
    """Return why a chain was not read, fit to show: without addresses of providers."""
    cause = error.__cause__ if isinstance(error, AllProvidersDownError) else error
    if isinstance(cause, RpcMissingError) and "reorganised" in cause.message:
        return "The chain reorganised while its balances were read."
    outcome = cause.outcome if isinstance(cause, RpcError) else "timeout"
    return _REASONS.get(outcome, "The chain's providers gave no usable answer.")


_REASONS = {
    "timeout": "The chain's providers did not answer in time.",
    "unreachable": "The chain's providers cannot be reached.",
    "throttled": "The chain's providers ask us to slow down.",
    "refused": "The chain's providers refused to say the balances.",
    "missing": "The chain's providers do not have its newest block yet.",
    "lie": "The chain's providers contradict themselves.",
}
