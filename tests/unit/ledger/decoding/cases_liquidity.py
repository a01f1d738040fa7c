"""Liquidity of Uniswap V2 and V3, as their routers and position manager leave it in logs."""

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import NATIVE_UNKNOWN
from backend.ledger.decoding.protocols.uniswap_v3.decoder import NOT_COLLECTED
from tests.unit.ledger.decoding.build import (
    DEPOSIT,
    FAKE,
    FAKE_PAIR,
    FRIEND,
    ME,
    NFT_TRANSFER,
    NOBODY,
    ROUTER,
    STRANGER,
    USDC,
    V2_PAIR,
    V2_SWAP,
    V3_POOL,
    WETH,
    WITHDRAWAL,
    Make,
    place,
    with_contracts,
)
from tests.unit.ledger.decoding.case import Case

ETH, LP = NATIVE_TOKEN, V2_PAIR
PM, ZAPPER = place(0x3A4A), place(0x2A9)
V3_FACTS = with_contracts({PM: ("Uniswap V3", "position_manager")})
V2_MINT = "Mint(address indexed sender, uint256 amount0, uint256 amount1)"
V2_BURN = "Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)"
MINT = "Mint(address s, address indexed owner, int24 indexed l, int24 indexed u, uint128 q, uint256 a, uint256 b)"
BURN = "Burn(address indexed owner, int24 indexed l, int24 indexed u, uint128 q, uint256 a, uint256 b)"
POOL_COLLECT = "Collect(address indexed owner, address r, int24 indexed l, int24 indexed u, uint128 a, uint128 b)"
INCREASE = "IncreaseLiquidity(uint256 indexed tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)"
DECREASE = "DecreaseLiquidity(uint256 indexed tokenId, uint128 liquidity, uint256 amount0, uint256 amount1)"
COLLECT = "Collect(uint256 indexed tokenId, address recipient, uint256 amount0, uint256 amount1)"
IN_POOL = {"pool": V2_PAIR}
POSITION = {"pool": V3_POOL, "token_id": "7"}
MORE, LESS = POSITION | {"liquidity_delta": "99"}, POSITION | {"liquidity_delta": "-99"}


def v2_add(make: Make) -> Make:
    """10 WETH and 30,000 USDC become 500 LP tokens; what was sent already is not repeated."""
    return make.moved(LP, NOBODY, ME, 500).log(LP, V2_MINT, ROUTER, 10, 30_000)


def v2_add_by_ether(known: bool) -> Make:
    """12 are sent, 2 come back."""
    make = Make(recipient=ROUTER, value_wei=12, native_is_known=known).moved(USDC, ME, LP, 30_000)
    make.log(WETH, DEPOSIT, ROUTER, 10).moved(WETH, ROUTER, LP, 10)
    return v2_add(make).moved(ETH, ROUTER, ME, 2)


def v2_remove(to: str) -> Make:
    """500 LP tokens become 10 WETH and 30,000 USDC."""
    make = Make(recipient=ROUTER).moved(LP, ME, LP, 500).moved(LP, LP, NOBODY, 500)
    return make.moved(WETH, LP, to, 10).moved(USDC, LP, to, 30_000).log(LP, V2_BURN, ROUTER, 10, 30_000, to)


def v2_remove_to_ether(known: bool) -> Make:
    make = v2_remove(ROUTER).moved(USDC, ROUTER, ME, 30_000).log(WETH, WITHDRAWAL, ROUTER, 10)
    make.native_is_known = known
    return make.moved(ETH, ROUTER, ME, 10)


def v2_zap() -> Make:
    """A contract takes dollars, buys half, and adds both."""
    make = Make(recipient=ZAPPER).moved(USDC, ME, ZAPPER, 60_000).moved(USDC, ZAPPER, LP, 30_000)
    make.moved(WETH, LP, ZAPPER, 10).log(LP, V2_SWAP, ZAPPER, 0, 30_000, 10, 0, ZAPPER)
    make.moved(USDC, ZAPPER, LP, 29_000).moved(WETH, ZAPPER, LP, 10).moved(LP, NOBODY, ME, 500)
    return make.log(LP, V2_MINT, ZAPPER, 10, 29_000).moved(USDC, ZAPPER, ME, 1_000)


def v3_mint(make: Make, token_id: int = 7, usdc: int = 30_000, weth: int = 10) -> Make:
    make.log(V3_POOL, MINT, PM, PM, -60, 60, 99, usdc, weth).log(PM, NFT_TRANSFER, NOBODY, ME, token_id)
    return make.log(PM, INCREASE, token_id, 99, usdc, weth)


def v3_sent(make: Make) -> Make:
    return make.moved(USDC, ME, V3_POOL, 30_000).moved(WETH, ME, V3_POOL, 10)


def v3_mint_by_ether(known: bool) -> Make:
    make = Make(recipient=PM, value_wei=12, native_is_known=known).moved(USDC, ME, V3_POOL, 30_000)
    make.log(WETH, DEPOSIT, PM, 10).moved(WETH, PM, V3_POOL, 10)
    return v3_mint(make).moved(ETH, PM, ME, 2)


def v3_two_positions_at_once() -> Make:
    """By ether again: 5 and 7 of 15, and 3 come back."""
    make = Make(recipient=PM, value_wei=15)
    for token_id, usdc, weth in ((7, 100, 5), (8, 300, 7)):
        make.log(WETH, DEPOSIT, PM, weth).moved(WETH, PM, V3_POOL, weth).moved(USDC, ME, V3_POOL, usdc)
        v3_mint(make, token_id, usdc, weth)
    return make.moved(ETH, PM, ME, 3)


def v3_decrease(make: Make) -> Make:
    make.log(V3_POOL, BURN, PM, -60, 60, 99, 30_000, 10)
    return make.log(PM, DECREASE, 7, 99, 30_000, 10)


def v3_collect(make: Make, usdc: int, weth: int, to: str = ME, said: int = 0) -> Make:
    """The manager says what was asked for, which may be a little more than the pool gave."""
    make.log(V3_POOL, BURN, PM, -60, 60, 0, 0, 0)
    make.moved(USDC, V3_POOL, to, usdc).moved(WETH, V3_POOL, to, weth)
    make.log(V3_POOL, POOL_COLLECT, PM, to, -60, 60, usdc, weth)
    return make.log(PM, COLLECT, 7, to, usdc + said, weth + said)


def v3_out_by_ether() -> Make:
    make = v3_collect(v3_decrease(Make(recipient=PM)), 30_300, 11, to=PM)
    make.log(WETH, WITHDRAWAL, PM, 11).moved(ETH, PM, ME, 11).moved(USDC, PM, ME, 30_300)
    return make.log(PM, NFT_TRANSFER, ME, NOBODY, 7)


CASES = [
    Case(
        "v2 add",
        v2_add(Make(recipient=ROUTER).moved(WETH, ME, LP, 10).moved(USDC, ME, LP, 30_000)),
        [("lp_add", [(WETH, -10), (USDC, -30_000), (LP, 500, "receipt")])],
        says={"protocol": "Uniswap V2", "identifiers": IN_POOL, "counterparty": LP, "problem": None},
    ),
    Case(
        "v2 add by ether",
        v2_add_by_ether(known=True),
        [("lp_add", [(ETH, -10), (USDC, -30_000), (LP, 500, "receipt")])],
    ),
    Case(
        "v2 add by ether, without traces",
        v2_add_by_ether(known=False),
        [("lp_add", [(ETH, -12), (USDC, -30_000), (LP, 500, "receipt")])],
        says={"problem": NATIVE_UNKNOWN},
    ),
    Case(
        "v2 add for somebody else",
        Make(sender=STRANGER).moved(WETH, STRANGER, LP, 10).moved(LP, NOBODY, ME, 500).log(LP, V2_MINT, ROUTER, 10, 1),
        [("transfer", [(LP, 500)])],
    ),
    Case(
        "v2 zap in",
        v2_zap(),
        [("lp_add", [(USDC, -59_000), (LP, 500, "receipt")])],
    ),
    Case(
        "v2 remove",
        v2_remove(ME),
        [("lp_remove", [(WETH, 10), (USDC, 30_000), (LP, -500, "receipt")])],
        says={"identifiers": IN_POOL},
    ),
    Case(
        "v2 remove to ether",
        v2_remove_to_ether(known=True),
        [("lp_remove", [(ETH, 10), (USDC, 30_000), (LP, -500, "receipt")])],
    ),
    Case(
        "v2 remove to ether, without traces",
        v2_remove_to_ether(known=False),
        [("lp_remove", [(USDC, 30_000), (LP, -500, "receipt")])],
        says={"problem": NATIVE_UNKNOWN},
    ),
    Case(
        "a pair that no factory vouches for",
        Make().moved(FAKE, ME, FAKE_PAIR, 1).moved(FAKE_PAIR, NOBODY, ME, 5).log(FAKE_PAIR, V2_MINT, ME, 1, 0),
        [("transfer", [(FAKE, -1)]), ("transfer", [(FAKE_PAIR, 5)])],
    ),
    Case(
        "real tokens for shares of a pair that no factory vouches for",
        Make()
        .moved(WETH, ME, FAKE_PAIR, 10)
        .moved(USDC, ME, FAKE_PAIR, 30_000)
        .moved(FAKE_PAIR, NOBODY, ME, 5)
        .log(FAKE_PAIR, V2_MINT, ME, 10, 30_000),
        [("transfer", [(WETH, -10), (USDC, -30_000)]), ("transfer", [(FAKE_PAIR, 5)])],
    ),
    Case(
        "v3 mint",
        v3_mint(v3_sent(Make(recipient=PM))),
        [("lp_add", [(USDC, -30_000), (WETH, -10), (PM, 1, "receipt", "#7")])],
        V3_FACTS,
        {"protocol": "Uniswap V3", "identifiers": MORE, "counterparty": V3_POOL},
    ),
    Case(
        "v3 mint by ether",
        v3_mint_by_ether(known=True),
        [("lp_add", [(USDC, -30_000), (ETH, -10), (PM, 1, "receipt", "#7")])],
        V3_FACTS,
        {"problem": None},
    ),
    Case(
        "v3 mint by ether, without traces",
        v3_mint_by_ether(known=False),
        [("lp_add", [(USDC, -30_000), (ETH, -12), (PM, 1, "receipt", "#7")])],
        V3_FACTS,
        {"problem": NATIVE_UNKNOWN},
    ),
    Case(
        "v3 two mints in a multicall",
        v3_two_positions_at_once(),
        [
            ("lp_add", [(USDC, -100), (ETH, -5), (PM, 1, "receipt", "#7")]),
            ("lp_add", [(USDC, -300), (ETH, -7), (PM, 1, "receipt", "#8")]),
        ],
        V3_FACTS,
    ),
    Case(
        "v3 increase",
        v3_sent(Make(recipient=PM))
        .log(V3_POOL, MINT, PM, PM, -60, 60, 9, 30_000, 10)
        .log(PM, INCREASE, 7, 9, 30_000, 10),
        [("lp_add", [(USDC, -30_000), (WETH, -10)])],
        V3_FACTS,
    ),
    Case(
        "v3 mint by a manager that nobody knows",
        v3_mint(v3_sent(Make(recipient=PM))),
        [("transfer", [(USDC, -30_000), (WETH, -10)]), ("transfer", [(PM, 1, "#7")])],
    ),
    Case(
        "v3 decrease and collect",
        v3_collect(v3_decrease(Make(recipient=PM)), 30_300, 11),
        [("lp_remove", [(USDC, 30_000), (USDC, 300, "reward"), (WETH, 10), (WETH, 1, "reward")])],
        V3_FACTS,
        {"identifiers": LESS, "problem": None},
    ),
    Case(
        "v3 collect alone, the manager says one more than came",
        v3_collect(Make(recipient=PM), 300, 1, said=1),
        [("claim", [(USDC, 300, "reward"), (WETH, 1, "reward")])],
        V3_FACTS,
        {"identifiers": POSITION, "protocol": "Uniswap V3"},
    ),
    Case(
        "v3 all out, to ether, and the position is burned",
        v3_out_by_ether(),
        [
            (
                "lp_remove",
                [(USDC, 30_000), (USDC, 300, "reward"), (ETH, 10), (ETH, 1, "reward"), (PM, -1, "receipt", "#7")],
            )
        ],
        V3_FACTS,
    ),
    Case(
        "v3 decrease without a collect",
        v3_decrease(Make(recipient=PM)),
        [("lp_remove", [])],
        V3_FACTS,
        {"problem": NOT_COLLECTED, "identifiers": LESS},
    ),
    Case(
        "v3 collect to a friend",
        v3_collect(v3_decrease(Make(recipient=PM)), 30_300, 11, to=FRIEND),
        [("transfer", [(USDC, 30_300), (WETH, 11)])],
        V3_FACTS,
        wallet=FRIEND,
    ),
]
