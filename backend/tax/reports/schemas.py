"""What reports read and answer."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from backend.core.schemas import ApiModel, Exact, Instant

ReportState = Literal["queued", "running", "done", "failed", "cancelled"]
ReportFormat = Literal["all", "json", "csv", "pdf"]
Term = Literal["short", "long"]


class ReportAsk(ApiModel):
    """What a report is asked to be. What is left out is as in the tax settings, or what the place usually has."""

    model_config = ConfigDict(extra="forbid")

    year: int = Field(description="The tax year, by the calendar year it begins in (2024 is 2024/25 in the UK)")
    jurisdiction: str | None = Field(default=None, max_length=12, examples=["US"])
    method: str | None = Field(default=None, max_length=30, examples=["fifo"], description="In any case, `-` or `_`")
    currency: str | None = Field(default=None, max_length=3, examples=["USD"])
    wash_sale: bool | None = Field(default=None, description="Disallow losses of wash sales, where a place knows them")
    per_wallet: bool | None = Field(default=None, description="Count each wallet apart; null: as the place asks")
    format: ReportFormat = Field(default="all", description="Which files are made; the JSON always is")


class FigureRead(ApiModel):
    """One figure of a tax year, in the report's currency, or a number of things.

    `amount` is what every page and file shows: of lines rounded so that no total drifts. `exact` is not rounded at all.
    """

    name: str
    title: str
    amount: Exact
    exact: Exact
    is_count: bool = False


class IncomeSum(ApiModel):
    """What came of one kind of income in the year. `unknown`: of so many nobody knows the worth; they are not in it."""

    kind: str
    count: int
    amount: Exact
    unknown: int


class IssueSum(ApiModel):
    """How many things of one kind are not settled, and how much rests on them."""

    kind: str
    count: int
    at_stake: Exact
    unknown_stake: int = Field(description="How many of them rest on an amount that nobody knows")


class FiguresRead(ApiModel):
    """What a year comes to, and what it rests on."""

    label: str
    first_day: date
    last_day: date
    timezone: str
    figures: list[FigureRead]
    carried: dict[str, Exact] = Field(description="Losses that later years may use")
    notes: list[str]
    warnings: list[str]
    unknown: int = Field(description="Disposals and income that are in no figure, because something of them is unknown")
    unknown_proceeds: Exact
    disposals: int
    incomes: list[IncomeSum]
    issues: list[IssueSum] = Field(description="What was not settled up to the end of the year")
    is_for_information: bool = Field(description="In another currency than the place's law counts in")

    def figure(self, name: str) -> FigureRead | None:
        """Return a figure by its name, None when the place does not have it."""
        return next((each for each in self.figures if each.name == name), None)


class LotRead(ApiModel):
    """A part of a disposal: so many units of a lot (or pool) and what they cost. `rule`: why these."""

    lot_id: str | None
    acquired_at: Instant | None
    acquired_on: date | None
    amount: Exact
    lot_amount: Exact | None
    lot_cost: Exact | None
    cost: Exact | None
    proceeds: Exact | None
    gain: Exact | None
    disallowed: Exact
    rule: str
    term: Term | None
    is_replacement: bool


class DisposalRead(ApiModel):
    """Units that left, as the rules count them. Unknown amounts are null, and in no figure."""

    number: int
    transaction_id: UUID | None
    transactions: list[str] = Field(description="Of which events it is made: several where a day is one disposal")
    asset: str
    symbol: str
    wallet: str
    disposed_at: Instant
    disposed_on: date
    kind: str
    amount: Exact
    proceeds: Exact | None
    cost_basis: Exact | None
    gain: Exact | None
    disallowed: Exact
    term: Literal["short", "long", "mixed"] | None
    is_taxable: bool
    lots: list[LotRead]


class FileRead(ApiModel):
    """A file of a report."""

    name: str
    title: str
    media_type: str
    size_bytes: int
    sha256: str


class FigureChange(ApiModel):
    """A figure that is another one than in the version before; null: it had none."""

    name: str
    title: str
    before: Exact | None
    after: Exact | None


class DisposalChange(ApiModel):
    """A disposal that differs from the version before, and why."""

    what: Literal["added", "removed", "changed"]
    number: int | None = Field(description="Its number in this report; null when it is in it no more")
    transaction_id: UUID | None
    symbol: str
    disposed_on: date
    gain_before: Exact | None
    gain_after: Exact | None
    why: str


class ChangesRead(ApiModel):
    """What is different from the version before, and why."""

    report_id: UUID
    number: int
    is_same: bool = Field(description="The same input and engine: every figure is the same")
    why: list[str]
    figures: list[FigureChange]
    added: int
    removed: int
    changed: int
    disposals: list[DisposalChange] = Field(description="The first of them")


class ReportRead(ApiModel):
    """A report: what was asked for, how far it is, what it comes to."""

    id: UUID
    year: int
    label: str
    jurisdiction: str
    jurisdiction_name: str
    currency: str
    method: str
    wash_sale: bool
    per_wallet: bool | None
    format: ReportFormat
    state: ReportState
    progress_pct: int
    step: str
    number: int = Field(description="The version: counts the reports of a year and place")
    supersedes: UUID | None
    engine_version: str | None
    input_hash: str | None
    is_outdated: bool = Field(description="Transactions, edits or settings changed since")
    transactions: int | None
    open_issues: int | None
    total_gain: Exact | None
    message: str | None
    requested_at: Instant
    started_at: Instant | None
    finished_at: Instant | None


class ReportList(ApiModel):
    """The user's reports, the newest year first, the newest version first."""

    items: list[ReportRead]


class DisposalPage(ApiModel):
    """Some of a report's disposals; `next_cursor` asks for those after them, null at the end."""

    items: list[DisposalRead]
    total: int
    next_cursor: str | None


class ReportDetail(ReportRead):
    """A report with all that it says."""

    figures: FiguresRead | None
    changes: ChangesRead | None
    files: list[FileRead]
    disposals: DisposalPage


class ReportDeleted(ApiModel):
    """What was deleted."""

    id: UUID


class AuditStep(ApiModel):
    """One disposal in words: every lot, formula and number, line by line."""

    number: int
    transaction_id: UUID | None
    symbol: str
    disposed_on: date
    gain: Exact | None
    lines: list[str]


class AuditTrail(ApiModel):
    """How a report's disposals were computed."""

    report_id: UUID
    year: int
    jurisdiction: str
    method: str
    engine_version: str | None
    input_hash: str | None
    items: list[AuditStep]
    next_cursor: str | None


Json = Mapping[str, Any]
