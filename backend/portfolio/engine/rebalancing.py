"""Rebalancing: the fewest swaps that bring every share to within a tolerance of its target, and of those the cheapest.

A mixed-integer program over the swaps k = (i sold for j) that are possible, in fractions of the whole value:
x_k what is sold, y_k whether at all, g_k its gas, s_k the fraction lost to slippage and fees.
value after of asset i: v_i - sum of x_k sold + sum of (1 - s_k) x_k bought - the gas that i pays; their sum is T.
  |value after - target_i x T| <= tolerance x T for every asset      (shares of what is left after all costs)
  least x y_k <= x_k <= most_k x y_k; sum of x_k sold of i + gas that i pays <= v_i      (only what is held is spent)
  the same for every purse p: what is sold out of it, and the gas paid out of it, is at most what is in it
First the number of swaps, sum of y_k, is made least; then, with that many, the cost sum of (g_k y_k + s_k x_k).
Solved by HiGHS (branch and cut) with one thread and a limit on nodes, so that the same question has the same answer.
Source: Perold, "Large-scale portfolio optimization", Management Science 30 (1984), for costs and bands; Huangfu and
Hall, "Parallelizing the dual revised simplex method", Mathematical Programming Computation 10 (2018), for HiGHS.
"""

import itertools
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Generic

import highspy
import numpy as np

from backend.portfolio.engine.allocation import Key
from backend.portfolio.engine.exact import EXACT, HUNDRED, ZERO, add_up
from backend.portfolio.engine.targets import check_target, drifts

CENT = Decimal("0.01")
NO_PLAN = "no swaps bring every share to within the tolerance"
NOT_FOUND = "the search ended at its limit without a plan"
# Of the search: the more swaps, the longer a node takes. Where it ends early the plan says so.
LEAST_NODES, NODES_TIMES_SWAPS = 50, 10_000
MOST_SWAPS = 225
# Of the whole value: what a solver of floats may be off.
_SLACK = 1e-9
# Of two plans of equal cost the one that moves less is taken.
_TIE_BREAK = 1e-6


@dataclass(frozen=True, slots=True)
class Swap(Generic[Key]):
    """A swap that could be made: its gas in US dollars, and the fraction of the amount lost to slippage and fees.

    `gas_payer` is the asset that pays the gas, None when it is paid from outside of the portfolio. `purse` is where
    what is sold lies (a token of one wallet on one chain), `fuel` the purse that pays the gas; None: not looked at.
    """

    sell: Key
    buy: Key
    gas_usd: Decimal
    slippage: Decimal
    gas_payer: Key | None = None
    purse: Hashable | None = None
    fuel: Hashable | None = None


@dataclass(frozen=True, slots=True)
class Trade(Generic[Key]):
    """A swap to make, in US dollars at the prices of now."""

    swap: Swap[Key]
    sell_usd: Decimal

    @property
    def slippage_usd(self) -> Decimal:
        """What slippage and fees take."""
        return EXACT.multiply(self.sell_usd, self.swap.slippage)

    @property
    def buy_usd(self) -> Decimal:
        """The worth of what comes in."""
        return EXACT.subtract(self.sell_usd, self.slippage_usd)


@dataclass(frozen=True, slots=True)
class Plan(Generic[Key]):
    """The swaps to make and what they leave.

    `trades` is None when no plan meets the tolerance, and `problem` says so. `is_proven` is False when the solver
    stopped at its limit: then there may be a plan of fewer swaps, or a cheaper one.
    """

    trades: tuple[Trade[Key], ...] | None
    values_usd: Mapping[Key, Decimal]
    cost_usd: Decimal
    is_proven: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Question(Generic[Key]):
    """What is held and wanted. `purses_usd` says what is in each purse that a swap names."""

    values_usd: Mapping[Key, Decimal]
    target_pct: Mapping[Key, Decimal]
    tolerance_pct: Decimal
    swaps: Sequence[Swap[Key]]
    least_trade_usd: Decimal = CENT
    purses_usd: Mapping[Hashable, Decimal] = field(default_factory=dict)


def sensible_swaps(
    values_usd: Mapping[Key, Decimal],
    target_pct: Mapping[Key, Decimal],
    ways: Callable[[Key, Key], Iterable[Swap[Key]]],
) -> list[Swap[Key]]:
    """Return the swaps from what is held too much into what is held too little, about MOST_SWAPS at most.

    `ways` gives the swaps for (sell, buy), none when there is no way. With more the assets nearest to their targets are
    left out. Raises as `drifts` does.
    """
    over: list[Key] = []
    under: list[Key] = []
    for drift in drifts(values_usd, target_pct):
        side, other = (over, under) if drift.drift_usd > 0 else (under, over)
        if drift.drift_usd != 0 and (len(side) + 1) * len(other) <= MOST_SWAPS:
            side.append(drift.key)
    found: list[Swap[Key]] = []
    pairs = sorted(itertools.product(range(len(over)), range(len(under))), key=lambda pair: (sum(pair), pair))
    for sell, buy in pairs:
        more = list(ways(over[sell], under[buy]))
        if found and len(found) + len(more) > MOST_SWAPS:
            break
        found += more
    return found


def rebalance(question: Question[Key], time_limit_seconds: float | None = None) -> Plan[Key]:
    """Return the fewest and cheapest swaps that meet the target.

    The search ends after a number of nodes, or after `time_limit_seconds`; `is_proven` then says that it did.
    Raises BadTargetError for a bad target, ValueError for negative values, no value at all, or a negative tolerance,
    KeyError for a swap of what is neither held nor wanted.
    """
    check_target(question.target_pct)
    held = {**dict.fromkeys(question.target_pct, ZERO), **question.values_usd}
    whole = add_up(held.values())
    if min(held.values()) < 0 or whole <= 0 or question.tolerance_pct < 0:
        raise ValueError("values and tolerance are not negative, and something is worth something")
    if not question.swaps:
        apart = (abs(each.drift_pct) for each in drifts(held, question.target_pct))
        is_there = all(each <= question.tolerance_pct for each in apart)
        return Plan(() if is_there else None, held, ZERO, True, None if is_there else NO_PLAN)
    shares = [float(value / whole) for value in held.values()]
    model = _Model(question, list(held), shares, whole, time_limit_seconds)
    fewest = model.solve(count_first=True)
    if fewest is None:
        problem = NO_PLAN if model.is_proven else NOT_FOUND
        return Plan(None, held, ZERO, model.is_proven, problem)
    cheapest = model.solve(count_first=False, most_swaps=round(fewest[1].sum()))
    sold = (cheapest or fewest)[0]
    amounts = [EXACT.quantize(EXACT.multiply(Decimal(float(part)), whole), CENT) for part in sold]
    trades = _within_holdings(
        [Trade(swap, usd) for swap, usd in zip(question.swaps, amounts, strict=True) if usd > 0],
        held,
        question.purses_usd,
    )
    return Plan(tuple(trades), *_after(held, trades), model.is_proven)


def _within_holdings(
    trades: list[Trade[Key]], held: Mapping[Key, Decimal], purses_usd: Mapping[Hashable, Decimal]
) -> list[Trade[Key]]:
    """Rounding to cents must not spend more than is held: what is over comes off the last trade, rounded down."""
    left, purses = dict(held), dict(purses_usd)
    for trade in trades:
        gas_usd = trade.swap.gas_usd
        if trade.swap.gas_payer is not None:
            left[trade.swap.gas_payer] = EXACT.subtract(left[trade.swap.gas_payer], gas_usd)
        if trade.swap.fuel is not None:
            purses[trade.swap.fuel] = EXACT.subtract(purses[trade.swap.fuel], gas_usd)
    kept = []
    for trade in trades:
        sell, purse = trade.swap.sell, trade.swap.purse
        most = left[sell] if purse is None else min(left[sell], purses[purse])
        usd = min(trade.sell_usd, most.quantize(CENT, ROUND_DOWN, context=EXACT))
        left[sell] = EXACT.subtract(left[sell], usd)
        if purse is not None:
            purses[purse] = EXACT.subtract(purses[purse], usd)
        if usd > 0:
            kept.append(Trade(trade.swap, usd))
    return kept


def _after(held: Mapping[Key, Decimal], trades: Sequence[Trade[Key]]) -> tuple[dict[Key, Decimal], Decimal]:
    """Return the value of each asset after the trades, and what they cost."""
    values = dict(held)
    gas = add_up(trade.swap.gas_usd for trade in trades)
    for trade in trades:
        values[trade.swap.sell] = EXACT.subtract(values[trade.swap.sell], trade.sell_usd)
        values[trade.swap.buy] = EXACT.add(values[trade.swap.buy], trade.buy_usd)
        if trade.swap.gas_payer is not None:
            values[trade.swap.gas_payer] = EXACT.subtract(values[trade.swap.gas_payer], trade.swap.gas_usd)
    return values, EXACT.add(gas, add_up(trade.slippage_usd for trade in trades))


class _Model(Generic[Key]):
    """The program as HiGHS takes it: columns x_1 … x_m, y_1 … y_m; rows as in the module's text."""

    def __init__(
        self,
        question: Question[Key],
        keys: list[Key],
        shares: list[float],
        whole: Decimal,
        time_limit_seconds: float | None,
    ) -> None:
        self.is_proven = True
        self._ends_at = None if time_limit_seconds is None else time.monotonic() + time_limit_seconds
        self._shares = np.array(shares)
        places = {key: place for place, key in enumerate(keys)}
        self._sell = np.array([places[swap.sell] for swap in question.swaps], dtype=int)
        self._buy = np.array([places[swap.buy] for swap in question.swaps], dtype=int)
        self._slippage = np.array([float(swap.slippage) for swap in question.swaps])
        self._gas = np.array([float(swap.gas_usd / whole) for swap in question.swaps])
        self._target = np.array([float(question.target_pct.get(key, ZERO) / HUNDRED) for key in keys])
        self._tolerance = float(question.tolerance_pct / HUNDRED) + _SLACK
        self._least = float(question.least_trade_usd / whole)
        payers = [places[swap.gas_payer] if swap.gas_payer is not None else -1 for swap in question.swaps]
        self._payer = np.array(payers, dtype=int)
        self._purse = [swap.purse for swap in question.swaps]
        self._fuel = [swap.fuel for swap in question.swaps]
        self._purses = {name: float(worth / whole) for name, worth in question.purses_usd.items()}

    def solve(self, *, count_first: bool, most_swaps: int | None = None) -> tuple[np.ndarray, np.ndarray] | None:
        """Return what is sold and whether, by swap; None when nothing meets the rows."""
        swaps, assets = len(self._sell), len(self._shares)
        solver = _quiet_solver(max(LEAST_NODES, NODES_TIMES_SWAPS // max(swaps, 1)))
        if self._ends_at is not None:
            solver.setOptionValue("time_limit", max(0.05, self._ends_at - time.monotonic()))
        costs = self._gas, self._slippage + _TIE_BREAK
        sold_cost, used_cost = (np.zeros(swaps), np.ones(swaps)) if count_first else (costs[1], costs[0])
        most = self._most()
        for place in range(swaps):
            solver.addCol(sold_cost[place], 0.0, most[place], 0, [], [])
        for place in range(swaps):
            solver.addCol(used_cost[place], 0.0, 1.0 if most[place] > 0 else 0.0, 0, [], [])
            solver.changeColIntegrality(swaps + place, highspy.HighsVarType.kInteger)
        self._add_rows(solver, most, assets)
        if most_swaps is not None:
            _row(solver, -highspy.kHighsInf, most_swaps, {swaps + place: 1.0 for place in range(swaps)})
        solver.run()
        info = solver.getInfo()
        self.is_proven &= solver.getModelStatus() in (
            highspy.HighsModelStatus.kOptimal,
            highspy.HighsModelStatus.kInfeasible,
        )
        if info.primal_solution_status != highspy.SolutionStatus.kSolutionStatusFeasible:
            return None
        values = np.array(solver.getSolution().col_value)
        used = np.round(values[swaps:])
        return values[:swaps] * used, used

    def _most(self) -> np.ndarray:
        """What a swap can sell at most: what is held, and no more than the buyer may hold in the end."""
        room = (self._target + self._tolerance)[self._buy] / np.maximum(1 - self._slippage, 1e-9)
        held = self._shares[self._sell]
        purses = [each if purse is None else self._purses[purse] for purse, each in zip(self._purse, held, strict=True)]
        return np.minimum(np.minimum(held, np.array(purses)), room)

    def _add_rows(self, solver: highspy.Highs, most: np.ndarray, assets: int) -> None:
        swaps = len(self._sell)
        effect = np.zeros((assets, 2 * swaps))
        columns = np.arange(swaps)
        np.subtract.at(effect, (self._sell, columns), 1.0)
        np.add.at(effect, (self._buy, columns), 1 - self._slippage)
        paid = np.flatnonzero(self._payer >= 0)
        effect[self._payer[paid], swaps + paid] -= self._gas[paid]
        whole = effect.sum(axis=0)
        for place in range(assets):
            for bound, sign in (
                (self._target[place] + self._tolerance, 1),
                (self._target[place] - self._tolerance, -1),
            ):
                # sign x (value after - bound x T) <= 0
                coefficients = sign * (effect[place] - bound * whole)
                limit = sign * (bound * self._shares.sum() - self._shares[place])
                _row(solver, -highspy.kHighsInf, limit, _entries(coefficients))
            sold = np.flatnonzero(self._sell == place)
            gas = {swaps + int(swap): float(self._gas[swap]) for swap in np.flatnonzero(self._payer == place)}
            _row(solver, -highspy.kHighsInf, self._shares[place], dict.fromkeys(sold.tolist(), 1.0) | gas)
            if not gas and self._shares[place] > self._target[place] + self._tolerance:
                _row(solver, 1.0, highspy.kHighsInf, dict.fromkeys((swaps + sold).tolist(), 1.0))
        for purse, worth in self._purses.items():
            spent = {place: 1.0 for place in range(swaps) if self._purse[place] == purse}
            spent |= {swaps + place: float(self._gas[place]) for place in range(swaps) if self._fuel[place] == purse}
            _row(solver, -highspy.kHighsInf, worth, spent)
        for place in range(swaps):
            _row(solver, -highspy.kHighsInf, 0.0, {place: 1.0, swaps + place: -float(most[place])})
            _row(solver, 0.0, highspy.kHighsInf, {place: 1.0, swaps + place: -min(self._least, float(most[place]))})


def _quiet_solver(most_nodes: int) -> highspy.Highs:
    """Return a solver without presolve: that of HiGHS 1.16.0 was seen to cut off the best plan."""
    solver = highspy.Highs()
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("mip_max_nodes", most_nodes),
        ("mip_rel_gap", 0.0),
        ("presolve", "off"),
    ):
        solver.setOptionValue(option, value)
    return solver


def _entries(coefficients: np.ndarray) -> dict[int, float]:
    return {int(place): float(coefficients[place]) for place in np.flatnonzero(coefficients)}


def _row(solver: highspy.Highs, low: float, high: float, entries: Mapping[int, float]) -> None:
    solver.addRow(low, high, len(entries), list(entries), list(entries.values()))
