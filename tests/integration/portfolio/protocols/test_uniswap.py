"""Uniswap positions as the plug-ins read them, against what burning and collecting would pay, to the wei."""

from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import save_addresses
from backend.demo.calldata import MAX_UINT256
from backend.demo.deploy import deploy_market
from backend.demo.liquidity import NEVER
from backend.demo.swaps import swap_transaction
from backend.demo.transactions import send_and_mine
from backend.demo.uniswap_math import TICK_SPACING
from backend.portfolio.protocols.base import NOT_SAID, Position, Wallet
from tests.integration.portfolio.protocols.conftest import Chain, Read
from tests.integration.portfolio.test_uniswap_positions import POOL, all_out, approvals, ask, mint, read_pool, sent

GUEST, WHALE = ACCOUNTS["guest"].lower(), ACCOUNTS["whale"]
PAIR = "WETH-USDC-V2"
LIAR, SILENT = "0x" + "a1" * 20, "0x" + "a2" * 20


def amounts(position: Position) -> tuple[int | None, ...]:
    return tuple(part.amount_raw for part in position.parts)


def fees(position: Position) -> tuple[int | None, ...]:
    return tuple(part.amount_raw for part in position.fees)


async def test_v3_positions_are_what_burning_and_collecting_would_pay(chain: Chain, read: Read) -> None:
    rpc, market = chain.rpc, chain.market
    await approvals(rpc, market)
    spacing = TICK_SPACING[3_000]
    middle = (await read_pool(rpc, market.pools[POOL].address)).tick // spacing * spacing
    minted = {}
    for below, above in [(-20, 20), (1, 30), (-30, -1)]:
        bounds = middle + below * spacing, middle + above * spacing
        token_id, liquidity = await mint(rpc, market, *bounds, (10**13, 10**13))
        minted[str(token_id)] = liquidity
    for sell, amount in (("WETH", 10**20), ("USDC", 10**11), ("WETH", 10**19)):
        await send_and_mine(rpc, [swap_transaction(market, WHALE, [POOL], sell, amount)])
    for multicall3 in (market.multicall3, None):
        block, positions = await read(Wallet(GUEST), protocols=["Uniswap V3"], multicall3=multicall3)
        assert {each.identifiers["token_id"] for each in positions} == set(minted)
        for each in positions:
            token_id = each.identifiers["token_id"]
            principal, everything = await all_out(rpc, market, int(token_id), minted[token_id])
            assert amounts(each) == principal
            assert tuple(one + other for one, other in zip(principal, fees(each), strict=True)) == everything
            assert (each.block_number, each.block_hash) == (block.number, block.hash)
            assert each.identifiers["pool"] == market.pools[POOL].address.lower()
            assert each.problem is None
        assert [each.identifiers["in_range"] for each in positions] == ["yes", "no", "no"]
        assert any(fees(positions[0]))
    token_id = next(iter(minted))
    less = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
    collect = "collect((uint256,address,uint128,uint128))"
    out = [
        sent(market.position_manager, less, (int(token_id), minted[token_id], 0, 0, NEVER)),
        sent(market.position_manager, collect, (int(token_id), GUEST, 2**128 - 1, 2**128 - 1)),
    ]
    await send_and_mine(rpc, out[:1])
    _, positions = await read(Wallet(GUEST), protocols=["Uniswap V3"])
    assert amounts(positions[0]) == (0, 0)  # taken out and not collected yet: it waits with the fees
    assert min(fees(positions[0])) > 0
    await send_and_mine(rpc, out[1:])
    _, positions = await read(Wallet(GUEST), protocols=["Uniswap V3"])
    assert len(positions) == 2


async def test_the_demo_account_has_positions(chain: Chain, read: Read) -> None:
    """Worth about what was put in, in range; and a market that was made before they were gets them, once."""
    rpc, market = chain.rpc, chain.market
    demo, pair = ACCOUNTS["demo"].lower(), market.pools[PAIR].address.lower()
    _, found = await read(Wallet(demo, (pair,)), protocols=["Uniswap V2", "Uniswap V3"])
    assert [each.protocol for each in found] == ["Uniswap V2", "Uniswap V3"]
    assert found[1].identifiers["token_id"] == str(market.position_token_id)
    assert found[1].identifiers["in_range"] == "yes"
    usd = {market.tokens[name].address.lower(): 20_000 * 10**6 for name in ("USDC",)}
    for each in found:
        assert all(abs(part.amount_raw / usd[part.token] - 1) < 0.2 for part in each.parts if part.token in usd)
    save_addresses(chain.addresses_file, market.model_copy(update={"position_token_id": None}))
    given = await deploy_market(chain.url, chain.addresses_file)
    assert given.position_token_id not in (None, market.position_token_id)
    assert given.deployed_at_block == market.deployed_at_block
    before = await rpc.call("eth_blockNumber")
    assert await deploy_market(chain.url, chain.addresses_file) == given
    assert await rpc.call("eth_blockNumber") == before


async def test_v2_positions_are_what_burning_would_pay(chain: Chain, read: Read) -> None:
    rpc, market = chain.rpc, chain.market
    pair, router = market.pools[PAIR], market.routers.uniswap_v2
    await send_and_mine(rpc, [sent(pair.address, "approve(address,uint256)", router, MAX_UINT256)])
    await send_and_mine(rpc, [swap_transaction(market, WHALE, [PAIR], "WETH", 10**19)])
    (owned,) = await ask(rpc, pair.address, ["uint256"], "balanceOf(address)", GUEST)
    remove = "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)"
    paid = await ask(rpc, router, ["uint256", "uint256"], remove, pair.token0, pair.token1, owned, 0, 0, GUEST, NEVER)
    every = tuple(token.address.lower() for token in market.tokens.values())
    wallets = Wallet(GUEST, (*every, pair.address.lower())), Wallet(WHALE.lower(), (pair.address.lower(),))
    _, (position,) = await read(*wallets, protocols=["Uniswap V2"])
    assert amounts(position) == paid
    assert position.wallet == GUEST
    assert position.receipts == {pair.address.lower(): owned}
    assert [part.token for part in position.parts] == [pair.token0.lower(), pair.token1.lower()]


async def test_what_only_calls_itself_a_pair_is_none(chain: Chain, read: Read) -> None:
    """One contract answers every question with the real factory's address, one with nothing, one with endless gas."""
    factory = chain.market.factories.uniswap_v2[2:]
    await chain.rpc.call("anvil_setCode", LIAR, f"0x73{factory}60005260206000f3")
    await chain.rpc.call("anvil_setCode", SILENT, "0x5b600056")
    pair = chain.market.pools[PAIR].address.lower()
    _, positions = await read(Wallet(GUEST, (LIAR, SILENT, "0x" + "ee" * 20, pair)), protocols=["Uniswap V2"])
    assert [each.identifiers["pool"] for each in positions] == [pair]
    assert positions[0].problem is None


async def test_a_pair_whose_token_is_silent_is_unknown(chain: Chain, read: Read) -> None:
    market = chain.market
    pool = market.pools["UNI-WETH-V2"]
    uni = market.tokens["UNI"].address
    code = await chain.rpc.call("eth_getCode", uni, "latest")
    await chain.rpc.call("anvil_setCode", uni, "0x60006000fd")
    _, (position,) = await read(Wallet(GUEST, (pool.address.lower(),)), protocols=["Uniswap V2"])
    await chain.rpc.call("anvil_setCode", uni, code)
    assert amounts(position) == (None, None)
    assert position.problem == NOT_SAID
    _, (position,) = await read(Wallet(GUEST, (pool.address.lower(),)), protocols=["Uniswap V2"])
    assert position.problem is None
