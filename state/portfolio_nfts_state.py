"""NFTs of the portfolio by collection, of the newest snapshot; and what is left out as spam, with the reasons."""

from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError
from backend.market.ladder.service import floors_configured
from backend.portfolio import service as portfolio
from backend.portfolio.nfts import service
from backend.portfolio.nfts.schemas import CollectionDecision
from backend.portfolio.wallets import service as wallets
from components.i18n import t
from state import nft_rows
from state.guard import signed_in
from state.nft_rows import CollectionRow, NftRow
from state.portfolio_state import reread
from state.shell_state import ShellState
from state.view_models import KpiTile


class PortfolioNftsState(rx.State):
    """What the page of NFTs shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    has_wallets: bool = False
    has_snapshot: bool = False
    has_source: bool = False
    taken_at: str = ""
    tiles: list[KpiTile] = []
    counted: list[NftRow] = []
    apart: list[NftRow] = []
    spam: list[CollectionRow] = []
    kept: list[CollectionRow] = []

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the newest snapshot's NFTs."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = ""
        await self._read(user)
        self.failure = self.failure_id = ""
        self.loaded = True

    @signed_in
    async def hide(self, user: CurrentUser, chain_id: int, collection: str) -> Any:
        """Take a collection for spam from now on."""
        await self._decide(user, chain_id, collection, True)
        return rx.toast.success(t("nfts.hidden_toast"))

    @signed_in
    async def show(self, user: CurrentUser, chain_id: int, collection: str) -> Any:
        """Say that a collection is no spam, whatever the filter says."""
        await self._decide(user, chain_id, collection, False)
        return rx.toast.success(t("nfts.shown_toast"))

    @signed_in
    async def undo(self, user: CurrentUser, chain_id: int, collection: str) -> Any:
        """Take back what the user had said of a collection; the filter decides again."""
        await self._decide(user, chain_id, collection, None)
        return rx.toast.success(t("nfts.undone_toast"))

    async def _decide(self, user: CurrentUser, chain_id: Any, collection: Any, is_spam: bool | None) -> None:
        try:
            decision = CollectionDecision(chain_id=chain_id, collection=str(collection)[:60], is_spam=is_spam)
        except ValueError:
            raise InvalidInputError(t("form.invalid")) from None
        async with resources().database.unit_of_work(user.id) as session:
            await service.decide(session, user, decision)
        await reread(user)
        await self._read(user)

    async def _read(self, user: CurrentUser) -> None:
        async with resources().snapshots.open(user.id) as store:
            newest = await portfolio.latest(store, user)
        async with resources().database.unit_of_work(user.id) as session:
            found = await service.list_collections(session, user)
            mine = await wallets.list_wallets(session, user)
        names = {each.address.lower(): each.label or each.ens_name or "" for each in mine}
        self.has_wallets, self.has_snapshot = bool(mine), newest is not None
        self.has_source = floors_configured(resources().settings)
        listed = service.nft_list(newest)
        self.taken_at = formats.iso(listed.taken_at)
        self.tiles = nft_rows.tiles_of(listed) if listed.items else []
        # What was hidden after the snapshot stands below already.
        hidden = {f"{each.chain_id}:{each.collection}" for each in found if each.is_spam}
        self.counted = [row for row in nft_rows.nft_rows(listed, names, counted=True) if _key(row) not in hidden]
        self.apart = [row for row in nft_rows.nft_rows(listed, names, counted=False) if _key(row) not in hidden]
        self.spam = nft_rows.collection_rows([each for each in found if each.is_spam])
        self.kept = nft_rows.collection_rows([each for each in found if not each.is_spam and each.decided_by == "user"])


def _key(row: NftRow) -> str:
    return f"{row.chain_id}:{row.collection}"
