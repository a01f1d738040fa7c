"""What the API takes and answers of tax transactions. Amounts and money are exact decimals in text; null is unknown."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, ConfigDict, Field

from backend.core.schemas import ApiModel, Exact, Instant
from backend.tax.engine.events import IncomeKind
from backend.tax.settings.schemas import Wallet
from backend.tax.transactions import Source, TransactionKind

MOST_SHOWN = 200
Order = Literal["newest", "oldest"]
Money = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 30, max_digits=60, decimal_places=30)]
Amount = Annotated[Decimal, Field(ge=-(Decimal(10) ** 40), le=Decimal(10) ** 40, max_digits=80, decimal_places=36)]
PositiveAmount = Annotated[Decimal, Field(gt=0, le=Decimal(10) ** 40, max_digits=80, decimal_places=36)]


def _one_line(value: str) -> str:
    value = " ".join(value.split())
    if not value.isprintable():
        raise ValueError("use letters, digits and signs only")
    return value


Reason = Annotated[str, AfterValidator(_one_line), Field(min_length=1, max_length=300)]
Note = Annotated[str, AfterValidator(_one_line), Field(max_length=500)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")]
AssetKey = Annotated[
    str,
    Field(
        max_length=140,
        pattern=r"^([A-Za-z0-9.+\-_$]{1,20}|fiat:[A-Za-z]{3}|[1-9][0-9]{0,15}:0x[0-9a-fA-F]{40}(:[0-9]{1,78})?)$",
        description="A symbol, `fiat:` and a currency, or `chain:address` (`:token_id` of a piece)",
    ),
]


class WorthRead(ApiModel):
    """What all of a leg was worth, and who says so."""

    amount: Exact
    currency: str
    source: str
    as_of: Instant | None


class TaxLegRead(ApiModel):
    """What came (positive) or went (negative), in whole units; `worth` as it counts, an edit's before the source's."""

    asset: str
    symbol: str = Field(description="As its contract or file says it: not to be trusted")
    amount: Exact
    role: str
    counterparty: str | None
    worth: WorthRead | None
    told_worth: WorthRead | None = Field(description="What the source says, before any edit")


class LotRead(ApiModel):
    """A lot that was chosen."""

    transaction_id: UUID
    amount: Exact


class LotCandidate(ApiModel):
    """An earlier transaction that brought in what goes now; `value` is what it was worth, in the reporting currency."""

    transaction_id: UUID
    happened_at: Instant
    wallet: str
    symbol: str
    amount: Exact
    value: Exact | None


class TaxEditRead(ApiModel):
    """What the user (or a bulk rule) says instead of the source; null leaves it as it is."""

    kind: TransactionKind | None
    income: IncomeKind | None
    worths: dict[int, WorthRead] | None
    fee_worths: dict[int, WorthRead] | None
    to_wallet: str | None
    matches: UUID | None
    is_unmatched: bool | None
    is_separate: bool | None
    choices: list[LotRead] | None
    basis: WorthRead | None
    acquired_at: Instant | None
    portfolio_worth: WorthRead | None
    note: str | None
    reason: str


class OpenIssue(ApiModel):
    """Something about a transaction that the last review found open."""

    id: UUID
    kind: str
    message: str


class TaxTransactionRead(ApiModel):
    """One thing that happened: what its source says, and what counts."""

    id: UUID
    source: Source
    import_id: UUID | None
    line: int | None
    happened_at: Instant
    kind: TransactionKind = Field(description="As it counts: after edits and rules")
    told_kind: TransactionKind = Field(description="As its source says")
    income: IncomeKind | None
    wallet: str
    wallet_name: str | None
    to_wallet: str | None
    chain_id: int | None
    chain: str | None
    tx_hash: str | None
    tx_url: str | None
    protocol: str | None
    position: str | None
    identifiers: dict[str, str] | None
    legs: list[TaxLegRead]
    fees: list[TaxLegRead]
    value: Exact | None = Field(description="What came, else what went, in the reporting currency")
    fee_value: Exact | None = Field(description="All fees, in the reporting currency")
    choices: list[LotRead]
    basis: WorthRead | None
    acquired_at: Instant | None
    portfolio_worth: WorthRead | None
    note: str
    problem: str | None
    edit: TaxEditRead | None
    edited_at: Instant | None
    rule_id: UUID | None = Field(description="The bulk rule that decides what no edit does")
    counts_as: UUID | None = Field(
        default=None, description="The transaction of another source that tells the same and counts; this one does not"
    )
    issues: list[OpenIssue]


class TaxTransactionList(ApiModel):
    """A page of transactions. `total` counts all that meet the filters."""

    items: list[TaxTransactionRead]
    total: int
    currency: str = Field(description="In which `value` and `feeValue` are")
    next_cursor: str | None = Field(description="For the next page; null at the end")
    synced_at: Instant | None = Field(description="When wallets were last taken over")
    left_out: int = Field(description="Transactions of wallets that are more than the plan allows")


class WorthWrite(ApiModel):
    """What all of it was worth."""

    model_config = ConfigDict(extra="forbid")
    amount: Money
    currency: Currency


class LotWrite(ApiModel):
    """So many units of the lot that a transaction brought in."""

    model_config = ConfigDict(extra="forbid")
    transaction_id: UUID
    amount: PositiveAmount


class TaxTransactionChange(ApiModel):
    """What holds instead of what the source says, and why. What is left out stays as it was said before; null takes
    it back. `worths` and `feeWorths` are by the place of the leg or fee, and all that is said of them.
    """

    model_config = ConfigDict(extra="forbid")
    kind: TransactionKind | None = None
    income: IncomeKind | None = None
    worths: dict[Annotated[int, Field(ge=0, le=1000)], WorthWrite] | None = None
    fee_worths: dict[Annotated[int, Field(ge=0, le=1000)], WorthWrite] | None = None
    to_wallet: Wallet | None = None
    matches: UUID | None = Field(default=None, description="The other side of an own transfer")
    is_unmatched: bool | None = Field(default=None, description="That there is no other side")
    is_separate: bool | None = Field(default=None, description="That it is another one than what looks the same")
    choices: list[LotWrite] | None = Field(default=None, max_length=200)
    basis: WorthWrite | None = None
    acquired_at: AwareDatetime | None = None
    portfolio_worth: WorthWrite | None = None
    note: Note | None = None
    reason: Reason


class LegWrite(ApiModel):
    """What came (positive) or went (negative)."""

    model_config = ConfigDict(extra="forbid")
    asset: AssetKey
    amount: Amount
    worth: WorthWrite | None = None


class FeeWrite(ApiModel):
    """What was paid for it."""

    model_config = ConfigDict(extra="forbid")
    asset: AssetKey
    amount: PositiveAmount
    worth: WorthWrite | None = None


class TaxTransactionAdd(ApiModel):
    """A transaction written by hand."""

    model_config = ConfigDict(extra="forbid")
    happened_at: AwareDatetime
    kind: TransactionKind
    wallet: Wallet
    to_wallet: Wallet | None = None
    legs: list[LegWrite] = Field(default_factory=list, max_length=50)
    fees: list[FeeWrite] = Field(default_factory=list, max_length=10)
    income: IncomeKind | None = None
    tx_hash: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,100}$")] | None = None
    basis: WorthWrite | None = None
    acquired_at: AwareDatetime | None = None
    note: Note = ""


class Choice(ApiModel):
    """Something to filter by, and how many transactions have it."""

    value: str
    title: str
    transactions: int


class FilterChoices(ApiModel):
    """What transactions can be filtered by."""

    years: list[int]
    assets: list[Choice]
    wallets: list[Choice]


class TaxTransactionRemoved(ApiModel):
    """What was deleted."""

    id: UUID
