"""The drawer in which a target allocation is made and changed."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import reflex as rx
from pydantic import ValidationError

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core.errors import ConflictError, InvalidInputError
from backend.core.money import parse_decimal, plain
from backend.portfolio import service as portfolio
from backend.portfolio.rebalancing import service
from backend.portfolio.rebalancing.schemas import (
    CATEGORIES,
    MOST_NAME,
    MOST_PARTS,
    TargetRead,
    TargetWrite,
    sum_problem,
)
from components.i18n import t
from state.guard import signed_in
from state.rebalancing_rows import key_name
from state.rebalancing_state import RebalancingState
from state.view_models import Option

FIRST_ROWS = 2


@dataclass(frozen=True, slots=True)
class ShareRow:
    """One share being entered."""

    place: int
    key: str
    share: str
    error: str = ""


class TargetEditorState(rx.State):
    """A target being made or changed; nothing is saved before Save."""

    is_open: bool = False
    editing_id: str = ""
    name: str = ""
    by: str = "asset"
    rows: list[ShareRow] = []
    tolerance: str = "1"
    is_active: bool = True
    assets: list[Option] = []
    categories: list[Option] = []
    sum_text: str = ""
    sum_fits: bool = False
    name_error: str = ""
    parts_error: str = ""
    tolerance_error: str = ""
    form_key: int = 0
    _now: list[tuple[str, str, str]] = []

    @signed_in
    async def begin(self, user: CurrentUser) -> Any:
        """Open the drawer for a new target."""
        await self._offer(user)
        self.editing_id, self.name, self.by, self.tolerance, self.is_active = "", "", "asset", "1", True
        self.rows = [ShareRow(place, "", "") for place in range(FIRST_ROWS)]
        self._opened()

    @signed_in
    async def edit(self, user: CurrentUser, target_id: str) -> Any:
        """Open the drawer for a target that is saved."""
        async with resources().database.unit_of_work(user.id) as session:
            targets = await service.list_targets(session, user)
        found = next((each for each in targets if str(each.id) == str(target_id)), None)
        if found is None:
            return None
        await self._offer(user, found)
        self.editing_id, self.name, self.by = str(found.id), found.name, found.by
        self.tolerance, self.is_active = plain(found.tolerance_pct), found.is_active
        self.rows = [ShareRow(place, part.key, plain(part.share_pct)) for place, part in enumerate(found.parts)]
        self._opened()
        return None

    @signed_in
    async def count_by(self, user: CurrentUser, by: str) -> Any:
        """Name assets or categories; the shares begin anew."""
        if by not in ("asset", "category") or by == self.by:
            return
        self.by = by
        if by == "category":
            self.rows = [ShareRow(place, key, "") for place, key in enumerate(CATEGORIES)]
        else:
            self.rows = [ShareRow(place, "", "") for place in range(FIRST_ROWS)]
        self.form_key += 1
        self._add_up()

    @signed_in
    async def use_current(self, user: CurrentUser) -> Any:
        """Begin with what is held now."""
        now = [(key, share) for by, key, share in self._now if by == self.by][:MOST_PARTS]
        self.rows = [ShareRow(place, key, share) for place, (key, share) in enumerate(now)]
        self.form_key += 1
        self._add_up()

    @signed_in
    async def add_row(self, user: CurrentUser) -> Any:
        """Add an empty share."""
        if len(self.rows) < MOST_PARTS:
            place = max((row.place for row in self.rows), default=-1) + 1
            self.rows = [*self.rows, ShareRow(place, "", "")]

    @signed_in
    async def remove_row(self, user: CurrentUser, place: int) -> Any:
        """Take a share out."""
        self.rows = [row for row in self.rows if row.place != place]
        self._add_up()

    @signed_in
    async def set_key(self, user: CurrentUser, place: int, key: str) -> Any:
        """Note which asset a share is of."""
        self._change(place, key=str(key)[:64])

    @signed_in
    async def set_share(self, user: CurrentUser, place: int, text: str) -> Any:
        """Note a share, and say what is missing."""
        self._change(place, share=str(text)[:20])

    @signed_in
    async def save(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Save the target; what is wrong is said beside its field."""
        self._clear()
        self.name = str(form_data.get("target_name") or "")[: 2 * MOST_NAME]
        self.tolerance = str(form_data.get("target_tolerance") or "")[:20]
        self.is_active = bool(form_data.get("target_active"))
        wanted = self._checked()
        if wanted is None:
            return None
        try:
            async with resources().database.unit_of_work(user.id) as session:
                if self.editing_id:
                    await service.change_target(session, user, UUID(self.editing_id), wanted)
                else:
                    await service.create_target(session, user, wanted)
        except ConflictError as error:
            self.name_error = error.details.get("name", error.message)
            return None
        except InvalidInputError as error:
            self.parts_error = error.message
            return None
        self.is_open = False
        return [RebalancingState.load, rx.toast.success(t("rebalancing.saved"))]

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the drawer without saving."""
        self.is_open = False

    def _checked(self) -> TargetWrite | None:
        """Return the target that was entered, None when something is wrong: that is said then."""
        parts: list[dict[str, Any]] = []
        marked: list[ShareRow] = []
        for row in self.rows:
            if not row.key and not row.share.strip():
                marked.append(replace(row, error=""))
                continue
            share, error = _share_of(row)
            marked.append(replace(row, error=error))
            parts.append({"key": row.key, "share_pct": share})
        self.rows = marked
        try:
            tolerance = parse_decimal(self.tolerance.replace("%", "") or "0")
        except ValueError as error:
            self.tolerance_error = str(error)
            return None
        if any(row.error for row in marked):
            return None
        values = {"name": self.name, "by": self.by, "parts": parts, "tolerance_pct": tolerance}
        try:
            return TargetWrite.model_validate({**values, "is_active": self.is_active})
        except ValidationError as error:
            for each in error.errors():
                field = str(each["loc"][0]) if each["loc"] else "parts"
                said = str(each["msg"]).removeprefix("Value error, ")
                if field == "name":
                    self.name_error = t("rebalancing.name_missing") if not self.name.strip() else said
                elif field == "tolerance_pct":
                    self.tolerance_error = t("rebalancing.tolerance_wrong")
                else:
                    self.parts_error = t("rebalancing.parts_missing") if not parts else said
            return None

    def _change(self, place: int, **values: str) -> None:
        self.rows = [replace(row, error="", **values) if row.place == place else row for row in self.rows]
        self.parts_error = ""
        self._add_up()

    def _add_up(self) -> None:
        shares: list[Decimal] = []
        for row in self.rows:
            share, error = _share_of(row)
            if share is not None and not (error and row.key):
                shares.append(share)
        problem = sum_problem(shares) if shares else t("rebalancing.sum_none")
        self.sum_text, self.sum_fits = problem or t("rebalancing.sum_fits"), problem is None

    def _opened(self) -> None:
        self._clear()
        self.form_key += 1
        self._add_up()
        self.is_open = True

    def _clear(self) -> None:
        self.name_error = self.parts_error = self.tolerance_error = ""

    async def _offer(self, user: CurrentUser, target: TargetRead | None = None) -> None:
        """Read what a share may be of, and the shares of now."""
        held = resources()
        async with held.snapshots.open(user.id) as store:
            newest = await portfolio.latest(store, user)
        async with held.database.unit_of_work(user.id) as session:
            offer = await service.asset_offer(session, user, held.settings, newest)
        self._now = [(each.by, each.key, plain(each.share_pct)) for each in offer.now]
        known = {each.key: each.name for each in offer.choices}
        if target is not None and target.by == "asset":
            known |= {part.key: key_name(part.key, "asset") for part in target.parts if part.key not in known}
        self.assets = [Option(key, name) for key, name in known.items()]
        self.categories = [Option(key, key_name(key, "category")) for key in CATEGORIES]


def _share_of(row: ShareRow) -> tuple[Decimal | None, str]:
    """Return a share and what is wrong with it."""
    text = row.share.strip().replace("%", "")
    if not row.key:
        return None, t("rebalancing.key_missing")
    if not text:
        return None, t("rebalancing.share_missing")
    try:
        share = parse_decimal(text)
    except ValueError as error:
        return None, str(error)
    exponent = share.as_tuple().exponent
    if not 0 <= share <= 100 or (isinstance(exponent, int) and exponent < -4):
        return share, t("rebalancing.share_wrong")
    return share, ""
