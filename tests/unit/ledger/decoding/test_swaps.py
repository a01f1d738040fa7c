"""Swaps by pools and by routers that are vouched for, and everything that only looks like one."""

import pytest

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import NATIVE_UNKNOWN
from backend.ledger.transactions import Facts, PoolFacts
from tests.unit.ledger.decoding.build import (
    DAI,
    DAI_POOL,
    DEPOSIT,
    FACTS,
    FAKE,
    FAKE2,
    FAKE_PAIR,
    FRIEND,
    ME,
    NOBODY,
    ROUTER,
    STRANGER,
    USDC,
    V2_PAIR,
    V2_SWAP,
    V3_POOL,
    V3_SWAP,
    WETH,
    WITHDRAWAL,
    Make,
    place,
    story,
    with_contracts,
)
from tests.unit.ledger.decoding.build import (
    pool as pool_of,
)

ONE_INCH = with_contracts({ROUTER: ("1inch", "router")})
EXECUTOR, ENTRY_POINT = place(0xE8EC), place(0xE4337)


def with_pool(address: str, pool: PoolFacts) -> Facts:
    return Facts(wrapped_native=FACTS.wrapped_native, pools={**(FACTS.pools or {}), address: pool})


def v2_buy(make: Make, weth_in: int, usdc_out: int, to: str = ME) -> Make:
    """A swap of the V2 pair, with the transfers of its tokens."""
    make.moved(USDC, V2_PAIR, to, usdc_out)
    return make.log(V2_PAIR, V2_SWAP, ROUTER, weth_in, 0, 0, usdc_out, to)


def test_a_v2_swap() -> None:
    events = v2_buy(Make(recipient=ROUTER).moved(WETH, ME, V2_PAIR, 10), 10, 30_000).events()
    assert story(events) == [("swap", [(WETH, -10), (USDC, 30_000)])]
    assert (events[0].protocol, events[0].identifiers) == ("Uniswap V2", {"pool": V2_PAIR})
    assert events[0].counterparty == V2_PAIR


def test_a_v3_swap_the_other_way() -> None:
    make = Make(recipient=ROUTER).moved(WETH, V3_POOL, ME, 9).moved(USDC, ME, V3_POOL, 30_000)
    events = make.log(V3_POOL, V3_SWAP, ROUTER, ME, 30_000, -9, 1, 1, -1).events()
    assert story(events) == [("swap", [(WETH, 9), (USDC, -30_000)])]
    assert events[0].protocol == "Uniswap V3"


def test_ether_in_with_a_refund() -> None:
    make = Make(recipient=ROUTER, value_wei=12).log(WETH, DEPOSIT, ROUTER, 10).moved(WETH, ROUTER, V2_PAIR, 10)
    events = v2_buy(make, 10, 30_000).moved(NATIVE_TOKEN, ROUTER, ME, 2).events()
    assert story(events) == [("swap", [(NATIVE_TOKEN, -10), (USDC, 30_000)])]


def test_two_pools_and_ether_out() -> None:
    make = Make(recipient=ROUTER).moved(DAI, ME, DAI_POOL, 3_000).moved(WETH, DAI_POOL, ROUTER, 1)
    make.log(DAI_POOL, V3_SWAP, ROUTER, ROUTER, 3_000, -1, 1, 1, 1).moved(WETH, ROUTER, V2_PAIR, 1)
    events = v2_buy(make, 1, 2_990).events()
    assert story(events) == [("swap", [(DAI, -3_000), (USDC, 2_990)])]
    assert (events[0].protocol, events[0].identifiers, events[0].counterparty) == (None, None, ROUTER)


def test_ether_out_by_a_router_that_unwraps() -> None:
    make = Make(recipient=ROUTER).moved(USDC, ME, V3_POOL, 30_000).moved(WETH, V3_POOL, ROUTER, 9)
    make.log(V3_POOL, V3_SWAP, ROUTER, ROUTER, 30_000, -9, 1, 1, -1).log(WETH, WITHDRAWAL, ROUTER, 9)
    make.moved(NATIVE_TOKEN, ROUTER, ME, 9)
    (event,) = make.events()
    assert (story([event]), event.problem) == ([("swap", [(NATIVE_TOKEN, 9), (USDC, -30_000)])], None)
    make.native_is_known = False
    (blind,) = make.events()
    assert (story([blind]), blind.problem) == ([("swap", [(USDC, -30_000)])], NATIVE_UNKNOWN)


def test_swaps_that_have_nothing_in_common_are_two() -> None:
    aave, link, pool = place(0xAA), place(0x11), place(0x46)
    facts = with_pool(pool, pool_of("Sushi", aave, link))
    make = v2_buy(Make(recipient=ROUTER).moved(WETH, ME, V2_PAIR, 10), 10, 30_000)
    make.moved(aave, ME, pool, 5).moved(link, pool, ME, 6).log(pool, V2_SWAP, ROUTER, 5, 0, 0, 6, ME)
    assert story(make.events(facts)) == [
        ("swap", [(WETH, -10), (USDC, 30_000)]),
        ("swap", [(aave, -5), (link, 6)]),
    ]


def test_a_spam_token_that_comes_along_stays_apart() -> None:
    make = v2_buy(Make(recipient=ROUTER).moved(WETH, ME, V2_PAIR, 10), 10, 30_000)
    events = make.moved(FAKE, STRANGER, ME, 10**30).events()
    assert story(events) == [("swap", [(WETH, -10), (USDC, 30_000)]), ("transfer", [(FAKE, 10**30)])]


def test_a_pool_that_no_factory_vouches_for_makes_no_swap() -> None:
    make = Make().moved(FAKE, ME, FAKE_PAIR, 10).moved(FAKE2, FAKE_PAIR, ME, 10)
    events = make.log(FAKE_PAIR, V2_SWAP, ROUTER, 10, 0, 0, 10, ME).events()
    assert {str(event.kind) for event in events} == {"transfer"}


def test_real_tokens_in_a_pool_that_nobody_vouches_for_are_no_swap_either() -> None:
    make = Make(recipient=ROUTER).moved(WETH, ME, FAKE_PAIR, 10).moved(USDC, FAKE_PAIR, ME, 9)
    make.log(FAKE_PAIR, V2_SWAP, ROUTER, 10, 0, 0, 9, ME)
    assert {str(event.kind) for event in make.events()} == {"transfer"}
    assert story(make.events(with_pool(FAKE_PAIR, pool_of("Sushi", WETH, USDC)))) == [
        ("swap", [(WETH, -10), (USDC, 9)]),
    ]


def test_a_swap_log_without_movements_of_the_wallet_makes_no_swap() -> None:
    make = v2_buy(Make(), 10, 30_000, to=FRIEND).moved(WETH, FRIEND, V2_PAIR, 10)
    assert story(make.events()) == [("call", [])]
    one_side = v2_buy(Make(), 10, 30_000)  # somebody else paid
    assert story(one_side.events()) == [("transfer", [(USDC, 30_000)])]


def test_a_stranger_swaps_nothing_in_a_wallets_name() -> None:
    """A worthless token says that the wallet sold it, in a real pair, and a little real ether comes along."""
    facts = with_pool(FAKE_PAIR, pool_of("Uniswap V2", FAKE, WETH))
    make = Make(sender=STRANGER).moved(FAKE, ME, FAKE_PAIR, 10**30).moved(WETH, FAKE_PAIR, ME, 1)
    events = make.log(FAKE_PAIR, V2_SWAP, ROUTER, 10**30, 0, 0, 1, ME).events(facts)
    assert {str(event.kind) for event in events} == {"transfer"}


def test_the_same_token_out_and_back_is_no_swap() -> None:
    make = Make(recipient=ROUTER).moved(USDC, ME, V3_POOL, 100).moved(USDC, V3_POOL, ME, 99)
    events = make.log(V3_POOL, V3_SWAP, ROUTER, ME, 1, -1, 1, 1, -1).events()
    assert {str(event.kind) for event in events} == {"transfer"}


def test_an_aggregators_router_by_shape() -> None:
    """It sends through an executor, the pools are unknown, and what was bought comes from the router."""
    make = Make(recipient=ROUTER).moved(USDC, ME, EXECUTOR, 30_000).moved(FAKE, STRANGER, ME, 10**30)
    events = make.moved(DAI, EXECUTOR, ROUTER, 29_990).moved(DAI, ROUTER, ME, 29_990).events(ONE_INCH)
    assert story(events) == [("swap", [(USDC, -30_000), (DAI, 29_990)]), ("transfer", [(FAKE, 10**30)])]
    assert (events[0].protocol, events[0].counterparty) == ("1inch", ROUTER)
    unknown = make.events()
    assert {str(event.kind) for event in unknown} == {"transfer"}


def test_an_aggregators_router_that_pays_from_a_pool() -> None:
    make = Make(recipient=ROUTER).moved(FAKE, ME, FAKE_PAIR, 10).moved(FAKE2, FAKE_PAIR, ME, 10)
    events = make.log(FAKE_PAIR, V2_SWAP, ROUTER, 10, 0, 0, 10, ME).events(ONE_INCH)
    assert story(events) == [("swap", [(FAKE, -10), (FAKE2, 10)])]


def test_a_router_that_gives_nothing_back_makes_no_swap() -> None:
    make = Make(recipient=ROUTER).moved(USDC, ME, ROUTER, 5).moved(FAKE, NOBODY, ME, 10**30)
    assert {str(event.kind) for event in make.events(ONE_INCH)} == {"transfer"}


@pytest.mark.parametrize("known", [True, False])
def test_a_smart_account_swaps_by_its_user_operation(known: bool) -> None:
    operation = (
        "UserOperationEvent(bytes32 indexed h, address indexed sender, address indexed p, uint256 n, bool s, "
        "uint256 c, uint256 u)"
    )
    make = v2_buy(Make(sender=STRANGER, recipient=ENTRY_POINT).moved(WETH, ME, V2_PAIR, 10), 10, 30_000)
    make.log(ENTRY_POINT, operation, bytes(32), ME, NOBODY, 0, True, 1, 1)
    facts = with_contracts({ENTRY_POINT: ("ERC-4337", "entry_point")}) if known else FACTS
    assert ("swap" in {str(event.kind) for event in make.events(facts)}) == known


def test_a_smart_account_that_also_sends_a_friend_something() -> None:
    """By a router, in a batch of a Safe: what went to the friend is not a part of the swap."""
    make = Make(sender=STRANGER, recipient=ME).moved(USDC, ME, ROUTER, 100).moved(DAI, ROUTER, ME, 99)
    events = make.moved(FAKE, ME, FRIEND, 5).events(ONE_INCH)
    assert story(events) == [("swap", [(USDC, -100), (DAI, 99)]), ("transfer", [(FAKE, -5)])]
