"""Settings → Security → Wallets: what signs the user in, and which dialog is open. The browser adds them itself."""

from dataclasses import dataclass
from typing import Any

import reflex as rx

from backend.accounts.schemas import CurrentUser
from backend.accounts.service import linked
from backend.api.resources import resources
from backend.chain.registry import find_chain
from backend.core import formats
from components.i18n import t
from state.arguments import id_of
from state.guard import signed_in
from state.shell_state import ShellState

MAX_LABEL = 60


@dataclass(frozen=True, slots=True)
class WalletRow:
    """One wallet as the list shows it; `added_at` is ISO 8601, `network` empty where any will do."""

    id: str
    label: str
    short: str
    address: str
    explorer_url: str
    network: str
    added_at: str


class WalletsState(rx.State):
    """What the section of wallets shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    wallets: list[WalletRow] = []
    is_adding: bool = False
    renaming_id: str = ""
    renaming_label: str = ""
    rename_error: str = ""
    removing_id: str = ""
    removing_name: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the wallets, with every dialog closed."""
        await ShellState._show(self, user)
        await self._read(user)
        self._close()
        self.failure = self.failure_id = ""

    @signed_in
    async def open_add(self, user: CurrentUser) -> Any:
        """Show the wallets of this browser."""
        self.is_adding = True

    @signed_in
    async def added(self, user: CurrentUser) -> Any:
        """Show what there is after the browser added a wallet."""
        self._close()
        await self._read(user)
        return rx.toast.success(t("wallets.added"))

    @signed_in
    async def ask_rename(self, user: CurrentUser, wallet_id: str) -> Any:
        """Ask for another name."""
        if row := self._row(wallet_id):
            self.renaming_id, self.renaming_label, self.rename_error = row.id, row.label, ""

    @signed_in
    async def rename(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Give the wallet the name that was entered."""
        label = str(form_data.get("wallet_label") or "").strip()
        if len(label) > MAX_LABEL or not label.isprintable():
            self.rename_error = t("wallets.label_invalid", most=MAX_LABEL)
            return None
        async with resources().database.unit_of_work(user.id) as session:
            await linked.rename_wallet(session, user.id, id_of(self.renaming_id), label)
        self._close()
        await self._read(user)
        return rx.toast.success(t("wallets.renamed"))

    @signed_in
    async def ask_remove(self, user: CurrentUser, wallet_id: str) -> Any:
        """Ask before a wallet is removed."""
        if row := self._row(wallet_id):
            self.removing_id, self.removing_name = row.id, row.label or row.short

    @signed_in
    async def remove(self, user: CurrentUser) -> Any:
        """Remove the wallet that was asked about."""
        wanted = id_of(self.removing_id)
        self._close()
        async with resources().database.unit_of_work(user.id) as session:
            await linked.remove_wallet(session, user.id, wanted)
        await self._read(user)
        return rx.toast.success(t("wallets.removed"))

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialogs and show what there is now."""
        self._close()
        await self._read(user)

    def _close(self) -> None:
        self.is_adding, self.renaming_id, self.removing_id = False, "", ""

    def _row(self, wallet_id: str) -> WalletRow | None:
        return next((row for row in self.wallets if row.id == wallet_id), None)

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            wallets = await linked.list_wallets(session)
        self.wallets = [_shown(wallet) for wallet in wallets]
        self.loaded = True


def _shown(wallet: Any) -> WalletRow:
    chain = find_chain(wallet.chain_id)
    explorer = chain.address_url(wallet.address) if chain else None
    is_contract = wallet.kind == "contract"
    return WalletRow(
        id=str(wallet.id),
        label=wallet.label,
        short=formats.address(wallet.address),
        address=wallet.address,
        explorer_url=explorer or "",
        network=t("wallets.contract_on", network=chain.name if chain else wallet.chain_id)
        if is_contract
        else t("wallets.any_network"),
        added_at=formats.iso(wallet.added_at) or "",
    )
