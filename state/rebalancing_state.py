"""Rebalancing: targets, how far the portfolio is from the one shown, and the trades that lead back."""

from typing import Any
from uuid import UUID

import reflex as rx

from backend.accounts.service import Cap, CurrentUser, next_tier_with_more
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError, PremiumError
from backend.portfolio import service as portfolio
from backend.portfolio.rebalancing import service
from backend.portfolio.rebalancing.schemas import RebalancingRead
from backend.portfolio.wallets import service as wallets
from components.i18n import t
from state import rebalancing_rows as rows
from state.arguments import id_of
from state.background import signed_in_background
from state.guard import signed_in
from state.rebalancing_rows import DriftRow, LeftOutRow, TargetRow, TradeRow
from state.shell_state import ShellState

PATH = "portfolio/rebalancing"


class RebalancingState(rx.State):
    """What the rebalancing page shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    targets: list[TargetRow] = []
    targets_note: str = ""
    planning: bool = False
    plan_failure: str = ""
    has_plan: bool = False
    status: str = ""
    message: str = ""
    tone: str = "neutral"
    shown_name: str = ""
    shown_id: str = ""
    is_complete: bool = True
    taken_at: str = ""
    drifts: list[DriftRow] = []
    drifts_note: str = ""
    trades: list[TradeRow] = []
    total: str = ""
    sources: str = ""
    rejected: int = 0
    left_out: list[LeftOutRow] = []
    copied: str = ""
    deleting_id: str = ""
    deleting_name: str = ""
    _csv: str = ""
    _run: int = 0

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the targets, then have the plan made."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = self.deleting_id = ""
        await self._read_targets(user)
        self.failure = self.failure_id = ""
        self.loaded = self.planning = True
        return RebalancingState.plan

    @signed_in
    async def refresh(self, user: CurrentUser) -> Any:
        """Make the plan anew: the portfolio changed."""
        if not self.loaded or self.planning or self.router.url.path.strip("/") != PATH:
            return None
        return RebalancingState.plan

    @signed_in_background
    async def plan(self, user: CurrentUser) -> None:
        """Make the plan for the target that the address names; only the newest run shows what it found."""
        async with self:
            self._run += 1
            run, target_id = self._run, self._target_id()
            self.planning = True
        failure, read, names = "", None, {}
        try:
            read, names = await _read(user, target_id)
        except PremiumError as error:
            failure = error.message
        async with self:
            if run != self._run:
                return
            self.planning, self.plan_failure = False, failure
            if read is not None:
                self._show(read, names)

    @signed_in
    async def answer(self, user: CurrentUser, suggestion_id: str, said: str) -> Any:
        """Accept or reject a trade; saying the same again takes it back. Without a rejected one a new plan is made."""
        if said not in ("accepted", "rejected"):
            raise InvalidInputError(t("form.invalid"))
        row = next((each for each in self.trades if each.id == suggestion_id), None)
        if row is None:
            return None
        taken_back = row.answer == said
        async with resources().database.unit_of_work(user.id) as session:
            await service.answer(
                session, user, id_of(self.shown_id), id_of(suggestion_id), None if taken_back else said
            )
        self.planning = True
        return RebalancingState.plan

    @signed_in
    async def forget_rejected(self, user: CurrentUser) -> Any:
        """Let everything be suggested again."""
        async with resources().database.unit_of_work(user.id) as session:
            await service.forget_rejected(session, user, id_of(self.shown_id))
        self.planning = True
        return RebalancingState.plan

    @signed_in
    async def download(self, user: CurrentUser) -> Any:
        """Give the trades as a CSV file."""
        return rx.download(data="\ufeff" + self._csv, filename="trades.csv")

    @signed_in
    async def activate(self, user: CurrentUser, target_id: str) -> Any:
        """Compare the portfolio with this target from now on."""
        async with resources().database.unit_of_work(user.id) as session:
            await service.activate_target(session, user, id_of(target_id))
        await self._read_targets(user)
        return [rx.redirect(rows.ADDRESS), rx.toast.success(t("rebalancing.activated"))]

    @signed_in
    async def ask_delete(self, user: CurrentUser, target_id: str) -> Any:
        """Ask before a target is deleted."""
        row = next((each for each in self.targets if each.id == target_id), None)
        if row is not None:
            self.deleting_id, self.deleting_name = row.id, row.name

    @signed_in
    async def delete(self, user: CurrentUser) -> Any:
        """Delete the target that was asked about."""
        wanted, self.deleting_id = id_of(self.deleting_id), ""
        async with resources().database.unit_of_work(user.id) as session:
            await service.delete_target(session, user, wanted)
        self.limit_message = self.upgrade_to = ""
        await self._read_targets(user)
        self.planning = True
        return [rx.redirect(rows.ADDRESS), RebalancingState.plan, rx.toast.success(t("rebalancing.deleted"))]

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the question."""
        self.deleting_id = ""

    async def _read_targets(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            found = await service.list_targets(session, user)
        wanted = self._target_id()
        shown = next((each for each in found if each.id == wanted), None) or next(
            (each for each in found if each.is_active), None
        )
        self.shown_id = "" if shown is None else str(shown.id)
        self.shown_name = "" if shown is None else shown.name
        self.targets = rows.target_rows(found, self.shown_id)
        most = service.most_targets(user)
        count = formats.number(len(found))
        self.targets_note = (
            t("rebalancing.targets_any", count=count)
            if most is None
            else t("rebalancing.targets_of", count=count, most=formats.number(most))
        )
        if most is not None and len(found) >= most:
            more = next_tier_with_more(user.tier, Cap.TARGET_ALLOCATIONS)
            self.limit_message = t("rebalancing.targets_full", most=formats.number(most)) if more else ""
            self.upgrade_to = more or ""

    def _show(self, read: RebalancingRead, names: dict[str, str]) -> None:
        self.has_plan, self.status, self.message = True, read.status, read.message
        self.tone, self.is_complete = rows.status_tone(read), read.is_complete is not False
        self.taken_at = formats.iso(read.taken_at)
        self.drifts, self.trades = rows.drift_rows(read), rows.trade_rows(read, names)
        self.drifts_note = (
            t("rebalancing.drifts_note", whole=formats.usd(read.whole_usd)) if read.whole_usd is not None else ""
        )
        self.total, self.sources, self.rejected = rows.total_words(read), rows.source_words(read), read.rejected
        self.left_out = rows.left_out_rows(read, names)
        self._csv, self.copied = rows.trades_text(read, ","), rows.trades_text(read, "\t")

    def _target_id(self) -> UUID | None:
        text = dict(self.router.url.query_parameters).get("target", "")
        try:
            return UUID(text) if text else None
        except ValueError:
            return None


async def _read(user: CurrentUser, target_id: UUID | None) -> tuple[RebalancingRead, dict[str, str]]:
    held = resources()
    async with held.snapshots.open(user.id) as store:
        newest = await portfolio.latest(store, user)
    async with held.database.unit_of_work(user.id) as session:
        inputs = await service.inputs_of(session, user, held.settings, newest, target_id)
        mine = await wallets.list_wallets(session, user)
    sources = service.Sources(held.settings, held.database, held.timeseries, held.counters)
    read = await service.rebalancing_of(sources, user, newest, inputs)
    return read, {each.address.lower(): each.label or each.ens_name or "" for each in mine}
