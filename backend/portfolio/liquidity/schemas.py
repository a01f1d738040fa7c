"""What the API takes and answers of liquidity that users add by hand, and of impermanent loss over all of it."""

from decimal import Context, Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field, model_validator

from backend.core.clock import utc_now
from backend.core.schemas import ApiModel, Exact, Instant
from backend.portfolio.schemas import PositionHistoryRead, PositionRead
from backend.portfolio.wallets.schemas import Words

FIRST_YEAR = 2015
MOST = Decimal("1e30")
LEAST = Decimal("1e-30")
_DIGITS = Context(prec=36)  # more would be lost in the roots of the formulas


def _fits(value: Decimal) -> Decimal:
    if not value.is_finite() or not LEAST <= value <= MOST:
        raise ValueError("enter a number above zero")
    return _DIGITS.plus(value)


Positive = Annotated[Decimal, Field(gt=0), AfterValidator(_fits)]


class LiquidityAdd(ApiModel):
    """Liquidity in a pool: when and at what price it was entered. Of V3 also the range, in the same prices.

    `amount0` or `amount1` says how much was put in; the other follows from the price. Without either only the loss in
    percent is known.
    """

    chain_id: int = Field(gt=0, lt=2**53)
    pool: str = Field(max_length=60, description="The address of the pool's contract")
    entry_price: Positive = Field(description="Of one token0 in token1, when it was entered")
    entry_at: AwareDatetime
    lower_price: Positive | None = Field(default=None, description="V3: where the range begins")
    upper_price: Positive | None = Field(default=None, description="V3: where it ends")
    amount0: Positive | None = None
    amount1: Positive | None = None
    label: Words = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> "LiquidityAdd":
        """Refuse half a range, both amounts, and what is still to come."""
        if (self.lower_price is None) != (self.upper_price is None):
            raise ValueError("a range has two ends")
        if self.lower_price is not None and self.upper_price is not None and self.lower_price >= self.upper_price:
            raise ValueError("the range ends above its beginning")
        if self.amount0 is not None and self.amount1 is not None:
            raise ValueError("give the amount of one token: the other follows from the price")
        if self.entry_at.year < FIRST_YEAR or self.entry_at > utc_now():
            raise ValueError(f"it was entered between {FIRST_YEAR} and now")
        return self


class PoolToken(ApiModel):
    """A token of a pool."""

    address: str
    symbol: str | None = Field(description="As its contract says: untrusted text")
    decimals: int
    price_usd: Exact | None
    price_source: str | None


class LiquidityRead(ApiModel):
    """Liquidity that a user added, and what it lost against holding as of the newest reading of its pool.

    Without fees: what they were is not known of liquidity that is not read from a wallet.
    """

    id: UUID
    label: str
    chain_id: int
    chain: str
    pool: str
    version: Literal["v2", "v3"]
    is_known_factory: bool = Field(description="False: only the pool's own factory vouches for it")
    fee_ppm: int | None
    token0: PoolToken
    token1: PoolToken
    entry_at: Instant
    entry_price: Exact
    lower_price: Exact | None
    upper_price: Exact | None
    amount0: Exact | None = Field(description="Put in of token0")
    amount1: Exact | None
    price_now: Exact | None
    is_in_range: bool | None
    il_pct: Exact | None
    hold_usd: Exact | None = Field(description="What was put in, at the prices of now")
    position_usd: Exact | None = Field(description="What the liquidity holds now, without fees")
    il_usd: Exact | None
    block_number: int | None
    block_hash: str | None
    read_at: Instant | None
    problem: str | None


class LiquidityList(ApiModel):
    """Liquidity that a user added, the oldest first."""

    items: list[LiquidityRead]
    total: int
    limit: int


class LiquidityRemoved(ApiModel):
    """What was removed."""

    id: UUID


class LossRead(ApiModel):
    """One position and what it lost against holding. Null is unknown; `problem` says why."""

    origin: Literal["wallet", "added"] = Field(description="Read from a wallet, or added by hand")
    key: str = Field(description="The id of the position, or of what was added")
    name: str
    protocol: str
    chain_id: int
    chain: str
    wallet: str | None
    value_usd: Exact | None
    hold_usd: Exact | None
    il_pct: Exact | None
    il_usd: Exact | None
    fees_usd: Exact | None = Field(description="Collected and waiting; null for what was added by hand")
    net_usd: Exact | None = Field(description="Loss and fees together")
    is_in_range: bool | None
    entered_at: Instant | None
    as_of: Instant | None
    block_number: int | None
    problem: str | None


class LossDashboard(ApiModel):
    """Impermanent loss over all positions, the worst in percent first, unknown ones last."""

    items: list[LossRead]
    il_usd: Exact | None = Field(description="Over those that are known; null when none is")
    hold_usd: Exact | None
    il_pct: Exact | None = Field(description="Of what holding would be worth")
    known: int
    unknown: int


class PositionDetail(ApiModel):
    """One position and its history."""

    position: PositionRead
    history: PositionHistoryRead
