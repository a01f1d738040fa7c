"""What the home of tax shows, in words and formatted numbers."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from backend.core import formats
from backend.tax.home.service import Home
from backend.tax.settings.service import METHOD_TITLES
from components.i18n import t
from state.tax_words import signed
from state.view_models import KpiTile, Option


@dataclass(frozen=True, slots=True)
class MonthBar:
    """A month: heights are shares of the tallest."""

    key: str
    label: str
    initial: str
    name: str
    title: str
    gain: str
    income: str
    gain_height: str
    loss_height: str
    income_height: str


@dataclass(frozen=True, slots=True)
class PartBar:
    """An asset: widths are shares of the widest."""

    key: str
    name: str
    note: str
    gain: str
    proceeds: str
    cost: str
    gain_width: str
    loss_width: str


@dataclass(frozen=True, slots=True)
class Step:
    """Something to do on the way to a report: whether it is done, and where; `is_next` is the first that is not."""

    key: str
    title: str
    text: str
    is_done: bool
    href: str
    action: str
    is_next: bool = False


def tiles_of(home: Home) -> list[KpiTile]:
    """Return the year's figures."""
    seen, currency = home.glance, home.settings.currency
    source = t("tax_home.source", place=home.place, version=home.version)
    as_of = t("tax_home.read_at", at=formats.iso(home.as_of))

    is_known = seen.sums.count > 0 or seen.result.unknown == 0

    def tile(key: str, label: str, value: str, note: str = "") -> KpiTile:
        shown = value if is_known or key == "tax-income" else formats.UNKNOWN
        return KpiTile(key, label, shown, note=note, source=source, as_of=as_of)

    lines = lots_sold(seen.sums.count) if is_known else t("tax_home.none_known")
    found = [tile("tax-total", t("tax_home.total"), signed(seen.sums.gain, currency), lines)]
    if seen.short is not None and seen.long is not None:
        found.append(tile("tax-short", t("tax_home.short"), signed(seen.short, currency)))
        found.append(tile("tax-long", t("tax_home.long"), signed(seen.long, currency)))
    found.append(tile("tax-income", t("tax_home.income"), formats.money(seen.income, currency)))
    found.append(tile("tax-proceeds", t("tax_home.proceeds"), formats.money(seen.sums.proceeds, currency)))
    found.append(tile("tax-cost", t("tax_home.cost"), formats.money(seen.sums.cost, currency)))
    return found


def nothing_of(home: Home) -> tuple[str, str]:
    """Return why there is nothing to draw: nothing was sold, or of nothing that was the gain is known."""
    if home.glance.result.unknown:
        return t("tax_home.nothing_known"), t("tax_home.nothing_known_text")
    return t("tax_home.no_disposals"), t("tax_home.no_disposals_text")


def months_of(home: Home) -> list[MonthBar]:
    """Return the months of the year."""
    months, currency = home.glance.months, home.settings.currency
    tallest = _tallest(home)
    found = []
    for each in months:
        gain, income = signed(each.gain, currency), formats.money(each.income, currency)
        name = f"{each.first_day:%B %Y}"
        found.append(
            MonthBar(
                key=each.first_day.isoformat(),
                label=f"{each.first_day:%b}",
                initial=f"{each.first_day:%b}"[:1],
                name=name,
                title=t("tax_home.month_title", month=name, gain=gain, income=income),
                gain=gain,
                income=income,
                gain_height=_share(max(each.gain, Decimal(0)), tallest),
                loss_height=_share(max(-each.gain, Decimal(0)), tallest),
                income_height=_share(each.income, tallest),
            )
        )
    return found


def scale_of(home: Home) -> str:
    """Return what the longest bar of the months stands for."""
    return formats.money_short(_tallest(home), home.settings.currency)


def lots_sold(count: int) -> str:
    """Return how many lots (or shares of a pool) were disposed of: a line of the form each."""
    return t("tax_home.lines_one") if count == 1 else t("tax_home.lines", count=formats.number(count))


def _tallest(home: Home) -> Decimal:
    return max((max(abs(each.gain), each.income) for each in home.glance.months), default=Decimal(0))


def summary_of(home: Home) -> str:
    """Return the chart of months in a sentence, for who hears it."""
    months, currency = home.glance.months, home.settings.currency
    best, worst = max(months, key=lambda each: each.gain), min(months, key=lambda each: each.gain)
    return t(
        "tax_home.chart_summary",
        label=home.glance.result.label,
        total=signed(home.glance.sums.gain, currency),
        best=f"{best.first_day:%B}",
        best_gain=signed(best.gain, currency),
        worst=f"{worst.first_day:%B}",
        worst_gain=signed(worst.gain, currency),
    )


def parts_of(home: Home) -> list[PartBar]:
    """Return the assets of the year, those with most at stake first."""
    currency, assets = home.settings.currency, home.glance.assets
    widest = max((abs(each.sums.gain) for each in assets), default=Decimal(0))
    found = []
    for place, each in enumerate(assets):
        name = each.symbol or t("tax_home.others", count=formats.number(each.assets))
        found.append(
            PartBar(
                key=str(place),
                name=name,
                note=lots_sold(each.sums.count),
                gain=signed(each.sums.gain, currency),
                proceeds=formats.money(each.sums.proceeds, currency),
                cost=formats.money(each.sums.cost, currency),
                gain_width=_share(max(each.sums.gain, Decimal(0)), widest),
                loss_width=_share(max(-each.sums.gain, Decimal(0)), widest),
            )
        )
    return found


def steps_of(home: Home, is_built: Callable[[str], bool]) -> list[Step]:
    """Return what there is to do, as far as there are pages for it."""
    has_history = home.transactions > 0
    is_reviewed = has_history and home.open.is_current and home.open.count == 0
    count = formats.number(home.open.count)
    review = t("tax_home.step_review_open", count=count) if home.open.count else t("tax_home.step_review_none")
    if has_history and not home.open.is_current:
        review = t("tax_home.step_review_running")
    imports = t("tax_home.step_import_done", count=formats.number(home.imports))
    wallets = t("tax_home.step_wallets_done", count=formats.number(home.wallets))
    found = [
        Step(
            "wallets", t("tax_home.step_wallets"), wallets if home.wallets else t("tax_home.step_wallets_text"),
            home.wallets > 0, "/portfolio/wallets/", t("tax_home.step_wallets_action"),
        ),
        Step(
            "import", t("tax_home.step_import"), imports if home.imports else t("tax_home.step_import_text"),
            home.imports > 0, "/tax/import/", t("tax_home.step_import_action"),
        ),
        Step(
            "review", t("tax_home.step_review"), review, is_reviewed, "/tax/review/", t("tax_home.step_review_action"),
        ),
        *_forms(home),
        Step(
            "reports", t("tax_home.step_report", label=home.glance.result.label),
            t("tax_home.step_report_done", count=formats.number(home.reports))
            if home.reports
            else t("tax_home.step_report_text"),
            home.reports > 0, "/tax/reports/", t("tax_home.step_report_action"),
        ),
    ]  # fmt: skip
    shown = [step for step in found if step.key == "wallets" or is_built(step.key)]
    upcoming = next((step.key for step in shown if not step.is_done), "")
    return [replace(step, is_next=step.key == upcoming) for step in shown]


def _forms(home: Home) -> list[Step]:
    """The official PDFs, where the place and year have some: nobody would guess that reports need them."""
    if not home.most_forms:
        return []
    is_done = home.forms >= home.most_forms
    text = "tax_home.step_forms_done" if is_done else "tax_home.step_forms_text"
    title, label = t("tax_home.step_forms", label=home.glance.result.label), home.glance.result.label
    action = t("tax_home.step_forms_action")
    return [Step("settings", title, t(text, label=label), is_done, "/tax/settings/", action)]


def years_of(home: Home) -> list[Option]:
    """Return the years to choose from."""
    return [Option(str(year), home.labels[year]) for year in home.glance.years]


def method_of(home: Home) -> str:
    """Return how lots are matched, in words."""
    return METHOD_TITLES[home.method]


def stake_of(home: Home) -> str:
    """Return how much rests on what is open, in words; nothing when nothing is open."""
    if not home.open.count:
        return ""
    stake = formats.money(home.open.at_stake, home.settings.currency)
    if home.open.unknown:
        return t("tax_home.stake_unknown", stake=stake, unknown=formats.number(home.open.unknown))
    return t("tax_home.stake", stake=stake)


def _share(value: Decimal, whole: Decimal) -> str:
    return "0%" if not whole or not value else f"{max(value / whole * 100, Decimal(1)):.1f}%"
