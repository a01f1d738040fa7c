"""A user's tax book: every transaction made ready for the engine, and what about it is not settled. Pure records."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from backend.tax.engine.calculate import Settings
from backend.tax.engine.events import TaxEvent
from backend.tax.engine.methods import Method
from backend.tax.transactions import Edit


class IssueKind(StrEnum):
    """What is not settled."""

    DUPLICATE = "duplicate"
    UNMATCHED_TRANSFER = "unmatched_transfer"
    MISSING_PRICE = "missing_price"
    NEGATIVE_BALANCE = "negative_balance"
    UNVOUCHED_ASSET = "unvouched_asset"
    UNKNOWN_KIND = "unknown_kind"
    INCOMPLETE_HISTORY = "incomplete_history"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A way to settle an issue: what it is called, and the edit that does it (of this and maybe other transactions)."""

    label: str
    edits: Mapping[UUID, Edit]


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Something about the book that is not settled. `id` is the same as long as it is about the same thing.

    `at_stake` is what the figures rest on it with, in the reporting currency, None when nobody knows.
    """

    id: UUID
    kind: IssueKind
    message: str
    happened_at: datetime | None = None
    transaction_id: UUID | None = None
    asset: str | None = None
    wallet: str | None = None
    amount: Decimal | None = None
    at_stake: Decimal | None = None
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnTransfer:
    """Two transactions that are one transfer between places of the user, and why they are taken for it."""

    withdrawal: UUID
    deposit: UUID
    why: str


@dataclass(frozen=True, slots=True)
class ToldTwice:
    """A transaction of a file that counts nowhere, since `same_as` of another source has its hash and amounts."""

    transaction: UUID
    same_as: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxSettings:
    """What a user chooses. `methods`: from which tax year on which holds; empty is the place's usual one.

    `liquidity_is_disposal`, `lending_is_disposal`: whether what goes into a pool or a lending market is disposed of,
    or lies there with its basis. `wrap_is_disposal` is the place's matter and not here. `separate_years` are tax years
    of which a married person files separately.
    """

    jurisdiction: str = "US"
    currency: str = "USD"
    methods: Mapping[int, Method] = field(default_factory=dict)
    per_wallet: bool | None = None
    timezone: str | None = None
    wash_sales: bool = False
    liquidity_is_disposal: bool = True
    lending_is_disposal: bool = False
    excluded_wallets: frozenset[str] = frozenset()
    separate_years: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """All that a report is computed of: `calculate(book.events, book.engine)`.

    `events` have the transactions' ids as text (a suffix `/1`, `/2`, ... where one transaction is several events).
    `places` are the decimals of the engine's units by asset, `symbols` how assets are shown. `version` counts the
    changes of the book. `told_twice` count nowhere. `is_demo`: some of it is of the demo market.
    `bound` are the transactions whose events depend on others (None: nobody looked).
    """

    settings: TaxSettings
    engine: Settings
    events: Sequence[TaxEvent]
    issues: Sequence[Issue]
    places: Mapping[str, int]
    symbols: Mapping[str, str]
    transactions: int
    version: int
    as_of: datetime
    transfers: Sequence[OwnTransfer] = ()
    told_twice: Sequence[ToldTwice] = ()
    is_demo: bool = False
    bound: frozenset[UUID] | None = None
