"""Trades by hand: for trying the product out, for browser tests and benchmarks.

From the shell, against the running demo market (each prints the transaction hash):

    python -m backend.demo.trade swap 1.5 USDC                 1.5 ETH into USDC on Uniswap V2
    python -m backend.demo.trade transfer 25000 USDC 0x70…     25,000 USDC to an address
    python -m backend.demo.trade whale 500000                  500,000 USDC into WETH on Uniswap V3

From code, each function returns a `Transaction`. `await send(url, transaction)` sends it; with web3.py it is
`w3.eth.send_transaction(transaction.params())`, since anvil signs for its development accounts. All act from the
account `guest`, from which the traders never send, so that nonces do not collide.
"""

import argparse
import asyncio
import sys
from decimal import Decimal

from backend.core.settings import get_settings
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses, load_addresses
from backend.demo.plan import WRAPPED
from backend.demo.rpc import Rpc
from backend.demo.swaps import swap_transaction, transfer_transaction
from backend.demo.transactions import Transaction

GUEST = ACCOUNTS["guest"]
RECEIPT_POLL_SECONDS = 0.1


def swap_exact_eth_for_tokens(
    market: DemoAddresses, token: str, amount_wei: int, sender: str = GUEST, min_out: int = 0
) -> Transaction:
    """Return a swap of ETH into a token by symbol through Router02 and the pair of WETH with it."""
    pool = next(name for name in (f"{WRAPPED}-{token}-V2", f"{token}-{WRAPPED}-V2") if name in market.pools)
    return swap_transaction(market, sender, [pool], WRAPPED, amount_wei, min_out, native_in=True)


def transfer_erc20(
    market: DemoAddresses, token: str, amount: int, recipient: str = ACCOUNTS["demo"], sender: str = GUEST
) -> Transaction:
    """Return a transfer of `amount` smallest units of a token by symbol."""
    return transfer_transaction(market, sender, recipient, token, amount)


def whale_swap(
    market: DemoAddresses, amount_usd: Decimal | int, pool: str = "WETH-USDC-V3-500", sender: str = GUEST
) -> Transaction:
    """Return a swap of USDC worth `amount_usd` into the other token of the pool: a big one moves its price up."""
    return swap_transaction(market, sender, [pool], "USDC", token_amount(market, "USDC", Decimal(amount_usd)))


def token_amount(market: DemoAddresses, token: str, amount: Decimal) -> int:
    """Return whole tokens as smallest units, rounded down."""
    return int(amount.scaleb(market.tokens[token].decimals))


async def send(rpc_url: str, transaction: Transaction) -> str:
    """Send without waiting for a block and return the hash. Raises RpcCallError when the node refuses it."""
    async with Rpc(rpc_url) as rpc:
        return await rpc.call("eth_sendTransaction", transaction.params())


async def send_and_wait(rpc_url: str, transaction: Transaction, timeout_seconds: float = 15.0) -> dict[str, object]:
    """Send and return the receipt once a block holds it. Raises TimeoutError when none does in time."""
    async with Rpc(rpc_url) as rpc, asyncio.timeout(timeout_seconds):
        sent = await rpc.call("eth_sendTransaction", transaction.params())
        receipt = None
        while receipt is None:
            await asyncio.sleep(RECEIPT_POLL_SECONDS)
            receipt = await rpc.call("eth_getTransactionReceipt", sent)
        return receipt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m backend.demo.trade", description="Trade by hand on the demo chain")
    commands = parser.add_subparsers(dest="command", required=True)
    swap = commands.add_parser("swap", help="ETH into a token")
    swap.add_argument("eth", type=Decimal)
    swap.add_argument("token", choices=["USDC", "DAI", "WBTC", "UNI"])
    transfer = commands.add_parser("transfer", help="a token to an address")
    transfer.add_argument("amount", type=Decimal)
    transfer.add_argument("token", choices=["WETH", "USDC", "DAI", "WBTC", "UNI"])
    transfer.add_argument("recipient", nargs="?", default=ACCOUNTS["demo"])
    whale = commands.add_parser("whale", help="USDC into WETH")
    whale.add_argument("usd", type=Decimal)
    return parser


def main(arguments: list[str] | None = None) -> None:
    """Make one trade on the running demo market and print its hash."""
    options = _parser().parse_args(arguments)
    settings = get_settings()
    market = load_addresses(settings.demo_addresses_file)
    if options.command == "swap":
        transaction = swap_exact_eth_for_tokens(market, options.token, int(options.eth.scaleb(18)))
    elif options.command == "transfer":
        amount = token_amount(market, options.token, options.amount)
        transaction = transfer_erc20(market, options.token, amount, options.recipient)
    else:
        transaction = whale_swap(market, options.usd)
    sent = asyncio.run(send(f"http://127.0.0.1:{settings.demo_chain_port}", transaction))
    sys.stdout.write(sent + "\n")


if __name__ == "__main__":
    main()
