"""Rows as what the API answers: names, worths as they count, and values in the reporting currency. Pure."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from backend.chain.registry import chain_name, find_chain
from backend.tax import records
from backend.tax.books import TaxSettings
from backend.tax.engine.money import EXACT
from backend.tax.listing.schemas import (
    LotRead,
    OpenIssue,
    TaxEditRead,
    TaxLegRead,
    TaxTransactionRead,
    WorthRead,
)
from backend.tax.transactions import (
    FIAT_PREFIX,
    ChosenLot,
    Edit,
    TaxLeg,
    TaxTransaction,
    TransactionKind,
    Worth,
    is_fiat,
)


class Money:
    """Worths in the reporting currency; `rates` answers for a currency and a day."""

    def __init__(self, settings: TaxSettings, rates: Any) -> None:
        self._rates = rates
        self.currency = settings.currency

    def of(self, transaction: TaxTransaction, leg: TaxLeg, worth: Worth | None) -> Decimal | None:
        """Return what a leg was worth, without its sign; None when nobody knows."""
        if is_fiat(leg.asset) and worth is None:
            worth = Worth(leg.amount.copy_abs(), leg.asset.removeprefix(FIAT_PREFIX), "")
        if worth is None:
            return None
        rate = self._rates.rate(worth.currency, (worth.as_of or transaction.happened_at).astimezone(UTC).date())
        if rate is None:
            return None
        return EXACT.quantize(EXACT.multiply(worth.amount.copy_abs(), rate), Decimal("1e-18"))


def edit_of_row(row: Any, rules: Mapping[Any, Edit]) -> Edit | None:
    """Return what holds beside the source of a row: the edit, and where it says nothing the rule's."""
    own = None if row.edit is None else records.edit_of(orjson.loads(row.edit))
    return records.merged(own, rules.get(row.rule_id) if row.rule_id is not None else None)


def read_of(
    row: Any, edit: Edit | None, money: Money, wallets: Mapping[str, str], counts_as: UUID | None = None
) -> TaxTransactionRead:
    """Return a row as the API answers it; `counts_as` is the transaction that counts in its place."""
    told = records.transaction_of(row)
    chain = None if told.chain_id is None else find_chain(told.chain_id)
    said = edit or Edit()
    legs, values = _legs(told, told.legs, said.worths or {}, money)
    fees, fee_values = _legs(told, told.fees, said.fee_worths or {}, money)
    return TaxTransactionRead(
        id=told.id,
        source=told.source,
        import_id=told.import_id,
        line=told.line,
        happened_at=told.happened_at,
        kind=TransactionKind(row.shown_kind),
        told_kind=told.kind,
        income=said.income or told.income,
        wallet=told.wallet,
        wallet_name=wallets.get(told.wallet) or None,
        to_wallet=said.to_wallet or told.to_wallet,
        chain_id=told.chain_id,
        chain=None if told.chain_id is None else chain_name(told.chain_id),
        tx_hash=told.tx_hash,
        tx_url=chain.transaction_url(told.tx_hash) if chain and told.tx_hash else None,
        protocol=told.protocol,
        position=told.position,
        identifiers=None if told.identifiers is None else dict(told.identifiers),
        legs=legs,
        fees=fees,
        value=_value(told, values),
        fee_value=_sum(fee_values) if fees else Decimal(0),
        choices=_lots(said.choices if said.choices is not None else told.choices),
        basis=_worth(said.basis or told.basis),
        acquired_at=said.acquired_at or told.acquired_at,
        portfolio_worth=_worth(said.portfolio_worth or told.portfolio_worth),
        note=said.note if said.note is not None else told.note,
        problem=told.problem,
        edit=None if edit is None else _edit(edit),
        edited_at=row.edited_at,
        rule_id=row.rule_id,
        counts_as=counts_as,
        issues=[OpenIssue.model_validate(each) for each in orjson.loads(row.issues)],
    )


def _legs(
    told: TaxTransaction, legs: Sequence[TaxLeg], said: Mapping[int, Worth], money: Money
) -> tuple[list[TaxLegRead], list[Decimal | None]]:
    reads, values = [], []
    for place, leg in enumerate(legs):
        worth = said.get(place, leg.worth)
        values.append(money.of(told, leg, worth))
        reads.append(
            TaxLegRead(
                asset=leg.asset,
                symbol=leg.symbol,
                amount=leg.amount,
                role=leg.role,
                counterparty=leg.counterparty,
                worth=_worth(worth),
                told_worth=_worth(leg.worth),
            )
        )
    return reads, values


def _value(told: TaxTransaction, values: Sequence[Decimal | None]) -> Decimal | None:
    """Return what came was worth, where that is unknown (or nothing came) what went; receipts stand for the rest."""
    for sign in (1, -1):
        side = [
            value
            for leg, value in zip(told.legs, values, strict=True)
            if leg.amount * sign > 0 and leg.role != "receipt"
        ]
        if side and (whole := _sum(side)) is not None:
            return whole
    return None


def _sum(values: Sequence[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for value in values:
        if value is None:
            return None
        total = EXACT.add(total, value)
    return total


def _worth(worth: Worth | None) -> WorthRead | None:
    return None if worth is None else WorthRead.model_validate(worth)


def _worths(worths: Mapping[int, Worth] | None) -> dict[int, WorthRead] | None:
    return None if worths is None else {place: WorthRead.model_validate(worth) for place, worth in worths.items()}


def _lots(choices: Sequence[ChosenLot]) -> list[LotRead]:
    return [LotRead.model_validate(each) for each in choices]


def _edit(edit: Edit) -> TaxEditRead:
    return TaxEditRead(
        kind=edit.kind,
        income=edit.income,
        worths=_worths(edit.worths),
        fee_worths=_worths(edit.fee_worths),
        to_wallet=edit.to_wallet,
        matches=edit.matches,
        is_unmatched=edit.is_unmatched,
        is_separate=edit.is_separate,
        choices=None if edit.choices is None else _lots(edit.choices),
        basis=_worth(edit.basis),
        acquired_at=edit.acquired_at,
        portfolio_worth=_worth(edit.portfolio_worth),
        note=edit.note,
        reason=edit.reason,
    )
