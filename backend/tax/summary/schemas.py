"""What the API answers of tax years. Money is exact decimals in text, in the reporting currency; null is unknown."""

from datetime import date

from pydantic import Field

from backend.core.schemas import ApiModel, Exact, Instant


class YearFigure(ApiModel):
    """One figure of the place's own assessment of a year."""

    name: str
    title: str
    amount: Exact
    is_count: bool


class YearSummary(ApiModel):
    """What a tax year comes to, and how much of it is not settled."""

    year: int
    label: str = Field(description="As the place calls the year")
    first_day: date
    last_day: date
    jurisdiction: str
    currency: str
    method: str
    transactions: int = Field(description="Of the year, without ignored ones and excluded wallets")
    disposals: int
    short_term_gain: Exact | None = Field(description="Null: the place makes no difference of how long it was held")
    long_term_gain: Exact | None
    total_gain: Exact = Field(description="Gains less losses of all that is known")
    proceeds: Exact
    cost: Exact
    income: Exact
    fees: Exact = Field(description="All fees of the year whose worth is known")
    unknown_fees: int
    unknown: int = Field(description="Disposals and income of which something is unknown: they are in no sum")
    unknown_proceeds: Exact
    open_issues: int = Field(description="Of this year and before it: earlier ones change what things cost")
    at_stake: Exact = Field(description="What of the figures rests on them, as far as it is known")
    unknown_stakes: int = Field(description="Open issues of which nobody knows what rests on them")
    figures: list[YearFigure]
    notes: list[str]


class TaxYears(ApiModel):
    """Every year from the first transaction to this one, the newest first; `asOf` is when the book was read."""

    is_computing: bool = Field(
        default=False, description="A job computes it, for the history is long: there are no years yet, ask again soon"
    )
    years: list[YearSummary]
    transactions: int
    book_version: int
    as_of: Instant | None = Field(description="Null while it is being computed")
    synced_at: Instant | None = None


class YearAnswer(ApiModel):
    """One year, and of when."""

    is_computing: bool = Field(default=False, description="A job computes it, for the history is long: ask again soon")
    summary: YearSummary | None = Field(description="Null while it is being computed")
    book_version: int
    as_of: Instant | None
