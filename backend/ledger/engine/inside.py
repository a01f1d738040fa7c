"""What lies in positions that no fungible token stands for: Uniswap V3, lending without receipts, some staking. Pure.

What comes out of a position takes lots of the same asset first. What comes beyond that out of a pool, or was never put
in, was made of the other assets that were: as many of their units as it is worth move to it, with cost and date, all of
them where worth is unknown. When nothing is left inside, or it is no pool, what still comes was earned. A position that
stands no more and still has lots lost them.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from fractions import Fraction

from backend.ledger.engine.books import Books, PositionKey, with_amount
from backend.ledger.engine.lots import Taken, cost_share, spread
from backend.ledger.engine.matching import LotBook, Method, lot_book
from backend.ledger.engine.realised import Sale, parts_of_sale
from backend.ledger.engine.valuing import Asset, Flow
from backend.ledger.events import Event, Kind

_POOLS = frozenset({Kind.LP_ADD, Kind.LP_REMOVE})


def put_inside(books: Books, event: Event, key: PositionKey, went: Sequence[Flow]) -> None:
    """Move what went from the wallets' books into the position's."""
    for flow in went:
        inside = books.inside.setdefault(key, {})
        book = inside.setdefault(flow.asset, lot_book(Method.FIFO))
        for lot in books.lots_of(books.take(flow.asset, -flow.amount_raw), event):
            book.put(lot)
        books.touched[key] = event.happened_at


def release(books: Books, event: Event, key: PositionKey, came: Sequence[Flow]) -> None:
    """Move what came out of a position back into the wallets' books."""
    inside = books.inside.get(key)
    beyond: list[Flow] = []
    if came:
        books.touched[key] = event.happened_at
    for flow in came:
        taken = inside[flow.asset].take(flow.amount_raw) if inside and flow.asset in inside else []
        held = [part for part in taken if not part.is_missing]
        books.put_back(flow.asset, held, event)
        rest = flow.amount_raw - sum(part.amount_raw for part in held)
        if rest:
            value = None if flow.value_usd is None else cost_share(flow.value_usd, rest, flow.amount_raw)
            beyond.append(with_amount(flow, rest, value))
    for flow in beyond:
        if inside is None:
            # The position was entered before the history begins.
            books.put_back(flow.asset, [Taken(None, None, flow.amount_raw, None, is_missing=True)], event)
            books.account(flow.asset).notes.add(books.missing_note(flow.asset))
        elif event.kind in _POOLS or flow.asset not in inside:
            _exchange(books, event, inside, flow, came)
        else:
            books.earn(event, flow)


def _exchange(books: Books, event: Event, inside: dict[Asset, LotBook], flow: Flow, came: Sequence[Flow]) -> None:
    """Give what came beyond its own lots the cost of the other assets that it was made of."""
    parts: list[tuple[Taken, Fraction]] = []
    for asset, book in inside.items():
        held = sum(lot.amount_raw for lot in book.lots())
        if asset == flow.asset or not held:
            continue
        taken = book.take(min(held, _as_much(asset, flow, came) or held))
        parts += [(part, Fraction(part.amount_raw, sum(each.amount_raw for each in taken))) for part in taken]
    if parts:
        books.put_back(flow.asset, spread(parts, flow.amount_raw), event)
    else:
        books.earn(event, flow)


def _as_much(asset: Asset, flow: Flow, came: Sequence[Flow]) -> int | None:
    """Return the units of another asset that are worth as much, by what else came out; None when that does not say."""
    other = next((each for each in came if each.asset == asset), None)
    if other is None or flow.value_usd is None or not other.value_usd:
        return None
    return max(1, round(Fraction(flow.value_usd) / Fraction(other.value_usd) * other.amount_raw))


def close(books: Books, standing: AbstractSet[PositionKey] | None) -> None:
    """Note as lost what lies in positions that stand no more; nothing when nobody knows which stand."""
    if standing is None:
        return
    for key, inside in books.inside.items():
        if key in standing:
            continue
        for asset, book in inside.items():
            lots = book.lots()
            amount = sum(lot.amount_raw for lot in lots)
            if amount:
                sale = Sale(f"closed:{key.name}", books.touched[key], amount, Decimal(0))
                books.account(asset).realised += parts_of_sale(sale, book.take(amount))
