"""Cards that customers gave on a hosted page."""

import hashlib
from dataclasses import dataclass
from typing import Any

from backend.core.clock import from_unix
from backend.test_payments.book import shapes
from backend.test_payments.book.book import Book, new_object_id
from backend.test_payments.engine.cards import DECLINE_MESSAGES, TestCard, decline_error_code, expiry_problem, find_card
from backend.test_payments.wire.errors import StripeError, declined

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CardForm:
    """What stands in the card form of a hosted page."""

    number: str
    expiry: str
    cvc: str
    name: str = ""


def read_card(form: CardForm, at: int) -> tuple[TestCard, int, int]:
    """Return the card, its month and its year. Raises StripeError (card_error) whose `param` names the field."""
    if not form.number.strip():
        raise _bad("number", "incorrect_number", "Write the card number.")
    card = find_card(form.number)
    if card is None:
        raise _bad("number", "incorrect_number", "This is not one of the test cards. Real cards are not taken here.")
    month_text, _, year_text = form.expiry.replace(" ", "").partition("/")
    if not (month_text.isdecimal() and year_text.isdecimal() and len(year_text) in (2, 4)):
        raise _bad("expiry", "invalid_expiry_month", "Write the expiry date as MM / YY.")
    now = from_unix(at)
    month, year = int(month_text), int(year_text)
    problem = expiry_problem(month, year, now.year, now.month)
    if problem is not None:
        raise _bad("expiry", "invalid_expiry_year", problem)
    if not form.cvc.isdecimal() or len(form.cvc) != (4 if card.brand == "amex" else 3):
        raise _bad("cvc", "incorrect_cvc", "Your card's security code is incomplete.")
    return card, month, year if year >= 100 else year + 2000


def attach(book: Book, customer: Item, form: CardForm, at: int) -> Item:
    """Give the customer a card. Raises StripeError when the form is wrong or the card is declined."""
    card, month, year = read_card(form, at)
    if card.decline_code is not None:
        raise declined(card.decline_code, DECLINE_MESSAGES[card.decline_code], decline_error_code(card.decline_code))
    shown = {
        "brand": card.brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": hashlib.sha256(card.number.encode()).hexdigest()[:16],
        "funding": card.funding,
        "last4": card.last4,
    }
    method = shapes.payment_method(
        new_object_id("pm"), at, shown, name=form.name or customer["name"], email=customer["email"]
    )
    method["customer"] = customer["id"]
    method["_declines"] = {"renewal": card.renewal_decline_code} if card.renewal_decline_code else {}
    book.add(method)
    book.tell("payment_method.attached", method, at)
    return method


def make_default(book: Book, customer: Item, method: Item, at: int) -> None:
    """Charge this card from now on: the customer's default, and that of every subscription that runs."""
    customer["invoice_settings"]["default_payment_method"] = method["id"]
    book.tell("customer.updated", customer, at)
    for subscription in book.all("subscription", customer=customer["id"]):
        if subscription["ended_at"] is None:
            subscription["default_payment_method"] = method["id"]
            book.tell("customer.subscription.updated", subscription, at)


def _bad(field: str, code: str, message: str) -> StripeError:
    return StripeError(message, status=402, kind="card_error", code=code, param=field)
