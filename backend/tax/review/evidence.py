"""Transactions as the review shows them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson

from backend.chain.registry import find_chain
from backend.core.formats import untrusted_text
from backend.tax.records import COLUMNS, edit_of, merged, transaction_of
from backend.tax.review.schemas import EvidenceRead, LegRead
from backend.tax.transactions import Edit, TaxLeg, TaxTransaction, TransactionKind, Worth


@dataclass(frozen=True, slots=True)
class Seen:
    """A transaction with what its user says about it (`own`), and the rule that decides what that does not."""

    transaction: TaxTransaction
    own: Edit | None
    rule_id: UUID | None
    shown_kind: TransactionKind


def seen_of(rows: Sequence[Any]) -> list[Seen]:
    """Return the transactions of rows as `rules_repository` selects them."""
    found = []
    for row in rows:
        edit, rule_id, shown_kind = row[len(COLUMNS) :]
        own = None if edit is None else edit_of(orjson.loads(edit))
        found.append(Seen(transaction_of(row), own, rule_id, TransactionKind(shown_kind)))
    return found


def holding(seen: Seen, rule: Edit | None) -> tuple[Any, ...]:
    """Return what holds of a transaction under a rule: kind, kind of income, other wallet, whether it has no other
    side, note.
    """
    said = merged(seen.own, rule) or Edit()
    source = seen.transaction
    return (
        said.kind or source.kind,
        said.income or source.income,
        said.to_wallet or source.to_wallet,
        bool(said.is_unmatched),
        source.note if said.note is None else said.note,
    )


def evidence(seen: Seen) -> EvidenceRead:
    """Return a transaction as the API answers it."""
    source, own = seen.transaction, seen.own or Edit()
    chain = None if source.chain_id is None else find_chain(source.chain_id)
    return EvidenceRead(
        id=source.id,
        happened_at=source.happened_at,
        kind=seen.shown_kind,
        source_kind=source.kind,
        source=source.source,
        wallet=source.wallet,
        to_wallet=own.to_wallet or source.to_wallet,
        chain_id=source.chain_id,
        tx_hash=source.tx_hash,
        tx_url=chain.transaction_url(source.tx_hash) if chain and source.tx_hash else None,
        protocol=source.protocol,
        line=source.line,
        legs=_legs(source.legs, own.worths or {}),
        fees=_legs(source.fees, own.fee_worths or {}),
        is_edited=seen.own is not None,
        rule_id=seen.rule_id,
    )


def _legs(legs: Iterable[TaxLeg], said: Any) -> list[LegRead]:
    return [_leg(leg, said.get(place, leg.worth)) for place, leg in enumerate(legs)]


def _leg(leg: TaxLeg, worth: Worth | None) -> LegRead:
    return LegRead(
        asset=leg.asset,
        symbol=untrusted_text(leg.symbol),
        amount=leg.amount,
        worth=None if worth is None else worth.amount,
        currency=None if worth is None else worth.currency,
        counterparty=leg.counterparty,
    )
