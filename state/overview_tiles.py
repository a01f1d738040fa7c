"""The overview's tiles from what the services say."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.alerts.schemas import AlertCounts
from backend.chain.registry import chain_name
from backend.chain.service import BlockFee
from backend.core import formats
from backend.core.clock import utc_now
from backend.market.service import PricePoint, PriceView
from components.i18n import t
from state.view_models import KpiTile, sparkline_path


def since(seconds: int) -> datetime:
    """Return the moment `seconds` ago."""
    return utc_now() - timedelta(seconds=seconds)


def movers_first(prices: Sequence[PriceView]) -> list[PriceView]:
    """Return the prices as they come (deepest pools first), those about a dollar at the end: they hardly move."""
    return sorted(prices, key=lambda price: abs(price.price_usd - 1) < Decimal("0.05"))


def price_tile(chain_id: int, price: PriceView, series: Sequence[PricePoint]) -> KpiTile:
    """Return the tile of a `PriceView`: price, change over an hour, line, pool and block."""
    percent = price.change_1h_percent
    name = formats.untrusted_text(price.symbol or formats.address(price.token))
    values = [point.price_usd for point in series]
    return KpiTile(
        key=f"price-{chain_id}-{price.token}",
        label=name,
        value=formats.usd(price.price_usd),
        change=formats.percent(percent),
        direction=direction(percent),
        note=t("tile.hour") if percent is not None else t("tile.no_hour"),
        source=price.source,
        as_of=t("tile.as_of", chain=chain_name(chain_id), block=formats.number(price.block_number)),
        path=sparkline_path(values),
        path_label=t("tile.line", name=name, low=_usd(values, min), high=_usd(values, max)),
    )


def no_price_tile(chain_id: int) -> KpiTile:
    """Return the tile that says that no price is known yet."""
    return KpiTile(
        key=f"price-{chain_id}",
        label=t("tile.prices"),
        value=formats.UNKNOWN,
        note=t("tile.no_price"),
        source=t("tile.no_price_why"),
        as_of=chain_name(chain_id),
    )


def fee_tile(chain_id: int, fees: Sequence[BlockFee]) -> KpiTile:
    """Return the tile of the base fee over the last blocks (oldest first)."""
    known = [(fee.block_number, fee.base_fee_wei) for fee in fees if fee.base_fee_wei is not None]
    last_block, last_fee_wei = known[-1] if known else (None, None)
    values = [fee_wei / 1e9 for _, fee_wei in known]
    return KpiTile(
        key=f"fee-{chain_id}",
        label=t("tile.base_fee", chain=chain_name(chain_id)),
        value=formats.gwei(last_fee_wei),
        direction="flat",
        note=t("tile.blocks", count=len(known)) if known else t("tile.no_fee") if fees else t("freshness.unknown"),
        source=t("tile.fee_source"),
        as_of=t("tile.as_of", chain=chain_name(chain_id), block=formats.number(last_block)),
        path=sparkline_path(values),
        path_label=t("tile.fee_line", count=len(known)),
    )


def account_tiles(counts: AlertCounts, sent: int, waiting: int, dead: int) -> list[KpiTile]:
    """Return the tiles of the user's own rules, alerts and webhook messages."""
    source, now = t("tile.own_source"), t("tile.now")
    if dead:
        delivery = t("tile.delivery_dead", count=formats.number(dead))
    else:
        delivery = t("tile.delivery_fine") if sent else formats.UNKNOWN
    note = t("tile.delivery_waiting", count=formats.number(waiting)) if waiting else ""
    if not (sent or dead or waiting):
        note = t("tile.delivery_none")
    return [
        KpiTile(
            key="rules",
            label=t("tile.rules"),
            value=formats.number(counts.rules_active),
            note=t("tile.rules_note", total=formats.number(counts.rules_total)),
            source=source,
            as_of=now,
        ),
        KpiTile(
            key="alerts-24h",
            label=t("tile.alerts"),
            value=formats.number(counts.alerts_24h),
            note=t("tile.alerts_note", withdrawn=formats.number(counts.withdrawn_24h)) if counts.withdrawn_24h else "",
            source=source,
            as_of=now,
        ),
        KpiTile(
            key="deliveries",
            label=t("tile.delivery"),
            value=delivery,
            note=note,
            source=source,
            as_of=now,
        ),
    ]


def direction(percent: Decimal | None) -> str:
    """Return up, down, flat (rounds to nothing) or unknown."""
    if percent is None:
        return "unknown"
    rounded = percent.quantize(Decimal("0.01"))
    return "up" if rounded > 0 else "down" if rounded < 0 else "flat"


def _usd(values: list[float], pick: Any) -> str:
    return formats.usd(Decimal(repr(pick(values)))) if values else formats.UNKNOWN
