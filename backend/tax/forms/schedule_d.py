"""Schedule D (Form 1040): totals of Form 8949 by box, losses carried, and what follows, in the official PDF. Pure.

Source: Schedule D and its instructions, 2020 to 2025. Lines 1b, 2, 3 (8b, 9, 10) take the totals of boxes A, B, C (D,
E, F), from 2025 also of G, H, I (J, K, L). Lines 6 and 14 are losses carried into the year; 7, 15, 16 and 21 follow.
Written is what digital assets come to: whoever has other gains adds them, so the questions that hang on the whole
return (17 to 20, 22) stay open.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from backend.tax.forms.form_8949 import add, holder_texts, us_amount
from backend.tax.forms.irs_fill import Filled
from backend.tax.forms.irs_template import Template
from backend.tax.forms.lines import Line, Totals, totals
from backend.tax.forms.records import Holder
from backend.tax.forms.rounding import RoundedYear

LINE_OF_BOX = {
    "A": "1b", "G": "1b", "B": "2", "H": "2", "C": "3", "I": "3",
    "D": "8b", "J": "8b", "E": "9", "K": "9", "F": "10", "L": "10",
}  # fmt: skip
TITLES = {
    "1b": "Short-term, box A or G", "2": "Short-term, box B or H", "3": "Short-term, box C or I",
    "6": "Short-term capital loss carryover", "7": "Net short-term capital gain or (loss)",
    "8b": "Long-term, box D or J", "9": "Long-term, box E or K", "10": "Long-term, box F or L",
    "14": "Long-term capital loss carryover", "15": "Net long-term capital gain or (loss)",
    "16": "Lines 7 and 15 combined", "21": "Loss that counts against other income",
}  # fmt: skip
IN_PARENTHESES = frozenset({"6", "14", "21"})  # printed on the form: the amount is written above zero


@dataclass(frozen=True, slots=True)
class ScheduleD:
    """The schedule's figures: `by_line` of the lines with columns d, e, g, h; `single` of the others."""

    by_line: Mapping[str, Totals]
    single: Mapping[str, Decimal]


def schedule_d(rounded: RoundedYear, lines: Iterable[Line]) -> ScheduleD:
    """Return the figures of a year. Lines 6, 14 and 21 are above zero, as they are written."""
    boxes: dict[str, list[Line]] = {}
    for line in lines:
        if line.counts and line.box:
            boxes.setdefault(line.box, []).append(line)
    by_line: dict[str, Totals] = {}
    for box, found in boxes.items():
        name = LINE_OF_BOX[box]
        by_line[name] = add(by_line.get(name, Totals()), totals(found))
    short_carried = rounded.carried_in.get("short_term", Decimal(0))
    long_carried = rounded.carried_in.get("long_term", Decimal(0))
    short = sum((by_line[name].gain for name in ("1b", "2", "3") if name in by_line), Decimal(0)) - short_carried
    long = sum((by_line[name].gain for name in ("8b", "9", "10") if name in by_line), Decimal(0)) - long_carried
    single = {"7": short, "15": long, "16": short + long}
    if short_carried:
        single["6"] = short_carried
    if long_carried:
        single["14"] = long_carried
    if short + long < 0:
        single["21"] = rounded.result.amount("loss_deducted")
    return ScheduleD(by_line, single)


def fill(template: Template, figures: ScheduleD, holder: Holder, mark: str = "") -> bytes:
    """Return Schedule D filled in, with a `mark` on each page if there is one."""
    filled = Filled(f"Schedule D (Form 1040) {template.year}", mark)
    for sheet in template.sheets:
        texts = holder_texts(sheet, holder)
        for name, fields in sheet.by_line.items():
            for field, (column, text) in zip(fields, _cells(name, figures, holder.whole_units), strict=False):
                texts[id(field)] = (f"Line {name}{column}", text, True)
        filled.add(sheet, texts)
    return filled.finish()


def _cells(name: str, figures: ScheduleD, is_whole: bool) -> list[tuple[str, str]]:
    if name in figures.by_line:
        sums = figures.by_line[name]
        adjustment = us_amount(sums.adjustment, is_whole) if sums.adjustment else ""
        return [
            (", (d) Proceeds", us_amount(sums.proceeds, is_whole)), (", (e) Cost", us_amount(sums.cost, is_whole)),
            (", (g) Adjustments", adjustment), (", (h) Gain or (loss)", us_amount(sums.gain, is_whole)),
        ]  # fmt: skip
    if name in figures.single:
        amount = figures.single[name]
        return [("", us_amount(abs(amount) if name in IN_PARENTHESES else amount, is_whole))]
    return []
