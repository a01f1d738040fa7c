"""Bitcoin.tax: trades and spending. Pure.

`Total` of a trade has the fee where it is in the currency of the price: volume x price + fee when bought, less fee when
sold (0.99735527 x 1007.65 + 3.01495511 is the 1007.999993 of the example that was seen). It is taken out again.
"""

from decimal import Decimal

from backend.tax.engine.events import IncomeKind
from backend.tax.files.exchanges import Amount, each_line, exchange, fee_legs, moves
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import add, negative, positive
from backend.tax.files.readings import Readings, leg
from backend.tax.files.records import CellError, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

K, I = TransactionKind, IncomeKind  # noqa: E741
_MEANINGS = moves({
    (K.SPEND, None): "spend, payment",
    (K.DONATION, None): "donation",
    (K.GIFT_OUT, None): "gift",
    (K.GIFT_IN, None): "giftin, gift in",
    (K.LOSS, None): "lost, stolen",
    (K.FEE, None): "fee",
    (K.INCOME, I.OTHER): "income",
    (K.INCOME, I.MINING): "mining",
    (K.INCOME, I.STAKING): "staking",
    (K.INCOME, I.INTEREST): "interest",
    (K.INCOME, I.AIRDROP): "airdrop",
    (K.INCOME, I.FORK): "fork",
})  # fmt: skip
_COMES = frozenset({K.INCOME, K.GIFT_IN})


def read_table(sheet: Sheet, out: Readings) -> None:
    """Read any of its files."""
    each_line(sheet, out, lambda line: _read(line, out))


def _read(line: Line, out: Readings) -> None:
    word = line.need("kind").casefold()
    asset, volume = line.asset("asset"), positive(line.amount("volume"))
    fee = line.maybe("fee") or Decimal(0)
    fees: list[Amount] = [(line.asset("fee_asset"), fee)] if fee else []
    if word == "swap":
        raise CellError("kind", "A SWAP does not say which of both went: correct it to BUY (of the symbol) or SELL")
    if word in ("buy", "sell"):
        _traded(line, out, word, (asset, volume), fees)
        return
    if word not in _MEANINGS:
        raise CellError("kind", f"“{line.text('kind')[:40]}” is no action that is known here: correct it")
    kind, income = _MEANINGS[word]
    money = line.asset("currency") if line.text("currency") else None
    total = line.maybe("total")
    worth = out.worth(total, money.symbol) if total and money and money.is_fiat else None
    legs = (leg(asset, volume if kind in _COMES else negative(volume), worth),)
    paid = fee_legs(fees)
    if kind is K.FEE:
        legs, paid = (), (leg(asset, volume, worth), *paid)
    out.add(
        (line.number,), line.at(), kind, legs, fees=paid, income=income, word=word, wallet=line.text("account") or None,
        tx_hash=line.text("hash"), note=line.text("memo"),
    )  # fmt: skip


def _traded(line: Line, out: Readings, word: str, base: Amount, fees: list[Amount]) -> None:
    money, total = line.asset("currency"), positive(line.amount("total"))
    if fees and fees[0][0] == money:
        total = add(total, fees[0][1] if word == "sell" else negative(fees[0][1]))
    went, came = ([base], [(money, total)]) if word == "sell" else ([(money, total)], [base])
    exchange(
        out, (line.number,), line.at(), went, came, fees=fees, word=word, note=line.text("memo"),
        wallet=line.text("account") or None,
    )  # fmt: skip


TABLE = Format(
    name="the transactions",
    columns={
        "at": "date", "kind": "action", "asset": "symbol", "account": "account", "volume": "volume", "price": "price",
        "currency": "currency", "fee": "fee", "fee_asset": "feecurrency", "total": "total", "memo?": "memo",
        "hash?": "txhash", "cost?": "cost/proceeds", "exchange?": "exchangeid", "category?": "category",
        "sub?": "subaccount", "a?": "symbolbalance", "b?": "currencybalance", "c?": "feebalance", "ref?": "ref",
        "margin?": "margin", "margin_id?": "marginid", "from?": "sender", "to?": "recipient",
    },
    numbers=("volume", "price", "fee", "total"),
    read=read_table,
)  # fmt: skip
BITCOIN_TAX = Source(
    key="bitcoin_tax",
    info=SourceInfo(title="Bitcoin.tax", hint="Bitcoin.tax: Trades, Spending and Income, each downloaded as CSV."),
    formats=(TABLE,),
)
