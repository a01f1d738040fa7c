"""A disposal in words: every lot, formula and number, so that anybody can do the sum again. Pure."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from backend.tax.engine.calculate import Calculation
from backend.tax.engine.events import Kind
from backend.tax.engine.jurisdictions.base import Term
from backend.tax.engine.methods import Method
from backend.tax.engine.money import EXACT, money
from backend.tax.engine.results import Disposal, Lot, Part, Rule

_VERBS = {
    Kind.SELL: "sold", Kind.SWAP: "swapped", Kind.SPEND: "spent", Kind.GIFT_OUT: "gave away", Kind.DONATION: "donated",
    Kind.LOSS: "lost", Kind.FEE: "paid a fee with", Kind.REPAY: "repaid a loan with",
}  # fmt: skip
_RULES = {
    Rule.SAME_DAY: "acquired on the same day",
    Rule.LATER_30_DAYS: "acquired within the 30 days after",
    Rule.EARLIER_9_DAYS: "acquired within the 9 days before",
    Rule.FOUR_WEEKS: "acquired within the four weeks before",
    Rule.POOL: "from the pool, at its average cost then",
    Rule.PORTFOLIO: "its share of what the whole portfolio cost",
}


def explain(
    done: Calculation, disposal: Disposal, decimals: Mapping[str, int], currency: str | None = None
) -> list[str]:
    """Return what a disposal comes to, line by line, with formulas. `decimals` are of assets, by name; 18 if not given.

    `currency` is what the events' worths are in, the place's if not given. Numbers are exact to 18 places; nothing is
    rounded before they are shown.
    """
    places, currency = decimals.get(disposal.asset, 18), currency or done.rules.currency
    amount = tokens(disposal.amount_raw, places)
    what = _VERBS.get(disposal.kind, "disposed of")
    received = "an unknown amount" if disposal.proceeds is None else f"{plain(disposal.proceeds)} {currency}"
    lines = [f"{disposal.day.isoformat()}: {what} {amount} {disposal.asset}; proceeds after costs {received}."]
    for part in disposal.parts:
        lines += _part(done, disposal, part, places, currency)
    cost, gain = disposal.cost, disposal.gain
    if gain is None:
        lines.append("Gain: unknown, because something above is unknown.")
    else:
        lines.append(f"Gain: {plain(disposal.proceeds)} - {plain(cost)} = {plain(gain)} {currency}.")
    if disposal.disallowed:
        lines.append(
            f"Of the loss {plain(disposal.disallowed)} does not count: {plain(disposal.allowed_gain)} is left."
        )
    if not disposal.is_taxable:
        lines.append("Not taxed: no gain or loss follows from this.")
    return lines


def _part(done: Calculation, disposal: Disposal, part: Part, places: int, currency: str) -> list[str]:
    amount, asset = tokens(part.amount_raw, places), disposal.asset
    if part.lot is None:
        return [f"{amount} {asset}: nothing says how they were acquired. Cost: unknown."]
    lot, cost = part.lot, plain(part.cost)
    if part.rule is Rule.PORTFOLIO:
        return [_portfolio(part, currency)]
    whole = f"{plain(lot.cost)} x {amount} / {tokens(lot.amount_raw, places)}"
    formula = f"cost {whole} = {cost}" if lot.cost is not None else "cost unknown"
    if part.rule is Rule.LOT:
        term = done.rules.term(part, disposal.day)
        since = lot.acquired_at.date().isoformat()
        head = f"{amount} {asset} of lot {lot.id}, acquired {since} ({_method(done, disposal.day)})"
        return [f"{head}: {formula}; {_term(term)}{_washed(lot)}{_share(part)}."]
    return [f"{amount} {asset} {_RULES[part.rule]}: {formula}{_share(part)}."]


def _portfolio(part: Part, currency: str) -> str:
    if part.cost is None or part.lot is None:
        return "Its share of what the portfolio cost: unknown, because nobody said what the portfolio was worth."
    return (
        f"{_RULES[Rule.PORTFOLIO]}: total acquisition price {plain(part.lot.cost)} x price / value of the portfolio"
        f" = {plain(part.cost)} {currency}."
    )


def _method(done: Calculation, day: date) -> str:
    year = done.rules.year_of(day)
    chosen = [method for since, method in sorted(done.settings.methods.items()) if since <= year]
    if not chosen:
        chosen = [method for _, method in sorted(done.settings.methods.items())[:1]] or [done.rules.methods[0]]
    names = {
        Method.FIFO: "first in, first out", Method.LIFO: "last in, first out", Method.HIFO: "highest basis first",
        Method.LOFO: "lowest basis first", Method.SPECIFIC: "as chosen, else first in, first out",
    }  # fmt: skip
    return names.get(chosen[-1], chosen[-1].value)


def _term(term: Term | None) -> str:
    return {Term.SHORT: "short term", Term.LONG: "long term", None: "the holding period makes no difference"}[term]


def _washed(lot: Lot) -> str:
    note = f" ({lot.note})" if lot.note else ""
    return f"{note}, held for as long as what it replaced in a wash sale too" if lot.is_replacement else note


def _share(part: Part) -> str:
    if part.proceeds is None:
        return ""
    gain = "" if part.gain is None else f", gain {plain(part.gain)}"
    denied = f", loss disallowed {plain(money(part.disallowed_e18))}" if part.disallowed_e18 else ""
    return f"; its share of the proceeds {plain(part.proceeds)}{gain}{denied}"


def tokens(amount_raw: int, decimals: int) -> str:
    """Return an amount in whole tokens, without zeros at its end."""
    return plain(EXACT.scaleb(Decimal(amount_raw), -decimals))


def plain(amount: Decimal | None) -> str:
    """Return a number with all its digits and no zeros at its end; unknown is said in words."""
    if amount is None:
        return "unknown"
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
