"""Test cards: what a number does. They are Stripe's own, and no other number is taken."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TestCard:
    """A card of the list; `decline_code` at checkout, `renewal_decline_code` for charges without the customer."""

    number: str
    brand: str
    funding: str = "credit"
    decline_code: str | None = None
    renewal_decline_code: str | None = None

    @property
    def last4(self) -> str:
        """The digits that may be shown."""
        return self.number[-4:]


_CARDS = (
    TestCard("4242424242424242", "visa"),
    TestCard("5555555555554444", "mastercard"),
    TestCard("378282246310005", "amex"),
    TestCard("4000000000000341", "visa", renewal_decline_code="generic_decline"),
    TestCard("4000000000000002", "visa", decline_code="generic_decline"),
    TestCard("4000000000009995", "visa", decline_code="insufficient_funds"),
    TestCard("4000000000000069", "visa", decline_code="expired_card"),
)
CARDS = {card.number: card for card in _CARDS}
DECLINE_MESSAGES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "expired_card": "Your card has expired.",
}
_CODES = {"expired_card": "expired_card"}


def decline_error_code(decline_code: str) -> str:
    """Return the error code that goes with a decline code."""
    return _CODES.get(decline_code, "card_declined")


def find_card(number: str) -> TestCard | None:
    """Return the test card with a number as people type it (spaces, dashes), or None for any other number."""
    return CARDS.get(number.replace(" ", "").replace("-", ""))


def expiry_problem(month: int, year: int, now_year: int, now_month: int) -> str | None:
    """Return what is wrong with an expiry date, or None; a two-digit year is of this century."""
    if not 1 <= month <= 12:
        return "Your card's expiration month is invalid."
    full_year = year + 2000 if year < 100 else year
    if full_year > now_year + 50:
        return "Your card's expiration year is invalid."
    if (full_year, month) < (now_year, now_month):
        return "Your card's expiration date is in the past."
    return None
