"""From a plan to what the API and the page show. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import chain_name, find_chain
from backend.core.formats import address as short_address
from backend.core.formats import untrusted_text
from backend.market.assets import asset_name
from backend.portfolio.engine.exact import EXACT, HUNDRED, ZERO, add_up, percent
from backend.portfolio.engine.rebalancing import NOT_FOUND
from backend.portfolio.engine.targets import Drift
from backend.portfolio.rebalancing.holdings import LeftOut, Movable, Movables
from backend.portfolio.rebalancing.markets import ChainMarket
from backend.portfolio.rebalancing.planning import CAUTIOUS_SLIPPAGE, SEARCH_SECONDS, Known, Outcome, Suggestion
from backend.portfolio.rebalancing.schemas import (
    Answer,
    CostSource,
    DriftRead,
    LeftOutRead,
    RebalancingRead,
    TargetRead,
    TradeRead,
    TradeSide,
)
from backend.portfolio.snapshots.records import Snapshot

PLACES = Decimal("0.0001")
DIGITS = 9
NO_PORTFOLIO = "There is no snapshot yet. Add a wallet; a plan is made of what it holds."
NO_TARGET = "No target is active. Make one: the portfolio is compared with it."
NOTHING = "Nothing in the wallets has a known value that swaps could move."
BALANCED = "Every share is within the tolerance: there is nothing to do."
IMPOSSIBLE = (
    "No swaps bring every share to within the tolerance: a swap stays on one chain, and needs something to buy there."
    " Allow more tolerance, or change the target."
)
WITHOUT_REJECTED = " {count} rejected suggestions were left out; without that there may be a way."
OUT_OF_TIME = "The search ended after {seconds:g} s without a plan. Allow more tolerance, or name fewer assets."
BEST_SO_FAR = "The search ended after {seconds:g} s: this plan works, and there may be one of fewer or cheaper trades."
NOTE_GAS = "This wallet has no {symbol} with a known value on {chain} for the gas."
NOTE_SLIPPAGE = "No pool that we trust is known for it: slippage is unknown, the plan reckons with {percent} %."


def no_portfolio(target: TargetRead | None) -> RebalancingRead:
    """Return the answer before the first snapshot."""
    return RebalancingRead(target=target, taken_at=None, is_complete=None, whole_usd=None, **_empty("no_portfolio"))


def no_target(snapshot: Snapshot) -> RebalancingRead:
    """Return the answer while no target is active."""
    return RebalancingRead(
        target=None,
        taken_at=snapshot.taken_at,
        is_complete=snapshot.is_complete,
        whole_usd=None,
        **_empty("no_target"),
    )


def _empty(status: Literal["no_portfolio", "no_target"]) -> dict[str, Any]:
    return {
        "drifts": [],
        "left_out": [],
        "status": status,
        "message": NO_PORTFOLIO if status == "no_portfolio" else NO_TARGET,
        "is_proven": None,
        "trades": [],
        "cost_usd": None,
        "gas_usd": None,
        "slippage_usd": None,
        "is_cost_known": False,
        "costs": [],
        "rejected": 0,
    }


def rebalancing_read(
    snapshot: Snapshot,
    target: TargetRead,
    held: Movables,
    outcome: Outcome | None,
    known: Known,
    answers: Mapping[UUID, str],
) -> RebalancingRead:
    """Return a plan as it is shown; `outcome` is None when nothing can be moved."""
    names = names_of(held.held)
    rejected = sum(said == "rejected" for said in answers.values())
    suggestions = () if outcome is None else outcome.suggestions
    trades = [_trade(each, outcome, known, names, answers) for each in suggestions]
    status, message = _status(outcome, rejected)
    gas, slippage = [each.gas_usd for each in suggestions], [each.slippage_usd for each in suggestions]
    chains = dict.fromkeys(each.purse.chain_id for each in held.held)
    return RebalancingRead(
        target=target,
        taken_at=snapshot.taken_at,
        is_complete=snapshot.is_complete,
        whole_usd=ZERO if outcome is None else outcome.whole_usd,
        drifts=[] if outcome is None else _drifts(outcome, target, names),
        left_out=[_left_out(each) for each in held.left_out],
        status=status,
        message=message,
        is_proven=None if outcome is None or outcome.plan is None else outcome.plan.is_proven,
        trades=trades,
        cost_usd=_known_sum([*gas, *slippage]),
        gas_usd=_known_sum(gas),
        slippage_usd=_known_sum(slippage),
        is_cost_known=None not in gas and None not in slippage,
        costs=[_cost(known.markets[chain_id]) for chain_id in chains if chain_id in known.markets],
        rejected=rejected,
    )


def names_of(held: Iterable[Movable]) -> dict[str, str]:
    """Return what the assets that are held are called, by key."""
    symbols = {f"{each.purse.chain_id}:{each.purse.token}": each.symbol for each in held}
    return {each.key: asset_name(each.key, symbols) for each in held}


def _status(
    outcome: Outcome | None, rejected: int
) -> tuple[Literal["balanced", "planned", "impossible", "out_of_time"], str]:
    if outcome is None:
        return "impossible", NOTHING
    if outcome.is_balanced:
        return "balanced", BALANCED
    assert outcome.plan is not None
    if outcome.plan.trades is None:
        if outcome.plan.problem == NOT_FOUND:
            return "out_of_time", OUT_OF_TIME.format(seconds=SEARCH_SECONDS)
        return "impossible", IMPOSSIBLE + (WITHOUT_REJECTED.format(count=rejected) if rejected else "")
    return "planned", "" if outcome.plan.is_proven else BEST_SO_FAR.format(seconds=SEARCH_SECONDS)


def _drifts(outcome: Outcome, target: TargetRead, names: Mapping[str, str]) -> list[DriftRead]:
    after: dict[str, Decimal | None] = {}
    if outcome.plan is not None and outcome.plan.trades is not None:
        whole = add_up(outcome.plan.values_usd.values())
        after = {key: percent(value, whole) for key, value in outcome.plan.values_usd.items()}
    return [
        DriftRead(
            key=each.key,
            name=names.get(each.key, asset_name(each.key, {})),
            value_usd=each.value_usd,
            share_pct=_places(each.share_pct),
            target_pct=each.target_pct,
            drift_pct=_places(each.drift_pct),
            drift_usd=each.drift_usd,
            mark=_mark(each, target.tolerance_pct),
            after_pct=None if (share := after.get(each.key)) is None else _places(share),
        )
        for each in outcome.drifts
    ]


def _mark(drift: Drift[str], tolerance_pct: Decimal) -> Literal["over", "under", "within"]:
    if abs(drift.drift_pct) <= tolerance_pct:
        return "within"
    return "over" if drift.drift_pct > 0 else "under"


def _left_out(each: LeftOut) -> LeftOutRead:
    part = each.part
    return LeftOutRead(
        symbol=_symbol(part.chain_id, part.token, part.symbol),
        chain_id=part.chain_id,
        chain=chain_name(part.chain_id),
        wallet=part.wallet,
        value_usd=part.value_usd,
        reason=each.reason,
    )


def _trade(
    each: Suggestion, outcome: Outcome | None, known: Known, names: Mapping[str, str], answers: Mapping[UUID, str]
) -> TradeRead:
    assert outcome is not None
    chain_id = each.purse.chain_id
    bought_at = known.prices_usd.get((chain_id, each.buy_token))
    sell_symbol = _symbol(chain_id, each.purse.token, each.sell.symbol)
    buy_symbol = _symbol(chain_id, each.buy_token, known.assets.symbols.get((chain_id, each.buy_token)))
    buy_name = names.get(each.buy_key, asset_name(each.buy_key, {}))
    apart = {drift.key: drift for drift in outcome.drifts}
    said = answers.get(UUID(each.id))
    answer: Answer | None = "accepted" if said == "accepted" else "rejected" if said == "rejected" else None
    return TradeRead(
        id=UUID(each.id),
        chain=chain_name(chain_id),
        wallet=each.purse.wallet,
        sell=TradeSide(
            key=each.sell.key,
            chain_id=chain_id,
            token=each.purse.token,
            symbol=sell_symbol,
            amount=_tokens(each.sell_usd, each.sell.price_usd),
            value_usd=each.sell_usd,
            price_usd=each.sell.price_usd,
        ),
        buy=TradeSide(
            key=each.buy_key,
            chain_id=chain_id,
            token=each.buy_token,
            symbol=buy_symbol,
            amount=_tokens(each.buy_usd, bought_at),
            value_usd=each.buy_usd,
            price_usd=bought_at,
        ),
        gas_usd=each.gas_usd,
        gas_units=None if each.route is None else each.route.gas,
        slippage_usd=each.slippage_usd,
        slippage_pct=None if each.slippage is None else EXACT.multiply(each.slippage, HUNDRED),
        pools=[] if each.route is None else [pool.address for pool in each.route.pools],
        why=_why(apart[each.sell.key], names[each.sell.key], apart[each.buy_key], buy_name),
        notes=_notes(each),
        answer=answer,
    )


def _why(over: Drift[str], sold: str, under: Drift[str], bought: str) -> str:
    return (
        f"{sold} is {abs(over.drift_pct):.2f} points {'over' if over.drift_pct > 0 else 'under'} its target,"
        f" {bought} {abs(under.drift_pct):.2f} {'over' if under.drift_pct > 0 else 'under'}."
    )


def _notes(each: Suggestion) -> list[str]:
    chain = find_chain(each.purse.chain_id)
    notes = []
    if not each.has_gas and chain is not None:
        notes.append(NOTE_GAS.format(symbol=chain.currency.symbol, chain=chain.name))
    if each.slippage is None:
        notes.append(NOTE_SLIPPAGE.format(percent=f"{(CAUTIOUS_SLIPPAGE * HUNDRED).normalize():f}"))
    return notes


def _cost(market: ChainMarket) -> CostSource:
    price = market.gas_price_wei
    return CostSource(
        chain_id=market.chain_id,
        chain=chain_name(market.chain_id),
        block_number=market.block_number,
        gas_price_gwei=None if price is None else EXACT.scaleb(Decimal(price), -9),
        problem=market.problem,
    )


def _symbol(chain_id: int, token: str, symbol: str | None) -> str:
    """Return what a token is called: untrusted text made fit to show, else the chain's currency or the contract."""
    if symbol:
        return untrusted_text(symbol)
    chain = find_chain(chain_id)
    return chain.currency.symbol if chain is not None and token == NATIVE_TOKEN else short_address(token)


def _tokens(value_usd: Decimal | None, price_usd: Decimal | None) -> Decimal | None:
    """Return an amount in whole tokens, to DIGITS significant digits: the plan is in cents."""
    if value_usd is None or price_usd is None or price_usd == 0:
        return None
    exact = EXACT.divide(value_usd, price_usd)
    return exact if exact == 0 else EXACT.quantize(exact, Decimal(1).scaleb(exact.adjusted() - DIGITS + 1))


def _known_sum(values: Sequence[Decimal | None]) -> Decimal | None:
    """Return the sum of what is known, None when nothing is."""
    found = [value for value in values if value is not None]
    return add_up(found) if found else None


def _places(value: Decimal) -> Decimal:
    return EXACT.quantize(value, PLACES)
