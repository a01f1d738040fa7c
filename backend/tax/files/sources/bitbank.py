"""Bitbank: deposits, withdrawals and deposits of yen, each a file of its own with Japanese headings. Pure.

Only what is `DONE` happened. The amount of a withdrawal is without its fee. Times are Japan's.
"""

from zoneinfo import ZoneInfo

from backend.tax.files.assets import fiat
from backend.tax.files.exchanges import each_line, moved
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import negative, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TransactionKind

K = TransactionKind
_JAPAN = ZoneInfo("Asia/Tokyo")
_DONE = "done"


def read_moves(sheet: Sheet, out: Readings) -> None:
    """Read deposits or withdrawals: only these have a fee."""

    def read(line: Line) -> None:
        if line.need("status").casefold() != _DONE:
            out.skip(line.number, f"{line.text('status')}: it did not happen, nothing is imported")
            return
        asset = line.asset("asset") if "asset" in sheet.places else fiat("JPY")
        amount, paid = positive(line.amount("amount")), line.maybe("fee") if "fee" in sheet.places else None
        is_out = "fee" in sheet.places
        moved(
            out, line, line.at(), K.WITHDRAWAL if is_out else K.DEPOSIT,
            (asset, negative(amount) if is_out else amount), fees=[(asset, paid)] if paid else [],
            word="withdrawal" if is_out else "deposit",
            tx_hash=(line.text("hash") or None) if "hash" in sheet.places else None,
            counterparty=(line.text("address") or None) if is_out else None,
        )  # fmt: skip

    each_line(sheet, out, read)


_COMMON = {"at": "日時", "amount": "数量", "status": "ステータス"}
_CHAIN = {"asset": "コイン", "network": "ネットワーク", "address": "アドレス", "hash": "txid"}
DEPOSITS = Format(
    name="the deposits", columns={**_COMMON, **_CHAIN}, numbers=("amount",), zone=_JAPAN, read=read_moves
)  # fmt: skip
WITHDRAWALS = Format(
    name="the withdrawals", columns={**_COMMON, **_CHAIN, "fee": "手数料", "label": "ラベル"},
    numbers=("amount", "fee"), zone=_JAPAN, read=read_moves,
)  # fmt: skip
YEN = Format(name="the deposits of yen", columns=_COMMON, numbers=("amount",), zone=_JAPAN, read=read_moves)
BITBANK = Source(
    key="bitbank",
    info=SourceInfo(
        title="Bitbank", hint="Bitbank: history, deposits or withdrawals as CSV. Trades: map their columns."
    ),
    formats=(WITHDRAWALS, DEPOSITS, YEN),
)
