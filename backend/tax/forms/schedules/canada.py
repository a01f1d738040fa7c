"""Schedule 3, capital gains or losses: crypto-assets by asset, and every disposition. Pure.

Source: CRA, "Completing Schedule 3": crypto-assets stand with bonds, debentures and promissory notes, lines 15199
(proceeds) and 15300 (gain or loss) of the forms before 2024; the form of 2024 has parts for two periods and other
lines. Taxable gains go to line 12700, net capital losses of earlier years to line 25300.
"""

from decimal import Decimal

from backend.tax.forms.drawing import Column, Fact
from backend.tax.forms.lines import Line, totals
from backend.tax.forms.rounding import money_e18
from backend.tax.forms.schedules.common import Schedule, Table, closing_tables, disposal_table, usual_facts
from backend.tax.forms.year import TaxYear

PLACES = ("CA",)


def schedule(year: TaxYear) -> Schedule:
    """Return the figures of a year, dispositions by asset and one by one."""
    boxes = {"taxable_capital_gain": "12700", "losses_used": "25300"}
    if year.year < 2024:
        boxes["net_gain"] = "15300"
    lines = [line for line in year.lines if line.is_taxable and line.gain is not None]
    by_asset = _by_asset(year, lines)
    facts = [Fact("15199" if year.year < 2024 else "", "Proceeds of disposition, before outlays", by_asset.last[0][1])]
    intro = [
        "Identical properties at their average cost (ITA 47(1)). Superficial losses are denied and added to the cost."
    ]
    tables = [by_asset, disposal_table(year, "Dispositions", lines, why="Cost from")]
    return Schedule(
        "schedule-3",
        f"Schedule 3 {year.label}",
        intro,
        [*facts, *usual_facts(year, boxes)],
        [*tables, *closing_tables(year)],
        box_head="Line",
    )


def _by_asset(year: TaxYear, lines: list[Line]) -> Table:
    assets: dict[str, list[Line]] = {}
    for line in lines:
        assets.setdefault(line.symbol, []).append(line)
    spent: dict[str, Decimal] = {}
    seen: set[int] = set()
    for line in lines:
        if line.disposal not in seen:
            seen.add(line.disposal)
            outlays = money_e18(year.rounded.disposals[line.disposal].spent_e18 or 0)
            spent[line.symbol] = spent.get(line.symbol, Decimal(0)) + outlays
    columns = (
        Column("Crypto-asset", 0.2), Column("(2) Proceeds of\ndisposition", 0.2, is_number=True),
        Column("(3) Adjusted\ncost base", 0.2, is_number=True), Column("(4) Outlays and\nexpenses", 0.15,
        is_number=True),
        Column("Superficial\nlosses denied", 0.12, is_number=True), Column("(5) Gain or\n(loss)", 0.2, is_number=True),
    )  # fmt: skip
    rows = []
    for symbol, found in sorted(assets.items()):
        sums = totals(found)
        rows.append(_row(year, symbol, sums.proceeds, sums.cost, spent[symbol], sums.adjustment, sums.gain))
    whole, outlays = totals(lines), sum(spent.values(), Decimal(0))
    last = _row(year, "Total", whole.proceeds, whole.cost, outlays, whole.adjustment, whole.gain)
    return Table("Crypto-assets", columns, rows, (last,))


def _row(
    year: TaxYear, name: str, net: Decimal, cost: Decimal, outlays: Decimal, denied: Decimal, gain: Decimal
) -> tuple[str, ...]:
    return (
        name,
        year.money(net + outlays),
        year.money(cost),
        year.money(outlays),
        year.money(denied) if denied else "",
        year.money(gain),
    )
