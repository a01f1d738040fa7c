"""France: every disposal takes a share of what the whole portfolio cost. Pure.

Article 150 VH bis CGI, BOI-RPPM-PVBMC-30-20, form 2086: gain = price net of costs - total acquisition price x price /
value of the whole portfolio. The total acquisition price is what was paid in money for all assets, less the shares
that earlier disposals took. Exchanges between assets are no disposal (art. 150 VH bis, II-A); what is borrowed was not
bought.
"""

from collections.abc import Iterable

from backend.tax.engine.entries import Entry, Op
from backend.tax.engine.events import Kind
from backend.tax.engine.lot_matching import disposal_of, give_proceeds
from backend.tax.engine.money import money_or_none, plus, scaled
from backend.tax.engine.results import Held, Lot, Outcome, Part, Rule

PORTFOLIO = "portfolio"
_IN, _OUT = Op.IN, Op.OUT  # looked up once: an enumeration's members are slow to reach
_NEUTRAL = frozenset({Kind.SWAP, Kind.BORROW})


def match_portfolio(entries: Iterable[Entry]) -> Outcome:
    """Return the disposals for money, goods or services, and what is left of the total acquisition price.

    A disposal whose event does not say what the portfolio was worth has an unknown cost.
    """
    outcome = Outcome()
    total: int | None = 0  # the total acquisition price that is left
    first = last = None
    for entry in entries:
        if entry.kind in _NEUTRAL:
            continue
        op = entry.op
        if op is _IN:
            first, last = first or entry, entry
            total = None if total is None or entry.money_e18 is None else total + entry.money_e18
        elif op is _OUT and entry.is_taxable:
            paid = _lot(first, last, total)
            cost = _share(entry, total) if paid else None
            parts = [Part(paid, entry.amount_raw, cost, None, Rule.PORTFOLIO)]
            give_proceeds(parts, entry.amount_raw, entry.money_e18)
            outcome.disposals.append(disposal_of(entry, parts))
            if cost is not None and total is not None:
                total -= cost
    paid = _lot(first, last, total)
    if paid is not None:
        outcome.held = [Held(PORTFOLIO, None, paid.id, paid.acquired_at, paid.day, 1, money_or_none(paid.cost_e18))]
    return outcome


def _lot(first: Entry | None, last: Entry | None, total: int | None) -> Lot | None:
    """Return the portfolio as one lot, since its first purchase; None before there was any."""
    return None if first is None or last is None else Lot(PORTFOLIO, first.event.at, last.day, 1, total)


def _share(entry: Entry, total: int | None) -> int | None:
    """Line 223 x line 217 / line 212: the price before costs, and never more than all that was paid."""
    worth = entry.event.portfolio_value
    price = plus(entry.money_e18, entry.spent_e18)
    if worth is None or worth <= 0 or price is None or total is None:
        return None
    return min(total, total * price // scaled(worth))
