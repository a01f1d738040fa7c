"""The traders' process: reads the demo market every block and sends what the model decides, for as long as it runs.

Nothing is remembered about the chain between blocks (nonces come from the node each time), so a restart of the chain,
a kill of this process or a reorganisation needs no repair.
"""

import asyncio
from collections.abc import Sequence

import numpy as np
import structlog

from backend.core.errors import RemoteError, UnavailableError
from backend.core.settings import Settings
from backend.demo import plan
from backend.demo.accounts import ACCOUNTS, SENDERS
from backend.demo.addresses import DemoAddresses
from backend.demo.calldata import call_data
from backend.demo.deploy import deploy_market, existing_market
from backend.demo.happenings import Happenings
from backend.demo.lenders import Lenders
from backend.demo.market_view import Snapshot, read_balances, read_market
from backend.demo.plan import NATIVE
from backend.demo.rpc import Rpc, RpcCallError
from backend.demo.swaps import load_transaction, swap_transaction, transfer_transaction
from backend.demo.trader_config import TraderConfig
from backend.demo.trader_model import Intent, Load, MarketView, Swap, TraderModel, Transfer, traded_prices
from backend.demo.transactions import Transaction, send_calls

SENDER_ADDRESSES = tuple(ACCOUNTS[name] for name in SENDERS)
REFILL_EVERY_BLOCKS = 60
REFILL_BELOW = 0.2  # of the planned balance
SWAP_DEADLINE_SECONDS = 120
MOST_SECONDS_A_STEP = 10.0  # after a pause the traders do not make up for lost time
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 4.0, 5.0)

log = structlog.stdlib.get_logger(__name__)


async def run_traders(settings: Settings) -> None:
    """Trade on the demo chain until cancelled; waits and reconnects when the chain or the market is not there."""
    url = f"http://127.0.0.1:{settings.demo_chain_port}"
    failures = 0
    while True:
        try:
            async with Rpc(url) as rpc:
                market = await _market(rpc, settings)
                log.info("traders at work", chain=url)
                failures = 0
                await _trade(rpc, market, settings)
        except RemoteError as error:
            problem = error.message
        except UnavailableError as error:
            problem = error.message
        delay_seconds = BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS) - 1)]
        failures += 1
        log.warning("traders wait for the chain", problem=problem, retry_seconds=delay_seconds)
        await asyncio.sleep(delay_seconds)


async def _market(rpc: Rpc, settings: Settings) -> DemoAddresses:
    """Return the market; one that was lost with its chain (killed before its first save) is deployed again.

    Raises UnavailableError while there never was one: the first deployment is left to whoever starts the product.
    """
    market = await existing_market(rpc, settings.demo_addresses_file)
    if market is not None:
        return market
    if not settings.demo_addresses_file.exists():
        raise UnavailableError("the demo market is not deployed yet")
    return await deploy_market(rpc.url, settings.demo_addresses_file)


async def _trade(rpc: Rpc, market: DemoAddresses, settings: Settings) -> None:
    """Act once a block. Returns only by raising, when the chain does not answer or was replaced by another."""
    snapshot = await read_market(rpc, market, SENDER_ADDRESSES)
    view = MarketView(0.0, snapshot.base_fee_wei, snapshot.pools)
    model = TraderModel.start(TraderConfig(), [settings.demo_seed, snapshot.block], view)
    happenings = Happenings(market, np.random.default_rng([settings.demo_seed, snapshot.block, 1]))
    lenders = Lenders(market, np.random.default_rng([settings.demo_seed, snapshot.block, 2]))
    next_refill = snapshot.block
    while True:
        await asyncio.sleep(settings.demo_block_seconds)
        previous, snapshot = snapshot, await read_market(rpc, market, SENDER_ADDRESSES)
        if snapshot.block == previous.block:
            continue
        if snapshot.block < previous.block:
            next_refill = min(next_refill, snapshot.block)
        seconds = min(MOST_SECONDS_A_STEP, max(0.0, snapshot.timestamp - previous.timestamp))
        intents = model.step(MarketView(seconds, snapshot.base_fee_wei, snapshot.pools))
        transactions = [transaction_of(market, intent, snapshot) for intent in intents]
        transactions += await happenings.step(rpc, snapshot, model.targets, seconds)
        transactions += lenders.step(traded_prices(snapshot.pools), seconds)
        if snapshot.block >= next_refill:
            transactions += refills(market, await read_balances(rpc, market))
            next_refill = snapshot.block + REFILL_EVERY_BLOCKS
        await _send(rpc, transactions, snapshot)


async def _send(rpc: Rpc, transactions: Sequence[Transaction], snapshot: Snapshot) -> None:
    """Send the transactions; one that the node refuses is left out and said in the log."""
    for transaction, answer in zip(
        transactions, await rpc.batch(send_calls(transactions, snapshot.nonces)), strict=True
    ):
        if isinstance(answer, RpcCallError):
            log.warning("transaction refused", sender=transaction.sender, to=transaction.to, problem=answer.message)


def transaction_of(market: DemoAddresses, intent: Intent, snapshot: Snapshot) -> Transaction:
    """Return the transaction that carries out one intent of the model."""
    if isinstance(intent, Swap):
        return swap_transaction(
            market,
            ACCOUNTS[intent.sender],
            intent.pools,
            intent.token_in,
            intent.amount_in,
            intent.min_out,
            native_in=intent.native_in,
            native_out=intent.native_out,
            tip_wei=intent.tip_wei,
            deadline=snapshot.timestamp + SWAP_DEADLINE_SECONDS,
        )
    if isinstance(intent, Transfer):
        sender, recipient = ACCOUNTS[intent.sender], ACCOUNTS[intent.recipient]
        return transfer_transaction(market, sender, recipient, intent.token, intent.amount, tip_wei=intent.tip_wei)
    if isinstance(intent, Load):
        return load_transaction(market, ACCOUNTS["network_load"], intent.gas, tip_wei=intent.tip_wei)
    raise TypeError(type(intent).__name__)


def refills(market: DemoAddresses, balances: dict[tuple[str, str], int]) -> list[Transaction]:
    """Return what the treasury sends to accounts that run low, as a bridge or an exchange would."""
    treasury = ACCOUNTS["treasury"]
    transactions: list[Transaction] = []
    for (role, symbol), held in balances.items():
        full = plan.planned_balance(role, symbol)
        if role in ("treasury", "demo") or held >= full * REFILL_BELOW:
            continue
        missing = full - held
        if symbol == NATIVE:
            transactions.append(transfer_transaction(market, treasury, ACCOUNTS[role], NATIVE, missing))
        elif symbol == "WETH":
            weth = market.wrapped_native
            transactions.append(Transaction(treasury, weth, call_data("deposit()"), 80_000, value_wei=missing))
            transactions.append(transfer_transaction(market, treasury, ACCOUNTS[role], "WETH", missing))
        else:
            mint = call_data("mint(address,uint256)", ACCOUNTS[role], missing)
            transactions.append(Transaction(treasury, market.tokens[symbol].address, mint, 80_000))
    return transactions
