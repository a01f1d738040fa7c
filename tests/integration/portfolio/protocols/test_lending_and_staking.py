"""Vaults, Lido and Compound III: plug-ins read what the contracts say, and unknown where they do not."""

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal

import pytest

from backend.chain.rpc.pool import RpcPool
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.accounts import ACCOUNTS
from backend.demo.calldata import MAX_UINT256
from backend.portfolio.protocols.aave_v3.plugin import Plugin as Aave
from backend.portfolio.protocols.base import NOT_SAID, Places, Position, ProtocolPlugin, Wallet
from backend.portfolio.protocols.compound_v3.plugin import Plugin as Compound
from backend.portfolio.protocols.erc4626.plugin import Plugin as Vaults
from backend.portfolio.protocols.lido.plugin import Plugin as Lido
from backend.portfolio.protocols.reader import read_positions
from tests.doubles.protocols import deploy, send
from tests.integration.portfolio.protocols.conftest import Chain
from tests.integration.portfolio.test_uniswap_positions import ask

GUEST, OTHER = ACCOUNTS["guest"].lower(), ACCOUNTS["demo"].lower()
ANYWHERE = Places("a test", "now", {}, everywhere=True)
LIAR = "0x" + "b1" * 20
ReadWith = Callable[..., Awaitable[list[Position]]]


def at(**places: str) -> Places:
    return Places("a test", "now", {DEMO_CHAIN_ID: (places,)})


def only_part(position: Position) -> tuple[str, int | None]:
    (part,) = position.parts
    return part.token, part.amount_raw


@pytest.fixture
async def read(chain: Chain) -> AsyncIterator[ReadWith]:
    """A function that reads positions with one plug-in."""
    pool = RpcPool(DEMO_CHAIN_ID, [chain.url])

    async def one(plugin: ProtocolPlugin, *wallets: Wallet) -> list[Position]:
        return (await read_positions(pool, [plugin], wallets, chain.market.multicall3))[1]

    yield one
    await pool.close()


# ---- vaults ---------------------------------------------------------------------------------------------------


async def test_shares_of_a_vault_are_what_they_convert_to(chain: Chain, read: ReadWith) -> None:
    rpc, usdc = chain.rpc, chain.market.tokens["USDC"].address
    vault = await deploy(rpc, "Vault", ["address"], [usdc])
    await send(rpc, GUEST, usdc, "approve(address,uint256)", vault, MAX_UINT256)
    await send(rpc, GUEST, vault, "deposit(uint256,address)", 1_000_000_007, GUEST)
    await send(rpc, GUEST, usdc, "transfer(address,uint256)", vault, 77_777_777)  # what the vault earned
    (shares,) = await ask(rpc, vault, ["uint256"], "balanceOf(address)", GUEST)
    (redeemed,) = await ask(rpc, vault, ["uint256"], "redeem(uint256,address,address)", shares, GUEST, GUEST)
    tokens = (vault, usdc.lower(), "0x" + "ee" * 20)
    (position,) = await read(Vaults(ANYWHERE), Wallet(GUEST, tokens), Wallet(OTHER, tokens))
    assert only_part(position) == (usdc.lower(), redeemed)
    assert redeemed > 1_000_000_007
    assert position.receipts == {vault: shares}
    assert (position.kind, position.wallet, position.problem) == ("vault", GUEST, None)


async def test_what_nobody_vouches_for_is_no_vault(chain: Chain, read: ReadWith) -> None:
    """A contract that answers everything with USDC's address would have a share worth more than all there is."""
    usdc = chain.market.tokens["USDC"].address
    await chain.rpc.call("anvil_setCode", LIAR, f"0x73{usdc[2:]}60005260206000f3")
    assert await read(Vaults(ANYWHERE), Wallet(GUEST, (LIAR,), frozenset({LIAR}))) == []
    assert len(await read(Vaults(ANYWHERE), Wallet(GUEST, (LIAR,)))) == 1


# ---- Lido -----------------------------------------------------------------------------------------------------


async def test_wrapped_staked_ether_is_what_it_unwraps_to(chain: Chain, read: ReadWith) -> None:
    rpc = chain.rpc
    steth = await deploy(rpc, "StakedEther")
    wsteth = await deploy(rpc, "WrappedStakedEther", ["address"], [steth])
    lido = Lido(at(steth=steth, wsteth=wsteth))
    await send(rpc, GUEST, steth, "submit(address)", GUEST, value_wei=10**18 + 1)
    await send(rpc, GUEST, steth, "reward()", value_wei=123_456_789_012_345)
    await send(rpc, GUEST, wsteth, "wrap(address)", GUEST, value_wei=3 * 10**17)
    await send(rpc, GUEST, steth, "reward()", value_wei=987_654_321_098_765)
    (plain,) = await ask(rpc, steth, ["uint256"], "balanceOf(address)", GUEST)
    (wrapped,) = await ask(rpc, wsteth, ["uint256"], "balanceOf(address)", GUEST)
    (unwrapped,) = await ask(rpc, steth, ["uint256"], "balanceOf(address)", wsteth)
    positions = await read(lido, Wallet(GUEST), Wallet(OTHER))
    assert [only_part(each) for each in positions] == [(steth, plain), (steth, unwrapped)]
    assert [each.receipts for each in positions] == [{steth: plain}, {wsteth: wrapped}]
    assert unwrapped > wrapped
    await chain.rpc.call("anvil_setCode", wsteth, "0x60006000fd")
    positions = await read(lido, Wallet(GUEST))
    assert [only_part(each)[1] for each in positions] == [plain, None]
    assert [each.problem for each in positions] == [None, NOT_SAID]


# ---- Aave and Compound that do not answer -----------------------------------------------------------------------


async def test_a_pool_that_does_not_answer_is_unknown_and_one_that_is_not_there_yet_is_nothing(
    chain: Chain, read: ReadWith
) -> None:
    await chain.rpc.call("anvil_setCode", LIAR, "0x60006000fd")
    nowhere = "0x" + "dd" * 20
    for refusing, absent in (
        (Aave(at(pool=LIAR)), Aave(at(pool=nowhere))),
        (Compound(at(comet=LIAR)), Compound(at(comet=nowhere))),
    ):
        (unknown,) = await read(refusing, Wallet(GUEST))
        assert (unknown.parts, unknown.problem) == ((), NOT_SAID)
        assert await read(absent, Wallet(GUEST)) == []


# ---- Compound -------------------------------------------------------------------------------------------------


async def test_a_market_holds_base_asset_debt_and_collateral(chain: Chain, read: ReadWith) -> None:
    rpc, market = chain.rpc, chain.market
    weth, usdc, wbtc = (market.tokens[name].address.lower() for name in ("WETH", "USDC", "WBTC"))
    comet = await deploy(rpc, "CometMarket", ["address", "address[]"], [usdc, [weth, wbtc]])
    compound = Compound(at(comet=comet))
    values = "set(address,uint256,uint256,address,uint128)"
    await send(rpc, GUEST, comet, values, GUEST, 0, 1_500_000_001, wbtc, 12_345_678)
    await send(rpc, GUEST, comet, values, OTHER, 42_000_000, 0, weth, 0)
    positions = await read(compound, Wallet(GUEST), Wallet(OTHER))
    assert [(each.wallet, each.kind, *only_part(each)) for each in positions] == [
        (GUEST, "borrow", usdc, -1_500_000_001),
        (GUEST, "supply", wbtc, 12_345_678),
        (OTHER, "supply", usdc, 42_000_000),
    ]
    assert [each.receipts for each in positions] == [None, None, {comet: 42_000_000}]
    assert {each.health_factor for each in positions} == {None}, "no feed of this market has a price"


async def test_health_is_that_by_which_the_market_liquidates(chain: Chain, read: ReadWith) -> None:
    """Random accounts on both sides of the edge: health below 1 is what Comet's own arithmetic calls liquidatable."""
    rpc, market = chain.rpc, chain.market
    weth, usdc, wbtc = (market.tokens[name].address.lower() for name in ("WETH", "USDC", "WBTC"))
    comet = await deploy(rpc, "CometMarket", ["address", "address[]"], [usdc, [weth, wbtc]])
    values, base_feed = "set(address,uint256,uint256,address,uint128)", f"0x{0xFEED:040x}"
    for feed, price in ((base_feed, 99_987_654), (weth, 3_456 * 10**8 + 7)):
        await send(rpc, GUEST, comet, "setPrice(address,uint128)", feed, price)
    draw, sides = random.Random(4), set()
    wallets = [f"0x{place + 0xABC000:040x}" for place in range(12)]
    for wallet in wallets:
        collateral = draw.randrange(10**17, 10**19)
        edge = collateral * (3_456 * 10**8 + 7) // 10**18 * 85 // 100 * 10**6 // 99_987_654
        owed = edge + draw.choice((-(10**6), -1, 0, 1, 2, 10**6))
        await send(rpc, GUEST, comet, values, wallet, 0, owed, weth, collateral)
    positions = await read(Compound(at(comet=comet)), *(Wallet(wallet) for wallet in wallets))
    factors = {each.wallet: each.health_factor for each in positions}
    for wallet in wallets:
        (is_liquidatable,) = await ask(rpc, comet, ["bool"], "isLiquidatable(address)", wallet)
        factor = factors[wallet]
        assert factor is not None and (factor < 1) is is_liquidatable, (wallet, factor)
        assert abs(factor - 1) < Decimal("0.02")
        sides.add(is_liquidatable)
    assert sides == {True, False}
    # A collateral that the market cannot price leaves the health unknown: it may hold the account up.
    await send(rpc, GUEST, comet, values, wallets[0], 0, 10**6, wbtc, 1)
    (supplied, owed_base, held) = await read(Compound(at(comet=comet)), Wallet(wallets[0]))
    assert {each.health_factor for each in (supplied, owed_base, held)} == {None}
