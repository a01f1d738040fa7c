"""SA108, capital gains summary, and the computations that go with it. Pure.

Source: SA108 and its notes: cryptoassets have boxes 13.1 to 13.5 from 2024 to 2025 on; before, they are in "other
property, assets and gains", boxes 14 to 17 and 19. Proceeds are before, and allowable costs with, the costs of
disposal. HMRC CRYPTO22200 and on: matching. Companies have no SA108: their computation goes with the CT600.
"""

from decimal import Decimal

from backend.tax.engine.results import Rule
from backend.tax.forms.drawing import Fact
from backend.tax.forms.lines import Line
from backend.tax.forms.rounding import money_e18
from backend.tax.forms.schedules.common import WHY, Schedule, closing_tables, disposal_table, usual_facts
from backend.tax.forms.year import TaxYear

PLACES = ("UK", "UK_COMPANY")
_NEW = {"disposals": "13.1", "proceeds": "13.2", "cost": "13.3", "gains": "13.4", "losses": "13.5"}
_OLD = {"disposals": "14", "proceeds": "15", "cost": "16", "gains": "17", "losses": "19"}


def schedule(year: TaxYear) -> Schedule:
    """Return the figures of a year and its computations."""
    is_company = year.done.rules.code == "UK_COMPANY"
    boxes = {} if is_company else _NEW if year.year >= 2024 else _OLD
    title = "Chargeable gains computation" if is_company else "SA108 capital gains summary"
    facts = [
        *_gross(year, boxes),
        *[fact for fact in usual_facts(year, boxes) if not fact.label.startswith(("Proceeds", "Cost"))],
    ]
    intro = ["Matching after HMRC's manual: the same day first, then acquisitions nearby, then the section 104 pool."]
    table = disposal_table(
        year,
        "Disposals and what they were matched with",
        [line for line in year.lines if line.is_taxable],
        term=_matched,
    )
    return Schedule("sa108" if not is_company else "chargeable-gains", f"{title} {year.label}", intro, facts,
                    [table, *closing_tables(year)])  # fmt: skip


def _gross(year: TaxYear, boxes: dict[str, str]) -> list[Fact]:
    spent = sum(
        (each.spent_e18 or 0 for each in year.rounded.disposals if each.is_taxable and each.gain_e18 is not None), 0
    )
    costs = money_e18(spent)
    return [
        Fact(boxes.get("proceeds", ""), "Disposal proceeds, before costs of disposal",
        year.money(year.figure("proceeds") + costs)),
        Fact(boxes.get("cost", ""), "Allowable costs, with costs of disposal", year.money(year.figure("cost") + costs)),
        Fact("", "Of it costs of disposal", year.money(costs + Decimal(0))),
    ]  # fmt: skip


def _matched(line: Line) -> str:
    if line.rule is Rule.POOL:
        return "Section 104 pool"
    return WHY[line.rule]
