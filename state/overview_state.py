"""The overview: prices, fees, rules and deliveries as tiles, and the largest recent transfers."""

from decimal import Decimal
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.alerts import service as alerts_service
from backend.api.resources import resources
from backend.chain import service as chain_service
from backend.core.errors import UnavailableError
from backend.market import service as market_service
from backend.notifications import service as notifications_service
from state import overview_tiles as tiles
from state.guard import signed_in
from state.shell_state import ShellState
from state.transfer_rows import transfer_row
from state.view_models import KpiTile, TransferRow

SERIES_SECONDS = 3600
SERIES_POINTS = 48
FEE_BLOCKS = 60
TRANSFER_MIN_USD = Decimal(10_000)
TRANSFER_COUNT = 8
MOST_PRICE_TILES = 8


class OverviewState(rx.State):
    """What the overview shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    market_tiles: list[KpiTile] = []
    account_tiles: list[KpiTile] = []
    transfers: list[TransferRow] = []

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Fill the page."""
        await ShellState._show(self, user)
        await self._read(user)
        self.loaded, self.failure, self.failure_id = True, "", ""

    @signed_in
    async def refresh(self, user: CurrentUser) -> Any:
        """Take the newest numbers in place; what cannot be read now stays as it is, with its age."""
        if self.loaded:
            await self._read(user)

    async def _read(self, user: CurrentUser) -> None:
        held = resources()
        chain_ids = list(held.settings.chain_urls)
        market: list[KpiTile] = []
        async with (
            held.timeseries.unit_of_work(user.id) as history,
            held.database.unit_of_work(user.id) as session,
        ):
            for chain_id in chain_ids:
                prices = tiles.movers_first(await market_service.latest_prices(history, chain_id))
                if not prices:
                    market.append(tiles.no_price_tile(chain_id))
                for price in prices[:MOST_PRICE_TILES]:
                    series = await market_service.price_series(
                        history, chain_id, price.token, tiles.since(SERIES_SECONDS), SERIES_POINTS
                    )
                    market.append(tiles.price_tile(chain_id, price, series))
                fees = await chain_service.recent_base_fees(session, chain_id, FEE_BLOCKS)
                market.append(tiles.fee_tile(chain_id, fees))
            counts = await alerts_service.alert_counts(session, user)
            dead = await notifications_service.list_deliveries(session, user.id, "dead", 1, 1)
            sent = await notifications_service.list_deliveries(session, user.id, "sent", 1, 1)
            waiting = await notifications_service.list_deliveries(session, user.id, "pending", 1, 1)
        self.market_tiles = market
        self.account_tiles = tiles.account_tiles(counts, sent.total, waiting.total, dead.total)
        await self._read_transfers(chain_ids)

    async def _read_transfers(self, chain_ids: list[int]) -> None:
        found: list[Any] = []
        for chain_id in chain_ids:
            try:
                found += await chain_service.recent_transfers(
                    resources().redis, chain_id, TRANSFER_MIN_USD, TRANSFER_COUNT
                )
            except UnavailableError:
                return
        found.sort(key=lambda transfer: transfer.taken_at, reverse=True)
        self.transfers = [transfer_row(transfer) for transfer in found[:TRANSFER_COUNT]]
