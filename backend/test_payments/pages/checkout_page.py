"""The checkout page: what is bought, a card, pay or go back."""

from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backend.test_payments.account import Account
from backend.test_payments.book import checkout
from backend.test_payments.book.book import Book
from backend.test_payments.book.payment_methods import CardForm
from backend.test_payments.pages.layout import CARDS_TABLE, card_fields, day, every, field, gone, money, page
from backend.test_payments.wire.errors import StripeError

Item = dict[str, Any]


async def show(request: Request) -> Response:
    """Answer GET /c/pay/{session}."""
    account: Account = request.app.state.account
    with account.book(reads=True) as book:
        session = book.find("checkout.session", request.path_params["session"])
        return _page(book, session, {}, None)


async def pay(request: Request) -> Response:
    """Answer POST /c/pay/{session}: to the product's success page, or the form again with what is wrong."""
    account: Account = request.app.state.account
    given = {name: str(value)[:200] for name, value in (await request.form()).items()}
    form = CardForm(given.get("number", ""), given.get("expiry", ""), given.get("cvc", ""), given.get("name", ""))
    try:
        with account.book() as book:
            session = book.find("checkout.session", request.path_params["session"])
            if session is None:
                return _page(book, None, given, None)
            if session["status"] == "open":
                checkout.complete(book, session, form, _email(session, given))
            if session["status"] != "complete":
                return _page(book, session, given, None)
            return RedirectResponse(checkout.success_address(session), 303)
    except StripeError as error:
        with account.book(reads=True) as book:
            return _page(book, book.find("checkout.session", request.path_params["session"]), given, error)


def _email(session: Item, given: dict[str, str]) -> str:
    known = (session["customer_details"] or {}).get("email") or session["customer_email"]
    email = known or given.get("email", "").strip()
    if "@" not in email:
        raise StripeError("Write your e-mail address.", status=402, kind="card_error", param="email")
    return email


def _page(book: Book, session: Item | None, given: dict[str, str], error: StripeError | None) -> Response:
    if session is None:
        return gone("There is no such checkout.")
    if session["status"] == "complete":
        return RedirectResponse(checkout.success_address(session), 303)
    if session["status"] == "expired":
        return gone("This checkout has expired.", session["cancel_url"])
    line = session["_line_item"]
    price = line["price"]
    total = price["unit_amount"] * line["quantity"]
    days = checkout.trial_days(session)
    if days:
        head = (
            f'<p class="price">{days} days free</p><p class="quiet">then {money(total)} {every(price)}, from'
            f" {day(book.time(session) + days * 86_400)}</p>"
        )
    else:
        head = f'<p class="price">{money(total)}</p><p class="quiet">{every(price)}</p>'
    known = (session["customer_details"] or {}).get("email") or session["customer_email"]
    problem = ("", "")
    top = ""
    if error is not None:
        problem = (error.param or "", error.message)
        if problem[0] not in ("number", "expiry", "cvc", "email"):
            top = f'<p class="problem bad" role="alert">{escape(error.message)}</p>'
    email = (
        f'<p class="quiet">For {escape(known)}</p>'
        if known
        else field(
            *("email", "E-mail", given.get("email", "")),
            problem=problem[1] if problem[0] == "email" else "",
            type="email",
            autocomplete="email",
            required="",
        )
    )
    back = (
        f'<p><a href="{escape(session["cancel_url"])}">← Go back without paying</a></p>'
        if session["cancel_url"]
        else ""
    )
    label = "Start trial" if days else f"Pay {money(total)}"
    content = (
        f'<div class="two"><section aria-labelledby="what">{back}<h1 id="what">Subscribe to'
        f' {escape(line["description"])}</h1>{head}<table class="rows"><tbody><tr><th scope="row">Due today</th>'
        f'<td class="number">{money(session["amount_total"])}</td></tr></tbody></table></section>'
        f'<section aria-labelledby="how"><h2 id="how">Pay with a test card</h2>{top}'
        f'<form method="post" action="/c/pay/{session["id"]}" novalidate>{email}{card_fields(given, problem)}'
        f"{field('name', 'Name on the card', given.get('name', ''), autocomplete='cc-name')}"
        f'<button class="wide">{label}</button></form>{CARDS_TABLE}</section></div>'
    )
    return page(f"Subscribe to {line['description']}", content, status=402 if error is not None else 200)
