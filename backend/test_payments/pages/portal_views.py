"""What the customer portal shows: its home, and one view for each thing that can be done."""

from dataclasses import dataclass
from html import escape
from typing import Any

from starlette.responses import Response

from backend.test_payments.book import invoices, previews, subscriptions, time_travel
from backend.test_payments.book.book import Book
from backend.test_payments.pages.layout import CARDS_TABLE, card_fields, day, every, field, money, page, submit
from backend.test_payments.wire.errors import StripeError

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Visit:
    """A customer in the portal: the session, what its configuration offers, the prices to switch to."""

    book: Book
    session: Item
    customer: Item
    features: Item
    prices: list[Item]

    @property
    def address(self) -> str:
        """The path of this portal session."""
        return f"/p/session/{self.session['_secret']}"

    @property
    def now(self) -> int:
        """The customer's time."""
        return self.book.time(self.customer)

    def subscription(self, given: dict[str, str]) -> Item:
        """Return the customer's subscription that is named. Raises StripeError when there is none."""
        found = self.book.find("subscription", given.get("subscription"))
        if found is None or found["customer"] != self.customer["id"] or found["status"] in subscriptions.OVER:
            raise StripeError("There is no such subscription.", status=404)
        return found

    def product_name(self, price: Item) -> str:
        """Return the name of what a price is for."""
        return (self.book.find("product", price["product"]) or {"name": "Subscription"})["name"]


def home(visit: Visit, _asked: dict[str, str], error: StripeError | None) -> Response:
    """The portal's first page."""
    top = f'<p class="problem bad" role="alert">{escape(error.message)}</p>' if error is not None else ""
    back = visit.session["return_url"]
    link = f'<p><a href="{escape(back)}">← Return to the product</a></p>' if back else ""
    running = [s for s in visit.book.all("subscription", customer=visit.customer["id"]) if s["ended_at"] is None]
    plans = "".join(_plan(visit, each) for each in running) or '<p class="quiet">No current plan.</p>'
    parts = [
        f'<section aria-labelledby="plan"><h2 id="plan">Current plan</h2>{plans}</section>',
        _card_section(visit, running),
        _invoice_section(visit),
        _time_section(visit),
    ]
    who = visit.customer["email"] or visit.customer["id"]
    content = f'{link}<h1>Your plan and payments</h1><p class="quiet">{escape(who)}</p>{top}{"".join(parts)}'
    return page("Your plan and payments", content, status=error.status if error is not None else 200)


def _plan(visit: Visit, subscription: Item) -> str:
    item = invoices.item_of(subscription)
    price = item["price"]
    end = day(item["current_period_end"])
    status = subscription["status"]
    if subscription["cancel_at_period_end"]:
        words = f"Cancelled; ends on {end}"
    elif status == "trialing":
        words = f"Free trial until {end}, then {money(price['unit_amount'])} {every(price)}"
    elif status == "active":
        words = f"Renews on {end}"
    else:
        words = "A payment failed; update the card or pay the open invoice"
    tone = ' class="bad"' if status in ("past_due", "unpaid", "incomplete") else ' class="quiet"'
    known = {"subscription": subscription["id"]}
    buttons = []
    if visit.prices and status in ("active", "trialing"):
        buttons.append(_link(visit, "switch", "Switch plan", known))
    if visit.features["subscription_cancel"]["enabled"]:
        if subscription["cancel_at_period_end"]:
            buttons.append(submit(f"{visit.address}/resume", "Keep the plan", known))
        else:
            buttons.append(_link(visit, "cancel", "Cancel plan", known))
    amount = money(price["unit_amount"] * item["quantity"])
    return (
        f'<p class="price">{escape(visit.product_name(price))}</p><p>{amount} {every(price)}</p>'
        f'<p{tone}>{words}</p><div class="actions">{"".join(buttons)}</div>'
    )


def _link(visit: Visit, view: str, label: str, known: dict[str, str]) -> str:
    query = "&amp;".join(f"{name}={escape(value)}" for name, value in {"view": view, **known}.items())
    return f'<a class="button second" href="{visit.address}?{query}">{label}</a>'


def _card_section(visit: Visit, running: list[Item]) -> str:
    wanted = [each["default_payment_method"] for each in running]
    wanted.append(visit.customer["invoice_settings"]["default_payment_method"])
    method = next((found for each in wanted if (found := visit.book.find("payment_method", each))), None)
    if method is None:
        words = '<p class="quiet">No card.</p>'
    else:
        card = method["card"]
        words = (
            f"<p>{escape(card['brand'].capitalize())} ending in {card['last4']}, until"
            f" {card['exp_month']:02d} / {card['exp_year']}</p>"
        )
    button = ""
    if visit.features["payment_method_update"]["enabled"]:
        button = f'<div class="actions">{_link(visit, "card", "Update card", {})}</div>'
    return f'<section aria-labelledby="card"><h2 id="card">Payment method</h2>{words}{button}</section>'


def _invoice_section(visit: Visit) -> str:
    if not visit.features["invoice_history"]["enabled"]:
        return ""
    rows = []
    for invoice in visit.book.all("invoice", customer=visit.customer["id"]):
        if invoice["status"] == "draft":
            continue
        words = (
            f'<span class="{"good" if invoice["status"] == "paid" else "bad"}">{invoice["status"].capitalize()}</span>'
        )
        rows.append(
            f'<tr><td>{day(invoice["created"])}</td><td><a href="{escape(invoice["hosted_invoice_url"])}">'
            f"{escape(invoice['number'])}</a></td><td>{words}</td>"
            f'<td class="number">{money(invoice["amount_due"])}</td></tr>'
        )
        if invoice["status"] == "open":
            pay = submit(f"{visit.address}/pay", "Pay now", {"invoice": invoice["id"]})
            rows.append(f'<tr class="below"><td colspan="4">{pay}</td></tr>')
    if not rows:
        table = '<p class="quiet">None yet.</p>'
    else:
        heads = "".join(f'<th scope="col">{each}</th>' for each in ("Date", "Number", "Status"))
        table = (
            f'<div class="scroll" tabindex="0" role="group" aria-label="Invoices"><table class="rows"><thead><tr>'
            f"{heads}"
            f'<th scope="col" class="number">Due</th></tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
        )
    return f'<section aria-labelledby="invoices"><h2 id="invoices">Invoices</h2>{table}</section>'


def _time_section(visit: Visit) -> str:
    buttons = "".join(
        submit(f"{visit.address}/time", words, {"until": str(until)}, second=True)
        for words, until in time_travel.leaps(visit.book, visit.customer)
    )
    return (
        f'<section aria-labelledby="time"><h2 id="time">Test clock</h2><p class="quiet">For you it is {day(visit.now)}.'
        " Moving on in time renews, ends trials and retries payments; it cannot be taken back.</p>"
        f'<div class="actions">{buttons}</div></section>'
    )


def card(visit: Visit, asked: dict[str, str], error: StripeError | None) -> Response:
    """The form for another card."""
    problem = (error.param or "", error.message) if error is not None else ("", "")
    top = ""
    if error is not None and problem[0] not in ("number", "expiry", "cvc"):
        top = f'<p class="problem bad" role="alert">{escape(error.message)}</p>'
    content = (
        f"{_back(visit)}<section><h1>Update card</h1>{top}"
        f'<form method="post" action="{visit.address}/card" novalidate>{card_fields(asked, problem)}'
        f"{field('name', 'Name on the card', asked.get('name', ''), autocomplete='cc-name')}"
        f"<button>Save card</button></form>{CARDS_TABLE}</section>"
    )
    return page("Update card", content, status=402 if error is not None else 200)


def cancel(visit: Visit, asked: dict[str, str], error: StripeError | None) -> Response:
    """The question before cancelling."""
    try:
        subscription = visit.subscription(asked)
    except StripeError as missing:
        return home(visit, asked, error or missing)
    item = invoices.item_of(subscription)
    if visit.features["subscription_cancel"]["mode"] == "immediately":
        words = "It ends at once."
    else:
        words = f"It stays yours until {day(item['current_period_end'])} and can be kept until then."
    name = escape(visit.product_name(item["price"]))
    button = submit(f"{visit.address}/cancel", "Cancel plan", {"subscription": subscription["id"]})
    return page("Cancel plan", f"{_back(visit)}<section><h1>Cancel {name}?</h1><p>{words}</p>{button}</section>")


def switch(visit: Visit, asked: dict[str, str], error: StripeError | None) -> Response:
    """The plans one can switch to."""
    try:
        subscription = visit.subscription(asked)
    except StripeError as missing:
        return home(visit, asked, error or missing)
    current = invoices.item_of(subscription)["price"]["id"]
    rows = []
    for price in visit.prices:
        known = {"subscription": subscription["id"], "price": price["id"]}
        name = escape(visit.product_name(price))
        action = "Current plan" if price["id"] == current else _link(visit, "confirm", "Choose", known)
        rows.append(
            f'<tr><th scope="row">{name}</th><td>{money(price["unit_amount"])} {every(price)}</td>'
            f'<td class="number">{action}</td></tr>'
        )
    table = f'<table class="rows"><tbody>{"".join(rows)}</tbody></table>'
    content = f"{_back(visit)}<section><h1>Switch plan</h1>{table}</section>"
    return page("Switch plan", content)


def change_of(visit: Visit, subscription: Item, price_id: str) -> Item:
    """Return the parameters of the update that a switch is."""
    behavior = visit.features["subscription_update"]["proration_behavior"]
    item = invoices.item_of(subscription)
    return {"items": [{"id": item["id"], "price": price_id}], "proration_behavior": behavior}


def confirm(visit: Visit, asked: dict[str, str], error: StripeError | None) -> Response:
    """What a switch costs, before it is made."""
    try:
        subscription = visit.subscription(asked)
        price = visit.book.get("price", asked.get("price"), "price")
        upcoming = previews.preview(visit.book, subscription, change_of(visit, subscription, price["id"]), visit.now)
    except StripeError as problem:
        return home(visit, asked, error or problem)
    rows = "".join(
        f'<tr><td>{escape(line["description"])}</td><td class="number">{money(line["amount"])}</td></tr>'
        for line in upcoming["lines"]["data"]
    )
    when = "now" if upcoming["created"] <= visit.now else f"on {day(upcoming['created'])}"
    known = {"subscription": subscription["id"], "price": price["id"]}
    content = (
        f"{_back(visit)}<section><h1>Switch to {escape(visit.product_name(price))}</h1>"
        f"<p>{money(price['unit_amount'])} {every(price)}</p>"
        f'<table class="rows"><tbody>{rows}<tr><th scope="row">Due {when}</th>'
        f'<td class="number">{money(upcoming["amount_due"])}</td></tr></tbody></table>'
        f"{submit(f'{visit.address}/confirm', 'Confirm', known)}</section>"
    )
    return page("Confirm the switch", content)


def _back(visit: Visit) -> str:
    if visit.session["flow"] is not None and visit.session["return_url"]:
        return f'<p><a href="{escape(visit.session["return_url"])}">← Return to the product</a></p>'
    return f'<p><a href="{visit.address}?view=home">← Back</a></p>'


VIEWS = {"home": home, "card": card, "cancel": cancel, "switch": switch, "confirm": confirm}
