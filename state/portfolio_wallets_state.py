"""The wallets of the portfolio: added by address or name, called something, removed."""

import asyncio
from dataclasses import dataclass
from typing import Any

import reflex as rx

from backend.accounts.service import Cap, CurrentUser, linked, next_tier_with_more
from backend.api.resources import resources
from backend.chain.registry import find_chain
from backend.core import formats
from backend.core.errors import ConflictError, InvalidInputError, UnavailableError
from backend.portfolio.wallets import service
from backend.portfolio.wallets.schemas import PortfolioWallet, WalletAdd, WalletChange
from components.i18n import t
from state.arguments import id_of
from state.field_errors import checked
from state.guard import signed_in
from state.shell_state import ShellState
from state.view_models import Option

# A name is looked up on Ethereum; the page does not wait longer.
RESOLVE_SECONDS = 8
MAX_WORDS = 60


@dataclass(frozen=True, slots=True)
class PortfolioWalletRow:
    """One wallet as the list shows it: `active` are chains it is active on, `unread` those that did not answer."""

    id: str
    name: str
    label: str
    group: str
    ens: str
    short: str
    address: str
    explorer_url: str
    is_watch_only: bool
    is_paused: bool
    active: str
    unread: str
    added_at: str


class PortfolioWalletsState(rx.State):
    """What the list of wallets shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    wallets: list[PortfolioWalletRow] = []
    mine: list[Option] = []
    note: str = ""
    reads_names: bool = True
    form_key: int = 0
    address_error: str = ""
    label_error: str = ""
    group_error: str = ""
    editing_id: str = ""
    editing_label: str = ""
    editing_group: str = ""
    edit_error: str = ""
    removing_id: str = ""
    removing_name: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the wallets, with every dialog closed."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = ""
        await self._read(user)
        self._close()
        self._clear_errors()
        self.failure = self.failure_id = ""

    @signed_in
    async def add(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Add the wallet that was entered; what is wrong is said beside its field."""
        self._clear_errors()
        self.limit_message = self.upgrade_to = ""
        named = {"address": "wallet_address", "label": "wallet_label", "group": "wallet_group"}
        values = {name: str(form_data.get(field) or "").strip() for name, field in named.items()}
        if not values["address"]:
            self.address_error = t("portfolio.address_missing")
            return None
        wanted, errors = checked(WalletAdd, values)
        if wanted is None:
            self.address_error = errors.get("address", "") or errors.get("form", "")
            self.label_error, self.group_error = errors.get("label", ""), errors.get("group", "")
            return None
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                resolved = await service.resolve(resources().settings, wanted)
            return await self._add(user, wanted, resolved)
        except TimeoutError:
            self.address_error = t("portfolio.name_late")
        except (InvalidInputError, ConflictError, UnavailableError) as error:
            self.address_error = error.message
        return None

    @signed_in
    async def add_mine(self, user: CurrentUser, wallet_id: str) -> Any:
        """Add a wallet that signs the user in."""
        self.limit_message = self.upgrade_to = ""
        return await self._add(user, WalletAdd(wallet_id=id_of(wallet_id)), None)

    @signed_in
    async def ask_edit(self, user: CurrentUser, wallet_id: str) -> Any:
        """Ask for another name and group."""
        if row := self._row(wallet_id):
            self.editing_id, self.editing_label, self.editing_group = row.id, row.label, row.group
            self.edit_error = ""

    @signed_in
    async def edit(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Give the wallet the name and the group that were entered."""
        values = {"label": str(form_data.get("edit_label") or ""), "group": str(form_data.get("edit_group") or "")}
        change, errors = checked(WalletChange, values)
        if change is None:
            self.edit_error = next(iter(errors.values()))
            return None
        async with resources().database.unit_of_work(user.id) as session:
            await service.change_wallet(session, user, id_of(self.editing_id), change)
        self._close()
        await self._read(user)
        return rx.toast.success(t("portfolio.wallet_changed"))

    @signed_in
    async def ask_remove(self, user: CurrentUser, wallet_id: str) -> Any:
        """Ask before a wallet is removed."""
        if row := self._row(wallet_id):
            self.removing_id, self.removing_name = row.id, row.name

    @signed_in
    async def remove(self, user: CurrentUser) -> Any:
        """Remove the wallet that was asked about."""
        wanted = id_of(self.removing_id)
        self._close()
        async with resources().database.unit_of_work(user.id) as session:
            await service.remove_wallet(session, user, wanted)
        self.limit_message = self.upgrade_to = ""
        await self._read(user)
        return rx.toast.success(t("portfolio.wallet_removed"))

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialogs."""
        self._close()

    async def _add(self, user: CurrentUser, wanted: WalletAdd, resolved: tuple[str, str | None] | None) -> Any:
        async with resources().database.unit_of_work(user.id) as session:
            await service.add_wallet(session, user, wanted, resolved)
        self.form_key += 1
        await self._read(user)
        return rx.toast.success(t("portfolio.wallet_added"), description=t("portfolio.wallet_added_more"))

    def _close(self) -> None:
        self.editing_id = self.removing_id = ""

    def _clear_errors(self) -> None:
        self.address_error = self.label_error = self.group_error = self.edit_error = ""

    def _row(self, wallet_id: str) -> PortfolioWalletRow | None:
        return next((row for row in self.wallets if row.id == wallet_id), None)

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            found = await service.list_wallets(session, user)
            proven = await linked.list_wallets(session)
        most = service.most_wallets(user)
        self.reads_names = service.reads_names(resources().settings)
        self.wallets = [_shown(each) for each in found]
        there = {each.address.lower() for each in found}
        self.mine = [
            Option(str(each.id), each.label or formats.address(each.address))
            for each in proven
            if each.address.lower() not in there
        ]
        count = formats.number(len(found))
        self.note = (
            t("portfolio.wallets_any", count=count)
            if most is None
            else t("portfolio.wallets_of", count=count, most=formats.number(most))
        )
        if most is not None and len(found) >= most and not self.limit_message:
            more = next_tier_with_more(user.tier, Cap.PORTFOLIO_WALLETS)
            self.limit_message = t("portfolio.wallets_full", most=formats.number(most)) if more else ""
            self.upgrade_to = more or ""
        self.loaded = True


def _shown(wallet: PortfolioWallet) -> PortfolioWalletRow:
    active = [each for each in wallet.chains if each.is_active]
    unread = [each.name for each in wallet.chains if each.is_active is None]
    about = find_chain(active[0].chain_id) if active else None
    if active:
        words = ", ".join(each.name for each in active)
    else:
        words = t("portfolio.looking") if wallet.discovered_at is None else t("portfolio.nowhere")
    short = formats.address(wallet.address)
    return PortfolioWalletRow(
        id=str(wallet.id),
        name=wallet.label or wallet.ens_name or short,
        label=wallet.label,
        group=wallet.group,
        ens=wallet.ens_name or "",
        short=short,
        address=wallet.address,
        explorer_url=(about.address_url(wallet.address) or "") if about else "",
        is_watch_only=wallet.is_watch_only,
        is_paused=wallet.is_paused_by_plan,
        active=words,
        unread=t("portfolio.unread", chains=", ".join(unread)) if unread else "",
        added_at=formats.iso(wallet.added_at),
    )
