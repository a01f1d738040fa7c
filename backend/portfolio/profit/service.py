"""Profit and loss of portfolios: reading it for pages and the API, counting it anew for workers."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.alerts.service import publish_events, users_with_rules
from backend.core.clock import utc_now
from backend.core.logging import get_logger
from backend.core.retention import kept
from backend.ledger import service as ledger
from backend.portfolio.profit import repository
from backend.portfolio.profit.counting import Counted, count
from backend.portfolio.profit.flowing import Due, due, flow_gaps, flow_row, stamp_of
from backend.portfolio.profit.heard import losses_pct, readings_of, roi_pct
from backend.portfolio.profit.past import Past, tokens_of
from backend.portfolio.profit.schemas import AssetProfitRead, LotRead, ProfitRead, TradeRead
from backend.portfolio.reading import facts_of
from backend.portfolio.snapshots.records import Snapshot, snapshot_of
from backend.portfolio.snapshots.service import SnapshotHome, set_flows
from backend.portfolio.snapshots.store import SnapshotStore
from backend.portfolio.wallets import repository as wallets

log = get_logger(__name__)
FLOWS_AT_ONCE = 200
GAPS_WITHIN = timedelta(days=30)


@requires(Feature.PORTFOLIO)
async def profit(session: AsyncSession, user: CurrentUser) -> ProfitRead | None:
    """Return profit and loss as of the snapshot that was counted last, None before the first."""
    row = await repository.profit(session, user.id)
    return None if row is None else ProfitRead.model_validate(row.totals)


@requires(Feature.PORTFOLIO)
async def asset_profits(session: AsyncSession, user: CurrentUser) -> dict[tuple[int, str], AssetProfitRead]:
    """Return the figures of every asset by (chain, token)."""
    found = [AssetProfitRead.model_validate(each) for each in await repository.figures(session, user.id)]
    return {(each.chain_id, each.token): each for each in found}


@requires(Feature.PORTFOLIO)
async def average_costs(session: AsyncSession, user: CurrentUser) -> dict[tuple[int, str], Decimal]:
    """Return the average cost of a whole unit by (chain, token), of assets whose cost is known of all that is held."""
    return {
        key: each.average_cost_usd
        for key, each in (await asset_profits(session, user)).items()
        if each.average_cost_usd is not None and each.cost_usd is not None
    }


@requires(Feature.PORTFOLIO)
async def asset_profit(
    session: AsyncSession, user: CurrentUser, chain_id: int, token: str
) -> tuple[AssetProfitRead, list[LotRead], list[TradeRead], datetime] | None:
    """Return one asset's figures, lots and trades, and of which snapshot; None when there is no such asset."""
    row = await repository.asset(session, user.id, chain_id, token.lower())
    if row is None:
        return None
    lots = [LotRead.model_validate(each) for each in row.lots]
    trades = [TradeRead.model_validate(each) for each in row.trades]
    return AssetProfitRead.model_validate(row.figures), lots, trades, row.taken_at


async def recount(home: SnapshotHome, user_id: UUID) -> bool:
    """Count a user anew, as the worker: flows between snapshots, profit and loss, and what alerts hear of them.

    Flows of which nothing changed are not computed again. Returns whether there are new figures.
    """
    now = utc_now()
    async with home.database.unit_of_work() as session:
        past = await _past(session, user_id)
        known = await repository.flow_digests(session, user_id, now - kept("portfolio_snapshots"))
    async with home.open() as store:
        rows = await store.blocks(user_id, now - kept("portfolio_snapshots"), now + kept("portfolio_snapshots"))
    wanted = await asyncio.to_thread(due, [stamp_of(row) for row in rows], past, known)
    for start in range(0, len(wanted), FLOWS_AT_ONCE):
        await _note_flows(home, user_id, wanted[start : start + FLOWS_AT_ONCE], past)
    async with home.open() as store:
        newest = await store.latest(user_id, now + kept("portfolio_snapshots"), now - kept("portfolio_snapshots"))
        hours = await store.hours(user_id, now - kept("portfolio_snapshots"), now + kept("portfolio_snapshots"))
    if newest is None:
        return False
    snapshot = snapshot_of(newest)
    past = await _with_facts(home, past, snapshot)
    counted = await asyncio.to_thread(count, snapshot, past, now)
    async with home.database.unit_of_work() as session:
        await repository.lock(session, user_id)
        counted.totals.gaps += flow_gaps(await repository.flow_reasons(session, user_id, now - GAPS_WITHIN))
        is_saved = await _save(session, user_id, snapshot, counted)
        if is_saved:
            await _publish(session, user_id, snapshot, roi_pct(hours), past)
        await repository.drop_flows(session, user_id, now - kept("portfolio_snapshots"))
    return is_saved


async def _past(session: AsyncSession, user_id: UUID) -> Past:
    mine = {row.address.lower() for row in await wallets.wallets_of_users(session, [user_id])}
    events = [each for each in await ledger.events_of(session, user_id) if each.wallet in mine]
    coverage = await ledger.coverage_of(session, user_id)
    facts = await facts_of(session, sorted(tokens_of(events)))
    return Past(frozenset(mine), events, coverage, facts)


async def _with_facts(home: SnapshotHome, past: Past, snapshot: Snapshot) -> Past:
    """Return the past with what the snapshot's tokens are called."""
    more = {(part.chain_id, part.token) for part in snapshot.assets} - past.facts.keys()
    if not more:
        return past
    async with home.database.unit_of_work() as session:
        return Past(past.wallets, past.events, past.coverage, {**past.facts, **await facts_of(session, sorted(more))})


async def _note_flows(home: SnapshotHome, user_id: UUID, wanted: Sequence[Due], past: Past) -> None:
    snapshots: dict[datetime, Snapshot] = {}
    async with home.open() as store:
        for each in wanted:
            for stamp in (each.before, each.after):
                if each.before is not None and stamp is not None and stamp.taken_at not in snapshots:
                    found = await _snapshot_at(store, user_id, stamp.taken_at)
                    if found is not None:
                        snapshots[stamp.taken_at] = found
    there = [
        each
        for each in wanted
        if each.before is None or (each.before.taken_at in snapshots and each.after.taken_at in snapshots)
    ]
    rows = await asyncio.to_thread(_flow_rows, there, snapshots, past)
    async with home.database.unit_of_work() as session:
        await repository.lock(session, user_id)
        await repository.save_flows(session, user_id, rows)
        async with home.beside(session) as store:
            await set_flows(store, user_id, {row["hour"]: row["net_flow_usd"] for row in rows})
    log.info("flows counted", user_id=str(user_id), hours=len(rows))


def _flow_rows(wanted: Sequence[Due], snapshots: dict[datetime, Snapshot], past: Past) -> list[dict[str, Any]]:
    return [
        flow_row(
            each,
            snapshots.get(each.before.taken_at) if each.before else None,
            snapshots.get(each.after.taken_at),
            past,
        )
        for each in wanted
    ]


async def _snapshot_at(store: SnapshotStore, user_id: UUID, at: datetime) -> Snapshot | None:
    row = await store.latest(user_id, at, at)
    return None if row is None else snapshot_of(row)


async def _save(session: AsyncSession, user_id: UUID, snapshot: Snapshot, counted: Counted) -> bool:
    rows = [
        {
            "chain_id": each.figures.chain_id,
            "token": each.figures.token,
            "figures": each.figures.model_dump(mode="json", by_alias=True),
            "lots": [lot.model_dump(mode="json", by_alias=True) for lot in each.lots],
            "trades": [trade.model_dump(mode="json", by_alias=True) for trade in each.trades],
        }
        for each in counted.assets
    ]
    totals = counted.totals.model_dump_json(by_alias=True)
    at = counted.totals.computed_at or snapshot.taken_at
    return await repository.save(session, user_id, snapshot.taken_at, at, totals, rows)


async def _publish(session: AsyncSession, user_id: UUID, snapshot: Snapshot, roi: Any, past: Past) -> None:
    """Publish the readings of a complete snapshot to a user who has rules about their portfolio."""
    if not snapshot.is_complete or user_id not in await users_with_rules(session, "portfolio", [user_id]):
        return
    row = await repository.profit(session, user_id)
    losses = await asyncio.to_thread(losses_pct, snapshot, past)
    readings, heard = readings_of(user_id, snapshot, roi, losses, row.heard if row else {})
    await publish_events(session, readings, user_id)
    await repository.save_heard(session, user_id, heard)
