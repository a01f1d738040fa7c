"""From a snapshot and a target to trades: what counts as one asset, what is left out, costs, and words."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from pydantic import ValidationError

from backend.chain.events import NATIVE_TOKEN
from backend.core.ids import new_id
from backend.market.assets import KnownAssets, known_assets
from backend.portfolio.engine.price_impact import PoolSide, lost_fraction
from backend.portfolio.rebalancing.holdings import Purse, movables
from backend.portfolio.rebalancing.markets import ChainMarket, PoolAt
from backend.portfolio.rebalancing.planning import Known, Outcome, Wish, plan_trades, suggestion_id
from backend.portfolio.rebalancing.reading import rebalancing_read
from backend.portfolio.rebalancing.schemas import RebalancingRead, TargetPart, TargetRead, TargetWrite
from backend.portfolio.snapshots.records import AssetPart, ChainPart, HeldIn, NftHeld, Snapshot, make_snapshot

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
MAINNET, BASE = 1, 8453
WETH, USDC, USDC_BASE, WETH_BASE, FAKE = ("0x" + pair * 20 for pair in ("11", "22", "33", "44", "55"))
HOT, COLD = "0x" + "aa" * 20, "0x" + "bb" * 20
ETHER = Decimal(2000)


@pytest.fixture
def assets() -> KnownAssets:
    return known_assets(
        {MAINNET: ("ETH", 18), BASE: ("ETH", 18)},
        {MAINNET: (WETH, (USDC,)), BASE: (WETH_BASE, (USDC_BASE,))},
        [
            (MAINNET, WETH, "WETH", 18),
            (MAINNET, USDC, "USDC", 6),
            (BASE, USDC_BASE, "usdc", 6),
            (BASE, WETH_BASE, "WETH", 18),
        ],
    )


def part(value: str | None, token: str = NATIVE_TOKEN, chain_id: int = MAINNET, **more: Any) -> AssetPart:
    price = Decimal(1) if token in (USDC, USDC_BASE, FAKE) else ETHER
    places = 6 if price == 1 else 18
    raw = None if value is None else int(Decimal(value) / price * 10**places)
    values: dict[str, Any] = {
        "wallet": HOT,
        "symbol": "ETH" if token == NATIVE_TOKEN else "USDC",
        "decimals": places,
        "amount_raw": raw,
        "price_usd": price,
        "price_source": "pools",
        "price_taken_at": NOW,
        "value_usd": None if value is None else Decimal(value),
        "category": "native" if token == NATIVE_TOKEN else "stablecoin",
        **more,
    }
    return AssetPart(chain_id=chain_id, token=token, **values)


def snapshot(*parts: AssetPart) -> Snapshot:
    chains = [
        ChainPart(
            chain_id=chain_id,
            value_usd=None,
            block_number=9,
            block_hash="0x",
            taken_at=NOW,
            state="fresh",
            problem=None,
        )
        for chain_id in dict.fromkeys(each.chain_id for each in parts)
    ]
    return make_snapshot(new_id(), NOW, chains, parts, is_complete=True)


def known(assets: KnownAssets, depth: str = "1000000", gas_wei: int | None = 10**9, **markets: Any) -> Known:
    found = {}
    for chain_id, coin, wrapped in ((MAINNET, USDC, WETH), (BASE, USDC_BASE, WETH_BASE)):
        pool = PoolAt("0x" + "99" * 20, "uniswap_v2", PoolSide(Decimal(depth), Decimal("0.003")))
        pools = {(coin, wrapped): [pool], (wrapped, coin): [pool]}
        found[chain_id] = ChainMarket(chain_id, 9, gas_wei, ETHER, pools)
    prices = {(MAINNET, USDC): Decimal(1), (BASE, USDC_BASE): Decimal(1), (MAINNET, NATIVE_TOKEN): ETHER}
    prices |= {(BASE, NATIVE_TOKEN): ETHER, (MAINNET, WETH): ETHER}
    return Known(assets, found, prices)


def wish(tolerance: str = "0.5", rejected: frozenset[str] = frozenset(), **shares: int) -> Wish:
    return Wish("asset", {key: Decimal(share) for key, share in shares.items()}, Decimal(tolerance), rejected)


def read(
    taken: Snapshot, outcome: Outcome, wanted: Wish, about: Known, answers: Mapping[UUID, str] | None = None
) -> RebalancingRead:
    parts = [TargetPart(key=key, share_pct=share) for key, share in wanted.target_pct.items()]
    target = TargetRead(
        id=new_id(), name="Calm", by=wanted.by, parts=parts, tolerance_pct=wanted.tolerance_pct, is_active=True,
        created_at=NOW, changed_at=NOW,
    )  # fmt: skip
    held = movables(taken, wanted.by, about.assets)
    return rebalancing_read(taken, target, held, outcome, about, answers or {})


def test_the_same_asset_on_two_chains_is_one_and_a_borrowed_symbol_is_not(assets: KnownAssets) -> None:
    held = movables(snapshot(part("10", USDC), part("5", USDC_BASE, BASE), part("7", FAKE)), "asset", assets)
    assert held.values_usd() == {"USDC": 15, f"1:{FAKE}": 7}
    assert assets.tokens_of("USDC", BASE) == [USDC_BASE] and assets.tokens_of(f"1:{FAKE}", BASE) == []


def test_what_swaps_cannot_move_is_left_out_and_says_why(assets: KnownAssets) -> None:
    inside = HeldIn(kind="lp", role="principal", identifiers={})
    debt = replace(inside, kind="borrow", role="debt")
    taken = snapshot(
        part("100"),
        part("40", USDC, position=inside, protocol="Uniswap V3"),
        part("-20", USDC, position=debt, protocol="Aave V3"),
        part(None, USDC),
        part("1", FAKE, decimals=None, value_usd=None),
        part("1", WETH, price_usd=None, value_usd=None),
        part("3000", FAKE, nft=NftHeld(standard="erc721", name="Penguins", token_ids=("3",))),
    )
    held = movables(taken, "asset", assets)
    assert held.values_usd() == {"ETH": 100}
    reasons = [each.reason for each in held.left_out]
    assert "Uniswap V3" in reasons[0] and "paid back" in reasons[1] and "could not be read" in reasons[2]
    assert "counted" in reasons[3] and "price" in reasons[4] and "NFT" in reasons[5]


def test_a_trade_says_what_it_costs_and_why(assets: KnownAssets) -> None:
    taken, wanted, about = snapshot(part("8000"), part("2000", USDC)), wish(ETH=50, USDC=50), known(assets)
    outcome = plan_trades(movables(taken, "asset", assets), wanted, about)
    shown = read(taken, outcome, wanted, about)
    (trade,) = shown.trades
    assert (trade.sell.symbol, trade.buy.symbol, shown.status) == ("ETH", "USDC", "planned")
    # The slippage is that of the amount itself: x / (depth + x) and the fee.
    side = PoolSide(Decimal(1_000_000), Decimal("0.003"))
    assert trade.slippage_pct is not None and trade.sell.value_usd is not None
    assert abs(trade.slippage_pct / 100 - lost_fraction(trade.sell.value_usd, [side])) < Decimal("0.0001")
    assert trade.gas_units and trade.gas_usd == Decimal(trade.gas_units) * ETHER / 10**9
    assert trade.sell.amount is not None and abs(trade.sell.amount * ETHER - trade.sell.value_usd) < Decimal("0.01")
    assert trade.why == "ETH is 30.00 points over its target, USDC 30.00 under."
    assert shown.is_cost_known and shown.cost_usd == (trade.gas_usd or 0) + (trade.slippage_usd or 0)
    after = {each.key: each.after_pct for each in shown.drifts}
    assert all(each is not None and abs(each - 50) <= Decimal("0.501") for each in after.values())
    assert [each.mark for each in shown.drifts] == ["over", "under"]


def test_within_the_tolerance_nothing_is_to_be_done(assets: KnownAssets) -> None:
    taken, wanted, about = snapshot(part("51"), part("49", USDC)), wish("1", ETH=50, USDC=50), known(assets)
    outcome = plan_trades(movables(taken, "asset", assets), wanted, about)
    shown = read(taken, outcome, wanted, about)
    assert (shown.status, shown.trades, shown.cost_usd) == ("balanced", [], None)
    assert {each.mark for each in shown.drifts} == {"within"}


def test_a_rejected_trade_is_done_without_and_its_loss_is_said(assets: KnownAssets) -> None:
    taken = snapshot(part("6000"), part("2000", wallet=COLD), part("2000", USDC))
    held, about = movables(taken, "asset", assets), known(assets)
    first = plan_trades(held, wish(ETH=50, USDC=50), about)
    (best,) = first.suggestions
    assert best.purse.wallet == HOT
    rejected = frozenset({best.id})
    without = plan_trades(held, wish("25", rejected, ETH=50, USDC=50), about)
    assert [each.purse.wallet for each in without.suggestions] == [COLD]
    every = rejected | {suggestion_id(Purse(MAINNET, COLD, NATIVE_TOKEN), "USDC")}
    wanted = wish("1", every, ETH=50, USDC=50)
    nothing = plan_trades(held, wanted, about)
    shown = read(taken, nothing, wanted, about, {UUID(each): "rejected" for each in every})
    assert (shown.status, shown.rejected) == ("impossible", 2) and "2 rejected suggestions" in shown.message


def test_an_accepted_trade_stays_while_it_suffices(assets: KnownAssets) -> None:
    taken = snapshot(part("6000"), part("4000", wallet=COLD), part("2000", USDC))
    held, about = movables(taken, "asset", assets), known(assets)
    for wallet, share, wallets in ((HOT, 60, {HOT}), (COLD, 60, {COLD}), (COLD, 10, {HOT, COLD})):
        mine = suggestion_id(Purse(MAINNET, wallet, NATIVE_TOKEN), "USDC")
        wanted = replace(wish("1", ETH=share, USDC=100 - share), accepted=frozenset({mine}))
        outcome = plan_trades(held, wanted, about)
        assert {each.purse.wallet for each in outcome.suggestions} == wallets, share


def test_a_swap_stays_on_its_chain_and_in_its_wallet(assets: KnownAssets) -> None:
    taken = snapshot(part("4000", chain_id=BASE), part("4000", wallet=COLD), part("100", USDC))
    about = known(assets)
    outcome = plan_trades(movables(taken, "asset", assets), wish("1", ETH=10, USDC=90), about)
    assert {(each.purse.chain_id, each.purse.wallet, each.buy_token) for each in outcome.suggestions} == {
        (BASE, HOT, USDC_BASE),
        (MAINNET, COLD, USDC),
    }
    for each in outcome.suggestions:
        assert each.sell_usd + (each.gas_usd or 0) <= 4000


def test_what_is_unknown_is_said_to_be(assets: KnownAssets) -> None:
    taken, wanted = snapshot(part("8000", USDC)), wish(ETH=50, USDC=50)
    about = Known(
        assets, {MAINNET: ChainMarket(MAINNET, problem="Ethereum does not answer.")}, known(assets).prices_usd
    )
    shown = read(taken, plan_trades(movables(taken, "asset", assets), wanted, about), wanted, about)
    (trade,) = shown.trades
    assert (trade.gas_usd, trade.slippage_usd, trade.buy.amount, shown.cost_usd) == (None, None, None, None)
    assert not shown.is_cost_known and shown.costs[0].problem == "Ethereum does not answer."
    assert "no ETH" in trade.notes[0] and "unknown" in trade.notes[1]


def test_by_category_a_stablecoin_is_bought_where_none_is_held(assets: KnownAssets) -> None:
    taken, about = snapshot(part("1000")), known(assets)
    wanted = Wish("category", {"native": Decimal(40), "stablecoin": Decimal(60)}, Decimal(1))
    outcome = plan_trades(movables(taken, "category", assets), wanted, about)
    (trade,) = outcome.suggestions
    assert (trade.sell.key, trade.buy_key, trade.buy_token) == ("native", "stablecoin", USDC)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"ETH": "60", "USDC": "39.9"}, "The shares sum to 99.9 %: 0.1 % is missing."),
        ({"ETH": "60", "USDC": "40.3"}, "The shares sum to 100.3 %: 0.3 % is too much."),
        ({"ETH": "101"}, "from 0 to 100"),
        ({"ETH": "33.33333", "USDC": "66.66667"}, "four places"),
        ({"eth": "100"}, "not known here"),
        ({"1:0x12": "100"}, "not known here"),
        ({}, "at least 1"),
    ],
)
def test_a_target_that_is_none_is_refused_in_words(shares: dict[str, str], message: str) -> None:
    parts = [{"key": key, "sharePct": share} for key, share in shares.items()]
    with pytest.raises(ValidationError, match=message):
        TargetWrite.model_validate({"name": "Calm", "parts": parts})


def test_a_target_names_an_asset_once_and_by_category_only_categories() -> None:
    half = {"key": "ETH", "sharePct": "50"}
    with pytest.raises(ValidationError, match="twice"):
        TargetWrite.model_validate({"name": "Calm", "parts": [half, half]})
    with pytest.raises(ValidationError, match="native, stablecoin, token"):
        TargetWrite.model_validate({"name": "Calm", "by": "category", "parts": [half, {**half, "key": "native"}]})
    found = TargetWrite.model_validate({"name": " Calm ", "parts": [half, {**half, "key": f"1:{FAKE}"}]})
    assert (found.name, found.tolerance_pct, found.is_active) == ("Calm", 1, True)
