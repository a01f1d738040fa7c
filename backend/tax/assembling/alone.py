"""A transaction whose events depend on nothing but itself, and what an edit of such a one changes. Pure.

A trade, income, a gift or a payment becomes events by its own legs and worths. What may be one side of an own transfer,
a protocol's or a position's depends on others, and others on it: after an edit of that, all is assembled anew.
"""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.tax.assembling.assemble import assemble
from backend.tax.assembling.items import Rates
from backend.tax.assembling.kinds import HANDLERS
from backend.tax.books import Book, Issue, IssueKind
from backend.tax.engine.events import TaxEvent
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import jurisdiction
from backend.tax.transactions import Edit, TaxTransaction, is_fiat

Entry = tuple[TaxTransaction, Edit | None]
_OWN = frozenset({IssueKind.MISSING_PRICE, IssueKind.UNKNOWN_KIND})  # all other issues are about several transactions


@dataclass(frozen=True, slots=True)
class Changed:
    """What edits made of a book: its events and issues, the events put in, and the ids of those that are gone."""

    events: Sequence[TaxEvent]
    issues: Sequence[Issue]
    put: Sequence[TaxEvent]
    gone: Sequence[str]


def stands_alone(told: TaxTransaction, edit: Edit | None) -> bool:
    """Return whether the events of a transaction depend on no other, and no other's on it."""
    kind, choices = told.kind, told.choices
    if edit is not None:
        kind, choices = edit.kind or kind, choices or edit.choices
        if edit.matches is not None or edit.is_separate is not None:
            return False
    if kind not in HANDLERS or choices or told.tx_hash or told.position or told.identifiers:
        return False
    # An asset of a chain may stand for a claim or a position.
    return not any(":" in leg.asset and not is_fiat(leg.asset) for leg in (*told.legs, *told.fees))


def bound_of(entries: Iterable[Entry]) -> frozenset[UUID]:
    """Return the transactions that do not stand alone."""
    return frozenset(told.id for told, edit in entries if not stands_alone(told, edit))


def change(book: Book, bound: AbstractSet[UUID], entries: Sequence[Entry], rates: Rates) -> Changed | None:
    """Return what a book becomes by the edits of some of its transactions, which come with them.

    It is what assembling all of them gives, but for proposals. None: all has to be assembled, since something depends
    on others. `bound` are those of the book that do not stand alone.
    """
    methods = {*book.engine.methods.values(), jurisdiction(book.settings.jurisdiction).methods[0]}
    if methods & {Method.SPECIFIC, Method.PORTFOLIO}:  # chosen lots, and the worth of all that is held
        return None
    if any(told.id in bound or not stands_alone(told, edit) for told, edit in entries):
        return None
    made = assemble(entries, book.settings, rates)
    if any(issue.kind is IssueKind.UNKNOWN_KIND for issue in made.issues) or not _same(made.places, book.places):
        return None
    ids = {str(told.id): told.happened_at for told, _ in entries}
    if any(event.at != ids[_id(event)] for event in made.events):  # acquired earlier: who had it then is another matter
        return None
    events = [event for event in book.events if _id(event) not in ids]
    now = {event.id for event in made.events}
    gone = [event.id for event in book.events if _id(event) in ids and event.id not in now]
    for event in made.events:
        insort(events, event, key=_order)
    issues = [issue for issue in book.issues if issue.kind not in _OWN or str(issue.transaction_id) not in ids]
    issues += [issue for issue in made.issues if issue.kind in _OWN]
    return Changed(events, issues, made.events, gone)


def _same(places: Mapping[str, int], before: Mapping[str, int]) -> bool:
    return all(before.get(asset) == digits for asset, digits in places.items())


def _id(event: TaxEvent) -> str:
    return event.id.partition("/")[0]


def _order(event: TaxEvent) -> tuple[datetime, int, str]:
    return event.at, event.sequence, event.id
