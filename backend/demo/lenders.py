"""Ordinary traders who use Aave and what else earns on the demo market: seldom, small, at random, from a seed.

A trader supplies, borrows against that, pays back and takes out again, minutes apart. What a restart of this process
forgets stays in the pool: it is little, and its collateral is worth three times the loan at least.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from backend.demo import plan
from backend.demo.aave import LENDING_GAS, RESERVES, VARIABLE_RATE, approve_and_supply, borrow_data
from backend.demo.accounts import ACCOUNTS, TRADERS
from backend.demo.addresses import DemoAddresses
from backend.demo.calldata import MAX_UINT256, call_data
from backend.demo.transactions import Transaction

BEGIN_SECONDS = 90.0  # between traders who begin, on average
STEP_SECONDS = 60.0  # between the steps of one, on average
MOST_AT_ONCE = 4
SIZE_RANGE_USD = (1_000.0, 15_000.0)
BORROWED_SHARE = (0.15, 0.3)  # of what was supplied
EARNING_SECONDS = 120.0  # between what the savings vault earns, on average
EARNING_USD = (2.0, 8.0)
_STEPS = ("supply", "borrow", "repay", "withdraw")


@dataclass(slots=True)
class _Lender:
    """A trader under way: what they supplied and borrow, and which step comes next."""

    role: str
    supplied: str
    amount: int
    borrowed: str
    loan: int
    done: int = 0


@dataclass(slots=True)
class Lenders:
    """The same seed and the same prices give the same transactions."""

    market: DemoAddresses
    random: np.random.Generator
    _under_way: list[_Lender] = field(default_factory=list)

    def step(self, prices_usd: Mapping[str, float], seconds: float) -> list[Transaction]:
        """Return what is done after so many seconds, at these prices of whole tokens."""
        if self.market.aave is None or self.market.earning is None:
            return []
        if len(self._under_way) < MOST_AT_ONCE and self._is_time(seconds, BEGIN_SECONDS):
            self._begin(prices_usd)
        transactions: list[Transaction] = []
        for lender in list(self._under_way):
            if lender.done == 0 or self._is_time(seconds, STEP_SECONDS):
                transactions += self._next(lender, self.market.aave.pool)
        if self._is_time(seconds, EARNING_SECONDS):
            transactions.append(self._earnings(self.market.earning.savings))
        return transactions

    def _is_time(self, seconds: float, mean_seconds: float) -> bool:
        return bool(self.random.random() < 1 - math.exp(-seconds / mean_seconds))

    def _begin(self, prices_usd: Mapping[str, float]) -> None:
        """Let one begin who is not under way: a role, an asset to supply, and another to borrow."""
        free = [role for role in TRADERS if role not in {lender.role for lender in self._under_way}]
        places = self.random.permutation(len(RESERVES))[:2]
        supplied, borrowed = (RESERVES[int(place)].symbol for place in places)
        low, high = (math.log(edge) for edge in SIZE_RANGE_USD)
        size_usd = math.exp(self.random.uniform(low, high))
        loan_usd = size_usd * float(self.random.uniform(*BORROWED_SHARE))
        role = free[int(self.random.integers(len(free)))]

        def units(symbol: str, value_usd: float) -> int:
            return int(value_usd / prices_usd[symbol] * 10 ** plan.TOKENS[symbol].decimals)

        lender = _Lender(role, supplied, units(supplied, size_usd), borrowed, units(borrowed, loan_usd))
        self._under_way.append(lender)

    def _next(self, lender: _Lender, pool: str) -> list[Transaction]:
        """Return the trader's next step; after the last they are free again."""
        step, account = _STEPS[lender.done], ACCOUNTS[lender.role]
        lender.done += 1
        supplied, borrowed = (self.market.tokens[name].address for name in (lender.supplied, lender.borrowed))
        if step == "supply":
            return approve_and_supply(account, pool, supplied, lender.amount)
        if step == "borrow":
            return [Transaction(account, pool, borrow_data(borrowed, lender.loan, account), LENDING_GAS)]
        if step == "repay":  # all of it: the interest is more by the time it is mined, the leave is for that too
            leave = call_data("approve(address,uint256)", pool, lender.loan * 2)
            repay = call_data("repay(address,uint256,uint256,address)", borrowed, MAX_UINT256, VARIABLE_RATE, account)
            calls = ((borrowed, leave), (pool, repay))
            return [Transaction(account, to, data, LENDING_GAS) for to, data in calls]
        self._under_way.remove(lender)
        withdraw = call_data("withdraw(address,uint256,address)", supplied, MAX_UINT256, account)
        return [Transaction(account, pool, withdraw, LENDING_GAS)]

    def _earnings(self, savings: str) -> Transaction:
        """Return what the vault earns: its assets become more, and its shares do not."""
        amount = plan.token_units("DAI", float(self.random.uniform(*EARNING_USD)))
        treasury, dai = ACCOUNTS["treasury"], self.market.tokens["DAI"].address
        return Transaction(treasury, dai, call_data("mint(address,uint256)", savings, amount), LENDING_GAS)
