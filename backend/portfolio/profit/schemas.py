"""What the API answers about profit and loss. Money and amounts are exact decimals in text; null is unknown."""

from typing import Literal

from pydantic import Field

from backend.core.schemas import ApiModel, Exact, Instant
from backend.portfolio.schemas import AssetRead


class SumRead(ApiModel):
    """A sum in US dollars of what is known, and of how many parts it is; `unknown` parts are not in it."""

    usd: Exact
    known: int
    unknown: int


class LotRead(ApiModel):
    """Units that came together and are still there."""

    acquired_at: Instant | None = Field(description="Null for what was held before the covered history")
    origin: str = Field(description="bought, received, income, borrowed, bridged or held before")
    amount_raw: str
    amount: Exact | None
    cost_usd: Exact | None
    value_usd: Exact | None
    gain_usd: Exact | None


class TradeRead(ApiModel):
    """Units bought or sold."""

    at: Instant
    side: Literal["buy", "sell"]
    amount: Exact
    value_usd: Exact | None
    price_usd: Exact | None


class AssetProfitRead(ApiModel):
    """What one asset of all wallets cost and made. `notes` say why something is unknown.

    What lies in positions is not counted here but with the positions.
    """

    chain_id: int
    chain: str
    token: str
    symbol: str | None = Field(description="As the contract says it: not to be trusted")
    decimals: int | None
    amount_raw: str | None
    amount: Exact | None
    price_usd: Exact | None
    price_source: str | None
    price_taken_at: Instant | None
    value_usd: Exact | None
    cost_usd: Exact | None = Field(description="Of all that is held; null when that of a part of it is unknown")
    known_amount: Exact | None = Field(description="How much of it has a known cost")
    unknown_amount: Exact | None
    known_cost_usd: Exact | None
    average_cost_usd: Exact | None = Field(description="Of a whole unit of known cost")
    unrealised_usd: Exact | None = Field(description="Worth less cost, of what has a known cost")
    unrealised_pct: Exact | None
    realised: SumRead
    income: SumRead
    fees: SumRead = Field(description="Paid for transactions in this currency")
    left_with_transfers: SumRead = Field(description="Gains that left with transfers out, in no other figure")
    notes: list[str]


class PositionProfitRead(ApiModel):
    """What was put into a position, all wallets together, and its worth."""

    chain_id: int
    protocol: str
    name: str
    value_usd: Exact | None
    cost_usd: Exact | None
    unrealised_usd: Exact | None
    unrealised_pct: Exact | None


class ProfitRead(ApiModel):
    """Profit and loss of the portfolio as of a snapshot, from the event ledger; first in first out."""

    taken_at: Instant | None
    computed_at: Instant | None
    method: Literal["fifo"] = "fifo"
    cost: SumRead
    unrealised: SumRead
    unrealised_pct: Exact | None = Field(description="In percent of the known cost")
    realised: SumRead
    income: SumRead
    fees: SumRead
    left_with_transfers: SumRead
    unmatched_bridges: int
    positions: list[PositionProfitRead]
    gaps: list[str] = Field(description="What of the history is not known")


class AssetDetail(ApiModel):
    """One asset: figures, lots (the earliest first), trades, and where it is held."""

    figures: AssetProfitRead | None = Field(description="Null until the ledger was counted")
    taken_at: Instant | None
    lots: list[LotRead]
    trades: list[TradeRead]
    holdings: list[AssetRead]
