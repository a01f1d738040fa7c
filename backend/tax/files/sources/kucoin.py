"""KuCoin: fills, deposits, withdrawals, conversions and earnings, of all years. Pure.

`funds` (or `Filled Volume`, `Volume`) is the amount times the price, in the quote asset; the fee is beside it, in
`feeCurrency`. Newer headings name their zone (`Filled Time(UTC+08:00)`); older files do not: they are read in the zone
that the user says, and the file is told of once.
"""

from datetime import datetime
from decimal import Decimal

from backend.tax.engine.events import IncomeKind
from backend.tax.files.exchanges import Amount, each_line, exchange, moved, split_pair, trade, with_unit, zone_in
from backend.tax.files.formats import Format, Source
from backend.tax.files.numbers import negative, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError, RowProblem, SourceInfo
from backend.tax.files.sheet import Line, Sheet
from backend.tax.files.times import moment
from backend.tax.transactions import TransactionKind

K = TransactionKind
_DONE = frozenset({"success", "succeeded", "done", "deal", "filled", "completed", "part_deal", "partially filled"})


def _tell_of_zone(sheet: Sheet, out: Readings) -> None:
    column = sheet.column("at") or ""
    if not zone_in(column):
        zone = getattr(sheet.times.zone, "key", None) or "UTC"
        reason = (
            f"The file does not say in which zone its times are: {zone} is taken. Older exports of KuCoin are mostly "
            "in UTC+8 (Asia/Singapore): choose it if they are"
        )
        out.problems.append(RowProblem(sheet.header_line, column, reason, is_fatal=False))


def _at(line: Line) -> datetime:
    text = line.need("at") + zone_in(line.sheet.column("at") or "")
    try:
        return moment(text, line.sheet.times)
    except ValueError as error:
        raise CellError("at", str(error)) from None


def _is_done(line: Line, out: Readings) -> bool:
    if any("no matching records" in cell.casefold() for cell in line.cells):
        out.skip(line.number, "No records: nothing is imported")
        return False
    status = line.text("status")
    if status and status.casefold() not in _DONE:
        out.skip(line.number, f"Its status is {status[:30]}: nothing is imported")
        return False
    return True


def read_fills(sheet: Sheet, out: Readings) -> None:
    """Read fills; a fee without a currency is in the quote asset, as it was in the older files."""
    _tell_of_zone(sheet, out)

    def read(line: Line) -> None:
        if not _is_done(line, out):
            return
        base, quote = split_pair(line, "pair")
        fee = line.maybe("fee") or Decimal(0)
        tax = line.maybe("tax") or Decimal(0)
        fees: list[Amount] = [(line.asset("fee_asset") if line.text("fee_asset") else quote, fee)] if fee else []
        if tax:
            fees.append((fees[0][0] if fees else quote, tax))
        trade(
            out, line, _at(line), line.need("side"), (base, line.amount("amount")), (quote, line.amount("funds")),
            fees=fees, tx_hash=None, note=line.text("order"),
        )  # fmt: skip

    each_line(sheet, out, read)


def read_transfers(sheet: Sheet, out: Readings) -> None:
    """Read deposits and withdrawals: the type says which, or a column that only one of them has."""
    _tell_of_zone(sheet, out)

    def read(line: Line) -> None:
        if not _is_done(line, out):
            return
        word = line.text("kind").casefold()
        known = word.startswith(("withdraw", "deposit"))
        goes = word.startswith("withdraw") if known else "destination" in sheet.places
        asset, amount, fee = line.asset("asset"), positive(line.amount("amount")), line.maybe("fee")
        moved(
            out, line, _at(line), K.WITHDRAWAL if goes else K.DEPOSIT, (asset, negative(amount) if goes else amount),
            fees=[(asset, fee)] if fee else [], word="withdrawal" if goes else "deposit",
            tx_hash=line.text("hash") or None, note=line.text("remark"),
        )  # fmt: skip

    each_line(sheet, out, read)


def read_conversions(sheet: Sheet, out: Readings) -> None:
    """Read conversions."""
    _tell_of_zone(sheet, out)

    def read(line: Line) -> None:
        if _is_done(line, out):
            went, came = with_unit(line, "sell"), with_unit(line, "buy")
            exchange(out, (line.number,), _at(line), [went], [came], word="convert")

    each_line(sheet, out, read)


def read_earnings(sheet: Sheet, out: Readings) -> None:
    """Read earnings."""
    _tell_of_zone(sheet, out)

    def read(line: Line) -> None:
        if _is_done(line, out):
            moved(
                out, line, _at(line), K.INCOME, (line.asset("asset"), line.amount("amount")), word="earnings",
                income=IncomeKind.STAKING if "stak" in line.text("product").casefold() else IncomeKind.INTEREST,
                note=line.text("remark"),
            )  # fmt: skip

    each_line(sheet, out, read)


def _fills(**columns: str) -> Format:
    return Format(
        name="the filled orders", columns={each.rstrip("_") + ("?" if each.endswith("_") else ""): text
                                           for each, text in columns.items()},
        numbers=("amount", "funds", "fee"), zone=None, read=read_fills,
    )  # fmt: skip


FORMATS = (
    _fills(uid_="uid", account_="account type", order="order id", pair="symbol", side="side", type_="order type",
           ordered_="order time*", price_="avg. filled price", amount="filled amount", funds="filled volume",
           usdt_="filled volume (usdt)", at="filled time*", fee="fee", fee_asset="fee currency", tax_="tax",
           status_="status", maker_="maker/taker", mode_="account mode", ordered_price_="order price",
           ordered_amount_="order amount"),
    _fills(at="tradecreatedat", order_="orderid", pair="symbol", side="side", price="price", amount="size",
           funds="funds", fee="fee", fee_asset="feecurrency", liquidity_="liquidity", type_="ordertype"),
    _fills(order="oid", pair="symbol", price="dealprice", funds="dealvalue", amount="amount", fee="fee",
           side="direction", at="createddate"),
    _fills(uid="uid", pair="symbol", type_="order type", price="price", amount="amount coin", side="direction",
           funds="funds", fee="fee", at="created at"),
    _fills(uid="uid", pair="symbol", side="direction", price="deal price", amount="amount", funds="deal value",
           at="created at"),
    _fills(at="time", pair="pair", side="side", price="filledprice", price_asset="filledpricecoin", amount="amount",
           amount_asset="amountcoin", funds="volume", funds_asset="volumecoin", fee="fee", fee_asset="feecoin"),
    Format(
        name="the deposits or withdrawals",
        columns={
            "uid?": "uid", "account?": "account type", "at": "time*", "asset": "coin", "amount": "amount",
            "fee?": "fee", "hash?": "hash", "from?": "deposit address", "network?": "transfer network|network",
            "destination?": "withdrawal address/account|wallet address/account|wallet address",
            "remark": "remarks|remark", "kind?": "type", "status?": "status",
        },
        numbers=("amount", "fee"), zone=None, read=read_transfers,
    ),
    Format(
        name="the deposits and withdrawals",
        columns={"asset": "coin type", "kind": "type", "address": "add", "hash": "hash", "amount": "vol",
                 "at": "created at"},
        numbers=("amount",), zone=None, read=read_transfers,
    ),
    Format(
        name="the conversions",
        columns={"uid": "uid", "account": "account type", "from?": "payment account", "sell": "sell", "buy": "buy",
                 "price": "price", "tax?": "tax", "at": "time of update*", "status": "status"},
        zone=None, read=read_conversions,
    ),
    Format(
        name="the earnings",
        columns={"uid": "uid", "account": "account type", "order": "order id", "at": "time*", "staked": "staked coin",
                 "product": "product type", "name": "product name", "asset": "earnings coin", "type": "earnings type",
                 "remark": "remarks", "amount": "amount", "fee?": "fee"},
        numbers=("amount",), zone=None, read=read_earnings,
    ),
)  # fmt: skip
KUCOIN = Source(
    key="kucoin",
    info=SourceInfo(
        title="KuCoin",
        hint="KuCoin: Download center, spot orders (filled), deposits and withdrawals, CSV; older files are in UTC+8.",
    ),
    formats=FORMATS,
)
