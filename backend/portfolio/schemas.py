"""What the API answers about portfolios. Money and amounts are exact decimals in text; null is unknown, never zero."""

from typing import Literal
from uuid import UUID

from pydantic import Field, computed_field

from backend.core.ids import derived_id
from backend.core.schemas import ApiModel, Exact, Instant
from backend.portfolio.snapshots.history import Range, Step

MOVING = frozenset({"in_range", "sqrt_price_x96"})  # identifiers that say how a position stands, not which it is


class ChainRead(ApiModel):
    """What is held on one chain, as of which block."""

    chain_id: int
    chain: str
    value_usd: Exact | None
    share_pct: Exact | None
    assets: int
    state: Literal["fresh", "stale", "unknown"] = Field(
        description="Read for this snapshot, read earlier and shown again, or unknown"
    )
    block_number: int | None
    block_hash: str | None
    taken_at: Instant | None = Field(description="When it was read; earlier than the snapshot where it is stale")
    problem: str | None


class CategoryRead(ApiModel):
    """What is held of one category."""

    category: str
    value_usd: Exact
    share_pct: Exact | None


class AssetRead(ApiModel):
    """One holding of one wallet, with the block it was read at and the source of its price."""

    chain_id: int
    chain: str
    token: str
    wallet: str
    symbol: str | None = Field(description="As the contract says it: not to be trusted")
    category: str | None
    protocol: str | None
    decimals: int | None
    amount_raw: str | None = Field(description="In smallest units")
    amount: Exact | None
    price_usd: Exact | None
    price_source: str | None
    price_detail: str | None = Field(description="What of the source exactly: the pool, the feed, or a dollar assumed")
    price_taken_at: Instant | None
    value_usd: Exact | None
    share_pct: Exact | None
    cost_usd: Exact | None = Field(
        default=None, description="At the asset's average cost over all wallets; null when that of a part is unknown"
    )
    unrealised_usd: Exact | None = Field(default=None, description="Value less cost")
    unrealised_pct: Exact | None = None
    block_number: int | None
    block_hash: str | None
    taken_at: Instant | None


class ChangeRead(ApiModel):
    """A change of the total since an earlier snapshot."""

    since: Instant
    change_usd: Exact
    change_pct: Exact | None = Field(description="Null from a total that is not above zero")


class PortfolioRead(ApiModel):
    """The newest snapshot; every figure is null before the first one."""

    taken_at: Instant | None
    age_seconds: int | None
    total_value_usd: Exact | None
    is_complete: bool | None = Field(description="False: something known to be held could not be read or valued")
    day_change: ChangeRead | None = Field(
        description="Since 24 hours before; null without a snapshot of then (at most two hours older)"
    )
    chains: list[ChainRead]
    categories: list[CategoryRead]
    assets: int


class AssetList(ApiModel):
    """Holdings of one snapshot, most valuable first, those of unknown value last."""

    taken_at: Instant | None
    is_complete: bool | None
    total_value_usd: Exact | None
    items: list[AssetRead]
    total: int
    page: int
    page_size: int


class DashboardRead(ApiModel):
    """A portfolio at a glance, all of one snapshot: its total by chain and category, and what is worth most of it."""

    portfolio: PortfolioRead
    assets: AssetList


class ChainList(ApiModel):
    """The chains of one snapshot, most valuable first, unknown ones last."""

    taken_at: Instant | None
    is_complete: bool | None
    total_value_usd: Exact | None
    items: list[ChainRead]


class PointRead(ApiModel):
    """One step of a series. Every figure is null where there was no snapshot: nothing is filled in."""

    starts_at: Instant
    taken_at: Instant | None = Field(description="When the last snapshot of the step was taken")
    value_usd: Exact | None = Field(description="Of that snapshot")
    first_usd: Exact | None
    min_usd: Exact | None
    max_usd: Exact | None
    mean_usd: Exact | None
    net_flow_usd: Exact | None = Field(description="What came in less what went out in the step")
    samples: int
    complete_share: Exact | None = Field(description="How many of its snapshots were complete, 0 to 1")


class HistoryRead(ApiModel):
    """The value of a portfolio in time."""

    range: Range
    step: Step
    tracked_since: Instant | None = Field(description="When the first snapshot was taken that is still counted")
    source: str
    points: list[PointRead]


class PositionPartRead(ApiModel):
    """One token of a position: principal, fees that wait to be collected, or a debt (negative)."""

    token: str
    symbol: str | None = Field(description="As the contract says it: not to be trusted")
    role: str = Field(description="principal, fees or debt")
    amount_raw: str | None = Field(description="In smallest units")
    amount: Exact | None
    price_usd: Exact | None
    price_source: str | None
    price_detail: str | None = Field(description="What of the source exactly: the pool, the feed, or a dollar assumed")
    price_taken_at: Instant | None
    value_usd: Exact | None


class PriceRangeRead(ApiModel):
    """The range of a Uniswap V3 position and its pool's price, of one token0 in token1."""

    token0: str
    token1: str
    symbol0: str | None = Field(description="As the contract says it: not to be trusted")
    symbol1: str | None
    lower_price: Exact
    upper_price: Exact
    price: Exact | None
    is_in_range: bool | None


class PositionRead(ApiModel):
    """What a wallet has in a protocol, as of the block of its chain."""

    chain_id: int
    chain: str
    wallet: str
    protocol: str
    kind: str = Field(description="lp, supply, borrow, vault or staked")
    identifiers: dict[str, str] = Field(description="What names it: pool, token_id, vault …")
    parts: list[PositionPartRead]
    value_usd: Exact | None = Field(description="Of all parts, fees included; null when one is unknown")
    fees_usd: Exact | None = Field(description="Of the fees or rewards that wait to be collected")
    health_factor: Exact | None = Field(description="Of the whole account, liquidated below 1; null without debt")
    price_range: PriceRangeRead | None = None
    problem: str | None
    block_number: int | None
    block_hash: str | None
    taken_at: Instant | None

    @computed_field(description="The same as long as it is the same position")
    @property
    def id(self) -> UUID:
        """Return an id made of what names the position: chain, wallet, protocol, kind, identifiers that do not move."""
        named = sorted((name, value) for name, value in self.identifiers.items() if name not in MOVING)
        return derived_id("position", self.chain_id, self.wallet.lower(), self.protocol, self.kind, *named)


class PositionList(ApiModel):
    """Positions of one snapshot, most valuable first, those of unknown value last."""

    taken_at: Instant | None
    is_complete: bool | None
    items: list[PositionRead]


class PositionAmountRead(ApiModel):
    """An amount of one token that went into a position or came out of it, and what it was worth then."""

    token: str
    amount_raw: str = Field(description="In smallest units")
    amount: Exact | None
    price_usd: Exact | None = Field(description="As of when it happened")
    price_source: str | None
    value_usd: Exact | None


class PositionMoveRead(ApiModel):
    """One thing that happened to a position: put in, taken out, or fees and rewards collected."""

    at: Instant
    kind: Literal["put_in", "taken_out", "collected"]
    chain_id: int
    tx_hash: str
    block_number: int
    amounts: list[PositionAmountRead]
    value_usd: Exact | None


class PositionHistoryRead(ApiModel):
    """What was put into a position and came out of it, and how that did against holding. `problem`: why not known."""

    entered_at: Instant | None
    put_in_usd: Exact | None = Field(description="Worth when it was put in")
    taken_out_usd: Exact | None
    collected_usd: Exact | None = Field(description="Fees and rewards, worth when they came")
    moves: list[PositionMoveRead]
    hold_usd: Exact | None = Field(default=None, description="What was put in and not taken out, at prices of now")
    position_usd: Exact | None = Field(default=None, description="What the liquidity is worth now, without fees")
    fees_usd: Exact | None = Field(default=None, description="Collected and waiting, at prices of now")
    il_usd: Exact | None = Field(default=None, description="Impermanent loss: position less holding")
    il_pct: Exact | None = None
    net_usd: Exact | None = Field(default=None, description="Impermanent loss and fees together")
    net_pct: Exact | None = None
    problem: str | None
