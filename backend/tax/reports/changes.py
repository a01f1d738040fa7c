"""What is different from the version before, and why. Pure."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from backend.tax.reports.inputs import Differences
from backend.tax.reports.lines import transaction_of
from backend.tax.reports.schemas import ChangesRead, DisposalChange, FigureChange, FiguresRead

MOST_SHOWN = 200
NOTHING = "Nothing: it was computed of the same transactions by the same rules."
_SETTINGS = {
    "methods": "the method",
    "perWallet": "whether each wallet is counted apart",
    "washSale": "the wash sale option",
    "currency": "the currency",
    "timezone": "the time zone",
    "liquidityIsDisposal": "how liquidity is treated",
    "lendingIsDisposal": "how lending is treated",
    "excludedWallets": "which wallets count",
    "separateYears": "the years filed separately",
}


def changed_settings(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return in words which settings of two reports differ."""
    return [words for name, words in _SETTINGS.items() if before.get(name) != after.get(name)]


def changed_figures(before: FiguresRead, after: FiguresRead) -> list[FigureChange]:
    """Return the figures that are other ones, in the order of the report."""
    old, new = {each.name: each for each in before.figures}, {each.name: each for each in after.figures}
    return [
        FigureChange(
            name=name,
            title=(new.get(name) or old[name]).title,
            before=old[name].amount if name in old else None,
            after=new[name].amount if name in new else None,
        )
        for name in {**new, **old}
        if name not in old or name not in new or old[name].amount != new[name].amount
    ]


def reasons(
    found: Differences, edited: Collection[UUID], settings: Sequence[str], engines: tuple[str | None, str | None]
) -> list[str]:
    """Return in words what is behind the differences of two reports."""
    said = [f"The rules of the engine changed: version {engines[1]}, before {engines[0]}."] * (engines[0] != engines[1])
    if settings:
        said.append(f"Other settings: {', '.join(settings)}.")
    otherwise = len(found.changed) - len(edited)
    for count, one, many in (
        (len(found.added), "transaction was added", "transactions were added"),
        (len(found.removed), "transaction counts no more", "transactions count no more"),
        (len(edited), "transaction was edited", "transactions were edited"),
        (otherwise, "transaction has another worth or meaning", "transactions have another worth or meaning"),
    ):
        if count:
            said.append(f"{count:,} {one if count == 1 else many}.")
    return said


def why_different(row: Any, found: Differences, edited: Collection[UUID], settings: Sequence[str]) -> str:
    """Return in words why one disposal is another one than before: the nearest cause that is known."""
    own = row.transaction_id
    if own in found.added:
        return "The transaction was added."
    if own in found.removed:
        return "The transaction counts no more."
    if own in edited:
        return "You edited the transaction."
    if own in found.changed:
        return "The transaction has another worth or meaning."
    lots = {transaction_of(lot["lotId"] or "") for parts in (row.parts_before, row.parts_after) for lot in _lots(parts)}
    touched = lots & (found.added | found.removed | found.changed)
    if touched:
        count = len(touched)
        return f"{count:,} of the lots it takes {'was' if count == 1 else 'were'} added, removed or changed."
    if settings:
        return f"Other settings: {', '.join(settings)}."
    if found.added or found.removed or found.changed:
        return "Other transactions changed which units were left for it."
    return "The rules of the engine changed."


def _lots(parts: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    return () if parts is None else parts["lots"]


def changes_of(
    before: Any, figures: list[FigureChange], why: list[str], rows: Sequence[Any], disposals: list[DisposalChange]
) -> ChangesRead:
    """Return what is different from the report `before`, put together."""
    counted = rows[0] if rows else None
    is_same = not (why or figures or rows)
    return ChangesRead(
        report_id=before.id,
        number=before.number,
        is_same=is_same,
        why=[NOTHING] if is_same else why,
        figures=figures,
        added=counted.added if counted is not None else 0,
        removed=counted.removed if counted is not None else 0,
        changed=counted.changed if counted is not None else 0,
        disposals=disposals,
    )
