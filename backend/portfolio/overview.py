"""From snapshots to what the API and the pages show, pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext

from backend.chain.registry import chain_name
from backend.core.money import token_amount
from backend.portfolio.engine.exact import EXACT as money
from backend.portfolio.engine.exact import percent
from backend.portfolio.engine.valuation import value_usd
from backend.portfolio.schemas import (
    AssetList,
    AssetRead,
    CategoryRead,
    ChainList,
    ChainRead,
    ChangeRead,
    HistoryRead,
    PointRead,
    PortfolioRead,
)
from backend.portfolio.snapshots.compare import percent_of
from backend.portfolio.snapshots.history import Range
from backend.portfolio.snapshots.records import EXACT, AssetPart, Snapshot
from backend.portfolio.snapshots.service import History

AverageCosts = Mapping[tuple[int, str], Decimal]  # of a whole unit, by chain and token
SHARE_QUANTUM = Decimal("0.0001")
_SOURCES = {
    "hour": "hourly snapshots",
    "day": "hourly snapshots, rolled up by day (UTC)",
    "week": "hourly snapshots, rolled up by week (UTC, from Monday)",
}


@dataclass(frozen=True, slots=True)
class HoldingCost:
    """What a holding cost, and what it gained; None is unknown."""

    cost_usd: Decimal | None
    unrealised_usd: Decimal | None
    unrealised_pct: Decimal | None


def portfolio_read(snapshot: Snapshot | None, day_before: Snapshot | None, now: datetime) -> PortfolioRead:
    """Return the overview of the newest snapshot, with its change from the one a day before."""
    if snapshot is None:
        return PortfolioRead(
            taken_at=None,
            age_seconds=None,
            total_value_usd=None,
            is_complete=None,
            day_change=None,
            chains=[],
            categories=[],
            assets=0,
        )
    categories = sorted(snapshot.categories_usd().items(), key=lambda item: (-item[1], item[0]))
    return PortfolioRead(
        taken_at=snapshot.taken_at,
        age_seconds=max(0, int((now - snapshot.taken_at).total_seconds())),
        total_value_usd=snapshot.total_value_usd,
        is_complete=snapshot.is_complete,
        day_change=None if day_before is None else _change(day_before, snapshot),
        chains=chain_reads(snapshot),
        categories=[
            CategoryRead(category=name, value_usd=value, share_pct=share_pct(value, snapshot))
            for name, value in categories
        ],
        assets=len(snapshot.holdings),
    )


def chain_list(snapshot: Snapshot | None) -> ChainList:
    """Return the chains of a snapshot."""
    if snapshot is None:
        return ChainList(taken_at=None, is_complete=None, total_value_usd=None, items=[])
    return ChainList(
        taken_at=snapshot.taken_at,
        is_complete=snapshot.is_complete,
        total_value_usd=snapshot.total_value_usd,
        items=chain_reads(snapshot),
    )


def chain_reads(snapshot: Snapshot) -> list[ChainRead]:
    """Return the chains of a snapshot, most valuable first, unknown ones last."""
    counts = Counter(part.chain_id for part in snapshot.holdings)
    parts = sorted(snapshot.chains, key=lambda part: (part.value_usd is None, -(part.value_usd or 0), part.chain_id))
    return [
        ChainRead(
            chain_id=part.chain_id,
            chain=chain_name(part.chain_id),
            value_usd=part.value_usd,
            share_pct=share_pct(part.value_usd, snapshot),
            assets=counts[part.chain_id],
            state=part.state,
            block_number=part.block_number,
            block_hash=part.block_hash,
            taken_at=part.taken_at,
            problem=part.problem,
        )
        for part in parts
    ]


def asset_list(
    snapshot: Snapshot | None,
    chain_id: int | None,
    wallet: str | None,
    page: int,
    page_size: int,
    *,
    token: str | None = None,
    average_costs: AverageCosts | None = None,
) -> AssetList:
    """Return a page of the holdings of a snapshot, on one chain, of one wallet or token if asked for."""
    if snapshot is None:
        return AssetList(
            taken_at=None, is_complete=None, total_value_usd=None, items=[], total=0, page=page, page_size=page_size
        )
    wanted = [
        part
        for part in snapshot.holdings
        if (chain_id is None or part.chain_id == chain_id)
        and (wallet is None or part.wallet.lower() == wallet.lower())
        and (token is None or part.token == token)
    ]
    wanted.sort(key=lambda part: (part.value_usd is None, -(part.value_usd or 0), part.chain_id, part.token))
    return AssetList(
        taken_at=snapshot.taken_at,
        is_complete=snapshot.is_complete,
        total_value_usd=snapshot.total_value_usd,
        items=_asset_reads(snapshot, wanted[(page - 1) * page_size : page * page_size], average_costs or {}),
        total=len(wanted),
        page=page,
        page_size=page_size,
    )


def history_read(name: Range, found: History) -> HistoryRead:
    """Return a series as the API answers it."""
    return HistoryRead(
        range=name,
        step=found.step,
        tracked_since=found.tracked_since,
        source=_SOURCES[found.step],
        points=[PointRead.model_validate(point) for point in found.points],
    )


def share_pct(value: Decimal | None, snapshot: Snapshot) -> Decimal | None:
    """Return the share of the total in percent to four places, None where it is unknown or there is no total."""
    return None if value is None else _percent(value, snapshot.total_value_usd)


def _change(before: Snapshot, after: Snapshot) -> ChangeRead:
    with localcontext(EXACT):
        change = after.total_value_usd - before.total_value_usd
    return ChangeRead(since=before.taken_at, change_usd=change, change_pct=_percent(change, before.total_value_usd))


def _percent(part: Decimal, whole: Decimal) -> Decimal | None:
    """Return a percentage to four places, None of what is not above zero."""
    with localcontext(EXACT):
        percent = percent_of(part, whole)
        return None if percent is None else percent.quantize(SHARE_QUANTUM)


def cost_of(part: AssetPart, average_costs: AverageCosts) -> HoldingCost:
    """Return what a holding in a wallet cost, at its asset's average cost; every figure is None where that is unknown.

    What lies in a position has its cost there.
    """
    average = average_costs.get((part.chain_id, part.token)) if part.position is None else None
    if average is None or part.amount_raw is None or part.decimals is None:
        return HoldingCost(None, None, None)
    cost = value_usd(part.amount_raw, part.decimals, average)
    if part.value_usd is None:
        return HoldingCost(cost, None, None)
    gain = money.subtract(part.value_usd, cost)
    pct = percent(gain, cost)
    return HoldingCost(cost, gain, None if pct is None else money.quantize(pct, SHARE_QUANTUM))


def _asset_reads(snapshot: Snapshot, parts: Sequence[AssetPart], average_costs: AverageCosts) -> list[AssetRead]:
    blocks = {part.chain_id: part for part in snapshot.chains}
    costs = [cost_of(part, average_costs) for part in parts]
    return [
        AssetRead(
            chain_id=part.chain_id,
            chain=chain_name(part.chain_id),
            token=part.token,
            wallet=part.wallet,
            symbol=part.symbol,
            category=part.category,
            protocol=part.protocol,
            decimals=part.decimals,
            amount_raw=None if part.amount_raw is None else str(part.amount_raw),
            amount=None
            if part.amount_raw is None or part.decimals is None
            else token_amount(part.amount_raw, part.decimals),
            price_usd=part.price_usd,
            price_source=part.price_source,
            price_detail=part.price_detail,
            price_taken_at=part.price_taken_at,
            value_usd=part.value_usd,
            share_pct=share_pct(part.value_usd, snapshot),
            cost_usd=cost.cost_usd,
            unrealised_usd=cost.unrealised_usd,
            unrealised_pct=cost.unrealised_pct,
            block_number=blocks[part.chain_id].block_number,
            block_hash=blocks[part.chain_id].block_hash,
            taken_at=blocks[part.chain_id].taken_at,
        )
        for part, cost in zip(parts, costs, strict=True)
    ]
