"""Rules that say the same about many transactions: which of them a rule is about, and which rule decides. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from backend.core.money import plain
from backend.tax.transactions import Edit, TaxLeg, TaxTransaction, TransactionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """What a transaction must be for a rule to be about it; None asks nothing, all that is given must hold.

    `kind` is as the source tells it. `counterparty`, `asset` and `amount_below` (whole units, needs an asset) are of
    the same leg; of `amount_below` all such legs must be smaller.
    """

    kind: TransactionKind | None = None
    counterparty: str | None = None
    asset: str | None = None
    wallet: str | None = None
    protocol: str | None = None
    amount_below: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a user says of all transactions of a kind, those that come later too."""

    id: UUID
    name: str
    matches: Matches
    sets: Edit
    created_at: datetime


def is_match(wanted: Matches, transaction: TaxTransaction) -> bool:
    """Return whether a transaction is one of those that are wanted."""
    if wanted.kind is not None and transaction.kind is not wanted.kind:
        return False
    if wanted.wallet is not None and not _same_any(wanted.wallet, transaction.wallet, transaction.to_wallet):
        return False
    if wanted.protocol is not None and not _same_any(wanted.protocol, transaction.protocol):
        return False
    if wanted.counterparty is None and wanted.asset is None:
        return True
    legs = [leg for leg in transaction.legs if _is_leg(wanted, leg)]
    return bool(legs) and (
        wanted.amount_below is None or all(leg.amount.copy_abs() < wanted.amount_below for leg in legs)
    )


def deciding(rules: Sequence[Rule], transaction: TaxTransaction) -> Rule | None:
    """Return the rule that decides a transaction: of those that are about it the one made last, None without any."""
    about = [rule for rule in rules if is_match(rule.matches, transaction)]
    return max(about, key=lambda rule: (rule.created_at, rule.id), default=None)


def matches_json(matches: Matches) -> dict[str, str]:
    """Return what a rule asks for as it is kept: only what it asks, amounts as text."""
    given = {each.name: getattr(matches, each.name) for each in fields(matches)}
    return {
        name: plain(value) if isinstance(value, Decimal) else str(value)
        for name, value in given.items()
        if value is not None
    }


def matches_of(data: dict[str, Any]) -> Matches:
    """Return what a rule asks for from what was kept. Raises ValueError when it is not what `matches_json` makes."""
    try:
        kind, below = data.get("kind"), data.get("amount_below")
        return Matches(
            kind=None if kind is None else TransactionKind(kind),
            counterparty=data.get("counterparty"),
            asset=data.get("asset"),
            wallet=data.get("wallet"),
            protocol=data.get("protocol"),
            amount_below=None if below is None else Decimal(below),
        )
    except InvalidOperation as error:
        raise ValueError("the amount of a rule is not a number") from error


def _is_leg(wanted: Matches, leg: TaxLeg) -> bool:
    return (wanted.asset is None or leg.asset == wanted.asset) and (
        wanted.counterparty is None or _same_any(wanted.counterparty, leg.counterparty)
    )


def _same_any(wanted: str, *found: str | None) -> bool:
    return any(each is not None and each.lower() == wanted.lower() for each in found)
