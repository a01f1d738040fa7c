"""CoinTracking: the trade table. Pure.

A fee in the currency of one side is inside of that side (cointracking.freshdesk.com, "Entering fees": buy 1 BTC for 500
USD with a fee of 5 USD is Sell 505, Fee 5; with a fee of 0.01 BTC it is Buy 0.99, Fee 0.01), so it is taken out of what
went, and added to what came. A fee in a third currency is for information only: CoinTracking books it as a line `Other
Fee`, and it counts there.
"""

from backend.tax.engine.events import IncomeKind
from backend.tax.files.exchanges import Amount, each_line, fee_legs, kind_of, moves
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import add, negative, positive
from backend.tax.files.readings import Readings, leg
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TaxLeg, TransactionKind

K, I = TransactionKind, IncomeKind  # noqa: E741
_MEANINGS = moves({
    (K.DEPOSIT, None): "deposit",
    (K.WITHDRAWAL, None): "withdrawal",
    (K.INCOME, I.STAKING): "staking, masternode",
    (K.INCOME, I.MINING): "mining, mining (commercial)",
    (K.INCOME, I.AIRDROP): "airdrop, airdrop (non taxable)",
    (K.INCOME, I.FORK): "hard fork, fork",
    (K.INCOME, I.INTEREST): "interest income, lending income, lending interest",
    (K.INCOME, I.REWARD): "reward / bonus, reward/bonus, reward, bonus, cashback",
    (K.INCOME, I.OTHER): "income, other income, income (non taxable), dividends income, minting, lp rewards",
    (K.GIFT_IN, None): "gift/tip, gift / tip, gift/tip (in), received gift",
    (K.GIFT_OUT, None): "gift, gift (out), send gift",
    (K.DONATION, None): "donation",
    (K.SPEND, None): "spend, expense, expense (non taxable)",
    (K.LOSS, None): "lost, stolen, stolen/hacked/fraud, stolen / hacked / fraud",
    (K.FEE, None): "other fee, borrowing fee, settlement fee",
    (K.BORROW, None): "receive loan, borrow",
    (K.REPAY, None): "repay loan",
    (K.LP_ADD, None): "provide liquidity, add liquidity",
    (K.LP_REMOVE, None): "remove liquidity",
})  # fmt: skip
_TRADES = frozenset({"trade", "swap (non taxable)", "migration", "otc"})
_MARGIN = frozenset({"margin profit", "margin loss", "margin fee", "margin trade", "derivatives / futures profit",
                     "derivatives / futures loss", "margin trading profit", "margin trading loss"})  # fmt: skip


def read_table(sheet: Sheet, out: Readings) -> None:
    """Read the trade table."""
    each_line(sheet, out, lambda line: _read(line, out))


def _read(line: Line, out: Readings) -> None:
    word = line.need("kind").casefold()
    if word in _MARGIN:
        out.doubt(line, "kind", "Margin and futures are not read: enter their profits, losses and fees by hand")
        return
    at, bought, sold, fee = line.at(), _side(line, "buy"), _side(line, "sell"), _side(line, "fee")
    bought, sold, counted = _without_fee(line, out, bought, sold, fee)
    if word in _TRADES:
        if not bought or not sold:
            raise CellError("buy" if sold else "sell", "is zero or empty, and a trade has two sides")
        kind, income = (K.WRAP if word != "trade" and word != "otc" else kind_of([sold], [bought])), None
    elif word in _MEANINGS:
        kind, income = _MEANINGS[word]
    else:
        raise CellError("kind", f"“{line.text('kind')[:40]}” is no type that is known here: correct it")
    legs = _legs(bought, sold)
    if not legs:
        raise CellError(None, "No amount is above zero: nothing went and nothing came")
    fees = fee_legs([counted] if counted else [])
    if kind is K.FEE and sold:
        legs, fees = (), (leg(*sold), *fees)
    exchange_name = line.text("exchange")
    out.add(
        (line.number,), at, kind, legs, fees=fees, income=income, word=word, wallet=exchange_name or None,
        tx_hash=line.text("hash") or None, note=line.text("comment"),
    )  # fmt: skip


def _side(line: Line, name: str) -> Amount | None:
    amount = line.maybe(name)
    return (line.asset(f"{name}_asset"), positive(amount)) if amount else None


def _legs(bought: Amount | None, sold: Amount | None) -> tuple[TaxLeg, ...]:
    went = () if sold is None else (leg(sold[0], negative(sold[1])),)
    came = () if bought is None else (leg(*bought),)
    return (*went, *came)


def _without_fee(
    line: Line, out: Readings, bought: Amount | None, sold: Amount | None, fee: Amount | None
) -> tuple[Amount | None, Amount | None, Amount | None]:
    """Return both sides as they are without the fee, and the fee where it counts."""
    if fee is None:
        return bought, sold, None
    if sold and sold[0] == fee[0]:
        rest = add(sold[1], negative(fee[1]))
        if rest < 0:
            raise CellError("fee", "is more than what went, and is inside of it")
        return bought, ((sold[0], rest) if rest else None), fee
    if bought and bought[0] == fee[0]:
        return (bought[0], add(bought[1], fee[1])), sold, fee
    out.doubt(
        line, "fee", "A fee in a third currency is for information in CoinTracking, which has it as a line Other Fee "
        "too: it is counted there only",
    )  # fmt: skip
    return bought, sold, None


TABLE = Format(
    name="the trade table",
    columns={
        "kind": "type", "buy": "buy|buy amount", "buy_asset": "cur.|buy currency|cur", "sell": "sell|sell amount",
        "sell_asset": "cur.#2|sell currency|cur#2", "fee": "fee|fee amount", "fee_asset": "cur.#3|fee currency|cur#3",
        "exchange": "exchange", "group?": "group|trade-group|trade group", "comment?": "comment", "at": "date",
        "trade?": "trade id", "hash?": "tx-id|tx hash|txid", "liquidity?": "lpn", "added?": "imported from|add date",
    },
    numbers=("buy", "sell", "fee"),
    zone=None,
    read=read_table,
)  # fmt: skip
COINTRACKING = Source(
    key="cointracking",
    info=SourceInfo(
        title="CoinTracking",
        hint="CoinTracking: Transactions, Export, CSV (not the full export with values); times are in your zone there.",
    ),
    formats=(TABLE,),
)
