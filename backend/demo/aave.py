"""Aave V3 on the demo market: the real contracts, four reserves priced by the market's feeds, and what others lend.

Set up as Aave's own deployments are: https://github.com/aave/aave-v3-deploy, in the order that the contracts demand.
Parameters are about those of the Ethereum market (https://governance.aave.com), simplified: no caps, no e-mode.
"""

from dataclasses import dataclass

from backend.demo import plan
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAave, DemoAddresses
from backend.demo.calldata import MAX_UINT256, call_data
from backend.demo.rpc import Rpc
from backend.demo.transactions import Creations, Transaction, created_address, send_and_mine

MARKET_ID = "Premium demo market"
USD_UNIT = 10**8  # of the oracle's prices
LENDING_GAS, SETUP_GAS, RESERVES_GAS = 700_000, 3_000_000, 24_000_000
VARIABLE_RATE = 2
SUPPLIED_USD = 20e6  # by the treasury, of each reserve
COLLATERAL_USD = 30e6  # by each whale
_RAY_PERCENT = 10**25
_NOBODY = "0x" + "00" * 20
_INIT_RESERVES = (
    "initReserves((address,address,address,uint8,address,address,address,address,"
    "string,string,string,string,string,string,bytes)[])"
)


@dataclass(frozen=True, slots=True)
class Reserve:
    """One asset's parameters: shares of its value in basis points, yearly rates in percent."""

    symbol: str
    loan_to_value_bps: int
    liquidation_threshold_bps: int
    liquidation_bonus_bps: int
    reserve_factor_bps: int
    optimal_use_pct: int
    slope1_pct: int
    slope2_pct: int


RESERVES = (
    Reserve("WETH", 8_000, 8_250, 10_500, 1_500, 80, 4, 80),
    Reserve("USDC", 7_700, 8_000, 10_450, 1_000, 90, 6, 60),
    Reserve("DAI", 6_700, 7_700, 10_400, 1_000, 80, 6, 75),
    Reserve("WBTC", 7_000, 7_500, 10_625, 2_000, 45, 4, 300),
)
# What each whale puts in and borrows, as a share of what the treasury supplied: rates are those of a used market.
WHALES_LEND = {
    "whale": ("WETH", {"USDC": 0.5, "DAI": 0.05, "WBTC": 0.3}),
    "whale_2": ("WBTC", {"WETH": 0.35, "DAI": 0.2}),
}


async def deploy_aave(rpc: Rpc, market: DemoAddresses) -> DemoAddresses:
    """Deploy Aave with its reserves, lend to it and borrow from it; return the market with its addresses.

    Raises UnavailableError when a transaction fails.
    """
    treasury = ACCOUNTS["treasury"]
    made = Creations(treasury, int(await rpc.call("eth_getTransactionCount", treasury, "pending"), 16))
    aave = _contracts(made, market)
    _reserves(made, market, aave)
    for reserve in RESERVES:
        _treasury_supplies(made, market, aave.pool, reserve.symbol)
    await send_and_mine(rpc, made.transactions)
    await send_and_mine(rpc, [item for role in WHALES_LEND for item in _whale_lends(market, aave.pool, role)])
    return market.model_copy(update={"aave": aave})


def _contracts(made: Creations, market: DemoAddresses) -> DemoAave:
    """Add everything but the reserves. The pool and its configurator are proxies that the provider makes, in order."""
    treasury = ACCOUNTS["treasury"]
    alone = ("BorrowLogic", "BridgeLogic", "ConfiguratorLogic", "EModeLogic", "LiquidationLogic", "PoolLogic")
    libraries = {name: made.create(name) for name in (*alone, "SupplyLogic")}
    libraries["FlashLoanLogic"] = made.create("FlashLoanLogic", libraries=libraries)
    provider = made.create("PoolAddressesProvider", ["string", "address"], [MARKET_ID, treasury])
    pool, configurator = (created_address(provider, nonce) for nonce in (1, 2))
    tokens = [market.tokens[reserve.symbol].address for reserve in RESERVES]
    sources = [
        made.create("DemoPriceSource", ["address"], [market.feeds.get(reserve.symbol, _NOBODY)]) for reserve in RESERVES
    ]
    oracle = made.create(
        "AaveOracle",
        ["address", "address[]", "address[]", "address", "address", "uint256"],
        [provider, tokens, sources, _NOBODY, _NOBODY, USD_UNIT],
    )
    made.call(provider, call_data("setPriceOracle(address)", oracle), SETUP_GAS)
    made.call(provider, call_data("setACLAdmin(address)", treasury), SETUP_GAS)
    roles = made.create("ACLManager", ["address"], [provider])
    made.call(provider, call_data("setACLManager(address)", roles), SETUP_GAS)
    made.call(roles, call_data("addPoolAdmin(address)", treasury), SETUP_GAS)
    for name, setter, arguments in (
        ("Pool", "setPoolImpl(address)", [provider]),
        ("PoolConfigurator", "setPoolConfiguratorImpl(address)", []),
    ):
        code = made.create(name, ["address"] * len(arguments), arguments, libraries)
        made.call(provider, call_data(setter, code), SETUP_GAS)
    figures = made.create("AaveProtocolDataProvider", ["address"], [provider])
    made.call(provider, call_data("setPoolDataProvider(address)", figures), SETUP_GAS)
    return DemoAave(
        pool=pool, addresses_provider=provider, configurator=configurator, oracle=oracle, data_provider=figures
    )


def _reserves(made: Creations, market: DemoAddresses, aave: DemoAave) -> None:
    """Add the reserves: their tokens (proxies that the configurator makes), rates and what they count for."""
    codes = [made.create(name, ["address"], [aave.pool]) for name in ("AToken", "StableDebtToken", "VariableDebtToken")]
    inputs = []
    for reserve in RESERVES:
        rates = (reserve.optimal_use_pct, 0, reserve.slope1_pct, reserve.slope2_pct, 0, 0, 0, 0, 20)
        strategy = made.create(
            "DefaultReserveInterestRateStrategy",
            ["address", *["uint256"] * len(rates)],
            [aave.addresses_provider, *(percent * _RAY_PERCENT for percent in rates)],
        )
        token, name = market.tokens[reserve.symbol], reserve.symbol
        words = (
            *(f"Aave Demo {name}", f"aDemo{name}"),
            *(f"Aave Demo Variable Debt {name}", f"variableDebtDemo{name}"),
            *(f"Aave Demo Stable Debt {name}", f"stableDebtDemo{name}"),
        )
        who = (strategy, token.address, ACCOUNTS["treasury"], _NOBODY)
        inputs.append((*codes, token.decimals, *who, *words, b""))
    made.call(aave.configurator, call_data(_INIT_RESERVES, inputs), RESERVES_GAS)
    for reserve in RESERVES:
        token = market.tokens[reserve.symbol].address
        counted = (reserve.loan_to_value_bps, reserve.liquidation_threshold_bps, reserve.liquidation_bonus_bps)
        for data in (
            call_data("configureReserveAsCollateral(address,uint256,uint256,uint256)", token, *counted),
            call_data("setReserveBorrowing(address,bool)", token, True),
            call_data("setReserveFactor(address,uint256)", token, reserve.reserve_factor_bps),
        ):
            made.call(aave.configurator, data, SETUP_GAS)


def _treasury_supplies(made: Creations, market: DemoAddresses, pool: str, symbol: str) -> None:
    treasury, token = ACCOUNTS["treasury"], market.tokens[symbol].address
    amount = plan.token_units(symbol, SUPPLIED_USD)
    if symbol == plan.WRAPPED:
        made.call(token, call_data("deposit()"), LENDING_GAS, value_wei=amount)
    else:
        made.call(token, call_data("mint(address,uint256)", treasury, amount), LENDING_GAS)
    made.call(token, call_data("approve(address,uint256)", pool, MAX_UINT256), LENDING_GAS)
    made.call(pool, supply_data(token, amount, treasury), LENDING_GAS)


def _whale_lends(market: DemoAddresses, pool: str, role: str) -> list[Transaction]:
    """Return what a whale puts in and borrows, in this order; both whales do so independently of each other."""
    whale, (symbol, loans) = ACCOUNTS[role], WHALES_LEND[role]
    token, amount = market.tokens[symbol].address, plan.token_units(symbol, COLLATERAL_USD)
    transactions = approve_and_supply(whale, pool, token, amount)
    for borrowed, share in loans.items():
        data = borrow_data(market.tokens[borrowed].address, plan.token_units(borrowed, SUPPLIED_USD * share), whale)
        transactions.append(Transaction(whale, pool, data, LENDING_GAS))
    return transactions


def approve_and_supply(account: str, pool: str, token: str, amount: int) -> list[Transaction]:
    """Return the two transactions by which an account supplies an amount of its own."""
    return [
        Transaction(account, token, call_data("approve(address,uint256)", pool, amount), LENDING_GAS),
        Transaction(account, pool, supply_data(token, amount, account), LENDING_GAS),
    ]


def supply_data(token: str, amount: int, account: str) -> str:
    """Return the call of the pool that supplies for an account."""
    return call_data("supply(address,uint256,address,uint16)", token, amount, account, 0)


def borrow_data(token: str, amount: int, account: str) -> str:
    """Return the call of the pool that borrows for an account, at the variable rate."""
    return call_data("borrow(address,uint256,uint256,uint16,address)", token, amount, VARIABLE_RATE, 0, account)
