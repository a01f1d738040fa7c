"""What the API takes and answers about optimisation. Money is in the reporting currency; null is unknown."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from backend.core.schemas import ApiModel, Exact, Instant
from backend.tax.engine.jurisdictions.base import Term
from backend.tax.engine.methods import Method
from backend.tax.engine.results import Rule

Scope = Literal["history", "year"]


class OptimisationQuery(ApiModel):
    """Which year, and from when a compared method holds."""

    model_config = ConfigDict(extra="forbid")

    year: int | None = Field(default=None, ge=2009, le=2200, description="By the calendar year it begins in")
    scope: Scope = Field(default="history", description="`year`: earlier years stay as they are filed")


class FigureRead(ApiModel):
    """One figure of a year; `isCount`: a number of things, no money."""

    name: str
    title: str
    amount: Exact
    is_count: bool = False


class MethodRead(ApiModel):
    """A year under a method. Without figures `reason` says why: refused, or (`isAllowed`) it would say no more."""

    method: Method
    is_allowed: bool
    is_current: bool
    reason: str = ""
    headline: Exact | None = Field(default=None, description="The figure `headlineName`: what the year comes to")
    difference: Exact | None = Field(default=None, description="Of the headline to that of the method in force")
    figures: list[FigureRead] = []
    unknown: int = Field(default=0, description="Disposals and income in no figure, since something of them is unknown")


class PriceRead(ApiModel):
    """A price of one whole unit; `rateDay`: whose reference rate converted it from dollars."""

    asset: str
    symbol: str
    price: Exact | None
    source: str | None = None
    detail: str | None = None
    taken_at: Instant | None = None
    is_stale: bool = False
    rate_day: date | None = None


class PositionRead(ApiModel):
    """Units of a lot or pool that are left. `daysToLong` is 0 when it counts as long, null where that is no matter."""

    asset: str
    symbol: str
    wallet: str | None
    lot_id: str
    acquired_on: date
    amount: Exact
    cost: Exact | None
    worth: Exact | None
    gain: Exact | None
    long_from: date | None
    days_to_long: int | None


class HarvestRead(PositionRead):
    """A loss that a sale of these units would make; `blockedBy`: purchases within the window before, by transaction."""

    loss: Exact
    rule: str
    blocked_by: list[str]
    free_from: date | None


class OptimisationRead(ApiModel):
    """What could be done. Computed from the book as of `asOf`; no advice."""

    jurisdiction: str
    jurisdiction_name: str
    currency: str
    year: int
    label: str
    years: list[int]
    scope: Scope
    can_change_by_year: bool
    headline_name: str
    headline_title: str
    methods: list[MethodRead]
    harvest: list[HarvestRead]
    harvest_total: int
    harvest_loss: Exact
    soon_long: list[PositionRead]
    soon_total: int
    holdings: list[PositionRead]
    prices: list[PriceRead]
    unpriced: int
    notes: list[str]
    open_issues: int
    as_of: Instant
    book_version: int


class WhatIfWrite(ApiModel):
    """A sale to think through: so many whole units of an asset, at a price a unit (null: the price of now)."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"asset": "ETH", "amount": "1.5", "price": "2500"}]}
    )

    asset: str = Field(min_length=1, max_length=200)
    amount: Annotated[Decimal, Field(gt=0, lt=Decimal(10) ** 40)]
    price: Annotated[Decimal, Field(ge=0, lt=Decimal(10) ** 20)] | None = None
    wallet: str | None = Field(default=None, max_length=200, description="Where lots count per wallet")
    lot_id: str | None = Field(default=None, max_length=200, description="With specific identification only")


class LineRead(ApiModel):
    """Units that the sale would take."""

    lot_id: str | None
    acquired_on: date | None
    amount: Exact
    cost: Exact | None
    proceeds: Exact | None
    gain: Exact | None
    disallowed: Exact
    term: Term | None
    rule: Rule


class ChangeRead(ApiModel):
    """A figure of the year before and after the sale."""

    name: str
    title: str
    before: Exact
    after: Exact
    is_count: bool = False


class WhatIfRead(ApiModel):
    """What a sale would come to under all rules, and what it would change of the year. No advice."""

    asset: str
    symbol: str
    currency: str
    year: int
    label: str
    amount: Exact
    price: Exact
    price_source: str
    price_taken_at: Instant | None
    proceeds: Exact
    cost: Exact | None
    gain: Exact | None
    disallowed: Exact
    lines: list[LineRead]
    changes: list[ChangeRead]
    notes: list[str]
