"""What a user says about a transaction, checked and put together with what they said before. Pure."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any
from uuid import UUID

from backend.core.errors import InvalidInputError
from backend.market.fiat.service import CURRENCIES
from backend.tax.listing.schemas import TaxTransactionChange, WorthWrite
from backend.tax.review.edits import said_after
from backend.tax.transactions import ChosenLot, Edit, TaxTransaction, Worth

BY_YOU = "you"


def others_named(wanted: TaxTransactionChange) -> set[UUID]:
    """Return the other transactions that a change speaks of."""
    return {each.transaction_id for each in wanted.choices or ()} | ({wanted.matches} if wanted.matches else set())


def check(told: TaxTransaction, wanted: TaxTransactionChange, unknown: Collection[UUID]) -> None:
    """Raise InvalidInputError by field; `unknown` are transactions it speaks of that are none of the user's."""
    problems: dict[str, str] = {}
    for name, places, legs in (
        ("worths", wanted.worths, told.legs),
        ("feeWorths", wanted.fee_worths, told.fees),
    ):
        if any(place >= len(legs) for place in places or ()):
            problems[name] = f"This transaction has {len(legs)} of them; the first is 0."
    worths = [*(wanted.worths or {}).values(), *(wanted.fee_worths or {}).values()]
    worths += [each for each in (wanted.basis, wanted.portfolio_worth) if each is not None]
    if any(each.currency not in CURRENCIES for each in worths):
        problems["currency"] = f"There are no rates for it. Choose one of: {', '.join(CURRENCIES)}."
    if wanted.matches == told.id or wanted.matches in unknown:
        problems["matches"] = "There is no such other transaction."
    if any(each.transaction_id in unknown for each in wanted.choices or ()):
        problems["choices"] = "There is no transaction that brought in one of these lots."
    if wanted.acquired_at is not None and wanted.acquired_at > told.happened_at:
        problems["acquiredAt"] = "It cannot have been acquired after this happened."
    if problems:
        raise InvalidInputError("Some values cannot be accepted.", problems)


def edit_after(before: Edit | None, wanted: TaxTransactionChange) -> Edit | None:
    """Return what holds after a change; None when nothing is said any more."""
    sent = wanted.model_fields_set - {"reason"}
    said: dict[str, Any] = {name: getattr(wanted, name) for name in sent}
    for name in ("worths", "fee_worths"):
        if said.get(name) is not None:
            said[name] = {place: worth_by_user(each) for place, each in said[name].items()}
    for name in ("basis", "portfolio_worth"):
        if said.get(name) is not None:
            said[name] = worth_by_user(said[name])
    if said.get("choices") is not None:
        said["choices"] = tuple(ChosenLot(each.transaction_id, each.amount) for each in said["choices"])
    edit = said_after(before, Edit(**{name: each for name, each in said.items() if each is not None}))
    taken_back = {name: None for name, each in said.items() if each is None}
    worths = {name: said[name] for name in ("worths", "fee_worths") if said.get(name) is not None}
    edit = replace(edit, **{**taken_back, **worths}, reason=wanted.reason)
    return None if edit == Edit(reason=wanted.reason) else edit


def left_beside(before: Edit) -> Edit | None:
    """Return what stays said beside a transaction that its user wrote anew: what a transaction itself does not say."""
    edit = Edit(
        matches=before.matches,
        is_unmatched=before.is_unmatched,
        is_separate=before.is_separate,
        choices=before.choices,
        portfolio_worth=before.portfolio_worth,
        reason=before.reason,
    )
    return None if edit == Edit(reason=before.reason) else edit


def worth_by_user(said: WorthWrite) -> Worth:
    """Return a worth that the user gives."""
    return Worth(said.amount, said.currency, BY_YOU)
