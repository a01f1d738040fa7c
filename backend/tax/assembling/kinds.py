"""Trades, income, gifts, spending and fees as the engine's events. Pure.

A BUY that was paid in another asset is a SWAP; a SWAP one side of which is a country's money is a BUY or SELL: what
moved decides, not the word of the file. What does not fit a kind is no guess: it stays what it is, a movement that
nobody explained, and is said.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal

from backend.tax.assembling.items import Amount, Item, part_of
from backend.tax.assembling.worths import balance, netted, spread, total
from backend.tax.assembling.writing import Writer
from backend.tax.engine.events import Fee, IncomeKind, Kind
from backend.tax.engine.money import EXACT
from backend.tax.transactions import TransactionKind

Handler = Callable[[Item, Writer], tuple[Sequence[Amount], Sequence[Amount]]]
NOTHING: tuple[Sequence[Amount], Sequence[Amount]] = ((), ())


def trade(item: Item, writer: Writer) -> tuple[Sequence[Amount], Sequence[Amount]]:
    """Bought, sold or swapped."""
    went, came = item.went, item.came
    if len(went) + len(came) > 1:
        went, came = netted(went, came)
    if went and came:
        if item.has_money and item.money != 0:
            _with_money(item, writer, went, came)
        else:
            swap(item, writer, went, came)
    elif came:
        if item.has_money and (item.money is None or item.money < 0):
            spread(came, None if item.money is None else item.money.copy_negate())
        writer.emit(item, Kind.BUY, (), came)
    elif went:
        if item.has_money and (item.money is None or item.money >= 0):
            spread(went, item.money)
        writer.emit(item, Kind.SELL, went)
    return NOTHING


def swap(item: Item, writer: Writer, went: Sequence[Amount], came: Sequence[Amount]) -> None:
    """Take in a swap; its unknown side is worth the known one."""
    balance(went, came)
    writer.emit(item, Kind.SWAP, went, came)


def _with_money(item: Item, writer: Writer, went: list[Amount], came: list[Amount]) -> None:
    """Assets and money for assets: the money's share of the one side was a sale (or purchase), the rest a swap."""
    is_sale = item.money is None or item.money > 0
    side, other = (went, came) if is_sale else (came, went)
    paid = None if item.money is None else item.money.copy_abs()
    worth, whole = total(other), total(side)
    if worth is None and whole is not None and paid is not None and whole >= paid:
        worth = EXACT.subtract(whole, paid)
    if worth is None or paid is None:  # nobody knows how much of it was for the money
        for amount in side:
            amount.value = None
        writer.emit(item, Kind.SWAP, went, came)
        return
    swapped, sold = _divided(side, worth, paid)
    spread(sold, paid)
    if len(swapped) == 1:
        swapped[0].value = worth
    if swapped:
        swap(item, writer, *((swapped, came) if is_sale else (went, swapped)))
    else:  # what is worth nothing was given, or came, for nothing
        writer.emit(item, Kind.BUY if is_sale else Kind.SELL, *(((), other) if is_sale else (other, ())))
    if sold:
        writer.emit(item, Kind.SELL if is_sale else Kind.BUY, *((sold, ()) if is_sale else ((), sold)))


def _divided(side: Sequence[Amount], worth: Decimal, paid: Decimal) -> tuple[list[Amount], list[Amount]]:
    """Return what of a side was for assets of so much worth, and what for so much money."""
    swapped, sold = [], []
    for amount in side:
        raw = _share(amount.raw, paid, EXACT.add(worth, paid))
        if raw:
            sold.append(part_of(amount, raw))
        if amount.raw - raw:
            swapped.append(part_of(amount, amount.raw - raw))
    return swapped, sold


def _share(raw: int, part: Decimal, whole: Decimal) -> int:
    return int(EXACT.divide(EXACT.multiply(Decimal(raw), part), whole))


def income(item: Item, writer: Writer) -> tuple[Sequence[Amount], Sequence[Amount]]:
    """Earned: staking, interest, an airdrop."""
    earned(item, writer, item.came, item.transaction.income or IncomeKind.OTHER)
    return item.went, ()


def earned(item: Item, writer: Writer, came: Sequence[Amount], kind: IncomeKind, wallet: str | None = None) -> None:
    """Take in what was earned, where something was."""
    if came:
        writer.emit(item, Kind.INCOME, (), came, income=kind, wallet=wallet)


def gift_in(item: Item, writer: Writer) -> tuple[Sequence[Amount], Sequence[Amount]]:
    """Received as a gift, with what the giver paid and since when, where that is known."""
    if item.came:
        said = item.transaction
        basis = writer.worth(said.basis, item.at)
        writer.emit(item, Kind.GIFT_IN, (), item.came, basis=basis, acquired_at=said.acquired_at)
    return item.went, ()


def outgoing(kind: Kind) -> Handler:
    """Return the handler of what only goes: gifts, donations, spending, losses."""

    def handle(item: Item, writer: Writer) -> tuple[Sequence[Amount], Sequence[Amount]]:
        if item.went:
            if kind is Kind.SPEND and item.has_money and item.money is not None and item.money > 0:
                spread(item.went, item.money)
            writer.emit(item, kind, item.went)
        return (), item.came

    return handle


def fee(item: Item, writer: Writer) -> tuple[Sequence[Amount], Sequence[Amount]]:
    """Paid, and nothing else of the user's moved: amounts that went are fees as well."""
    for amount in item.went:
        item.fees = (*item.fees, Fee(amount.value, amount.asset, amount.raw))
        if amount.value is None:
            writer.missing_leg(item, amount)
    writer.fees_only(item)
    return (), item.came


HANDLERS: dict[TransactionKind, Handler] = {
    TransactionKind.BUY: trade,
    TransactionKind.SELL: trade,
    TransactionKind.SWAP: trade,
    TransactionKind.INCOME: income,
    TransactionKind.GIFT_IN: gift_in,
    TransactionKind.GIFT_OUT: outgoing(Kind.GIFT_OUT),
    TransactionKind.DONATION: outgoing(Kind.DONATION),
    TransactionKind.SPEND: outgoing(Kind.SPEND),
    TransactionKind.LOSS: outgoing(Kind.LOSS),
    TransactionKind.FEE: fee,
}
