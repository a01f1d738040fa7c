"""Whatever somebody does with a subscription, in whatever order: no cent appears, disappears or is billed twice."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.test_payments.book import clockwork, customers, invoices, shapes, subscriptions
from backend.test_payments.book.book import Book, Origin
from backend.test_payments.book.payment_methods import CardForm, attach
from backend.test_payments.engine.periods import DAY
from backend.test_payments.repository import Records
from backend.test_payments.wire.errors import StripeError

START = 1_790_000_000
PRICES = {"starter_month": 2_500, "starter_year": 25_000, "pro_month": 5_000, "pro_year": 50_000}
CARDS = ("4242424242424242", "4000000000000341")

STEPS = st.one_of(
    st.tuples(st.just("wait"), st.integers(1, 45 * DAY)),
    st.tuples(
        st.just("switch"),
        st.tuples(st.sampled_from(sorted(PRICES)), st.sampled_from(["always_invoice", "create_prorations", "none"])),
    ),
    st.tuples(st.just("ends"), st.booleans()),
    st.tuples(st.just("pay"), st.none()),
    st.tuples(st.just("trial"), st.none()),
    st.tuples(st.just("cancel"), st.booleans()),
)


class World:
    """One customer with one subscription, without a server."""

    def __init__(self, price: str, card: str, trial_days: int) -> None:
        self.book = Book(Records(":memory:"), Origin("http://x"))
        for name, amount in PRICES.items():
            every = name.split("_")[1]
            self.book.add(
                shapes.price(
                    name,
                    START,
                    {"currency": "usd", "product": "prod", "recurring": {"interval": every}, "unit_amount": amount},
                )
            )
        self.clock = self.book.add(shapes.test_clock("clock_1", START, {"frozen_time": START}))
        self.customer = customers.create(self.book, {"email": "a@example.com", "test_clock": "clock_1"})
        method = attach(self.book, self.customer, CardForm(card, "12/40", "123"), START)
        given_terms = {
            "default_payment_method": method["id"],
            "trial_end": START + trial_days * DAY if trial_days else None,
        }
        self.subscription = subscriptions.begin(
            self.book, self.customer, self.book.get("price", price), given_terms, START
        )
        invoices.collect(
            self.book, self.book.get("invoice", self.subscription["latest_invoice"]), START, on_session=True
        )

    @property
    def now(self) -> int:
        return self.clock["frozen_time"]

    def do(self, step: str, about: Any) -> None:
        """Take one step; what Stripe would refuse is refused."""
        item = invoices.item_of(self.subscription)
        try:
            if step == "wait":
                until = self.now + about
                clockwork.run_until(self.book, [self.customer], until)
                self.clock["frozen_time"] = until
            elif step == "switch":
                change = {"items": [{"id": item["id"], "price": about[0]}], "proration_behavior": about[1]}
                subscriptions.update(self.book, self.subscription, change, self.now)
            elif step == "ends":
                subscriptions.update(self.book, self.subscription, {"cancel_at_period_end": about}, self.now)
            elif step == "trial":
                subscriptions.update(self.book, self.subscription, {"trial_end": "now"}, self.now)
            elif step == "cancel":
                subscriptions.cancel(self.book, self.subscription, {"prorate": about, "invoice_now": about}, self.now)
            else:
                for invoice in invoices.open_invoices(self.book, self.subscription):
                    invoices.collect(self.book, invoice, self.now, on_session=True)
                    subscriptions.settle_status(self.book, self.subscription, None, self.now)
        except StripeError:
            return

    def check(self) -> None:
        """What must hold at any time."""
        made = self.book.all("invoice")
        final = [each for each in made if each["status"] != "draft"]
        assert sum(each["total"] for each in final) == (
            sum(each["amount_due"] for each in final) + self.customer["balance"]
        )
        for each in made:
            lines = each["lines"]["data"]
            assert each["total"] == sum(line["amount"] for line in lines)
            assert each["amount_due"] >= 0
            assert each["amount_due"] == each["amount_paid"] + each["amount_remaining"]
            assert (each["status"] == "paid") == (each in final and each["amount_remaining"] == 0)
        billed = [
            line["parent"]["invoice_item_details"]["invoice_item"]
            for each in made
            for line in each["lines"]["data"]
            if line["parent"]["type"] == "invoice_item_details"
        ]
        assert len(billed) == len(set(billed))
        taken_in = {each["id"] for each in self.book.all("invoiceitem") if each["invoice"] is not None}
        assert set(billed) == taken_in
        item = invoices.item_of(self.subscription)
        assert item["current_period_start"] < item["current_period_end"]
        if self.subscription["ended_at"] is None:
            assert item["current_period_start"] <= self.now < item["current_period_end"]
        else:
            assert self.subscription["status"] == "canceled"
            assert not any(each["next_payment_attempt"] for each in made)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(sorted(PRICES)), st.sampled_from(CARDS), st.sampled_from([0, 7]), st.lists(STEPS, max_size=12))
def test_no_cent_is_lost_whatever_happens(price: str, card: str, trial_days: int, steps: list[tuple[str, Any]]):
    world = World(price, card, trial_days)
    world.check()
    for step, about in steps:
        world.do(step, about)
        world.check()


def test_the_steps_do_something():
    """The property above would hold for nothing, too."""
    world = World("starter_month", CARDS[0], 7)
    for step in (
        ("wait", 8 * DAY),
        ("switch", ("pro_month", "create_prorations")),
        ("wait", 40 * DAY),
        ("switch", ("starter_year", "always_invoice")),
        ("cancel", True),
    ):
        world.do(*step)
        world.check()
    reasons = [each["billing_reason"] for each in world.book.all("invoice")[::-1]]
    assert reasons == [
        *("subscription_create", "subscription_cycle", "subscription_cycle"),
        *("subscription_update", "subscription_update"),
    ]
    assert world.customer["balance"] < 0
    assert world.subscription["status"] == "canceled"
