"""What the API takes and answers of target allocations and rebalancing. Null is unknown, never zero."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from backend.core.schemas import ApiModel, Exact, Instant
from backend.market.assets import CATEGORIES, KEY
from backend.portfolio.engine.exact import HUNDRED, add_up

MOST_PARTS = 50
MOST_NAME = 60
By = Literal["asset", "category"]
Answer = Literal["accepted", "rejected"]


def _one_line(value: str) -> str:
    value = value.strip()
    if not value or not value.isprintable():
        raise ValueError("Give it a name of letters, digits and signs.")
    return value


def _share(value: Decimal) -> Decimal:
    exponent = value.as_tuple().exponent
    if not value.is_finite() or not 0 <= value <= HUNDRED or (isinstance(exponent, int) and exponent < -4):
        raise ValueError("A share is from 0 to 100 %, with four places at most.")
    return value


def sum_problem(shares: list[Decimal]) -> str | None:
    """Return what is wrong with the sum of shares, in words; None when it is 100 % exactly."""
    whole = add_up(shares)
    if whole == HUNDRED:
        return None
    missing = HUNDRED - whole
    much = f"{abs(missing).normalize():f} %"
    return f"The shares sum to {whole.normalize():f} %: {much} " + ("is missing." if missing > 0 else "is too much.")


class TargetPart(ApiModel):
    """One share of a target: an asset (a symbol, or `chain:token` for a token that no list names) or a category."""

    key: str = Field(max_length=64)
    share_pct: Annotated[Exact, AfterValidator(_share)]


class TargetWrite(ApiModel):
    """A target allocation: shares that sum to 100 % exactly. What it does not name is wanted at 0 %."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "Calm",
                    "by": "asset",
                    "parts": [{"key": "ETH", "sharePct": "60"}, {"key": "USDC", "sharePct": "40"}],
                    "tolerancePct": "1",
                    "isActive": True,
                }
            ]
        },
    )

    name: Annotated[str, Field(min_length=1, max_length=MOST_NAME), AfterValidator(_one_line)]
    by: By = "asset"
    parts: list[TargetPart] = Field(min_length=1, max_length=MOST_PARTS)
    tolerance_pct: Exact = Field(
        default=Decimal(1), ge=0, le=50, decimal_places=4, description="Percentage points to either side of each share"
    )
    is_active: bool = Field(default=True, description="The one that the portfolio is compared with")

    @model_validator(mode="after")
    def _fits(self) -> "TargetWrite":
        """Refuse names that are none, names that stand twice, and shares that do not sum to 100 %."""
        keys = [part.key for part in self.parts]
        for key in keys:
            if not KEY.fullmatch(key) if self.by == "asset" else key not in CATEGORIES:
                known = "a symbol such as ETH, or chain:token" if self.by == "asset" else ", ".join(CATEGORIES)
                raise ValueError(f"{key[:40]!r} is not known here: give {known}.")
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"{min(twice)} stands there twice: put its shares together.")
        if problem := sum_problem([part.share_pct for part in self.parts]):
            raise ValueError(problem)
        return self


class TargetRead(ApiModel):
    """A saved target allocation."""

    id: UUID
    name: str
    by: By
    parts: list[TargetPart]
    tolerance_pct: Exact
    is_active: bool
    created_at: Instant
    changed_at: Instant


class TargetList(ApiModel):
    """The user's targets, the active one first; `limit` is null where the plan has none."""

    items: list[TargetRead]
    total: int
    limit: int | None


class TargetDeleted(ApiModel):
    """What was deleted."""

    id: UUID


class DriftRead(ApiModel):
    """How far one asset or category is from its target."""

    key: str
    name: str
    value_usd: Exact
    share_pct: Exact
    target_pct: Exact
    drift_pct: Exact = Field(description="Percentage points; positive is too much")
    drift_usd: Exact
    mark: Literal["over", "under", "within"]
    after_pct: Exact | None = Field(description="Its share after the plan; null without one")


class LeftOutRead(ApiModel):
    """A holding that is not counted, and why."""

    symbol: str
    chain_id: int
    chain: str
    wallet: str
    value_usd: Exact | None
    reason: str


class TradeSide(ApiModel):
    """What is sold or bought. `amount` is in whole tokens, to nine significant digits."""

    key: str
    chain_id: int
    token: str
    symbol: str
    amount: Exact | None
    value_usd: Exact | None
    price_usd: Exact | None


class TradeRead(ApiModel):
    """One suggested trade. `answer` is what the user said to it."""

    id: UUID
    chain: str
    wallet: str
    sell: TradeSide
    buy: TradeSide
    gas_usd: Exact | None
    gas_units: int | None
    slippage_usd: Exact | None
    slippage_pct: Exact | None
    pools: list[str] = Field(description="The pools whose depth was looked at, in order; empty for wrapping")
    why: str
    notes: list[str]
    answer: Answer | None


class CostSource(ApiModel):
    """Where the costs on a chain are from."""

    chain_id: int
    chain: str
    block_number: int | None
    gas_price_gwei: Exact | None
    problem: str | None


class RebalancingRead(ApiModel):
    """How far the portfolio is from a target, and the fewest trades that lead back to within its tolerance."""

    target: TargetRead | None = Field(description="Null when none is active")
    taken_at: Instant | None = Field(description="When the snapshot was taken that this is about")
    is_complete: bool | None
    whole_usd: Exact | None = Field(description="What is compared with the target; what is left out is not in it")
    drifts: list[DriftRead]
    left_out: list[LeftOutRead]
    status: Literal["no_target", "no_portfolio", "balanced", "planned", "impossible", "out_of_time"]
    message: str
    is_proven: bool | None = Field(description="False: the search ended at its limit, there may be a better plan")
    trades: list[TradeRead]
    cost_usd: Exact | None = Field(description="Of what is known")
    gas_usd: Exact | None
    slippage_usd: Exact | None
    is_cost_known: bool
    costs: list[CostSource]
    rejected: int = Field(description="Suggestions that the user rejected, which this plan does without")


class AnswerWrite(ApiModel):
    """What the user says to a suggestion; null takes it back."""

    model_config = ConfigDict(extra="forbid")

    answer: Answer | None


class AnswerRead(ApiModel):
    """What was said."""

    id: UUID
    answer: Answer | None
