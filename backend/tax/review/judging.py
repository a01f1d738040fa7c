"""What is open about a book: what assembling found, and what the engine could not compute, weighed together. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from backend.core.ids import derived_id
from backend.tax.books import Book, Issue, IssueKind
from backend.tax.engine.money import EXACT
from backend.tax.engine.results import Disposal, Outcome, Part

# What may lie behind units whose cost nobody knows.
_ABOUT_COST = (IssueKind.UNMATCHED_TRANSFER, IssueKind.NEGATIVE_BALANCE, IssueKind.MISSING_PRICE)


def judged(book: Book, outcome: Outcome) -> list[Issue]:
    """Return the issues of a book, each with what rests on it, and those that only computing shows.

    What rests on an issue is what was received for units whose cost is unknown because of it: of the transaction that
    brought them, else of the wallet (or, where wallets count together, of anything) that had too few of them. Where
    nothing was disposed of, it is what assembling says.
    """
    stakes = _Stakes()
    for disposal in outcome.disposals:
        for part in disposal.parts:
            if part.cost_e18 is None and disposal.is_taxable:
                stakes.add(disposal, part)
    issues = [_weighed(each, stakes) for each in book.issues]
    return issues + _only_computed(issues, stakes, book)


class _Stakes:
    """What was received for units of unknown cost, by where they came from."""

    def __init__(self) -> None:
        self.brought: dict[tuple[UUID, str], Decimal | None] = {}
        self.lacked: dict[tuple[str, str], Decimal | None] = {}
        self.first: dict[tuple[str, str], Disposal] = {}

    def add(self, disposal: Disposal, part: Part) -> None:
        """Count a part of a disposal."""
        came = None if part.lot is None else transaction_of(part.lot.id)
        if came is not None:
            _add(self.brought, (came, disposal.asset), part.proceeds)
            return
        key = (disposal.wallet, disposal.asset)
        _add(self.lacked, key, part.proceeds)
        self.first.setdefault(key, disposal)


def _add(into: dict[tuple, Decimal | None], key: tuple, value: Decimal | None) -> None:
    before = into.get(key, Decimal(0))
    into[key] = None if before is None or value is None else EXACT.add(before, value)


def _weighed(issue: Issue, stakes: _Stakes) -> Issue:
    if issue.kind not in _ABOUT_COST or issue.asset is None:
        return issue
    found: Decimal | None
    if issue.kind is IssueKind.NEGATIVE_BALANCE:
        key = (issue.wallet or "", issue.asset)
        if key not in stakes.lacked:
            return issue
        found = stakes.lacked[key]
    else:
        if issue.transaction_id is None or (issue.transaction_id, issue.asset) not in stakes.brought:
            return issue
        found = stakes.brought[issue.transaction_id, issue.asset]
    return issue if found is None else replace(issue, at_stake=found)


def _only_computed(issues: Sequence[Issue], stakes: _Stakes, book: Book) -> list[Issue]:
    """Return an issue where more of an asset was disposed of than came, and assembling says nothing about it."""
    seen = {(each.wallet, each.asset) for each in issues if each.kind is IssueKind.NEGATIVE_BALANCE}
    assets = {each.asset for each in issues if each.kind in _ABOUT_COST}
    found = []
    for (wallet, asset), at_stake in sorted(stakes.lacked.items()):
        if (wallet, asset) in seen or (None, asset) in seen or asset in assets:
            continue
        first = stakes.first[wallet, asset]
        symbol = book.symbols.get(asset, asset)
        found.append(
            Issue(
                id=derived_id("tax issue", "computed", wallet, asset),
                kind=IssueKind.NEGATIVE_BALANCE,
                message=f"More {symbol} was disposed of than the book says was acquired: nobody knows what it cost.",
                happened_at=first.at,
                transaction_id=transaction_of(first.event_ids[0]),
                asset=asset,
                wallet=wallet or None,
                at_stake=at_stake,
            )
        )
    return found


def transaction_of(event_id: str) -> UUID | None:
    """Return the transaction that an event of the engine is of, None for what is of none (a pool)."""
    try:
        return UUID(event_id.split("/", 1)[0])
    except ValueError:
        return None
