"""Rebalancing: the one door for the API and the pages.

Reading happens first (database, chains, prices), then the plan is made in a thread, so that its search holds up nobody.
"""

import asyncio
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.chain.events import NATIVE_TOKEN
from backend.core.errors import UnavailableError
from backend.core.settings import Settings
from backend.market.assets import KnownAssets
from backend.portfolio.chains import shared_pools
from backend.portfolio.engine.allocation import shares_pct
from backend.portfolio.rebalancing.asking import Sources, ask
from backend.portfolio.rebalancing.holdings import Movables, movables
from backend.portfolio.rebalancing.planning import Known, Outcome, Wish, plan_trades
from backend.portfolio.rebalancing.reading import names_of, no_portfolio, no_target, rebalancing_read
from backend.portfolio.rebalancing.schemas import RebalancingRead, TargetRead
from backend.portfolio.rebalancing.targets import (
    activate_target,
    answer,
    answers_of,
    change_target,
    chosen_target,
    create_target,
    delete_target,
    forget_rejected,
    list_targets,
    most_targets,
)
from backend.portfolio.snapshots.records import Snapshot
from backend.portfolio.vouched import vouched_assets

__all__ = [
    "AssetChoice",
    "AssetOffer",
    "Inputs",
    "ShareNow",
    "Sources",
    "activate_target",
    "answer",
    "asset_offer",
    "change_target",
    "create_target",
    "delete_target",
    "forget_rejected",
    "inputs_of",
    "list_targets",
    "most_targets",
    "rebalancing_of",
]
# A plan computes for seconds at worst: so many at once in a process, the others wait a moment or are told to.
PLANS_AT_ONCE = 2
WAIT_SECONDS = 10.0
MOST_CHOICES = 300
_slots: dict[int, asyncio.Semaphore] = {}


@dataclass(frozen=True, slots=True)
class Inputs:
    """What of the database a plan needs: the target, what was said to its suggestions, and the vouched tokens."""

    target: TargetRead | None
    answers: dict[UUID, str]
    assets: KnownAssets


@dataclass(frozen=True, slots=True)
class AssetChoice:
    """An asset that a target may name."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class ShareNow:
    """What share of the portfolio an asset or a category has now."""

    by: str
    key: str
    share_pct: Decimal


@dataclass(frozen=True, slots=True)
class AssetOffer:
    """What a new target may begin with."""

    choices: list[AssetChoice]
    now: list[ShareNow]


@requires(Feature.PORTFOLIO)
async def inputs_of(
    session: AsyncSession, user: CurrentUser, settings: Settings, snapshot: Snapshot | None, target_id: UUID | None
) -> Inputs:
    """Return what a plan for a target (None: the active one) needs of the database. Raises NotFoundError."""
    target = await chosen_target(session, user, target_id)
    answers = {} if target is None else await answers_of(session, user, target.id)
    chains = [] if snapshot is None else [part.chain_id for part in snapshot.chains]
    return Inputs(target, answers, await vouched_assets(session, settings, chains))


@requires(Feature.PORTFOLIO)
async def rebalancing_of(
    sources: Sources, user: CurrentUser, snapshot: Snapshot | None, inputs: Inputs
) -> RebalancingRead:
    """Return how far a snapshot is from the target, and the plan. Call it outside of a transaction: chains are asked.

    Raises UnavailableError when too many plans are being made.
    """
    if snapshot is None:
        return no_portfolio(inputs.target)
    if inputs.target is None:
        return no_target(snapshot)
    target = inputs.target
    held = movables(snapshot, target.by, inputs.assets)
    rejected, accepted = (
        frozenset(str(each) for each, said in inputs.answers.items() if said == answer)
        for answer in ("rejected", "accepted")
    )
    shares = {part.key: part.share_pct for part in target.parts}
    wish = Wish(target.by, shares, target.tolerance_pct, rejected, accepted)
    if not held.held:
        return rebalancing_read(snapshot, target, held, None, Known(inputs.assets, {}, {}), inputs.answers)
    known = await ask(sources, held, wish, inputs.assets)
    return rebalancing_read(snapshot, target, held, await _planned(held, wish, known), known, inputs.answers)


async def _planned(held: Movables, wish: Wish, known: Known) -> Outcome:
    """Make the plan in a thread; the solver lets the others run meanwhile."""
    slots = _slots.setdefault(id(asyncio.get_running_loop()), asyncio.Semaphore(PLANS_AT_ONCE))
    try:
        async with asyncio.timeout(WAIT_SECONDS):
            await slots.acquire()
    except TimeoutError:
        raise UnavailableError("Many plans are being made right now. Try again in a moment.") from None
    try:
        return await asyncio.to_thread(plan_trades, held, wish, known)
    finally:
        slots.release()


@requires(Feature.PORTFOLIO)
async def asset_offer(
    session: AsyncSession, user: CurrentUser, settings: Settings, snapshot: Snapshot | None
) -> AssetOffer:
    """Return what a target may name: what is held, most valuable first, then what is well known; and the shares now."""
    chains = list(shared_pools(settings)) if snapshot is None else [part.chain_id for part in snapshot.chains]
    assets = await vouched_assets(session, settings, chains)
    found = {} if snapshot is None else {by: movables(snapshot, by, assets) for by in ("asset", "category")}
    held = found["asset"].held if found else ()
    names = names_of(held)
    hubs = {(chain_id, token) for chain_id, tokens in assets.hubs.items() for token in tokens}
    first = [symbol for key, symbol in assets.symbols.items() if key[1] == NATIVE_TOKEN or key in hubs]
    keys = dict.fromkeys([*(each.key for each in held), *first, *sorted(assets.places)])
    now = [ShareNow(by, key, share) for by, each in found.items() for key, share in _shares_now(each)]
    return AssetOffer([AssetChoice(key, names.get(key, key)) for key in list(keys)[:MOST_CHOICES]], now)


def _shares_now(found: Movables) -> list[tuple[str, Decimal]]:
    """Return the shares of what is held in hundredths of a percent that sum to 100, the largest first."""
    values = sorted(found.values_usd().items(), key=lambda item: (item[1].copy_negate(), item[0]))
    shares = shares_pct([value for _, value in values])
    return [(key, share) for (key, _), share in zip(values, shares, strict=True) if share]
