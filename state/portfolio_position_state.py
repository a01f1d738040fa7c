"""One position: its parts, its range and its health, what was put in, and how it did against holding."""

from typing import Any
from uuid import UUID

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.portfolio.service import position_history, position_list
from backend.portfolio.snapshots.service import latest
from backend.portfolio.wallets import service as wallets
from state import position_rows as rows
from state.guard import signed_in
from state.position_rows import MoveRow, PartRow, RangeBar
from state.shell_state import ShellState
from state.view_models import Fact, KpiTile


class PortfolioPositionState(rx.State):
    """What the page of a position shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    found: bool = False
    name: str = ""
    taken_at: str = ""
    state: str = ""
    tone: str = ""
    problem: str = ""
    history_problem: str = ""
    tiles: list[KpiTile] = []
    parts: list[PartRow] = []
    facts: list[Fact] = []
    bar: RangeBar = RangeBar()
    moves: list[MoveRow] = []

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the position that the address names, of the newest snapshot."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = ""
        wanted = _id(dict(self.router.url.query_parameters).get("id", ""))
        held = resources()
        async with held.snapshots.open(user.id) as store, held.database.unit_of_work(user.id) as session:
            listed = position_list(await latest(store, user))
            position = next((each for each in listed.items if each.id == wanted), None)
            history = None if position is None else await position_history(session, user, position)
            mine = await wallets.list_wallets(session, user)
        self.found = position is not None
        if position is not None and history is not None:
            names = {each.address.lower(): each.label or each.ens_name or "" for each in mine}
            self.name, self.taken_at = rows.name_of(position), formats.iso(position.taken_at)
            self.state, self.tone = rows.state_of(position)
            self.problem, self.history_problem = position.problem or "", history.problem or ""
            self.tiles = rows.history_tiles(position, history)
            self.parts, self.facts = rows.part_rows(position), rows.facts_of(position, names)
            self.bar, self.moves = rows.range_bar(position.price_range), rows.move_rows(history.moves, position)
        self.failure = self.failure_id = ""
        self.loaded = True


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
