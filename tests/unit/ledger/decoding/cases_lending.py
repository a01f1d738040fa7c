"""Aave V3, Compound V3, and vaults: as their contracts log, interest and gateways included."""

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.protocols.compound_v3.decoder import SEIZED
from tests.unit.ledger.decoding.build import (
    DAI,
    DEPOSIT,
    FAKE,
    FRIEND,
    ME,
    NOBODY,
    STRANGER,
    USDC,
    WETH,
    WITHDRAWAL,
    Make,
    place,
    with_contracts,
)
from tests.unit.ledger.decoding.case import Case

ETH = NATIVE_TOKEN
POOL, GATEWAY, A_USDC, A_WETH, DEBT, COMET, VAULT = (place(0xAA00 + number) for number in range(7))
AAVE = with_contracts({POOL: ("Aave V3", "aave_v3_pool")})
COMPOUND = with_contracts({COMET: ("Compound V3", "comet")})
SUPPLY = "Supply(address indexed r, address user, address indexed onBehalfOf, uint256 amount, uint16 indexed ref)"
WITHDRAW = "Withdraw(address indexed reserve, address indexed user, address indexed to, uint256 amount)"
BORROW = (
    "Borrow(address indexed r, address user, address indexed onBehalfOf, uint256 amount, uint8 mode, uint256 rate, "
    "uint16 indexed ref)"
)
REPAY = "Repay(address indexed reserve, address indexed user, address indexed repayer, uint256 amount, bool useATokens)"
LIQUIDATION = (
    "LiquidationCall(address indexed c, address indexed d, address indexed user, uint256 debtToCover, uint256 seized, "
    "address liquidator, bool receiveAToken)"
)
MINT = "Mint(address indexed caller, address indexed onBehalfOf, uint256 value, uint256 increase, uint256 index)"
BURN = "Burn(address indexed from, address indexed target, uint256 value, uint256 increase, uint256 index)"
C_SUPPLY = "Supply(address indexed from, address indexed dst, uint256 amount)"
C_WITHDRAW = "Withdraw(address indexed src, address indexed to, uint256 amount)"
C_COLLATERAL = "SupplyCollateral(address indexed from, address indexed dst, address indexed asset, uint256 amount)"
C_TAKEN = "WithdrawCollateral(address indexed src, address indexed to, address indexed asset, uint256 amount)"
ABSORB = "AbsorbDebt(address indexed absorber, address indexed borrower, uint256 basePaidOut, uint256 usdValue)"
V_DEPOSIT = "Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares)"
V_WITHDRAW = (
    "Withdraw(address indexed sender, address indexed receiver, address indexed owner, uint256 assets, uint256 shares)"
)


def minted(make: Make, token: str, value: int, interest: int, caller: str = ME) -> Make:
    return make.moved(token, NOBODY, ME, value).log(token, MINT, caller, ME, value, interest, 1)


def burned(make: Make, token: str, value: int, interest: int, target: str = ME) -> Make:
    return make.moved(token, ME, NOBODY, value).log(token, BURN, ME, target, value, interest, 1)


def supplied() -> Make:
    """100, with 2 of interest that is credited meanwhile."""
    make = minted(Make(recipient=POOL).moved(USDC, ME, A_USDC, 100), A_USDC, 102, 2)
    return make.log(POOL, SUPPLY, USDC, ME, ME, 100, 0)


def supplied_ether() -> Make:
    make = Make(recipient=GATEWAY, value_wei=9).log(WETH, DEPOSIT, GATEWAY, 9).moved(WETH, GATEWAY, A_WETH, 9)
    return minted(make, A_WETH, 9, 0, GATEWAY).log(POOL, SUPPLY, WETH, GATEWAY, ME, 9, 0)


def withdrawn() -> Make:
    make = burned(Make(recipient=POOL), A_USDC, 98, 2).moved(USDC, A_USDC, ME, 100)
    return make.log(POOL, WITHDRAW, USDC, ME, ME, 100)


def withdrawn_less_than_interest() -> Make:
    """The token mints what interest is over: 3 credited, 1 withdrawn."""
    make = minted(Make(recipient=POOL), A_USDC, 2, 3).moved(USDC, A_USDC, ME, 1)
    return make.log(POOL, WITHDRAW, USDC, ME, ME, 1)


def withdrawn_ether() -> Make:
    make = Make(recipient=GATEWAY).moved(A_WETH, ME, GATEWAY, 9).moved(A_WETH, GATEWAY, NOBODY, 9)
    make.moved(WETH, A_WETH, GATEWAY, 9).log(POOL, WITHDRAW, WETH, GATEWAY, GATEWAY, 9)
    return make.log(WETH, WITHDRAWAL, GATEWAY, 9).moved(ETH, GATEWAY, ME, 9)


def borrowed() -> Make:
    make = minted(Make(recipient=POOL), DEBT, 51, 1).moved(USDC, A_USDC, ME, 50)
    return make.log(POOL, BORROW, USDC, ME, ME, 50, 2, 1, 0)


def repaid() -> Make:
    make = burned(Make(recipient=POOL), DEBT, 49, 1).moved(USDC, ME, A_USDC, 50)
    return make.log(POOL, REPAY, USDC, ME, ME, 50, False)


def repaid_with_atokens() -> Make:
    make = burned(burned(Make(recipient=POOL), DEBT, 50, 0), A_USDC, 48, 2)
    return make.log(POOL, REPAY, USDC, ME, ME, 50, True)


def liquidated(with_atokens: bool) -> Make:
    make = burned(Make(sender=STRANGER, recipient=POOL).moved(USDC, STRANGER, A_USDC, 50), DEBT, 50, 0)
    if with_atokens:
        make.moved(A_WETH, ME, STRANGER, 7)
    else:
        burned(make, A_WETH, 7, 0, STRANGER).moved(WETH, A_WETH, STRANGER, 7)
    return make.log(POOL, LIQUIDATION, WETH, USDC, ME, 50, 7, STRANGER, with_atokens)


def vault_deposit() -> Make:
    make = Make(recipient=VAULT).moved(DAI, ME, VAULT, 100).moved(VAULT, NOBODY, ME, 90)
    return make.log(VAULT, V_DEPOSIT, ME, ME, 100, 90)


def vault_withdrawal() -> Make:
    make = Make(recipient=VAULT).moved(VAULT, ME, NOBODY, 90).moved(DAI, VAULT, ME, 101)
    return make.log(VAULT, V_WITHDRAW, ME, ME, ME, 101, 90)


CASES = [
    Case(
        "aave supply",
        supplied(),
        [("supply", [(USDC, -100), (A_USDC, 100, "receipt"), (A_USDC, 2, "reward")])],
        AAVE,
        {"protocol": "Aave V3", "identifiers": {"pool": POOL}},
    ),
    Case("aave supply of ether", supplied_ether(), [("supply", [(ETH, -9), (A_WETH, 9, "receipt")])], AAVE),
    Case(
        "aave supply for somebody else",
        Make(recipient=POOL).moved(USDC, ME, A_USDC, 100).log(POOL, SUPPLY, USDC, ME, FRIEND, 100, 0),
        [("transfer", [(USDC, -100)])],
        AAVE,
    ),
    Case(
        "aave withdraw",
        withdrawn(),
        [("withdraw", [(USDC, 100), (A_USDC, -100, "receipt"), (A_USDC, 2, "reward")])],
        AAVE,
    ),
    Case(
        "aave withdraw less than the interest",
        withdrawn_less_than_interest(),
        [("withdraw", [(USDC, 1), (A_USDC, -1, "receipt"), (A_USDC, 3, "reward")])],
        AAVE,
    ),
    Case("aave withdraw of ether", withdrawn_ether(), [("withdraw", [(ETH, 9), (A_WETH, -9, "receipt")])], AAVE),
    Case("aave borrow", borrowed(), [("borrow", [(USDC, 50), (DEBT, 51, "receipt")])], AAVE),
    Case("aave repay", repaid(), [("repay", [(USDC, -50), (DEBT, -49, "receipt")])], AAVE),
    Case(
        "aave repay with aTokens",
        repaid_with_atokens(),
        [("repay", [(A_USDC, -50, "receipt"), (A_USDC, 2, "reward"), (DEBT, -50, "receipt")])],
        AAVE,
    ),
    Case(
        "aave liquidation",
        liquidated(with_atokens=False),
        [("liquidation", [(DEBT, -50, "receipt"), (A_WETH, -7, "receipt")])],
        AAVE,
        {"fee_wei": 0},
    ),
    Case(
        "aave liquidation in aTokens",
        liquidated(with_atokens=True),
        [("liquidation", [(DEBT, -50, "receipt"), (A_WETH, -7, "receipt")])],
        AAVE,
    ),
    Case(
        "aave liquidator",
        liquidated(with_atokens=False),
        [("swap", [(USDC, -50), (WETH, 7)])],
        AAVE,
        wallet=STRANGER,
    ),
    Case(
        "a liquidation of somebody else",
        Make(recipient=POOL)
        .moved(A_WETH, ME, STRANGER, 7)
        .log(POOL, LIQUIDATION, WETH, USDC, FRIEND, 50, 7, STRANGER, True),
        [("transfer", [(A_WETH, -7)])],
        AAVE,
    ),
    Case(
        "a pool that is not Aave's",
        supplied(),
        [("transfer", [(USDC, -100)]), ("transfer", [(A_USDC, 102)])],
    ),
    Case(
        "compound supply",
        Make(recipient=COMET)
        .moved(USDC, ME, COMET, 100)
        .log(COMET, C_SUPPLY, ME, ME, 100)
        .moved(COMET, NOBODY, ME, 99),
        [("supply", [(USDC, -100), (COMET, 99, "receipt")])],
        COMPOUND,
        {"protocol": "Compound V3", "identifiers": {"pool": COMET}},
    ),
    Case(
        "compound repay and supply the rest",
        Make(recipient=COMET)
        .moved(USDC, ME, COMET, 100)
        .log(COMET, C_SUPPLY, ME, ME, 100)
        .moved(COMET, NOBODY, ME, 40),
        [("supply", [(USDC, -40), (COMET, 40, "receipt")]), ("repay", [(USDC, -60)])],
        COMPOUND,
    ),
    Case(
        "compound borrow",
        Make(recipient=COMET).moved(USDC, COMET, ME, 100).log(COMET, C_WITHDRAW, ME, ME, 100),
        [("borrow", [(USDC, 100)])],
        COMPOUND,
    ),
    Case(
        "compound withdraw",
        Make(recipient=COMET)
        .moved(USDC, COMET, ME, 100)
        .log(COMET, C_WITHDRAW, ME, ME, 100)
        .moved(COMET, ME, NOBODY, 101),
        [("withdraw", [(USDC, 100), (COMET, -101, "receipt")])],
        COMPOUND,
    ),
    Case(
        "compound collateral",
        Make(recipient=COMET).moved(WETH, ME, COMET, 5).log(COMET, C_COLLATERAL, ME, ME, WETH, 5),
        [("supply", [(WETH, -5)])],
        COMPOUND,
    ),
    Case(
        "compound collateral back, as ether",
        Make(recipient=GATEWAY)
        .moved(WETH, COMET, GATEWAY, 5)
        .log(COMET, C_TAKEN, ME, GATEWAY, WETH, 5)
        .log(WETH, WITHDRAWAL, GATEWAY, 5)
        .moved(ETH, GATEWAY, ME, 5),
        [("withdraw", [(ETH, 5)])],
        COMPOUND,
    ),
    Case(
        "compound liquidation",
        Make(sender=STRANGER, recipient=COMET).log(COMET, ABSORB, STRANGER, ME, 5, 5).moved(COMET, ME, NOBODY, 3),
        [("liquidation", [(COMET, -3, "receipt")])],
        COMPOUND,
        {"problem": SEIZED},
    ),
    Case(
        "vault deposit",
        vault_deposit(),
        [("supply", [(DAI, -100), (VAULT, 90, "receipt")])],
        says={"protocol": "ERC-4626", "identifiers": {"vault": VAULT}},
    ),
    Case("vault withdrawal", vault_withdrawal(), [("withdraw", [(DAI, 101), (VAULT, -90, "receipt")])]),
    Case(
        "a vault that says more than moved",
        Make(recipient=VAULT)
        .moved(DAI, ME, VAULT, 100)
        .moved(VAULT, NOBODY, ME, 90)
        .log(VAULT, V_DEPOSIT, ME, ME, 10**6, 90),
        [("transfer", [(DAI, -100)]), ("transfer", [(VAULT, 90)])],
    ),
    Case(
        "a stranger's vault",
        Make(sender=STRANGER)
        .moved(FAKE, ME, VAULT, 100)
        .moved(VAULT, NOBODY, ME, 90)
        .log(VAULT, V_DEPOSIT, ME, ME, 100, 90),
        [("transfer", [(FAKE, -100)]), ("transfer", [(VAULT, 90)])],
    ),
]
