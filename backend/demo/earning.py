"""What the demo account earns with: a loan and its collateral in Aave, a savings vault, and staked LP tokens.

It does so itself, with tokens that the treasury gives it before: what it held otherwise stays as it was, but for gas.
"""

from backend.demo import plan
from backend.demo.aave import LENDING_GAS, approve_and_supply, borrow_data
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses, DemoEarning, DemoPool
from backend.demo.calldata import MAX_UINT256, call_data
from backend.demo.liquidity import NEVER, POOL_GAS
from backend.demo.rpc import Rpc
from backend.demo.transactions import Creations, Transaction, send_and_mine
from backend.demo.watched import liquidity_of

STAKED_POOL = "WETH-DAI-V2"
STAKED_SIDE_USD = 6_000.0
REWARDS_SYMBOL, REWARDS_USD, REWARDS_SECONDS = "UNI", 30_000.0, 365 * 86_400
OTHERS_STAKE_USD = 150_000.0  # a side, by the treasury: whoever stakes shares the rewards
SAVED_USD, OTHERS_SAVE_USD = 7_500.0, 500_000.0
COLLATERAL_USD = {"WETH": 9_000.0, "WBTC": 12_000.0}
BORROWED_SYMBOL, BORROWED_USD = "USDC", 6_500.0
_ADD = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"


async def give_earning(rpc: Rpc, market: DemoAddresses) -> DemoAddresses:
    """Deploy the vault and the staking contract, and let the demo account use them and Aave.

    Returns the market with both. Raises UnavailableError when a transaction fails.
    """
    assert market.aave is not None
    treasury, demo = ACCOUNTS["treasury"], ACCOUNTS["demo"]
    dai, pair = market.tokens["DAI"].address, market.pools[STAKED_POOL]
    made = Creations(treasury, int(await rpc.call("eth_getTransactionCount", treasury, "pending"), 16))
    savings = made.create("DemoSavings", ["address"], [dai])
    rewards = market.tokens[REWARDS_SYMBOL].address
    staking = made.create("DemoStaking", ["address", "address", "uint256"], [pair.address, rewards, REWARDS_SECONDS])
    earning = DemoEarning(savings=savings, staking=staking)
    _fund(made, market)
    sides = _sides(market, pair, OTHERS_STAKE_USD)
    data = call_data(_ADD, pair.token0, pair.token1, *sides, 0, 0, treasury, NEVER)
    made.call(market.routers.uniswap_v2, data, POOL_GAS)
    reward = plan.token_units(REWARDS_SYMBOL, REWARDS_USD)
    made.call(rewards, call_data("mint(address,uint256)", staking, reward), LENDING_GAS)
    made.call(staking, call_data("notifyRewardAmount(uint256)", reward), LENDING_GAS)
    held = {treasury: await liquidity_of(rpc, pair.address, treasury)}
    await send_and_mine(rpc, made.transactions)
    await send_and_mine(rpc, _adds(market, pair, demo))

    added = {owner: await liquidity_of(rpc, pair.address, owner) - held.get(owner, 0) for owner in (treasury, demo)}
    entering = [
        item
        for owner, saved_usd in ((treasury, OTHERS_SAVE_USD), (demo, SAVED_USD))
        for item in (
            *_enter(owner, pair.address, staking, added[owner], call_data("stake(uint256)", added[owner])),
            *_saves(owner, dai, savings, saved_usd),
        )
    ]
    await send_and_mine(rpc, [*entering, *_lends(market, market.aave.pool, demo)])
    return market.model_copy(update={"earning": earning})


def _fund(made: Creations, market: DemoAddresses) -> None:
    """Add what gives the demo account and the treasury the tokens that they put in."""
    treasury, demo = ACCOUNTS["treasury"], ACCOUNTS["demo"]
    weth = market.tokens[plan.WRAPPED].address
    collateral = plan.token_units(plan.WRAPPED, COLLATERAL_USD[plan.WRAPPED])
    staked = plan.token_units(plan.WRAPPED, OTHERS_STAKE_USD + STAKED_SIDE_USD)
    made.call(weth, call_data("deposit()"), LENDING_GAS, value_wei=collateral + staked)
    side = plan.token_units(plan.WRAPPED, STAKED_SIDE_USD)
    made.call(weth, call_data("transfer(address,uint256)", demo, collateral + side), LENDING_GAS)
    for owner, symbol, value_usd in (
        (demo, "WBTC", COLLATERAL_USD["WBTC"]),
        (demo, "DAI", SAVED_USD + STAKED_SIDE_USD),
        (treasury, "DAI", OTHERS_SAVE_USD + OTHERS_STAKE_USD),
    ):
        mint = call_data("mint(address,uint256)", owner, plan.token_units(symbol, value_usd))
        made.call(market.tokens[symbol].address, mint, LENDING_GAS)


def _adds(market: DemoAddresses, pair: DemoPool, account: str) -> list[Transaction]:
    """Return the leaves to take both sides of the liquidity that is staked, and the call that puts them in."""
    router, sides = market.routers.uniswap_v2, _sides(market, pair, STAKED_SIDE_USD)
    leaves = [
        Transaction(account, token, call_data("approve(address,uint256)", router, MAX_UINT256), LENDING_GAS)
        for token in (pair.token0, pair.token1)
    ]
    data = call_data(_ADD, pair.token0, pair.token1, *sides, 0, 0, account, NEVER)
    return [*leaves, Transaction(account, router, data, POOL_GAS)]


def _sides(market: DemoAddresses, pair: DemoPool, side_usd: float) -> list[int]:
    return [plan.token_units(market.symbol_of(token), side_usd) for token in (pair.token0, pair.token1)]


def _enter(account: str, token: str, contract: str, amount: int, data: str) -> list[Transaction]:
    """Return the leave to take an amount, and the call that takes it."""
    leave = call_data("approve(address,uint256)", contract, amount)
    return [Transaction(account, token, leave, LENDING_GAS), Transaction(account, contract, data, LENDING_GAS)]


def _saves(account: str, dai: str, savings: str, value_usd: float) -> list[Transaction]:
    amount = plan.token_units("DAI", value_usd)
    return _enter(account, dai, savings, amount, call_data("deposit(uint256,address)", amount, account))


def _lends(market: DemoAddresses, pool: str, account: str) -> list[Transaction]:
    transactions: list[Transaction] = []
    for symbol, value_usd in COLLATERAL_USD.items():
        amount = plan.token_units(symbol, value_usd)
        transactions += approve_and_supply(account, pool, market.tokens[symbol].address, amount)
    borrowed = plan.token_units(BORROWED_SYMBOL, BORROWED_USD)
    data = borrow_data(market.tokens[BORROWED_SYMBOL].address, borrowed, account)
    return [*transactions, Transaction(account, pool, data, LENDING_GAS)]
