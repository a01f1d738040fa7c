"""Aave V3 itself on the local chain: what is read is what leaving pays and costs, with interest, to the unit."""

from decimal import Decimal
from typing import Any

from backend.demo.accounts import ACCOUNTS
from backend.demo.calldata import MAX_UINT256, call_data, decode_words
from backend.portfolio.protocols.base import Position, Wallet
from tests.integration.portfolio.protocols.conftest import Chain, Read
from tests.integration.portfolio.test_uniswap_positions import ask

DEMO, TREASURY = ACCOUNTS["demo"].lower(), ACCOUNTS["treasury"].lower()
RAY = 10**27
_ACCOUNT = ["uint256"] * 6


def amounts(positions: list[Position]) -> dict[tuple[str, str], int | None]:
    """Return what is supplied and owed by (kind, asset)."""
    return {(each.kind, part.token): part.amount_raw for each in positions for part in each.parts}


async def of_pool(chain: Chain, sender: str, types: list[str], signature: str, *arguments: Any) -> Any:
    """Return what a call of the pool answers as of the newest block; of a transaction, without making it."""
    assert chain.market.aave is not None
    return await ask(chain.rpc, chain.market.aave.pool, types, signature, *arguments, sender=sender)


async def expected(chain: Chain, position: Position) -> int:
    """Return the amount by Aave's own arithmetic: scaled balance times the reserve's index, rounded half up."""
    (part,) = position.parts
    index = "getReserveNormalizedIncome" if position.kind == "supply" else "getReserveNormalizedVariableDebt"
    (growth,) = await of_pool(chain, DEMO, ["uint256"], f"{index}(address)", part.token)
    token = (position.identifiers or {})["token"]
    (scaled,) = await ask(chain.rpc, token, ["uint256"], "scaledBalanceOf(address)", position.wallet)
    amount = (scaled * growth + RAY // 2) // RAY
    return amount if position.kind == "supply" else -amount


async def test_the_demo_account_supplies_and_owes_and_interest_grows_to_the_unit(chain: Chain, read: Read) -> None:
    weth, wbtc, usdc = (chain.market.tokens[name].address.lower() for name in ("WETH", "WBTC", "USDC"))
    _, before = await read(Wallet(DEMO), protocols=["Aave V3"])
    assert set(amounts(before)) == {("supply", weth), ("supply", wbtc), ("borrow", usdc)}
    await chain.rpc.call("evm_increaseTime", 10_000)
    await chain.rpc.call("evm_mine")
    _, positions = await read(Wallet(DEMO), protocols=["Aave V3"])
    for position in positions:
        (part,) = position.parts
        token = (position.identifiers or {})["token"]
        (held,) = await ask(chain.rpc, token, ["uint256"], "balanceOf(address)", DEMO)
        assert abs(part.amount_raw or 0) == held == (position.receipts or {})[token]
        assert part.amount_raw == await expected(chain, position)
    then, now = amounts(before), amounts(positions)
    grown = {key: abs(now[key] or 0) / abs(then[key] or 1) - 1 for key in now}
    assert all(0 < share < 0.001 for share in grown.values()), grown
    said = await of_pool(chain, DEMO, _ACCOUNT, "getUserAccountData(address)", DEMO)
    assert {each.health_factor for each in positions} == {Decimal(said[5]).scaleb(-18)}
    # Weighted by the thresholds of the plan: 82.5 % of WETH and 75 % of WBTC, over the debt. Aave rounds their average.
    prices = {
        asset: (await ask(chain.rpc, chain.market.aave.oracle, ["uint256"], "getAssetPrice(address)", asset))[0]  # type: ignore[union-attr]
        for asset in (weth, wbtc, usdc)
    }
    by_hand = (
        Decimal(now["supply", weth] or 0).scaleb(-18) * prices[weth] * Decimal("0.825")
        + Decimal(now["supply", wbtc] or 0).scaleb(-8) * prices[wbtc] * Decimal("0.75")
    ) / (-Decimal(now["borrow", usdc] or 0).scaleb(-6) * prices[usdc])
    assert positions[0].health_factor is not None and abs(positions[0].health_factor / by_hand - 1) < Decimal("2e-4")


async def test_leaving_pays_what_is_said_to_be_supplied(chain: Chain, read: Read) -> None:
    _, positions = await read(Wallet(TREASURY), protocols=["Aave V3"])
    supplied = amounts(positions)
    assert len(supplied) == 4 and {each.health_factor for each in positions} == {None}, "it owes nothing"
    for (_, asset), amount in supplied.items():
        token = next((each.identifiers or {})["token"] for each in positions if each.parts[0].token == asset)
        lent_out = await ask(chain.rpc, asset, ["uint256"], "balanceOf(address)", token)
        wanted = min(amount or 0, lent_out[0])  # the rest is borrowed by others
        (paid,) = await of_pool(
            chain, TREASURY, ["uint256"], "withdraw(address,uint256,address)", asset, wanted, TREASURY
        )
        assert paid == wanted > 0


async def test_paying_back_costs_what_is_said_to_be_owed(chain: Chain, read: Read) -> None:
    usdc = chain.market.tokens["USDC"].address
    assert chain.market.aave is not None
    leave = call_data("approve(address,uint256)", chain.market.aave.pool, MAX_UINT256)
    await chain.rpc.call("eth_sendTransaction", {"from": DEMO, "to": usdc, "data": leave})
    await chain.rpc.call("evm_mine")
    header, positions = await read(Wallet(DEMO), protocols=["Aave V3"])
    owed = amounts(positions)["borrow", usdc.lower()]
    repay = call_data("repay(address,uint256,uint256,address)", usdc, MAX_UINT256, 2, DEMO)
    call = {"from": DEMO, "to": chain.market.aave.pool, "data": repay}
    answer = await chain.rpc.call("eth_call", call, hex(header.number))
    assert decode_words(["uint256"], answer) == (-(owed or 0),)


async def test_an_account_without_anything_has_no_positions(read: Read) -> None:
    _, positions = await read(Wallet("0x" + "5a" * 20), protocols=["Aave V3"])
    assert positions == []
