"""Real transactions with the demo market's real contracts: what they are told as, and balances that agree exactly."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from backend.chain.events import NATIVE_TOKEN
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo import plan
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses
from backend.demo.calldata import MAX_UINT256, call_data, decode_words
from backend.demo.deploy import deploy_market
from backend.demo.liquidity import MINT_SIGNATURE, NEVER
from backend.demo.rpc import Rpc
from backend.demo.swaps import swap_transaction
from backend.demo.transactions import Transaction as Sent
from backend.embedded.ports import free_port
from backend.ledger.decoding.decode import decode
from backend.ledger.events import Event, Leg
from backend.ledger.known_contracts import known_contracts
from backend.ledger.transactions import Facts, PoolFacts, Transaction
from tests.doubles.local_chain import local_chain
from tests.integration.ledger.on_chain import read_transaction

ME = ACCOUNTS["guest"].lower()
GAS = 1_500_000
ETHER = 10**18
MAX_UINT128 = 2**128 - 1
NATIVE_NOW = "0x" + "0" * 40  # Uniswap's manager pays out to itself for this, to be unwrapped


@dataclass
class Ground:
    """The market, and what is known of its contracts as the product knows it."""

    rpc: Rpc
    market: DemoAddresses
    facts: Facts
    tokens: tuple[str, ...]

    def token(self, symbol: str) -> str:
        return self.market.tokens[symbol].address.lower()

    def pool(self, name: str) -> str:
        return self.market.pools[name].address.lower()

    async def ask(self, to: str, signature: str, *arguments: Any, answers: Iterable[str] = ("uint256",)) -> Any:
        data = call_data(signature, *arguments)
        said = decode_words(list(answers), await self.rpc.call("eth_call", {"to": to, "data": data}, "latest"))
        return said[0] if len(said) == 1 else said

    async def balances(self) -> dict[str, int]:
        calls = [
            ("eth_call", ({"to": token, "data": call_data("balanceOf(address)", ME)}, "latest"))
            for token in self.tokens
        ]
        native, *held = await self.rpc.all([("eth_getBalance", (ME, "latest")), *calls])
        return {NATIVE_TOKEN: int(native, 16)} | {
            token: int(each, 16) for token, each in zip(self.tokens, held, strict=True)
        }

    async def do(self, sent: Sent, succeeds: bool = True) -> list[Event]:
        """Mine a transaction, decode it, and see that every balance changed by the legs and the fee, exactly."""
        before = await self.balances()
        tx_hash = await self.rpc.call("eth_sendTransaction", sent.params())
        await self.rpc.call("evm_mine")
        tx = await read_transaction(self.rpc, tx_hash)
        assert tx.succeeded is succeeds
        events = decode(tx, ME, self.facts)
        after = await self.balances()
        fees = sum(event.fee_wei or 0 for event in events)
        for token, amount in after.items():
            legs = sum(
                leg.amount_raw for event in events for leg in event.legs if (leg.token, leg.token_id) == (token, None)
            )
            assert amount - before[token] == legs - (fees if token == NATIVE_TOKEN else 0), token
        self._without_traces(tx, events)
        return events

    def _without_traces(self, tx: Transaction, events: list[Event]) -> None:
        """The same from a provider without traces: tokens are the same; where ether is not, that is said."""
        sent = [each for each in tx.native if (each.sender, each.recipient) == (tx.sender, tx.recipient)][:1]
        blind = decode(replace(tx, native=tuple(sent) if tx.value_wei else (), native_is_known=False), ME, self.facts)
        assert _sums(blind, False) == _sums(events, False)
        assert [event.kind for event in blind] == [event.kind for event in events]
        if _sums(blind, True) != _sums(events, True):
            assert any(event.problem for event in blind)

    async def call(self, to: str, signature: str, *arguments: Any, value_wei: int = 0) -> list[Event]:
        return await self.do(Sent(ME, to, call_data(signature, *arguments), GAS, value_wei))


def _sums(events: list[Event], native: bool) -> dict[tuple[str, int | None], int]:
    total: dict[tuple[str, int | None], int] = {}
    for leg in (leg for event in events for leg in event.legs if (leg.token == NATIVE_TOKEN) == native):
        total[leg.token, leg.token_id] = total.get((leg.token, leg.token_id), 0) + leg.amount_raw
    return total


def kinds(events: list[Event]) -> list[str]:
    assert not any(event.problem for event in events)
    return [str(event.kind) for event in events]


def signs(event: Event) -> set[tuple[str, str, int]]:
    """Which tokens came (1) and went (-1), in which role."""
    return {(leg.token, leg.role, 1 if leg.amount_raw > 0 else -1) for leg in event.legs}


def leg_of(event: Event, token: str, role: str = "principal") -> Leg:
    (found,) = [leg for leg in event.legs if (leg.token, leg.role) == (token, role)]
    return found


@pytest.fixture(scope="module")
async def ground(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Ground]:
    directory: Path = tmp_path_factory.mktemp("decoding")
    async with local_chain(directory, free_port()) as running, Rpc(running.url) as rpc:
        file = directory / "addresses.json"
        market = await deploy_market(running.url, file)
        names = {"uniswap_v2": "Uniswap V2", "uniswap_v3": "Uniswap V3"}
        pools = {
            pool.address.lower(): PoolFacts(
                protocol=names[pool.kind], token0=pool.token0.lower(), token1=pool.token1.lower()
            )
            for pool in market.pools.values()
        }
        facts = Facts(
            wrapped_native=frozenset({market.wrapped_native.lower()}),
            pools=pools,
            contracts=known_contracts(DEMO_CHAIN_ID, file),
        )
        assert market.earning is not None
        tokens = [token.address.lower() for token in market.tokens.values()]
        tokens += [market.pools[name].address.lower() for name in ("WETH-USDC-V2", "WETH-DAI-V2")]
        ready = Ground(rpc, market, facts, (*tokens, market.earning.savings.lower()))
        spenders = (market.routers.uniswap_v2, market.routers.uniswap_v3, market.position_manager)
        spenders += (market.earning.savings, market.earning.staking)
        for token in ready.tokens:
            for spender in spenders:
                assert kinds(await ready.call(token, "approve(address,uint256)", spender, MAX_UINT256)) == ["approve"]
        yield ready


async def test_wrap_unwrap_transfers_and_what_fails(ground: Ground) -> None:
    weth = ground.token("WETH")
    (wrap,) = await ground.call(weth, "deposit()", value_wei=20 * ETHER)
    assert (wrap.kind, signs(wrap)) == ("wrap", {(NATIVE_TOKEN, "principal", -1), (weth, "principal", 1)})
    (unwrap,) = await ground.call(weth, "withdraw(uint256)", ETHER)
    assert (unwrap.kind, leg_of(unwrap, NATIVE_TOKEN).amount_raw) == ("wrap", ETHER)
    friend = ACCOUNTS["whale"]
    (sent,) = await ground.call(ground.token("DAI"), "transfer(address,uint256)", friend, 5)
    assert (sent.kind, sent.counterparty, sent.fee_wei) == ("transfer", friend.lower(), sent.fee_wei)
    failing = Sent(ME, ground.token("DAI"), call_data("transfer(address,uint256)", friend, 10**60), GAS)
    (failed,) = await ground.do(failing, succeeds=False)
    assert (failed.kind, failed.succeeded, failed.legs) == ("call", False, ())
    assert failed.fee_wei


@pytest.mark.parametrize("version", ["V2", "V3-3000"])
async def test_swaps(ground: Ground, version: str) -> None:
    name, through = f"WETH-USDC-{version}", [f"UNI-WETH-{version}", f"WETH-USDC-{version}"]
    weth, usdc, uni = ground.token("WETH"), ground.token("USDC"), ground.token("UNI")
    expected = {"V2": "Uniswap V2", "V3-3000": "Uniswap V3"}[version]
    (swap,) = await ground.do(swap_transaction(ground.market, ME, [name], "WETH", ETHER))
    assert (swap.kind, swap.protocol, swap.identifiers) == ("swap", expected, {"pool": ground.pool(name)})
    assert signs(swap) == {(weth, "principal", -1), (usdc, "principal", 1)}
    (hops,) = await ground.do(swap_transaction(ground.market, ME, through, "UNI", 10 * ETHER))
    assert signs(hops) == {(uni, "principal", -1), (usdc, "principal", 1)}
    assert hops.identifiers is None
    (bought,) = await ground.do(swap_transaction(ground.market, ME, [name], "WETH", ETHER, native_in=True))
    assert signs(bought) == {(NATIVE_TOKEN, "principal", -1), (usdc, "principal", 1)}
    selling = swap_transaction(ground.market, ME, [name], "USDC", 1_000 * 10**6, native_out=True)
    (sold,) = await ground.do(selling)
    assert signs(sold) == {(NATIVE_TOKEN, "principal", 1), (usdc, "principal", -1)}


async def test_liquidity_of_v2(ground: Ground) -> None:
    router, pair = ground.market.routers.uniswap_v2, ground.pool("WETH-USDC-V2")
    weth, usdc = ground.token("WETH"), ground.token("USDC")
    add = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
    (added,) = await ground.call(router, add, weth, usdc, ETHER, 10**12, 0, 0, ME, NEVER)
    assert (added.kind, added.protocol, added.identifiers) == ("lp_add", "Uniswap V2", {"pool": pair})
    assert signs(added) == {(weth, "principal", -1), (usdc, "principal", -1), (pair, "receipt", 1)}
    add_ether = "addLiquidityETH(address,uint256,uint256,uint256,address,uint256)"
    (more,) = await ground.call(router, add_ether, usdc, 1_000 * 10**6, 0, 0, ME, NEVER, value_wei=5 * ETHER)
    assert signs(more) == {(NATIVE_TOKEN, "principal", -1), (usdc, "principal", -1), (pair, "receipt", 1)}
    assert -leg_of(more, NATIVE_TOKEN).amount_raw < ETHER  # the rest of the five came back
    half = leg_of(added, pair, "receipt").amount_raw // 2
    remove = "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)"
    (removed,) = await ground.call(router, remove, weth, usdc, half, 0, 0, ME, NEVER)
    assert removed.kind == "lp_remove"
    assert signs(removed) == {(weth, "principal", 1), (usdc, "principal", 1), (pair, "receipt", -1)}
    remove_ether = "removeLiquidityETH(address,uint256,uint256,uint256,address,uint256)"
    (last,) = await ground.call(router, remove_ether, usdc, half, 0, 0, ME, NEVER)
    assert signs(last) == {(NATIVE_TOKEN, "principal", 1), (usdc, "principal", 1), (pair, "receipt", -1)}


async def test_liquidity_of_v3(ground: Ground) -> None:
    manager, pool = ground.market.position_manager.lower(), ground.market.pools["WETH-USDC-V3-3000"]
    weth, usdc, place = ground.token("WETH"), ground.token("USDC"), pool.address.lower()
    ether, dollars = 2 * ETHER, 6_000 * 10**6
    sides = [ether, dollars] if pool.token0.lower() == weth else [dollars, ether]

    def minted(*amounts: int) -> tuple[Any, ...]:
        return (pool.token0, pool.token1, pool.fee_ppm, -887_220, 887_220, *amounts, 0, 0, ME, NEVER)

    def packed(*calls: tuple[str, Any]) -> list[bytes]:
        return [bytes.fromhex(call_data(signature, *arguments)[2:]) for signature, arguments in calls]

    async def liquidity_of(number: int | None) -> int:
        return (await ground.ask(manager, "positions(uint256)", number, answers=["uint256"] * 12))[7]

    (first,) = await ground.call(manager, MINT_SIGNATURE, minted(*sides))
    assert (first.kind, first.protocol, first.counterparty) == ("lp_add", "Uniswap V3", place)
    assert signs(first) == {(weth, "principal", -1), (usdc, "principal", -1), (manager, "receipt", 1)}
    token_id = leg_of(first, manager, "receipt").token_id
    position = {"pool": place, "token_id": str(token_id)}
    begun = await liquidity_of(token_id)
    assert first.identifiers == position | {"liquidity_delta": str(begun)}
    calls = packed((MINT_SIGNATURE, (minted(*sides),)), ("refundETH()", ()))
    (by_ether,) = await ground.call(manager, "multicall(bytes[])", calls, value_wei=3 * ETHER)
    assert signs(by_ether) == {(NATIVE_TOKEN, "principal", -1), (usdc, "principal", -1), (manager, "receipt", 1)}
    other = leg_of(by_ether, manager, "receipt").token_id
    increase = "increaseLiquidity((uint256,uint256,uint256,uint256,uint256,uint256))"
    (more,) = await ground.call(manager, increase, (token_id, *(each // 4 for each in sides), 0, 0, NEVER))
    added = await liquidity_of(token_id) - begun
    assert (more.kind, more.identifiers) == ("lp_add", position | {"liquidity_delta": str(added)})

    await ground.do(swap_transaction(ground.market, ME, ["WETH-USDC-V3-3000"], "WETH", 20 * ETHER, native_in=True))
    collect = "collect((uint256,address,uint128,uint128))"
    (fees,) = await ground.call(manager, collect, (token_id, ME, MAX_UINT128, MAX_UINT128))
    assert (fees.kind, fees.identifiers, signs(fees)) == ("claim", position, {(weth, "reward", 1)})

    await ground.do(swap_transaction(ground.market, ME, ["WETH-USDC-V3-3000"], "WETH", 20 * ETHER, native_in=True))
    half = await liquidity_of(token_id) // 2
    decrease = "decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))"
    taken = (decrease, ((token_id, half, 0, 0, NEVER),)), (collect, ((token_id, ME, MAX_UINT128, MAX_UINT128),))
    (part,) = await ground.call(manager, "multicall(bytes[])", packed(*taken))
    assert (part.kind, part.identifiers) == ("lp_remove", position | {"liquidity_delta": str(-half)})
    both = {(weth, "principal", 1), (usdc, "principal", 1)}
    assert signs(part) == {*both, (weth, "reward", 1)}

    leaving = packed(
        (decrease, ((other, await liquidity_of(other), 0, 0, NEVER),)),
        (collect, ((other, NATIVE_NOW, MAX_UINT128, MAX_UINT128),)),
        ("unwrapWETH9(uint256,address)", (0, ME)),
        ("sweepToken(address,uint256,address)", (usdc, 0, ME)),
        ("burn(uint256)", (other,)),
    )
    (out,) = await ground.call(manager, "multicall(bytes[])", leaving)
    assert (out.kind, leg_of(out, manager, "receipt").amount_raw) == ("lp_remove", -1)
    assert signs(out) >= {(NATIVE_TOKEN, "principal", 1), (NATIVE_TOKEN, "reward", 1), (usdc, "principal", 1)}


async def test_lending_with_interest(ground: Ground) -> None:
    assert ground.market.aave is not None
    pool, dai, usdc = ground.market.aave.pool, ground.token("DAI"), ground.token("USDC")
    amount, loan = plan.token_units("DAI", 10_000), plan.token_units("USDC", 3_000)
    for token in (dai, usdc):
        await ground.call(token, "approve(address,uint256)", pool, MAX_UINT256)
    supply = "supply(address,uint256,address,uint16)"
    (supplied,) = await ground.call(pool, supply, dai, amount, ME, 0)
    assert (supplied.kind, supplied.protocol) == ("supply", "Aave V3")
    assert leg_of(supplied, dai).amount_raw == -amount
    (receipt,) = [leg for leg in supplied.legs if leg.role == "receipt"]
    assert receipt.amount_raw == amount
    borrow = "borrow(address,uint256,uint256,uint16,address)"
    (borrowed,) = await ground.call(pool, borrow, usdc, loan, 2, 0, ME)
    assert (borrowed.kind, leg_of(borrowed, usdc).amount_raw) == ("borrow", loan)
    await ground.rpc.call("evm_increaseTime", 30 * 86_400)
    (again,) = await ground.call(pool, supply, dai, amount, ME, 0)
    interest = leg_of(again, receipt.token, "reward").amount_raw
    assert leg_of(again, receipt.token, "receipt").amount_raw == amount
    assert 0 < interest < amount
    repay, withdraw = "repay(address,uint256,uint256,address)", "withdraw(address,uint256,address)"
    (repaid,) = await ground.call(pool, repay, usdc, MAX_UINT256, 2, ME)
    assert (repaid.kind, leg_of(repaid, usdc).amount_raw < -loan) == ("repay", True)
    (withdrawn,) = await ground.call(pool, withdraw, dai, MAX_UINT256, ME)
    assert withdrawn.kind == "withdraw"
    assert leg_of(withdrawn, dai).amount_raw >= 2 * amount + interest - 1  # the pool rounds to its favour


async def test_a_vault_and_staking(ground: Ground) -> None:
    assert ground.market.earning is not None
    savings, staking = ground.market.earning.savings.lower(), ground.market.earning.staking.lower()
    dai, pair = ground.token("DAI"), ground.pool("WETH-DAI-V2")
    (saved,) = await ground.call(savings, "deposit(uint256,address)", 10**20, ME)
    assert (saved.kind, saved.protocol, saved.identifiers) == ("supply", "ERC-4626", {"vault": savings})
    assert signs(saved) == {(dai, "principal", -1), (savings, "receipt", 1)}
    shares = leg_of(saved, savings, "receipt").amount_raw
    (redeemed,) = await ground.call(savings, "redeem(uint256,address,address)", shares, ME, ME)
    assert (redeemed.kind, signs(redeemed)) == ("withdraw", {(dai, "principal", 1), (savings, "receipt", -1)})

    router = ground.market.routers.uniswap_v2
    add = "addLiquidityETH(address,uint256,uint256,uint256,address,uint256)"
    (added,) = await ground.call(router, add, dai, 10**21, 0, 0, ME, NEVER, value_wei=2 * ETHER)
    amount = leg_of(added, pair, "receipt").amount_raw
    (staked,) = await ground.call(staking, "stake(uint256)", amount)
    assert (staked.kind, staked.protocol) == ("stake", "Staking rewards")
    assert staked.identifiers == {"contract": staking, "pool": pair}
    await ground.rpc.call("evm_increaseTime", 86_400)
    unstaked, claimed = await ground.call(staking, "exit()")
    assert (unstaked.kind, leg_of(unstaked, pair).amount_raw) == ("unstake", amount)
    assert (claimed.kind, signs(claimed)) == ("claim", {(ground.token("UNI"), "reward", 1)})
    assert (unstaked.fee_wei, claimed.fee_wei) == (unstaked.fee_wei, 0)
