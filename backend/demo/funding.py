"""Funds: the treasury's stock of every token, and what everybody else in the market is given of it."""

from collections.abc import Iterable, Mapping, Sequence

from backend.demo import plan
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses
from backend.demo.calldata import MAX_UINT256, call_data
from backend.demo.liquidity import side_amounts
from backend.demo.rpc import Rpc
from backend.demo.transactions import Transaction, send_and_mine

DEMO_ROLES = ("demo", "demo_trading")
CALL_GAS, SEND_GAS = 120_000, 21_000


def stock(tokens: Mapping[str, str]) -> list[Transaction]:
    """Return what gives the treasury its own stock: what it puts into pools, and a big balance beside it."""
    treasury, liquidity = ACCOUNTS["treasury"], side_amounts(plan.POOLS)
    transactions = []
    for symbol, address in tokens.items():
        amount = liquidity[symbol] + plan.token_units(symbol, plan.BIG_BALANCE_USD)
        if symbol == plan.WRAPPED:
            transactions.append(Transaction(treasury, address, call_data("deposit()"), CALL_GAS, value_wei=amount))
        else:
            mint = call_data("mint(address,uint256)", treasury, amount)
            transactions.append(Transaction(treasury, address, mint, CALL_GAS))
    return transactions


def gifts(tokens: Mapping[str, str], roles: Sequence[str]) -> list[Transaction]:
    """Return what gives each account its planned balance of every token, by the treasury."""
    treasury = ACCOUNTS["treasury"]
    wrapped = sum(plan.planned_balance(role, plan.WRAPPED) for role in roles)
    made = [Transaction(treasury, tokens[plan.WRAPPED], call_data("deposit()"), CALL_GAS, value_wei=wrapped)]
    for symbol, address in tokens.items():
        signature = "transfer(address,uint256)" if symbol == plan.WRAPPED else "mint(address,uint256)"
        for role in roles:
            data = call_data(signature, ACCOUNTS[role], plan.planned_balance(role, symbol))
            made.append(Transaction(treasury, address, data, CALL_GAS))
    return made


def leaves(tokens: Mapping[str, str], routers: Iterable[str], roles: Sequence[str]) -> list[Transaction]:
    """Return the approvals by which routers may take every token of these accounts."""
    return [
        Transaction(ACCOUNTS[role], token, call_data("approve(address,uint256)", router, MAX_UINT256), CALL_GAS)
        for role in roles
        for router in routers
        for token in tokens.values()
    ]


async def fund_demo_accounts(rpc: Rpc, market: DemoAddresses) -> DemoAddresses:
    """Give the demo user's wallets what they begin with, by transfers that their history shows; return the market.

    Accounts that have funds already (a market from before) are left alone. Raises UnavailableError when one fails.
    """
    balances = await rpc.all([("eth_getBalance", (ACCOUNTS[role], "latest")) for role in DEMO_ROLES])
    roles = [role for role, balance in zip(DEMO_ROLES, balances, strict=True) if int(balance, 16) == 0]
    if not roles:
        return market
    treasury, tokens = ACCOUNTS["treasury"], {symbol: token.address for symbol, token in market.tokens.items()}
    ether = [
        Transaction(treasury, ACCOUNTS[role], "0x", SEND_GAS, plan.planned_balance(role, plan.NATIVE)) for role in roles
    ]
    await send_and_mine(rpc, [*ether, *gifts(tokens, roles)])
    await send_and_mine(rpc, leaves(tokens, (market.routers.uniswap_v2, market.routers.uniswap_v3), roles))
    return market
