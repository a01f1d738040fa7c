"""The positions of the portfolio: what stands in protocols, what it lost against holding, and what is added by hand."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.chain.registry import chain_name
from backend.core import formats
from backend.core.errors import InvalidInputError, UnavailableError
from backend.market.ladder.service import shared_ladder
from backend.portfolio.liquidity import service
from backend.portfolio.liquidity.schemas import LiquidityAdd
from backend.portfolio.service import losses_of, position_list
from backend.portfolio.snapshots.service import latest
from backend.portfolio.wallets import service as wallets
from components.i18n import t
from state import position_rows as rows
from state.field_errors import checked
from state.guard import signed_in
from state.position_rows import LossRow, PositionRow
from state.shell_state import ShellState
from state.view_models import KpiTile, Option

FIELDS = ("pool", "entry_price", "entry_at", "lower_price", "upper_price", "amount0", "amount1", "label")
# What the API calls a field, where it is not what the form does.
_NAMES = {
    "chainId": "chain_id",
    "entryPrice": "entry_price",
    "entryAt": "entry_at",
    "lowerPrice": "lower_price",
    "upperPrice": "upper_price",
}


class PortfolioPositionsState(rx.State):
    """What the list of positions shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    taken_at: str = ""
    tiles: list[KpiTile] = []
    positions: list[PositionRow] = []
    losses: list[LossRow] = []
    note: str = ""
    chains: list[Option] = []
    form_key: int = 0
    errors: dict[str, str] = dict.fromkeys((*FIELDS, "chain_id", "form"), "")
    removing_id: str = ""
    removing_name: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the positions, with every dialog closed."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = ""
        await self._read(user)
        self.removing_id = ""
        self._blame({})
        self.failure = self.failure_id = ""
        self.loaded = True

    @signed_in
    async def add(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Add the liquidity that was entered; what is wrong is said beside its field."""
        self._blame({})
        values = {name: str(form_data.get(name) or "").strip() for name in FIELDS}
        given: dict[str, Any] = {name: value.replace(",", "") for name, value in values.items() if value}
        given["label"], given["pool"] = values["label"], values["pool"]
        given["chain_id"] = str(form_data.get("chain_id") or "")
        if values["entry_at"]:
            try:
                given["entry_at"] = datetime.fromisoformat(values["entry_at"]).replace(tzinfo=UTC)
            except ValueError:
                self._blame({"entry_at": t("positions.date_wrong")})
                return None
        wanted, wrong = checked(LiquidityAdd, given)
        if wanted is None:
            self._blame({_NAMES.get(name, name): _readable(text) for name, text in wrong.items()})
            return None
        held = resources()
        try:
            ladder = shared_ladder(held.settings, held.timeseries, held.counters)
            pool = await service.check(held.settings, ladder, wanted)
            async with held.database.unit_of_work(user.id) as session:
                await service.add(session, user, wanted, pool)
        except InvalidInputError as error:
            self._blame({_NAMES.get(name, name): str(text) for name, text in error.details.items()})
            return None
        except UnavailableError as error:
            self._blame({"form": error.message})
            return None
        self.form_key += 1
        await self._read(user)
        return rx.toast.success(t("positions.added"))

    @signed_in
    async def ask_remove(self, user: CurrentUser, liquidity_id: str) -> Any:
        """Ask before something that was added is removed."""
        row = next((each for each in self.losses if each.removable and each.removable == liquidity_id), None)
        if row is not None:
            self.removing_id, self.removing_name = row.removable, row.name

    @signed_in
    async def remove(self, user: CurrentUser) -> Any:
        """Remove what was asked about."""
        try:
            wanted = UUID(self.removing_id)
        except ValueError:
            raise InvalidInputError(t("form.invalid")) from None
        self.removing_id = ""
        async with resources().database.unit_of_work(user.id) as session:
            await service.remove(session, user, wanted)
        await self._read(user)
        return rx.toast.success(t("positions.removed"))

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialog."""
        self.removing_id = ""

    def _blame(self, errors: dict[str, str]) -> None:
        known = {name: errors.get(name, "") for name in (*FIELDS, "chain_id", "form")}
        known["form"] = known["form"] or next((text for name, text in errors.items() if name not in known), "")
        self.errors = known

    async def _read(self, user: CurrentUser) -> None:
        held = resources()
        async with held.snapshots.open(user.id) as store, held.database.unit_of_work(user.id) as session:
            listed = position_list(await latest(store, user))
            found = await losses_of(store, session, user)
            mine = await wallets.list_wallets(session, user)
            added = await service.list_added(session, user)
        names = {each.address.lower(): each.label or each.ens_name or "" for each in mine}
        self.taken_at = formats.iso(listed.taken_at)
        self.tiles = rows.list_tiles(listed, found)
        self.positions = rows.position_rows(listed, names)
        self.losses = rows.loss_rows(found)
        self.chains = [Option(str(chain_id), chain_name(chain_id)) for chain_id in held.settings.chain_urls]
        self.note = t("positions.added_of", count=len(added), most=service.MOST_ADDED)


def _readable(text: str) -> str:
    """Return what a schema says of a field, as a sentence."""
    words = text.removeprefix("Value error, ")
    if "Field required" in words or "valid decimal" in words or "valid integer" in words:
        words = t("positions.missing")
    return words[:1].upper() + words[1:] + ("" if words.endswith(".") else ".")
