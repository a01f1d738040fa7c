"""What the engine refuses, in words for people: which transaction, why, and what to do about it. Pure."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from backend.core.errors import ConflictError
from backend.core.formats import address as short_address
from backend.core.formats import untrusted_text
from backend.core.ids import derived_id
from backend.core.money import plain
from backend.tax.books import Book, Issue, IssueKind, Proposal
from backend.tax.engine.books import ChosenLotError
from backend.tax.engine.calculate import Calculation, calculate
from backend.tax.engine.events import InvalidEventError, TaxEvent
from backend.tax.engine.jurisdictions.base import MethodRefusedError
from backend.tax.engine.money import EXACT
from backend.tax.engine.opening import AllocationError
from backend.tax.engine.registry import UnknownJurisdictionError, jurisdiction
from backend.tax.transactions import Edit

OPEN = "Open it under Tax, Transactions, and "
_CHOICES_ONLY = "Let the method of your settings decide"
_REASON = "The chosen lots are not held there then"


class RefusedHistoryError(ConflictError):
    """A history that cannot be calculated as it is. `transaction_id` is of what stands in the way, where that is one.

    `is_about_lots`: without the lots that were chosen for it, it can be.
    """

    def __init__(self, message: str, transaction_id: UUID | None = None, *, is_about_lots: bool = False) -> None:
        super().__init__(message, {} if transaction_id is None else {"transactionId": str(transaction_id)})
        self.transaction_id, self.is_about_lots = transaction_id, is_about_lots


def calculated(book: Book) -> Calculation:
    """Return a book, calculated. Raises RefusedHistoryError in words for its user."""
    with in_words(book):
        return calculate(book.events, book.engine)


@contextmanager
def in_words(book: Book) -> Iterator[None]:
    """Whatever the engine refuses of a book is raised as RefusedHistoryError, in words for its user."""
    try:
        yield
    except ChosenLotError as error:
        raise _about_lots(book, error) from error
    except InvalidEventError as error:
        raise _about_event(book, error) from error
    except UnknownJurisdictionError as error:
        words = f"There are no rules for the place {book.engine.jurisdiction}. Choose another under Tax, Settings."
        raise RefusedHistoryError(words) from error
    except (MethodRefusedError, AllocationError) as error:
        why = str(error).rstrip(".")
        words = f"Your tax settings cannot be applied: {why}. Choose differently under Tax, Settings."
        raise RefusedHistoryError(words) from error


def issue_of(book: Book, error: RefusedHistoryError) -> Issue:
    """Return what stands in the way as an issue of the book; where it is about lots, with the way out as a proposal."""
    event = next((each for each in book.events if _transaction(each.id) == error.transaction_id), None)
    proposals = ()
    if error.is_about_lots and error.transaction_id is not None:
        proposals = (Proposal(_CHOICES_ONLY, {error.transaction_id: Edit(choices=(), reason=_REASON)}),)
    return Issue(
        id=derived_id("tax issue", "refused", str(error.transaction_id or "")),
        kind=IssueKind.UNKNOWN_KIND,
        message=f"Nothing can be calculated until this is settled. {error.message}",
        happened_at=None if event is None else event.at,
        transaction_id=error.transaction_id,
        wallet=None if event is None else event.wallet,
        proposals=proposals,
    )


def _about_lots(book: Book, error: ChosenLotError) -> RefusedHistoryError:
    event = _event(book, error.event_id)
    where, transaction_id = "", None
    if event is not None:
        transaction_id = _transaction(event.id)
        where = f" for the {_what(book, event)}"
    if error.lot_id is None or event is None:
        words = f"The lots that you chose{where} cannot be taken: {error}. {OPEN}choose other lots, or none."
        return RefusedHistoryError(words, transaction_id, is_about_lots=True)
    asset = event.out[0].asset
    lot = _event(book, error.lot_id)
    bought = "a purchase that is not in your book" if lot is None else f"what came on {_day(book, lot.at)}"
    held = f"only {_amount(book, asset, error.held_raw)}" if error.held_raw else "nothing"
    words = (
        f"You chose {_amount(book, asset, error.wanted_raw)} of {bought}{where}, but {held} of that is left in this"
        f" wallet by then. {OPEN}choose other lots, or none."
    )
    return RefusedHistoryError(words, transaction_id, is_about_lots=True)


def _about_event(book: Book, error: InvalidEventError) -> RefusedHistoryError:
    event = _event(book, error.event_id)
    if event is None:
        return RefusedHistoryError(f"Your history cannot be calculated: {error.why}.")
    words = f"The {_what(book, event)} cannot be calculated: {error.why}. {OPEN}correct what it was."
    return RefusedHistoryError(words, _transaction(event.id))


def _what(book: Book, event: TaxEvent) -> str:
    """Return which event it is: kind, day, amounts and wallet."""
    name = event.kind.value.replace("_", " ")
    moved = ", ".join(_amount(book, leg.asset, leg.amount_raw) for leg in (event.out or event.into)[:3])
    wallet = short_address(event.wallet) if event.wallet.startswith("0x") else untrusted_text(event.wallet, 40)
    return f"{name} of {_day(book, event.at)}" + (f" ({moved}, {wallet})" if moved else f" ({wallet})")


def _amount(book: Book, asset: str, raw: int) -> str:
    units = EXACT.scaleb(Decimal(raw), -book.places.get(asset, 18))
    return f"{plain(units)} {untrusted_text(book.symbols.get(asset, asset))}"


def _day(book: Book, at: datetime) -> str:
    """Return a day as the place of the book counts it: 3 May 2024."""
    zone = ZoneInfo(book.engine.timezone or jurisdiction(book.engine.jurisdiction).timezone)
    day = at.astimezone(zone).date()
    return f"{day.day} {day:%B %Y}"


def _event(book: Book, event_id: str | None) -> TaxEvent | None:
    return next((each for each in book.events if each.id == event_id), None)


def _transaction(event_id: str) -> UUID | None:
    try:
        return UUID(event_id.partition("/")[0])
    except ValueError:
        return None
