"""The page of an invoice, its PDF, and paying what is open."""

import hmac
from html import escape
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backend.test_payments.account import Account
from backend.test_payments.book import invoices, payment_methods, subscriptions
from backend.test_payments.book.book import Book
from backend.test_payments.book.payment_methods import CardForm
from backend.test_payments.pages.layout import CARDS_TABLE, card_fields, day, gone, money, page
from backend.test_payments.pages.pdf import text_pdf
from backend.test_payments.wire.errors import StripeError

Item = dict[str, Any]


async def show(request: Request) -> Response:
    """Answer GET /i/{invoice}/{secret}."""
    account: Account = request.app.state.account
    with account.book(reads=True) as book:
        invoice = _invoice(book, request)
        return gone("There is no such invoice.") if invoice is None else _page(invoice, {}, None)


async def pay(request: Request) -> Response:
    """Answer POST /i/{invoice}/{secret}: take the card and pay with it, or the form again."""
    account: Account = request.app.state.account
    given = {name: str(value)[:200] for name, value in (await request.form()).items()}
    form = CardForm(given.get("number", ""), given.get("expiry", ""), given.get("cvc", ""))
    try:
        with account.book() as book:
            invoice = _invoice(book, request)
            if invoice is None:
                return gone("There is no such invoice.")
            if invoice["status"] == "open":
                _pay_with(book, invoice, form)
            return RedirectResponse(request.url.path, 303)
    except StripeError as error:
        with account.book(reads=True) as book:
            invoice = _invoice(book, request)
            return gone("There is no such invoice.") if invoice is None else _page(invoice, given, error)


async def pdf(request: Request) -> Response:
    """Answer GET /i/{invoice}/{secret}/pdf."""
    account: Account = request.app.state.account
    with account.book(reads=True) as book:
        invoice = _invoice(book, request)
        if invoice is None:
            return gone("There is no such invoice.")
        lines = [
            "TEST PAYMENTS - NO REAL MONEY",
            "",
            f"Invoice {invoice['number']}",
            f"Date: {day(invoice['created'])}",
            f"To: {invoice['customer_name'] or ''} {invoice['customer_email'] or ''}".rstrip(),
            f"Status: {invoice['status']}",
            "",
            *(f"{money(each['amount']):>12}   {each['description']}" for each in invoice["lines"]["data"]),
            "",
            *(f"{amount:>12}   {what}" for what, amount in _totals(invoice)),
        ]
        headers = {"Content-Disposition": f'attachment; filename="invoice-{invoice["number"]}.pdf"'}
        return Response(text_pdf(lines), 200, headers, "application/pdf")


def _invoice(book: Book, request: Request) -> Item | None:
    found = book.find("invoice", request.path_params["invoice"])
    if found is None or not hmac.compare_digest(found.get("_secret", ""), request.path_params["secret"]):
        return None
    return found


def _pay_with(book: Book, invoice: Item, form: CardForm) -> None:
    at = book.time(invoice)
    customer = book.get("customer", invoice["customer"])
    method = payment_methods.attach(book, customer, form, at)
    payment_methods.make_default(book, customer, method, at)
    invoices.collect(book, invoice, at, on_session=True)
    subscription = book.get("subscription", invoice["_subscription"])
    subscriptions.settle_status(book, subscription, None, at)
    book.tell("customer.subscription.updated", subscription, at)


def _totals(invoice: Item) -> list[tuple[str, str]]:
    totals = [("Total", money(invoice["total"]))]
    used = invoice["amount_due"] - invoice["total"]
    if used:
        totals.append(("From or to your balance", money(used)))
    return [*totals, ("Due", money(invoice["amount_due"])), ("Paid", money(invoice["amount_paid"]))]


def _page(invoice: Item, given: dict[str, str], error: StripeError | None) -> Response:
    rows = "".join(
        f'<tr><td>{escape(each["description"])}</td><td class="number">{money(each["amount"])}</td></tr>'
        for each in invoice["lines"]["data"]
    )
    totals = "".join(
        f'<tr><th scope="row">{what}</th><td class="number">{amount}</td></tr>' for what, amount in _totals(invoice)
    )
    tone = "good" if invoice["status"] == "paid" else "bad"
    to = escape(invoice["customer_name"] or invoice["customer_email"] or "")
    head = (
        f"<h1>Invoice {escape(invoice['number'])}</h1><p>{day(invoice['created'])}, to {to}</p>"
        f'<p class="{tone}">{invoice["status"].capitalize()}</p>'
    )
    form = ""
    if invoice["status"] == "open":
        problem = (error.param or "", error.message) if error is not None else ("", "")
        top = f'<p class="problem bad" role="alert">{escape(problem[1])}</p>' if problem[1] and not problem[0] else ""
        form = (
            f'<section aria-labelledby="pay"><h2 id="pay">Pay {money(invoice["amount_due"])}</h2>{top}'
            f'<form method="post" novalidate>{card_fields(given, problem)}<button>Pay</button></form>'
            f"{CARDS_TABLE}</section>"
        )
    content = (
        f'<section>{head}<table class="rows"><tbody>{rows}{totals}</tbody></table>'
        f'<p><a href="{escape(invoice["invoice_pdf"])}">Download PDF</a></p></section>{form}'
    )
    return page(f"Invoice {invoice['number']}", content, status=402 if error is not None else 200)
