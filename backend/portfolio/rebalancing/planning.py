"""From holdings, a target and what swaps cost to a plan. Pure but for the clock of the search's limit.

Slippage grows with the amount, which the program of the engine does not know: it is asked with the slippage of the
amounts of the round before, until these stay as they are, ROUNDS times at most.
"""

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from backend.chain.events import NATIVE_TOKEN
from backend.core.ids import derived_id
from backend.market.assets import KnownAssets, TokenKey
from backend.portfolio.engine.exact import EXACT, ZERO
from backend.portfolio.engine.price_impact import lost_fraction
from backend.portfolio.engine.rebalancing import Plan, Question, Swap, Trade, rebalance, sensible_swaps
from backend.portfolio.engine.targets import Drift, drifts
from backend.portfolio.rebalancing.holdings import Movable, Movables, Purse
from backend.portfolio.rebalancing.markets import ChainMarket, Route

SEARCH_SECONDS = 4.0
ROUNDS = 3
PURSES_A_PAIR = 3
LEAST_TRADE_USD = Decimal(1)
# What the plan reckons with where slippage is unknown: it is shown as unknown all the same.
CAUTIOUS_SLIPPAGE = Decimal("0.01")
_SETTLED = Decimal("0.0001")
By = Literal["asset", "category"]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One trade of a plan: what of which wallet for what, and what that costs. None is unknown."""

    id: str
    purse: Purse
    sell: Movable
    buy_key: str
    buy_token: str
    route: Route | None
    sell_usd: Decimal
    gas_usd: Decimal | None
    slippage: Decimal | None
    has_gas: bool

    @property
    def slippage_usd(self) -> Decimal | None:
        """What slippage and fees take."""
        return None if self.slippage is None else EXACT.multiply(self.sell_usd, self.slippage)

    @property
    def buy_usd(self) -> Decimal | None:
        """The worth of what comes in; None when slippage is unknown."""
        return None if self.slippage_usd is None else EXACT.subtract(self.sell_usd, self.slippage_usd)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far the holdings are from the target, and the plan; `plan` is None when nothing is to be done."""

    drifts: tuple[Drift[str], ...]
    whole_usd: Decimal
    suggestions: tuple[Suggestion, ...] = ()
    plan: Plan[str] | None = None
    is_balanced: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted: shares by key in percent, the tolerance in percentage points, and suggestions to do without."""

    by: By
    target_pct: Mapping[str, Decimal]
    tolerance_pct: Decimal
    rejected: Collection[str] = field(default_factory=frozenset)
    accepted: Collection[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of tokens and chains: prices in US dollars, and markets by chain."""

    assets: KnownAssets
    markets: Mapping[int, ChainMarket]
    prices_usd: Mapping[TokenKey, Decimal]


def suggestion_id(purse: Purse, buy_key: str) -> str:
    """Return what names a suggestion for as long as it is about the same purse and the same asset."""
    return str(derived_id("rebalancing", purse.chain_id, purse.wallet, purse.token, buy_key))


def plan_trades(held: Movables, wish: Wish, known: Known, seconds: float = SEARCH_SECONDS) -> Outcome:
    """Return how far the holdings are from the target, and the fewest trades that lead back.

    Raises BadTargetError for a bad target, ValueError when nothing is worth anything.
    """
    values = held.values_usd()
    apart = tuple(drifts(values, wish.target_pct))
    whole = sum((each.value_usd for each in apart), ZERO)
    if all(abs(each.drift_pct) <= wish.tolerance_pct for each in apart):
        return Outcome(apart, whole, is_balanced=True)
    return _Planner(held, wish, known, {each.key: each for each in apart}, seconds).run(apart, whole, values)


class _Planner:
    """Asks the engine, round by round."""

    def __init__(
        self, held: Movables, wish: Wish, known: Known, apart: Mapping[str, Drift[str]], seconds: float
    ) -> None:
        self._held, self._wish, self._known, self._apart = held, wish, known, apart
        self._ends_at = time.monotonic() + seconds
        self._purses = held.purses_usd()
        self._amounts: dict[tuple[Purse, str], Decimal] = {}
        self._made: dict[tuple[Purse, str], Suggestion] = {}
        self._by_purse = {each.purse: each for each in held.held}

    def run(self, apart: tuple[Drift[str], ...], whole: Decimal, values: Mapping[str, Decimal]) -> Outcome:
        plan: Plan[str] | None = None
        for _ in range(ROUNDS):
            self._made = {}
            swaps = sensible_swaps(values, self._wish.target_pct, self._ways)
            used = {swap.purse for swap in swaps} | {swap.fuel for swap in swaps} - {None}
            question = Question(
                values,
                self._wish.target_pct,
                self._wish.tolerance_pct,
                swaps,
                LEAST_TRADE_USD,
                {purse: worth for purse, worth in self._purses.items() if purse in used},
            )
            left = self._ends_at - time.monotonic()
            if plan is not None and left < 0.2:
                break
            plan = rebalance(question, max(0.2, left))
            if not plan.trades or self._settled(plan.trades):
                break
        assert plan is not None
        suggestions = [self._suggestion(trade) for trade in plan.trades or ()]
        suggestions.sort(key=lambda each: (each.sell_usd.copy_negate(), each.id))
        return Outcome(apart, whole, tuple(suggestions), plan)

    def _settled(self, trades: Iterable[Trade[str]]) -> bool:
        """Take over the amounts of a round; return whether its slippage was that of these amounts."""
        is_settled = True
        for trade in trades:
            place = _place(trade.swap)
            self._amounts[place] = trade.sell_usd
            route = self._made[place].route
            if route is not None:
                is_settled &= abs(lost_fraction(trade.sell_usd, route.sides) - trade.swap.slippage) <= _SETTLED
        return is_settled

    def _ways(self, sell: str, buy: str) -> Iterable[Swap[str]]:
        """Return the swaps out of the largest purses of `sell` whose chain has `buy`.

        Where accepted ones suffice there are no others: what was accepted stays in the plan while the market moves.
        """
        found: list[tuple[Movable, str]] = []
        for each in self._held.held:
            if each.key != sell or suggestion_id(each.purse, buy) in self._wish.rejected:
                continue
            token = self._buy_token(buy, each.purse)
            if token is not None:
                found.append((each, token))
        accepted = [each for each in found if suggestion_id(each[0].purse, buy) in self._wish.accepted]
        wanted = min(abs(self._apart[sell].drift_usd), abs(self._apart[buy].drift_usd))
        suffices = bool(accepted) and sum((each.value_usd for each, _ in accepted), ZERO) > wanted
        return [self._swap(each, buy, token) for each, token in (accepted if suffices else found)[:PURSES_A_PAIR]]

    def _swap(self, sell: Movable, buy: str, buy_token: str) -> Swap[str]:
        purse = sell.purse
        amount = self._amounts.get((purse, buy)) or min(
            sell.value_usd, abs(self._apart[sell.key].drift_usd), abs(self._apart[buy].drift_usd)
        )
        market = self._known.markets.get(purse.chain_id)
        route = market.route(purse.token, buy_token, amount, self._known.assets) if market is not None else None
        gas_usd = None if market is None or route is None else market.gas_usd(route.gas)
        slippage = None if route is None else lost_fraction(amount, route.sides)
        fuel = self._by_purse.get(Purse(purse.chain_id, purse.wallet, NATIVE_TOKEN))
        self._made[purse, buy] = Suggestion(
            suggestion_id(purse, buy), purse, sell, buy, buy_token, route, ZERO, gas_usd, slippage, fuel is not None
        )
        return Swap(
            sell.key,
            buy,
            gas_usd or ZERO,
            CAUTIOUS_SLIPPAGE if slippage is None else slippage,
            fuel.key if fuel is not None else None,
            purse,
            fuel.purse if fuel is not None else None,
        )

    def _buy_token(self, key: str, purse: Purse) -> str | None:
        """Return which token to buy on the purse's chain: the one held there most, else one that is vouched for."""
        mine = [each for each in self._held.held if each.key == key and each.purse.chain_id == purse.chain_id]
        if mine:
            return mine[0].purse.token
        assets, chain_id = self._known.assets, purse.chain_id
        if self._wish.by == "asset":
            tokens = assets.tokens_of(key, chain_id)
        elif key == "stablecoin":
            tokens = [each for each in assets.hubs.get(chain_id, ()) if assets.categories.get((chain_id, each)) == key]
        else:
            tokens = [NATIVE_TOKEN] if key == "native" else []
        return next((token for token in tokens if (chain_id, token) in self._known.prices_usd), None)

    def _suggestion(self, trade: Trade[str]) -> Suggestion:
        made = self._made[_place(trade.swap)]
        slippage = None if made.route is None else trade.swap.slippage
        return Suggestion(
            made.id,
            made.purse,
            made.sell,
            made.buy_key,
            made.buy_token,
            made.route,
            trade.sell_usd,
            made.gas_usd,
            slippage,
            made.has_gas,
        )


def _place(swap: Swap[str]) -> tuple[Purse, str]:
    assert isinstance(swap.purse, Purse)
    return swap.purse, swap.buy
