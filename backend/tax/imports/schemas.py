"""What the API takes and answers of imports."""

from typing import Annotated, Literal
from uuid import UUID
from zoneinfo import available_timezones

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from backend.core.schemas import ApiModel, Instant, OneOf, Page
from backend.tax.files.reading import SOURCES

MAX_FILE_BYTES = 30 * 1024 * 1024
MAX_CORRECTED_LINES = 5_000
MAX_CELL = 500
MAX_ACCOUNT = 80
LineStatus = Literal["new", "known", "double", "refused", "skipped"]
ImportState = Literal["preview", "committed", "undone"]
WorkKind = Literal["reading", "importing"]


def _one_line(value: str) -> str:
    value = value.strip()
    if not value.isprintable():
        raise ValueError("use letters, digits and signs only")
    return value


def _source_names() -> list[str]:
    return list(SOURCES)


def _zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("is no time zone (such as UTC or Europe/Berlin)")
    return value


Account = Annotated[str, Field(min_length=1, max_length=MAX_ACCOUNT), AfterValidator(_one_line)]
Zone = Annotated[str, Field(max_length=64), AfterValidator(_zone)]
SourceName = Annotated[str, Field(max_length=40), OneOf(_source_names, "Files of this source are not read.")]
Head = Annotated[str, Field(max_length=200)]
Cell = Annotated[str, Field(max_length=MAX_CELL)]


class UploadChoices(ApiModel):
    """What may be said along with a file; what is left out is found out, or asked for in the preview."""

    model_config = ConfigDict(extra="forbid")

    source: SourceName | None = Field(default=None, description="Whose export the file is")
    account: Account | None = Field(default=None, description="What the account or wallet is called")
    timezone: Zone | None = Field(default=None, description="Of times in the file that say none")
    mapping: dict[Head, Head] | None = Field(default=None, max_length=60, description="Column of the file by meaning")


class ImportChange(UploadChoices):
    """What shall be read otherwise. `corrections` by line number: cell by column; an empty object takes them back."""

    corrections: dict[int, dict[Head, Cell]] | None = Field(default=None, max_length=MAX_CORRECTED_LINES)


class WalletImport(ApiModel):
    """Have the history of your portfolio's wallets taken over."""

    model_config = ConfigDict(extra="forbid")

    source: Literal["wallet"]


class Commit(ApiModel):
    """The word to import. With refused lines `leaveOut` must be true: they are left out, nothing else is."""

    model_config = ConfigDict(extra="forbid")

    leave_out: bool = False


class LineProblem(ApiModel):
    """What is wrong with a line, and in which column, if it is one."""

    column: str | None
    reason: str
    is_fatal: bool = Field(description="Whether the line cannot be imported with it")


class ImportLine(ApiModel):
    """A line of the file: its cells, what it becomes in words, and whether that is new."""

    line: int = Field(description="In the file, the heads are line 1")
    status: LineStatus
    cells: dict[str, str]
    says: str
    problems: list[LineProblem]
    transaction_ids: list[UUID] = Field(description="What it becomes; more lines may become one transaction")


class Work(ApiModel):
    """What is being done with a large file; `percent` of it is done."""

    kind: WorkKind
    percent: int
    began_at: Instant


class ImportRead(ApiModel):
    """A file and what becomes of it. Counts are of lines, but `added`, which is of transactions."""

    id: UUID
    source: str
    source_title: str
    account: str
    timezone: str
    file_name: str
    size_bytes: int
    state: ImportState
    detected: str = Field(description="What the file looks like; empty: unlike any source that is known")
    is_sure: bool
    needs_mapping: bool = Field(description="Whether its columns must be named first: PATCH a mapping")
    revision: int = Field(description="Counts the changes of how it is read")
    columns: list[str]
    mapping: dict[str, str] | None
    corrected_lines: int
    lines: int
    fresh: int = Field(description="Lines that bring something new")
    known: int = Field(description="Lines whose transactions are there already")
    doubled: int = Field(description="Lines that another source tells for certain (hash and amounts): they count once")
    refused: int = Field(description="Lines that cannot be read: correct them, or leave them out")
    skipped: int = Field(description="Lines that move nothing")
    warned: int = Field(description="Lines that are read, with a note")
    added: int = Field(description="Transactions that it brings, or brought once imported")
    is_left_out: bool = Field(description="Whether it was imported without the refused lines")
    work: Work | None
    problem: str | None = Field(description="Why the last work with it came to nothing")
    imported_before: Instant | None = Field(default=None, description="When the very same file was imported")
    created_at: Instant
    committed_at: Instant | None
    undone_at: Instant | None


class ImportList(ApiModel):
    """Your imports, the newest first."""

    items: list[ImportRead]
    total: int
    transactions: int = Field(description="How many transactions there are, of all sources")
    limit: int | None = Field(description="How many your plan allows; null: any number")


class ImportPreview(ApiModel):
    """An import and one page of its lines."""

    file: ImportRead
    lines: Page[ImportLine]


class ImportAsked(ApiModel):
    """What was put in line; `jobId` null: it is in line already."""

    job_id: int | None
    status: Literal["queued"] = "queued"
    estimated_seconds: int


class ImportUploaded(ApiModel):
    """The file's import; `estimatedSeconds` is above zero while a large file is being read."""

    file: ImportRead
    estimated_seconds: int


class ImportUndone(ApiModel):
    """What was undone: `removed` transactions are gone, `kept` are in other files that you imported too."""

    id: UUID
    removed: int
    kept: int


class LineQuery(ApiModel):
    """Which lines of a file."""

    model_config = ConfigDict(extra="forbid")

    status: LineStatus | Literal["warned"] | None = None
    page: int = Field(default=1, ge=1, le=100_000)
    page_size: int = Field(default=100, ge=1, le=500)

    @model_validator(mode="after")
    def _is_within_reach(self) -> "LineQuery":
        """Refuse what is beyond any file."""
        if self.page * self.page_size > 5_000_000:
            raise ValueError("there are no files with so many lines")
        return self
