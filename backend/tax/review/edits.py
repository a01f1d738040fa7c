"""What is said about a transaction, one word after the other; what a proposal does, and of which others it may be said.
Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from decimal import Context, Decimal
from typing import Any

from backend.tax.books import Proposal
from backend.tax.review.matching import Matches
from backend.tax.transactions import Edit, TaxLeg, TaxTransaction, TransactionKind, Worth, is_fiat

# What may be said of many transactions at once; worths, lots, dates and the other side are of one alone.
_OF_MANY = frozenset({"kind", "income", "to_wallet", "is_unmatched", "note"})
_BESIDE = frozenset({"note", "reason"})
_EXACT = Context(prec=96)


def said_after(before: Edit | None, then: Edit) -> Edit:
    """Return what holds when something is said after something else: of what `then` does not speak, `before` stays.

    With another kind the old kind of income goes, with an own transfer that there is none, and the other way round.
    """
    if before is None:
        return then
    said = {name: getattr(then, name) for name in _said(then)}
    for name in ("worths", "fee_worths"):
        if name in said:
            said[name] = {**(getattr(before, name) or {}), **said[name]}
    if then.kind is not None and then.kind is not TransactionKind.INCOME:
        said.setdefault("income", None)
    if then.matches is not None:
        said.setdefault("is_unmatched", None)
    if then.is_unmatched:
        said.setdefault("matches", None)
    return replace(before, **said)


def sort_of(proposal: Proposal) -> str:
    """Return of which sort a proposal is: the same for the same fix of other issues (`gift_in`, `income.airdrop`)."""
    return "+".join(sorted({_sort(edit) for edit in proposal.edits.values()}))


def is_for_many(edit: Edit) -> bool:
    """Return whether an edit says something, and only what may be said of many transactions at once."""
    said = _said(edit)
    return bool(said - _BESIDE) and said - {"reason"} <= _OF_MANY


def suggested_rule(proposal: Proposal, transaction: TaxTransaction) -> tuple[Matches, Edit] | None:
    """Return the rule that says of all transactions like this one what a proposal says of it.

    Like it: of the same kind, with the same other side where it is known, else of the same asset in the same wallet.
    None when the proposal can be of this transaction alone.
    """
    edit = proposal.edits.get(transaction.id)
    if edit is None or len(proposal.edits) != 1 or not is_for_many(edit) or not transaction.legs:
        return None
    others = {leg.counterparty for leg in transaction.legs}
    other = transaction.legs[0].counterparty if len(others) == 1 else None
    assets = {leg.asset for leg in transaction.legs}
    matches = Matches(
        kind=transaction.kind,
        counterparty=other,
        asset=transaction.legs[0].asset if other is None and len(assets) == 1 else None,
        wallet=transaction.wallet if other is None else None,
        protocol=transaction.protocol,
    )
    return matches, replace(edit, reason="")


def with_worth(transaction: TaxTransaction, before: Edit | None, asset: str | None, worth: Worth, reason: str) -> Edit:
    """Return the edit by which what has no worth yet of an asset is worth that, all of it together.

    Without `asset` only one may lack a worth. Several legs share by their amounts. Raises ValueError when nothing
    lacks a worth, or it is not said of which asset.
    """
    lacking = [
        (name, place, leg)
        for name, legs, said in (
            ("worths", transaction.legs, before.worths if before else None),
            ("fee_worths", transaction.fees, before.fee_worths if before else None),
        )
        for place, leg in _unpriced(legs, said or {})
        if asset is None or leg.asset == asset
    ]
    if not lacking:
        raise ValueError("Nothing of this transaction lacks a worth.")
    if len({leg.asset for _, _, leg in lacking}) > 1:
        raise ValueError("Several assets of this transaction lack a worth: say of which one this is.")
    said: dict[str, dict[int, Worth]] = {}
    for (name, place, _), share in zip(lacking, _shares(worth.amount, [leg for _, _, leg in lacking]), strict=True):
        said.setdefault(name, {})[place] = replace(worth, amount=share)
    values: dict[str, Any] = {"worths": said.get("worths"), "fee_worths": said.get("fee_worths")}
    return said_after(before, Edit(**values, reason=reason))


def lacking_worth(transaction: TaxTransaction, said: Edit | None) -> dict[str, Decimal]:
    """Return how much of which assets has no worth, of what moved and of fees."""
    found: dict[str, Decimal] = {}
    for _, leg in (
        *_unpriced(transaction.legs, (said.worths if said else None) or {}),
        *_unpriced(transaction.fees, (said.fee_worths if said else None) or {}),
    ):
        found[leg.asset] = _EXACT.add(found.get(leg.asset, Decimal(0)), leg.amount.copy_abs())
    return found


def _said(edit: Edit) -> set[str]:
    return {each.name for each in fields(edit) if getattr(edit, each.name) is not None} - (
        set() if edit.reason else {"reason"}
    )


def _sort(edit: Edit) -> str:
    if edit.matches is not None:
        return "matches"
    if edit.kind is not None:
        return ".".join(each.value for each in (edit.kind, edit.income) if each is not None)
    said = sorted(_said(edit) - _BESIDE)
    worths = [*(edit.worths or {}).values(), *(edit.fee_worths or {}).values()]
    if worths:
        return "worthless" if not any(each.amount for each in worths) else "worth"
    return ".".join(said) or "nothing"


def _unpriced(legs: Iterable[TaxLeg], said: Mapping[int, Worth]) -> list[tuple[int, TaxLeg]]:
    return [
        (place, leg)
        for place, leg in enumerate(legs)
        if leg.worth is None and place not in said and leg.amount and not is_fiat(leg.asset)
    ]


def _shares(whole: Decimal, legs: list[TaxLeg]) -> list[Decimal]:
    """Return parts of a sum by the legs' amounts, to 18 places; the last one takes what is left, so they sum to it."""
    units = sum((leg.amount.copy_abs() for leg in legs), Decimal(0))
    parts: list[Decimal] = []
    for leg in legs[:-1]:
        part = _EXACT.divide(_EXACT.multiply(whole, leg.amount.copy_abs()), units)
        parts.append(part.quantize(Decimal("1e-18"), context=_EXACT))
    left = whole
    for part in parts:
        left = _EXACT.subtract(left, part)
    return [*parts, left]
