"""What the page of one asset shows: strings, ready to read. Unknown is said to be unknown, never zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from backend.chain.registry import chain_name, find_chain
from backend.core import formats
from backend.core.money import plain
from backend.ledger.events import Event
from backend.portfolio.profit.schemas import AssetProfitRead, LotRead, SumRead, TradeRead
from backend.portfolio.schemas import AssetRead
from components.i18n import catalogue, t
from state.portfolio_rows import category_name, wallet_name
from state.view_models import KpiTile

MOST_EVENTS = 20
MOST_LOTS = 200


@dataclass(frozen=True, slots=True)
class HeldRow:
    """One wallet's holding of the asset, by itself or in a protocol."""

    key: str
    wallet: str
    wallet_short: str
    name: str
    where: str
    amount: str
    exact: str
    value: str
    block: str
    read_at: str
    price_source: str
    price_detail: str
    price_at: str


@dataclass(frozen=True, slots=True)
class LotRow:
    """Units that came together; `at` is ISO 8601, empty for what was held before the history begins."""

    key: str
    at: str
    held: str
    origin: str
    amount: str
    exact: str
    unit_cost: str
    cost: str
    value: str
    gain: str
    tone: str


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One event that the asset is a part of."""

    key: str
    at: str
    kind: str
    protocol: str
    amount: str
    exact: str
    value: str
    wallet: str
    tx_short: str
    tx: str
    tx_url: str


def tiles_of(figures: AssetProfitRead, taken_at: datetime | None) -> list[KpiTile]:
    """Return the figures on top: value, cost, gains not taken and taken, income, fees."""
    as_of, source = formats.iso(taken_at), t("asset.source")
    unknown = figures.unknown_amount or Decimal(0)
    is_part = unknown and figures.known_amount
    part = t("asset.of_known", amount=formats.amount(figures.known_amount, _symbol(figures))) if is_part else ""
    why = _why(figures)
    return [
        KpiTile(
            key="asset-value",
            label=t("portfolio.value"),
            value=formats.usd(figures.value_usd),
            note=t("asset.in_wallets", amount=formats.amount(figures.amount, _symbol(figures))),
            source=t("portfolio.total_source"),
            as_of=as_of,
        ),
        KpiTile(
            key="asset-cost",
            label=t("asset.cost"),
            value=formats.usd(figures.cost_usd if not unknown else figures.known_cost_usd),
            note=part or _average(figures) or why,
            source=source,
            as_of=as_of,
        ),
        KpiTile(
            key="asset-unrealised",
            label=t("asset.unrealised"),
            value=signed(figures.unrealised_usd),
            change="" if figures.unrealised_pct is None else formats.percent(figures.unrealised_pct),
            direction=direction(figures.unrealised_usd),
            note=part if figures.unrealised_usd is not None else why,
            source=t("asset.unrealised_source"),
            as_of=as_of,
        ),
        _sum_tile("realised", figures.realised, as_of, is_gain=True),
        _sum_tile("income", figures.income, as_of),
        _sum_tile("fees", figures.fees, as_of),
    ]


def _sum_tile(name: str, found: SumRead, as_of: str, *, is_gain: bool = False) -> KpiTile:
    nothing_known = found.unknown and not found.known
    value = None if nothing_known else found.usd
    note = t("asset.parts_unknown", count=formats.number(found.unknown)) if found.unknown else ""
    return KpiTile(
        key=f"asset-{name}",
        label=t(f"asset.{name}"),
        value=signed(value) if is_gain else formats.usd(value),
        direction=direction(value) if is_gain else "unknown",
        note=note or t(f"asset.{name}_note"),
        source=t(f"asset.{name}_source"),
        as_of=as_of,
    )


def notes_of(figures: AssetProfitRead) -> list[str]:
    """Return why something is unknown, in words."""
    words = catalogue()
    return [words[key] for note in figures.notes if (key := f"asset.note_{note.replace(' ', '_')}") in words]


def held_rows(parts: Sequence[AssetRead], names: Mapping[str, str]) -> list[HeldRow]:
    """Return where the asset is held, the most valuable first."""
    return [
        HeldRow(
            key=f"{place}",
            wallet=part.wallet,
            wallet_short=formats.address(part.wallet),
            name=wallet_name(part.wallet, names),
            where=formats.untrusted_text(part.protocol) if part.protocol else category_name(part.category),
            amount=formats.amount(part.amount),
            exact=formats.UNKNOWN if part.amount is None else plain(part.amount),
            value=formats.usd(part.value_usd),
            block=t("portfolio.block", block=formats.number(part.block_number)) if part.block_number else "",
            read_at=formats.iso(part.taken_at),
            price_source=formats.untrusted_text(part.price_source) if part.price_source else "",
            price_detail=formats.untrusted_text(part.price_detail, 160) if part.price_detail else "",
            price_at=formats.iso(part.price_taken_at),
        )
        for place, part in enumerate(parts)
    ]


def lot_rows(lots: Sequence[LotRead], now: datetime) -> list[LotRow]:
    """Return lots, the earliest first."""
    return [
        LotRow(
            key=str(place),
            at=formats.iso(lot.acquired_at),
            held=formats.UNKNOWN if lot.acquired_at is None else _days(now, lot.acquired_at),
            origin=catalogue().get(f"asset.origin_{lot.origin.replace(' ', '_')}", lot.origin),
            amount=formats.amount(lot.amount),
            exact=lot.amount_raw if lot.amount is None else plain(lot.amount),
            unit_cost=formats.usd(lot.cost_usd / lot.amount) if lot.amount and lot.cost_usd is not None else "—",
            cost=formats.usd(lot.cost_usd),
            value=formats.usd(lot.value_usd),
            gain=signed(lot.gain_usd),
            tone="gain" if (lot.gain_usd or 0) > 0 else "loss" if (lot.gain_usd or 0) < 0 else "",
        )
        for place, lot in enumerate(lots[:MOST_LOTS])
    ]


def move_rows(
    events: Sequence[Event], token: str, decimals: int | None, symbol: str, names: Mapping[str, str]
) -> list[MoveRow]:
    """Return events with what moved of the asset in each."""
    rows = []
    for event in events:
        chain = find_chain(event.chain_id)
        amount_raw = sum(leg.amount_raw for leg in event.legs if leg.token == token)
        amount = None if decimals is None else Decimal(amount_raw).scaleb(-decimals)
        price = next((leg.price_usd for leg in event.legs if leg.token == token and leg.price_usd is not None), None)
        sign = "+" if amount_raw > 0 else ""
        rows.append(
            MoveRow(
                key=str(event.id),
                at=formats.iso(event.happened_at),
                kind=t(f"ledger.kind_{event.kind.value}"),
                protocol=formats.untrusted_text(event.protocol) if event.protocol else "",
                amount=formats.UNKNOWN if amount is None else f"{sign}{formats.amount(amount, symbol)}",
                exact=str(amount_raw) if amount is None else plain(amount),
                value=formats.usd(None if amount is None or price is None else abs(amount) * price),
                wallet=wallet_name(event.wallet, names),
                tx_short=formats.address(event.tx_hash),
                tx=event.tx_hash,
                tx_url=(chain.transaction_url(event.tx_hash) or "") if chain else "",
            )
        )
    return rows


def trade_marks(trades: Sequence[TradeRead], since: datetime) -> list[list[float]]:
    """Return the trades of a range for the chart: Unix seconds, and 1 for a purchase, -1 for a sale."""
    return [[trade.at.timestamp(), 1.0 if trade.side == "buy" else -1.0] for trade in trades if trade.at >= since]


def title_of(chain_id: int, symbol: str | None, token: str) -> tuple[str, str]:
    """Return what the asset and its chain are called."""
    return formats.untrusted_text(symbol) if symbol else formats.address(token), chain_name(chain_id)


def signed(value: Decimal | None) -> str:
    """Return dollars with their sign."""
    return f"+{formats.usd(value)}" if value is not None and value > 0 else formats.usd(value)


def direction(value: Decimal | None) -> str:
    """Return which way a figure points."""
    if value is None:
        return "unknown"
    return "up" if value > 0 else "down" if value < 0 else "flat"


def _symbol(figures: AssetProfitRead) -> str:
    return formats.untrusted_text(figures.symbol) if figures.symbol else ""


def _average(figures: AssetProfitRead) -> str:
    if figures.average_cost_usd is None:
        return ""
    return t("asset.average", price=formats.usd(figures.average_cost_usd))


def _why(figures: AssetProfitRead) -> str:
    return (notes_of(figures) or [t("asset.not_known")])[0]


def _days(now: datetime, since: datetime) -> str:
    days = max(0, (now - since).days)
    return t("asset.day" if days == 1 else "asset.days", count=formats.number(days))
