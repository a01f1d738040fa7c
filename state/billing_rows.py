"""What the billing page shows, as strings."""

from dataclasses import dataclass

from backend.subscriptions.schemas import InvoiceRead, PausedRead, PreviewRead, SubscriptionRead
from backend.subscriptions.service import INTERVALS, SOLD_ONLINE, day, money
from components.i18n import t
from state.payment_words import price_words, short_day

_INVOICE_TONES = {"paid": "gain", "open": "warn", "uncollectible": "loss", "void": "neutral"}


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """One invoice."""

    key: str
    number: str
    issued_on: str
    text: str
    amount: str
    status: str
    tone: str
    pdf: str
    page: str


@dataclass(frozen=True, slots=True)
class PlanOption:
    """A plan that one can change to."""

    key: str
    tier: str
    interval: str
    name: str
    price: str


@dataclass(frozen=True, slots=True)
class UsageRow:
    """How much of a cap is used; `percent` for the bar, empty when there is no limit."""

    name: str
    text: str
    percent: str
    is_full: bool


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One line of what a change costs."""

    text: str
    amount: str


def invoice_row(invoice: InvoiceRead) -> InvoiceRow:
    """Return an invoice as the table shows it."""
    known = invoice.status in _INVOICE_TONES
    return InvoiceRow(
        key=invoice.number or invoice.issued_at.isoformat(),
        number=invoice.number or "—",
        issued_on=short_day(invoice.issued_at),
        text=invoice.description,
        amount=money(invoice.total_cents, invoice.currency),
        status=t(f"billing.invoice_{invoice.status}") if known else invoice.status,
        tone=_INVOICE_TONES.get(invoice.status, "neutral"),
        pdf=invoice.pdf_url or "",
        page=invoice.hosted_url or "",
    )


def plan_options(shown: SubscriptionRead, prices: dict[tuple[str, str], int]) -> list[PlanOption]:
    """Return the plans other than the one of now; `prices` in cents by tier and interval."""
    state = shown.subscription
    if state is None:
        return []
    return [
        PlanOption(
            key=f"{tier}/{interval}",
            tier=tier,
            interval=interval,
            name=plan_name(tier, interval),
            price=price_words(prices[tier, interval], "usd", interval),
        )
        for tier in SOLD_ONLINE
        for interval in INTERVALS
        if (tier, interval) != (state.tier, state.interval)
    ]


def plan_name(tier: str, interval: str) -> str:
    """Return a plan by name and period: `Pro, yearly`."""
    return t(f"billing.plan_{interval}", plan=t(f"plan.{tier}"))


def usage_rows(shown: SubscriptionRead) -> list[UsageRow]:
    """Return what is used of the plan's caps."""
    rows = []
    for name, use in shown.usage.items():
        used = f"{use.used:,}"
        if use.limit is None:
            rows.append(UsageRow(t(f"cap.{name}"), t("billing.used_unlimited", used=used), "", False))
            continue
        percent = min(100, round(100 * use.used / use.limit)) if use.limit else 100
        text = t("billing.used_of", used=used, limit=f"{use.limit:,}")
        rows.append(UsageRow(t(f"cap.{name}"), text, f"{percent}%", use.used >= use.limit))
    return rows


def preview_rows(preview: PreviewRead) -> list[PreviewRow]:
    """Return the lines of what a change costs."""
    return [PreviewRow(line.text, money(line.amount_cents, preview.currency)) for line in preview.lines]


def preview_total(preview: PreviewRead) -> str:
    """Return what is charged now, or kept for later, in a sentence."""
    if preview.due_now_cents:
        return t("billing.due_now", amount=money(preview.due_now_cents, preview.currency))
    if preview.credit_cents:
        return t("billing.credited", amount=money(preview.credit_cents, preview.currency))
    return t("billing.nothing_due")


def preview_after(preview: PreviewRead) -> str:
    """Return what is charged from then on, in a sentence."""
    price = price_words(preview.recurring_cents, preview.currency, preview.interval)
    if preview.next_charge_at is None:
        return t("billing.then", price=price)
    return t("billing.then_on", price=price, date=day(preview.next_charge_at))


def paused_words(paused: list[PausedRead]) -> str:
    """Return what a smaller plan pauses, in a sentence; empty when it pauses nothing."""
    parts = [t(f"billing.paused_{each.cap}", count=each.paused, used=each.used, limit=each.limit) for each in paused]
    return " ".join([*parts, t("billing.paused_kept")]) if parts else ""
