"""The customer portal: plan, card, invoices; and for demonstrations, time."""

from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from backend.test_payments.account import Account
from backend.test_payments.book import invoices, payment_methods, portal, subscriptions, time_travel
from backend.test_payments.book.book import Book
from backend.test_payments.book.payment_methods import CardForm
from backend.test_payments.pages import portal_views
from backend.test_payments.pages.layout import gone
from backend.test_payments.pages.portal_views import Visit
from backend.test_payments.wire.errors import StripeError

Item = dict[str, Any]
_FLOW_VIEWS = {
    "payment_method_update": "card",
    "subscription_cancel": "cancel",
    "subscription_update": "switch",
    "subscription_update_confirm": "confirm",
}


async def show(request: Request) -> Response:
    """Answer GET /p/session/{secret}: the home of the portal, or the view that is asked for."""
    account: Account = request.app.state.account
    with account.book(reads=True) as book:
        visit = _visit(book, request)
        if visit is None:
            return gone("This link to the customer portal has expired. Open it again from the product.")
        asked = {name: str(value) for name, value in request.query_params.items()}
        return _view(visit, asked, None)


async def act(request: Request) -> Response:
    """Answer POST /p/session/{secret}/{action}: do it and go on, or show the view again with what is wrong."""
    account: Account = request.app.state.account
    given = {name: str(value)[:200] for name, value in (await request.form()).items()}
    action = str(request.path_params["action"])
    try:
        with account.book() as book:
            visit = _visit(book, request)
            if visit is None:
                return gone("This link to the customer portal has expired. Open it again from the product.")
            _ACTIONS.get(action, _nothing)(visit, given)
            return RedirectResponse(_after(visit, action), 303)
    except StripeError as error:
        with account.book(reads=True) as book:
            visit = _visit(book, request)
            if visit is None:
                return gone("This link to the customer portal has expired.")
            is_form = action == "card" and error.kind == "card_error"
            return _view(visit, {**given, "view": "card" if is_form else "home"}, error)


def _visit(book: Book, request: Request) -> Visit | None:
    session = portal.find_session(book, request.path_params["secret"])
    if session is None:
        return None
    customer = book.find("customer", session["customer"])
    configuration = book.find("billing_portal.configuration", session["configuration"])
    if customer is None or customer.get("deleted") or configuration is None:
        return None
    return Visit(book, session, customer, configuration["features"], portal.offered_prices(book, configuration))


def _view(visit: Visit, asked: dict[str, str], error: StripeError | None) -> Response:
    flow = visit.session["flow"]
    name = asked.get("view", "")
    if not name and flow is not None and not visit.session.get("_flow_done"):
        name = _FLOW_VIEWS[flow["type"]]
        details = flow.get(flow["type"]) or {}
        asked = {**asked, "subscription": details.get("subscription", "")}
        if name == "confirm":
            asked["price"] = details["items"][0]["price"]
    return portal_views.VIEWS.get(name, portal_views.home)(visit, asked, error)


def _after(visit: Visit, action: str) -> str:
    """Return where to go when an action is done: what the flow says, else the home of the portal."""
    flow = visit.session["flow"]
    if flow is None or action in ("pay", "time"):
        return visit.address
    visit.session["_flow_done"] = True
    after = flow["after_completion"]
    if after["type"] == "redirect" and after["redirect"]:
        return after["redirect"]["return_url"]
    return visit.address


def _nothing(_visit: Visit, _given: dict[str, str]) -> None:
    raise StripeError("There is no such action.", status=404)


def _allowed(visit: Visit, feature: str) -> None:
    if not visit.features[feature]["enabled"]:
        raise StripeError("This is not offered here.", status=403)


def _card(visit: Visit, given: dict[str, str]) -> None:
    _allowed(visit, "payment_method_update")
    form = CardForm(given.get("number", ""), given.get("expiry", ""), given.get("cvc", ""), given.get("name", ""))
    method = payment_methods.attach(visit.book, visit.customer, form, visit.now)
    payment_methods.make_default(visit.book, visit.customer, method, visit.now)


def _cancel(visit: Visit, given: dict[str, str]) -> None:
    _allowed(visit, "subscription_cancel")
    subscription = visit.subscription(given)
    settings = visit.features["subscription_cancel"]
    if settings["mode"] == "immediately":
        prorate = settings["proration_behavior"] != "none"
        subscriptions.cancel(visit.book, subscription, {"prorate": prorate, "invoice_now": prorate}, visit.now)
        return
    subscriptions.update(visit.book, subscription, {"cancel_at_period_end": True}, visit.now)


def _resume(visit: Visit, given: dict[str, str]) -> None:
    _allowed(visit, "subscription_cancel")
    subscriptions.update(visit.book, visit.subscription(given), {"cancel_at_period_end": False}, visit.now)


def _switch(visit: Visit, given: dict[str, str]) -> None:
    _allowed(visit, "subscription_update")
    subscription = visit.subscription(given)
    if subscription["status"] not in ("active", "trialing"):
        raise StripeError("Pay the open invoice before you switch.", status=403)
    confirmed = (visit.session["flow"] or {}).get("subscription_update_confirm") or {}
    fixed = [each["price"] for each in confirmed.get("items", [])]
    if given.get("price") not in [*(price["id"] for price in visit.prices), *fixed]:
        raise StripeError("This plan is not offered here.", status=403)
    change = portal_views.change_of(visit, subscription, given["price"])
    subscriptions.update(visit.book, subscription, change, visit.now)


def _pay(visit: Visit, given: dict[str, str]) -> None:
    invoice = visit.book.get("invoice", given.get("invoice"), "invoice")
    if invoice["customer"] != visit.customer["id"]:
        raise StripeError("There is no such invoice.", status=404)
    subscription = visit.book.get("subscription", invoice["_subscription"])
    try:
        invoices.pay_now(visit.book, invoice, visit.now)
    finally:
        failed = "declined" if invoice["status"] == "open" else None
        subscriptions.settle_status(visit.book, subscription, failed, visit.now)
        visit.book.tell("customer.subscription.updated", subscription, visit.now)


def _time(visit: Visit, given: dict[str, str]) -> None:
    if given.get("until", "").isdecimal():
        longest = visit.now + 400 * 86_400
        time_travel.advance_customer(visit.book, visit.customer, min(int(given["until"]), longest))


_ACTIONS = {
    "card": _card,
    "cancel": _cancel,
    "resume": _resume,
    "confirm": _switch,
    "pay": _pay,
    "time": _time,
}
