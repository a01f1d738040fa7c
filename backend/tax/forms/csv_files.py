"""CSV files of a year: everything of it, and what other programs read. Pure.

Columns of programs, as they document them: TaxAct, "Form 1099-B - Create Your Own Spreadsheet (CSV File)"
(taxact.com/support/882); CoinTracker, "Convert your transaction history to CoinTracker CSV" (eight columns, all needed,
MM/DD/YYYY HH:MM:SS); Koinly, "How to create a custom CSV file with your data" (universal template, UTC). TurboTax reads
gains and losses of digital assets as `Currency Name,Purchase Date,Cost Basis,Date Sold,Proceeds`; H&R Block publishes
no columns and asks to match them while importing, so they are named as on Form 8949. Neither has a column for a
disallowed loss: it is in TaxAct's and H&R Block's file, and TurboTax asks for it.
"""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from backend.core.formats import untrusted_text
from backend.core.sheets import safe_cell
from backend.tax.engine.events import Fee, IncomeKind, Kind, Leg, TaxEvent
from backend.tax.engine.explain import plain, tokens
from backend.tax.forms.form_8949 import on_form, us_date
from backend.tax.forms.lines import Line
from backend.tax.forms.year import TaxYear

DISPOSALS = (
    "line", "disposal", "sold_at", "sold_on", "kind", "asset", "symbol", "amount", "wallet", "acquired_on", "rule",
    "lot",
    "term", "box", "proceeds", "cost", "adjustment_code", "adjustment", "gain", "currency", "is_taxable", "counts",
    "events",
)  # fmt: skip
INCOME = ("received_at", "received_on", "kind", "asset", "symbol", "amount", "wallet", "value", "currency", "event")
LOTS = ("asset", "symbol", "wallet", "lot", "acquired_at", "acquired_on", "amount", "cost", "currency")
COINTRACKER = (
    "Date", "Received Quantity", "Received Currency", "Sent Quantity", "Sent Currency", "Fee Amount", "Fee Currency",
    "Tag",
)  # fmt: skip
KOINLY = (
    "Date", "Sent Amount", "Sent Currency", "Received Amount", "Received Currency", "Fee Amount", "Fee Currency",
    "Net Worth Amount", "Net Worth Currency", "Label", "Description", "TxHash",
)  # fmt: skip
_COINTRACKER_TAGS = {
    IncomeKind.STAKING: "staked", IncomeKind.MINING: "mined", IncomeKind.AIRDROP: "airdrop", IncomeKind.FORK: "fork",
    IncomeKind.WAGES: "payment",
}  # fmt: skip
_KOINLY_LABELS = {
    IncomeKind.STAKING: "staking", IncomeKind.MINING: "mining", IncomeKind.AIRDROP: "airdrop", IncomeKind.FORK: "fork",
    IncomeKind.WAGES: "salary", IncomeKind.INTEREST: "lending interest", IncomeKind.REWARD: "reward",
    IncomeKind.OTHER: "other income",
}  # fmt: skip
_OUT = {Kind.GIFT_OUT: ("gift", "gift"), Kind.DONATION: ("donation", "donation"), Kind.LOSS: ("lost", "lost"),
        Kind.SPEND: ("", "cost"), Kind.FEE: ("", "cost"), Kind.REPAY: ("", "loan repayment")}  # fmt: skip


def disposals(year: TaxYear) -> bytes:
    """Return every line of the year, those that are not taxed and those that nobody knows the gain of included."""
    return _file(DISPOSALS, map(_disposal(year), year.lines))


def _disposal(year: TaxYear) -> Callable[[Line], Sequence[object]]:
    money, currency = year.plain, year.currency

    def row(line: Line) -> Sequence[object]:
        return (
            line.number, line.disposal + 1, _instant(line.at), line.sold, line.kind, line.asset, line.symbol,
            line.amount_text,
            line.wallet, line.acquired or "", line.rule, line.lot_id, line.term or "", line.box, money(line.proceeds),
            money(line.cost), line.code, money(line.adjustment), money(line.gain), currency,
            "yes" if line.is_taxable else "no", "yes" if line.counts else "no", " ".join(line.event_ids),
        )  # fmt: skip

    return row


def income(year: TaxYear) -> bytes:
    """Return everything that was earned in the year."""
    return _file(
        INCOME,
        (
            (_instant(each.at), each.day, each.kind, each.asset, _symbol(year, each.asset), _amount(year, each.asset,
            each.amount_raw),
             each.wallet, year.plain(each.value), year.currency, each.event_id)
            for each in year.rounded.incomes
        ),
    )  # fmt: skip


def lots_left(year: TaxYear) -> bytes:
    """Return the lots (or pools) that are left at the end of the book."""
    held = sorted(
        year.done.outcome.held, key=lambda each: (each.asset, each.wallet or "", each.acquired_at, each.lot_id)
    )
    return _file(
        LOTS,
        (
            (each.asset, _symbol(year, each.asset), each.wallet or "", each.lot_id, _instant(each.acquired_at),
            each.day,
             _amount(year, each.asset, each.amount_raw), "" if each.cost is None else f"{each.cost:.2f}", year.currency)
            for each in held
        ),
    )  # fmt: skip


def turbotax(year: TaxYear) -> bytes:
    """Return gains and losses for TurboTax."""
    head = ("Currency Name", "Purchase Date", "Cost Basis", "Date Sold", "Proceeds")
    return _file(head, (
        (line.description, _acquired(line), year.plain(line.cost), us_date(line.sold), year.plain(line.proceeds))
        for line in on_form(year.lines)
    ))  # fmt: skip


def taxact(year: TaxYear) -> bytes:
    """Return sales for TaxAct, with the box of Form 8949 and wash sales."""
    head = (
        "Description", "Date Acquired", "Date Sold", "Sales Proceeds", "Cost or Other Basis", "Wash Sale",
        "Adjustment Code",
        "Adjustment Amount", "Reporting Category", "Long/Short",
    )  # fmt: skip
    return _file(head, (
        (line.description, _acquired(line), us_date(line.sold), year.plain(line.proceeds), year.plain(line.cost),
        line.code,
         line.code, year.plain(line.adjustment) if line.code else "", line.box, (line.term or "").title())
        for line in on_form(year.lines)
    ))  # fmt: skip


def hr_block(year: TaxYear) -> bytes:
    """Return sales for H&R Block, in the columns of Form 8949."""
    head = (
        "Description of property", "Date acquired", "Date sold or disposed of", "Proceeds", "Cost or other basis",
        "Adjustment code", "Adjustment amount", "Gain or loss", "Form 8949 box", "Term",
    )  # fmt: skip
    return _file(head, (
        (line.description, _acquired(line), us_date(line.sold), year.plain(line.proceeds), year.plain(line.cost),
        line.code,
         year.plain(line.adjustment) if line.code else "", year.plain(line.gain), line.box, (line.term or "").title())
        for line in on_form(year.lines)
    ))  # fmt: skip


def cointracker(year: TaxYear) -> bytes:
    """Return the year's transactions for CoinTracker. Transfers between own wallets are two rows: sent and received."""

    def row(event: TaxEvent, sent: _Side, received: _Side, fee: _Side, part: str) -> Sequence[object]:
        tag = _OUT.get(event.kind, ("", ""))[0] if part != "in" else ""
        if event.income is not None:
            tag = _COINTRACKER_TAGS.get(event.income, "other_income")
        return (f"{event.at.astimezone(UTC):%m/%d/%Y %H:%M:%S}", *received, *sent, *fee, tag)

    return _file(COINTRACKER, _transactions(year, row))


def koinly(year: TaxYear) -> bytes:
    """Return the year's transactions for Koinly (universal template)."""

    def row(event: TaxEvent, sent: _Side, received: _Side, fee: _Side, part: str) -> Sequence[object]:
        label = _OUT.get(event.kind, ("", ""))[1] if part != "in" else ""
        if event.income is not None:
            label = _KOINLY_LABELS[event.income]
        elif event.kind is Kind.GIFT_IN:
            label = "gift"
        elif event.kind is Kind.BORROW:
            label = "loan"
        worth = _worth(event)
        net = ("", "") if worth is None else (_plain(worth), year.currency)
        about = f"{event.kind.value.replace('_', ' ')}, {event.wallet}"
        return (f"{event.at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC", *sent, *received, *fee, *net, label, about, "")

    return _file(KOINLY, _transactions(year, row))


_Side = tuple[str, str]
_NOTHING: _Side = ("", "")
_Row = Callable[[TaxEvent, _Side, _Side, _Side, str], Sequence[object]]


def _transactions(year: TaxYear, row: _Row) -> Iterable[Sequence[object]]:
    """Write each event of the year: legs in pairs, its first fee with the first of them, further fees by themselves."""
    first, last, zone = year.rounded.result.first_day, year.rounded.result.last_day, ZoneInfo(year.done.timezone)
    for event in sorted(year.book.events, key=lambda each: (each.at, each.sequence, each.id)):
        if not first <= event.at.astimezone(zone).date() <= last:
            continue
        fees = [side for fee in event.fees if (side := _fee(year, fee)) != _NOTHING]
        out = [_leg(year, leg) for leg in event.out]
        into = [_leg(year, leg) for leg in event.into]
        if event.kind is Kind.TRANSFER:
            yield row(event, out[0], _NOTHING, fees[0] if fees else _NOTHING, "out")
            yield row(event, _NOTHING, into[0], _NOTHING, "in")
            fees = fees[1:]
        else:
            out, into = _money_sides(year, event, out, into)
            for place in range(max(len(out), len(into))):
                fee = fees.pop(0) if fees else _NOTHING
                yield row(
                    event,
                    out[place] if place < len(out) else _NOTHING,
                    into[place] if place < len(into) else _NOTHING,
                    fee,
                    "",
                )
        for fee in fees:
            yield row(event, fee, _NOTHING, _NOTHING, "")


def _money_sides(
    year: TaxYear, event: TaxEvent, out: list[_Side], into: list[_Side]
) -> tuple[list[_Side], list[_Side]]:
    """Give purchases and sales their other side: the money."""
    if event.kind is Kind.BUY and event.into and event.into[0].value is not None:
        out = [(_plain(event.into[0].value), year.currency)]
    elif event.kind is Kind.SELL and event.out and event.out[0].value is not None:
        into = [(_plain(event.out[0].value), year.currency)]
    return out, into


def _worth(event: TaxEvent) -> Decimal | None:
    legs = event.into or event.out
    if event.kind in (Kind.BUY, Kind.SELL, Kind.TRANSFER) or not legs or any(leg.value is None for leg in legs):
        return None
    return sum((leg.value for leg in legs if leg.value is not None), Decimal(0))


def _leg(year: TaxYear, leg: Leg) -> _Side:
    return _amount(year, leg.asset, leg.amount_raw), _symbol(year, leg.asset)


def _fee(year: TaxYear, fee: Fee) -> _Side:
    if fee.asset is not None:
        return _amount(year, fee.asset, fee.amount_raw), _symbol(year, fee.asset)
    return _NOTHING if fee.value is None else (_plain(fee.value), year.currency)


def _amount(year: TaxYear, asset: str, amount_raw: int) -> str:
    return tokens(amount_raw, year.book.places.get(asset, 18))


def _symbol(year: TaxYear, asset: str) -> str:
    return untrusted_text(year.book.symbols.get(asset, asset), 24)


def _plain(amount: Decimal | None) -> str:
    return "" if amount is None else plain(Decimal(f"{amount:.8f}"))


def _acquired(line: Line) -> str:
    return us_date(line.acquired) if line.acquired else "VARIOUS"


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _file(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return out.getvalue().encode()
