"""The leaderboard: the best hundred of those who joined, one's own place, joining and leaving."""

from dataclasses import dataclass
from typing import Any, get_args
from urllib.parse import urlencode

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError
from backend.portfolio.leaderboard import service
from backend.portfolio.leaderboard.schemas import LeaderboardJoin, LeaderboardRead
from backend.portfolio.leaderboard.service import LEAST_USD, Period
from components.i18n import t
from state.field_errors import checked
from state.guard import signed_in
from state.shell_state import ShellState
from state.view_models import Chip

ADDRESS = "/portfolio/leaderboard/"
PERIODS: tuple[Period, ...] = get_args(Period)


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One place of the board."""

    key: str
    place: str
    pseudonym: str
    made: str
    tone: str
    is_me: bool


class PortfolioLeaderboardState(rx.State):
    """What the leaderboard shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    periods: list[Chip] = []
    rows: list[PlaceRow] = []
    ranked_at: str = ""
    has_joined: bool = False
    pseudonym: str = ""
    my_place: str = ""
    my_return: str = ""
    my_reason: str = ""
    rules: str = ""
    pseudonym_error: str = ""
    form_key: int = 0
    leaving: bool = False

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the board of the period that the address names."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = self.pseudonym_error = ""
        self.leaving = False
        await self._read(user)
        self.failure = self.failure_id = ""
        self.loaded = True

    @signed_in
    async def join(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Join under the name that was entered; what is wrong with it is said beside it."""
        self.pseudonym_error = ""
        wanted, wrong = checked(LeaderboardJoin, {"pseudonym": str(form_data.get("pseudonym") or "")})
        if wanted is None:
            words = next(iter(wrong.values())).removeprefix("Value error, ")
            self.pseudonym_error = f"{words[:1].upper()}{words[1:]}."
            return None
        try:
            async with resources().database.unit_of_work(user.id) as session:
                await service.join(session, user, wanted)
        except InvalidInputError as error:
            self.pseudonym_error = error.message
            return None
        self.form_key += 1
        await self._read(user)
        return rx.toast.success(t("leaderboard.joined"))

    @signed_in
    async def ask_leave(self, user: CurrentUser) -> Any:
        """Ask before leaving."""
        self.leaving = True

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialog."""
        self.leaving = False

    @signed_in
    async def leave(self, user: CurrentUser) -> Any:
        """Leave: name and places are gone at once."""
        self.leaving = False
        async with resources().database.unit_of_work(user.id) as session:
            await service.leave(session, user)
        await self._read(user)
        return rx.toast.success(t("leaderboard.left"))

    async def _read(self, user: CurrentUser) -> None:
        named = dict(self.router.url.query_parameters).get("period", "")
        period: Period = named if named in PERIODS else "30d"
        async with resources().database.unit_of_work(user.id) as session:
            board = await service.read_board(session, user, period)
        self.periods = [
            Chip(
                t(f"portfolio.range_{each}"),
                ADDRESS if each == "30d" else f"{ADDRESS}?{urlencode({'period': each})}",
                each == period,
            )
            for each in PERIODS
        ]
        self.rows = [
            PlaceRow(
                key=row.pseudonym,
                place=formats.number(row.place),
                pseudonym=row.pseudonym,
                made=formats.percent(row.return_pct),
                tone="gain" if row.return_pct > 0 else "loss" if row.return_pct < 0 else "",
                is_me=row.is_me,
            )
            for row in board.items
        ]
        self.ranked_at = formats.iso(board.ranked_at)
        self.rules = t("leaderboard.rules", least=formats.usd(LEAST_USD), period=t(f"portfolio.range_{period}"))
        self._show_me(board)

    def _show_me(self, board: LeaderboardRead) -> None:
        me = board.me
        self.has_joined = me is not None
        self.pseudonym = me.pseudonym if me else ""
        self.my_place = formats.number(me.place) if me and me.place is not None else ""
        self.my_return = formats.percent(me.return_pct) if me and me.return_pct is not None else ""
        self.my_reason = t(f"leaderboard.reason_{me.reason}", least=formats.usd(LEAST_USD)) if me and me.reason else ""
