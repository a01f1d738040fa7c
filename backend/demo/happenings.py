"""What happens to the demo market's contracts by itself: reports of prices, liquidity that comes and goes, new owners,
upgrades, proposals. Seldom, at random, from accounts of the traders' process; docs/demo-market.md gives the rates.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses
from backend.demo.calldata import call_data
from backend.demo.causes import LIQUIDITY_GAS, NEVER, Proposal, change_owner, remove_liquidity, report, upgrade
from backend.demo.market_view import Snapshot
from backend.demo.price_targets import PriceTargets
from backend.demo.rpc import Rpc
from backend.demo.transactions import Transaction

REPORT_DEVIATION = 0.005
REPORT_SECONDS = 300.0
LIQUIDITY_SECONDS = 240.0  # between removals, on average
LIQUIDITY_RANGE = (0.01, 0.06)
AWAY_SECONDS = 90.0
OWNER_SECONDS = UPGRADE_SECONDS = 900.0
PROPOSAL_SECONDS = 240.0
CANCEL_SHARE = 0.25
VOTE_AFTER_BLOCKS, QUEUE_AFTER_BLOCKS, EXECUTE_AFTER_BLOCKS = 4, 18, 22
TREASURY = ACCOUNTS["treasury"]
_TITLES = ("Pay for an audit", "Fund the bug bounty", "Grant to the interface team", "Liquidity for a new pair")


@dataclass(slots=True)
class _Vote:
    proposal: Proposal
    made_at: int
    done: int = 0


@dataclass(slots=True)
class Happenings:
    """What this process began and has not ended yet; a restart forgets it, and begins anew."""

    market: DemoAddresses
    random: np.random.Generator
    _reported: dict[str, tuple[float, float]] = field(default_factory=dict)
    _away: list[tuple[float, str, float]] = field(default_factory=list)
    _vote: _Vote | None = None
    _seconds: float = 0.0

    async def step(self, rpc: Rpc, snapshot: Snapshot, targets: PriceTargets, seconds: float) -> list[Transaction]:
        """Return what happens in reaction to this block. Raises RemoteError or UnavailableError."""
        if self.market.watched is None:
            return []
        self._seconds += seconds
        transactions = self._reports(targets)
        transactions += self._returns(snapshot)
        if self._is_time(seconds, LIQUIDITY_SECONDS):
            transactions.append(await self._removal(rpc))
        if self._is_time(seconds, OWNER_SECONDS):
            transactions.append(await change_owner(rpc, self.market, TREASURY))
        if self._is_time(seconds, UPGRADE_SECONDS):
            transactions.append(await upgrade(rpc, self.market, TREASURY))
        return transactions + self._governance(snapshot.block, seconds)

    def _is_time(self, seconds: float, mean_seconds: float) -> bool:
        return bool(self.random.random() < 1 - math.exp(-seconds / mean_seconds))

    def _reports(self, targets: PriceTargets) -> list[Transaction]:
        """Return what the feeds report: a price that moved by half a percent, and every one from time to time."""
        transactions: list[Transaction] = []
        for symbol in self.market.feeds:
            price = targets.usd(symbol)
            last = self._reported.get(symbol)
            if last is not None:
                moved = abs(price / last[1] - 1)
                if moved < REPORT_DEVIATION and self._seconds - last[0] < REPORT_SECONDS:
                    continue
            self._reported[symbol] = (self._seconds, price)
            transactions.append(report(self.market, symbol, price, TREASURY))
        return transactions

    async def _removal(self, rpc: Rpc) -> Transaction:
        """Take some of the treasury's liquidity out of a V2 pool; it comes back later."""
        pools = [name for name, pool in self.market.pools.items() if pool.kind == "uniswap_v2"]
        name = pools[int(self.random.integers(len(pools)))]
        share = float(self.random.uniform(*LIQUIDITY_RANGE))
        self._away.append((self._seconds + AWAY_SECONDS, name, share))
        return await remove_liquidity(rpc, self.market, name, TREASURY, share)

    def _returns(self, snapshot: Snapshot) -> list[Transaction]:
        due = [each for each in self._away if each[0] <= self._seconds]
        self._away = [each for each in self._away if each[0] > self._seconds]
        signature = "addLiquidity(address,address,uint256,uint256,uint256,uint256,address,uint256)"
        transactions: list[Transaction] = []
        for _, name, share in due:
            view = snapshot.pools[name]
            tokens = [self.market.tokens[symbol].address for symbol in view.symbols]
            amounts = [int(reserve * share) for reserve in view.reserves]
            data = call_data(signature, *tokens, *amounts, 0, 0, TREASURY, NEVER)
            transactions.append(Transaction(TREASURY, self.market.routers.uniswap_v2, data, LIQUIDITY_GAS))
        return transactions

    def _governance(self, block: int, seconds: float) -> list[Transaction]:
        """Return the next step of the proposal that is under way, or a new proposal now and then."""
        vote = self._vote
        if vote is None:
            return self._proposal(block) if self._is_time(seconds, PROPOSAL_SECONDS) else []
        age = block - vote.made_at
        if vote.done == 0 and age >= VOTE_AFTER_BLOCKS:
            vote.done = 1
            whale = int(self.random.integers(3))
            ayes = [vote.proposal.vote(TREASURY), vote.proposal.vote(ACCOUNTS["whale_2"])]
            return [*ayes, vote.proposal.vote(ACCOUNTS["whale"], whale, "As discussed.")]
        if vote.done == 1 and age >= QUEUE_AFTER_BLOCKS:
            vote.done = 2
            return [vote.proposal.step("queue", TREASURY)]
        if vote.done == 2 and age >= EXECUTE_AFTER_BLOCKS:
            self._vote = None
            return [vote.proposal.step("execute", TREASURY)]
        return []

    def _proposal(self, block: int) -> list[Transaction]:
        """Return a new proposal; some are taken back at once, which is only possible before the voting begins."""
        assert self.market.watched is not None
        title = f"{_TITLES[int(self.random.integers(len(_TITLES)))]} ({block})"
        proposal = Proposal(self.market.watched, title)
        if self.random.random() < CANCEL_SHARE:
            return [proposal.propose(TREASURY), proposal.step("cancel", TREASURY)]
        self._vote = _Vote(proposal, block)
        return [proposal.propose(TREASURY)]
