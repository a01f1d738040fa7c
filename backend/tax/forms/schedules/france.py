"""Form 2086: every cession with the lines of the form, and what goes onto form 2042 C. Pure.

Source: formulaire 2086 (16043): 211 date, 212 worth of the whole portfolio, 213 price, 214 costs, 215 price less costs,
220 total price of acquisition, 221 fractions of capital of earlier cessions, 223 what is left of it, and the gain or
loss of the cession; article 150 VH bis CGI. A net gain goes to box 3AN of form 2042 C, a net loss to 3BN.
"""

from decimal import Decimal

from backend.tax.engine.money import money
from backend.tax.engine.results import Disposal, Rule
from backend.tax.forms.drawing import Column, Fact
from backend.tax.forms.rounding import money_e18, nearest
from backend.tax.forms.schedules.common import Schedule, Table, closing_tables, usual_facts
from backend.tax.forms.year import TaxYear

PLACES = ("FR",)
_COLUMNS = (
    Column("Cession", 0.2), Column("211\nDate", 0.08), Column("212 Worth of\nthe portfolio", 0.11, is_number=True),
    Column("213\nPrice", 0.1, is_number=True), Column("214\nCosts", 0.07, is_number=True),
    Column("215 Price\nless costs", 0.1, is_number=True), Column("220 Total price\nof acquisition", 0.11,
    is_number=True),
    Column("221 Fractions\nof capital", 0.1, is_number=True), Column("223 Net price\nof acquisition", 0.11,
    is_number=True),
    Column("Gain or\nloss", 0.1, is_number=True),
)  # fmt: skip


def schedule(year: TaxYear) -> Schedule:
    """Return the cessions of a year, line by line of the form."""
    net = year.figure("net_gain")
    facts = [
        Fact("3AN", "Net gain of the year", year.money(max(net, Decimal(0)))),
        Fact("3BN", "Net loss of the year", year.money(max(-net, Decimal(0)))),
        *usual_facts(year),
    ]
    rows = _rows(year)
    last = ("Total", "", "", "", "", year.money(year.figure("proceeds")), "", "", "", year.money(net))
    table = Table("Cessions", _COLUMNS, rows, (last,))
    intro = [
        "A cession takes the share of what the whole portfolio cost that its price is of the worth of the portfolio."
    ]
    return Schedule(
        "form-2086", f"Formulaire 2086 {year.label}", intro, facts, [table, *closing_tables(year)], box_head="Case"
    )


def _rows(year: TaxYear) -> list[tuple[str, ...]]:
    used: dict[int, int] = {}
    reached = 0
    for disposal in year.done.outcome.disposals:
        used[id(disposal)] = reached
        if disposal.parts and disposal.parts[0].rule is Rule.PORTFOLIO:
            reached += disposal.cost_e18 or 0
    names = {}
    for line in year.lines:
        names.setdefault(line.disposal, line.description)
    rows = []
    for place, (exact, rounded) in enumerate(zip(year.rounded.exact_disposals, year.rounded.disposals, strict=True)):
        if rounded.is_taxable and rounded.gain_e18 is not None:
            rows.append(_row(year, names[place], exact, rounded, used[id(exact)]))
    return rows


def _row(year: TaxYear, name: str, exact: Disposal, rounded: Disposal, used_e18: int) -> tuple[str, ...]:
    event = year.events.get(exact.event_ids[0].split("/")[0]) or year.events.get(exact.event_ids[0])
    worth = None if event is None else event.portfolio_value
    lot = exact.parts[0].lot if exact.parts else None
    left = None if lot is None or lot.cost is None else lot.cost
    spent = rounded.spent_e18 or 0
    whole = None if left is None else left + money(used_e18)
    return (
        name, rounded.day.isoformat(), year.money(worth), year.money(money_e18((rounded.proceeds_e18 or 0) + spent)),
        year.money(money_e18(spent)), year.money(rounded.proceeds), year.money(whole),
        year.money(money_e18(nearest(used_e18, year.rounded.unit_e18))), year.money(left), year.money(rounded.gain),
    )  # fmt: skip
