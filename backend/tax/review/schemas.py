"""What the API takes and answers of the review. Amounts and money are exact decimals in text; null is unknown."""

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from backend.core.schemas import ApiModel, Exact, Instant
from backend.tax.books import IssueKind
from backend.tax.engine.events import IncomeKind
from backend.tax.review.matching import Matches
from backend.tax.transactions import Edit, TransactionKind

MOST_AT_ONCE = 2_000


def _one_line(value: str) -> str:
    value = " ".join(value.split())
    if not value.isprintable():
        raise ValueError("use letters, digits and signs only")
    return value


Reason = Annotated[str, Field(max_length=300), AfterValidator(_one_line)]
Text = Annotated[str, Field(min_length=1, max_length=140), AfterValidator(_one_line)]
Money = Annotated[Decimal, Field(ge=0, le=Decimal(10) ** 30, max_digits=60, decimal_places=30)]


class LegRead(ApiModel):
    """What came (positive) or went (negative), in whole units."""

    asset: str
    symbol: str = Field(description="As its contract or file says it: not to be trusted")
    amount: Exact
    worth: Exact | None
    currency: str | None
    counterparty: str | None


class EvidenceRead(ApiModel):
    """A transaction that an issue, or a fix of it, is about."""

    id: UUID
    happened_at: Instant
    kind: TransactionKind = Field(description="What it counts as now")
    source_kind: TransactionKind = Field(description="What its source says")
    source: str
    wallet: str
    to_wallet: str | None
    chain_id: int | None
    tx_hash: str | None
    tx_url: str | None
    protocol: str | None
    line: int | None
    legs: list[LegRead]
    fees: list[LegRead]
    is_edited: bool
    rule_id: UUID | None


class ProposalRead(ApiModel):
    """A way to settle an issue. `sort` is the same for the same fix of other issues; `ruleMatches` where all
    transactions like this one can be settled so, with `ruleSets`.
    """

    key: str
    sort: str
    label: str
    transactions: int = Field(description="How many it changes")
    matches: UUID | None = Field(description="The other side of the own transfer that it makes")
    rule_matches: "MatchesBody | None"
    rule_sets: "SetsBody | None"


class IssueRead(ApiModel):
    """Something that is not settled."""

    id: UUID
    kind: IssueKind
    message: str
    happened_at: Instant | None
    transaction_id: UUID | None
    asset: str | None
    wallet: str | None
    amount: Exact | None
    at_stake: Exact | None = Field(description="In the reporting currency; null when nobody knows")
    dismissed_at: Instant | None
    lacks_worth: bool = Field(description="Whether a worth can be given")
    proposals: list[ProposalRead]
    evidence: list[EvidenceRead] = Field(description="The first few transactions that it is about")


class KindCount(ApiModel):
    """How many issues of a kind there are, and what rests on them."""

    kind: IssueKind
    count: int
    at_stake: Exact = Field(description="Sum of what is known")
    unknown: int = Field(description="Of how many nobody knows what rests on them")


class ReviewStamp(ApiModel):
    """How current the review is: `isCurrent` when it is of the book as it stands, `step` while one runs."""

    version: int
    reviewed_version: int
    reviewed_at: Instant | None
    is_current: bool
    step: str | None
    problem: str | None
    open: int
    dismissed: int


class IssueList(ApiModel):
    """Issues, what most rests on first."""

    items: list[IssueRead]
    total: int
    by_kind: list[KindCount]
    at_stake: Exact
    currency: str
    review: ReviewStamp
    next_cursor: str | None


class Accept(ApiModel):
    """Which proposal of an issue (its `key`) to follow, and why."""

    model_config = ConfigDict(extra="forbid")
    proposal: str = Field(max_length=80)
    reason: Reason = ""


class Dismiss(ApiModel):
    """Why an issue is put aside."""

    model_config = ConfigDict(extra="forbid")
    reason: Reason = ""


class GiveWorth(ApiModel):
    """What the units without a worth were worth: all of them together, or one whole unit (`isUnitPrice`)."""

    model_config = ConfigDict(extra="forbid")
    amount: Money
    currency: str = Field(pattern=r"^[A-Z]{3}$", description="ISO 4217")
    is_unit_price: bool = False
    asset: str | None = Field(default=None, max_length=140)
    reason: Annotated[str, Field(min_length=1, max_length=300), AfterValidator(_one_line)]


class Bulk(ApiModel):
    """Follow one sort of proposal for many issues (`proposal`), or put them aside (`dismiss`).

    The issues are those of `ids`, else all open ones that the filters name.
    """

    model_config = ConfigDict(extra="forbid")
    action: Literal["accept", "dismiss"] = "accept"
    proposal: str = Field(default="", max_length=80, description="The `sort` of a proposal")
    ids: list[UUID] | None = Field(default=None, max_length=MOST_AT_ONCE)
    kind: IssueKind | None = None
    asset: str | None = Field(default=None, max_length=140)
    wallet: str | None = Field(default=None, max_length=120)
    reason: Reason = ""

    @model_validator(mode="after")
    def _says_what(self) -> "Bulk":
        """Refuse to accept nothing."""
        if self.action == "accept" and not self.proposal:
            raise ValueError("say which sort of proposal to accept")
        return self


class DecisionRead(ApiModel):
    """What was decided: about how many transactions and issues, and when it was taken back."""

    id: UUID
    made_at: Instant
    what: Literal["accepted", "priced", "dismissed"]
    title: str
    reason: str
    transactions: int
    issues: int
    undone_at: Instant | None


class DecisionList(ApiModel):
    """Decisions, the newest first."""

    items: list[DecisionRead]
    total: int
    next_cursor: str | None


class Decided(ApiModel):
    """What came of it: `skipped` issues had no such proposal, several, or one about the same transaction."""

    decision_id: UUID
    issues: int
    transactions: int
    skipped: int = 0


class Undone(ApiModel):
    """What was taken back; `kept` transactions were edited again since and stay as they are."""

    decision_id: UUID
    transactions: int
    kept: int


class MatchesBody(ApiModel):
    """Which transactions a rule is about: all that is given must hold."""

    model_config = ConfigDict(extra="forbid")
    kind: TransactionKind | None = Field(default=None, description="As the source tells it")
    counterparty: Text | None = None
    asset: Text | None = None
    wallet: Text | None = None
    protocol: Text | None = None
    amount_below: Annotated[Exact, Field(gt=0, max_digits=60, decimal_places=30)] | None = Field(
        default=None, description="In whole units; needs an asset"
    )

    @model_validator(mode="after")
    def _asks_something(self) -> "MatchesBody":
        """Refuse a rule about everything, and amounts of no asset."""
        if all(value is None for value in (self.kind, self.counterparty, self.asset, self.wallet, self.protocol)):
            raise ValueError("say at least one thing about the transactions that the rule is for")
        if self.amount_below is not None and self.asset is None:
            raise ValueError("an amount needs an asset: amounts of different assets do not compare")
        return self

    def matches(self) -> Matches:
        """Return it as the matcher takes it."""
        return Matches(**{name: getattr(self, name) for name in type(self).model_fields})


class SetsBody(ApiModel):
    """What a rule says of its transactions."""

    model_config = ConfigDict(extra="forbid")
    kind: TransactionKind | None = None
    income: IncomeKind | None = None
    to_wallet: Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_one_line)] | None = None
    is_unmatched: bool | None = None
    note: Reason | None = None
    reason: Reason = ""

    @model_validator(mode="after")
    def _says_something(self) -> "SetsBody":
        """Refuse a rule that says nothing, and a kind of income of what is none."""
        if self.kind is None and self.to_wallet is None and self.is_unmatched is None and self.income is None:
            raise ValueError("say what the transactions are")
        if self.income is not None and self.kind not in (None, TransactionKind.INCOME):
            raise ValueError("only income has a kind of income")
        return self

    def edit(self) -> Edit:
        """Return it as what is said about a transaction."""
        return Edit(**{name: getattr(self, name) for name in type(self).model_fields})


class RuleCreate(ApiModel):
    """A rule: what it is called, which transactions it is about, and what it says of them."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_one_line)]
    matches: MatchesBody
    sets: SetsBody


class RulePreviewBody(ApiModel):
    """A rule that is not saved yet."""

    model_config = ConfigDict(extra="forbid")
    matches: MatchesBody
    sets: SetsBody


class RuleRead(ApiModel):
    """A rule, and how many transactions it decides now."""

    id: UUID
    name: str
    matches: MatchesBody
    sets: SetsBody
    created_at: Instant
    transactions: int


class RuleList(ApiModel):
    """Rules, the newest first: where several are about a transaction the newest decides."""

    items: list[RuleRead]
    total: int


class RulePreview(ApiModel):
    """What a rule would do: `transactions` it is about, `changed` by it; of the rest your own edits say otherwise, or
    they are that already.
    """

    transactions: int
    changed: int
    edited: int = Field(description="Have an edit of your own, which wins")
    examples: list[EvidenceRead]


class RuleSaved(ApiModel):
    """A rule that holds from now on."""

    id: UUID
    transactions: int


class RuleDeleted(ApiModel):
    """A rule that holds no more, and how many transactions are again what they were without it."""

    id: UUID
    transactions: int


ProposalRead.model_rebuild()
