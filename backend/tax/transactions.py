"""What a user's tax history is made of: one transaction of any source, before a place's rules are asked. Pure.

Wallets (through the event ledger), files and what is written by hand all become this. What it means for a place
(whether a deposit to a pool is a disposal, which two transfers are one) is decided in `assembling`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID

from backend.tax.engine.events import IncomeKind

Source = Literal["wallet", "file", "manual"]
FIAT_PREFIX = "fiat:"


class TransactionKind(StrEnum):
    """What a transaction is."""

    BUY = "buy"  # for money
    SELL = "sell"  # for money
    SWAP = "swap"
    DEPOSIT = "deposit"  # something came, from nobody knows whom: an own transfer once its other side is found
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"  # between two places of the user, both sides known
    INCOME = "income"
    LP_ADD = "lp_add"
    LP_REMOVE = "lp_remove"
    SUPPLY = "supply"
    WITHDRAW = "withdraw"
    STAKE = "stake"
    UNSTAKE = "unstake"
    WRAP = "wrap"
    BRIDGE = "bridge"
    BORROW = "borrow"
    REPAY = "repay"
    LIQUIDATION = "liquidation"
    GIFT_IN = "gift_in"
    GIFT_OUT = "gift_out"
    DONATION = "donation"
    SPEND = "spend"
    LOSS = "loss"
    FEE = "fee"  # paid, and nothing else of the user's moved
    IGNORED = "ignored"  # spam, or entered twice: it counts nowhere


@dataclass(frozen=True, slots=True)
class Worth:
    """What all of a leg (or fee) was worth, in a currency (ISO 4217), and who says so: a price source, file or user."""

    amount: Decimal
    currency: str
    source: str
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class TaxLeg:
    """An amount in whole units that came (positive) or went (negative); `worth` None: nobody knows yet.

    `asset` is a vouched symbol (`ETH`), `chain:address` of a token that nobody vouches for, with `:token_id` of an NFT,
    or `fiat:EUR`. `symbol` is how it is shown. `role` is as in the ledger.
    """

    asset: str
    symbol: str
    amount: Decimal
    worth: Worth | None = None
    role: Literal["principal", "receipt", "reward"] = "principal"
    counterparty: str | None = None


@dataclass(frozen=True, slots=True)
class ChosenLot:
    """For specific identification: so many whole units of the lot that a transaction (its id) brought in."""

    transaction_id: UUID
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxTransaction:
    """One thing that happened, as its source tells it.

    `id` is the same whenever it is read again. `wallet` is a lower-case address or an account ("Coinbase");
    of a TRANSFER it is where it went from, and `to_wallet` where it came to. `fees` are amounts above zero, and in no
    leg. `sequence` is the place among transactions of the same second. `position` names a position in a protocol
    that has no fungible receipt. `choices` name lots where the user identifies them.
    """

    id: UUID
    source: Source
    happened_at: datetime
    kind: TransactionKind
    wallet: str
    legs: tuple[TaxLeg, ...] = ()
    fees: tuple[TaxLeg, ...] = ()
    to_wallet: str | None = None
    income: IncomeKind | None = None
    sequence: int = 0
    chain_id: int | None = None
    tx_hash: str | None = None
    protocol: str | None = None
    position: str | None = None
    identifiers: Mapping[str, str] | None = None
    import_id: UUID | None = None
    line: int | None = None
    choices: tuple[ChosenLot, ...] = ()
    basis: Worth | None = None
    acquired_at: datetime | None = None
    portfolio_worth: Worth | None = None
    note: str = ""
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What a user (or a bulk rule) says about a transaction instead of its source. None leaves it as it is.

    `worths` are of legs by their place, `fee_worths` of fees. `matches` is the other side of an own transfer;
    `is_unmatched` says that there is none. `is_separate` says that it is another one than what looks the same, and
    counts. `reason` is kept with it, and shown.
    """

    kind: TransactionKind | None = None
    income: IncomeKind | None = None
    worths: Mapping[int, Worth] | None = None
    fee_worths: Mapping[int, Worth] | None = None
    to_wallet: str | None = None
    matches: UUID | None = None
    is_unmatched: bool | None = None
    is_separate: bool | None = None
    choices: tuple[ChosenLot, ...] | None = None
    basis: Worth | None = None
    acquired_at: datetime | None = None
    portfolio_worth: Worth | None = None
    note: str | None = None
    reason: str = ""


def is_fiat(asset: str) -> bool:
    """Return whether an asset is money of a country."""
    return asset.startswith(FIAT_PREFIX)
