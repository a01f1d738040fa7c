"""What the formats of exchanges share: lines one by one or in groups, trades, pairs, amounts with their unit. Pure."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol, TypeVar

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import FIAT, Asset
from backend.tax.files.numbers import add, negative
from backend.tax.files.readings import Readings, is_content, leg
from backend.tax.files.records import CellError
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TaxLeg, TransactionKind, Worth

K = TransactionKind
Amount = tuple[Asset, Decimal]
Words = Mapping[str, tuple[TransactionKind, IncomeKind | None]]

# What is quoted in at exchanges, and what is well known: a pair without a mark between is split with these.
_QUOTES = """BTC XBT ETH BNB USDT USDC BUSD TUSD FDUSD USDP PAX DAI GUSD PYUSD EURI AEUR TRX XRP DOGE SOL DOT UST VAI
IDRT BIDR BKRW BVND USDS USD1 RLUSD FIL LTC BCH EURC ZUSD ZEUR ZGBP ZJPY ZCAD ZAUD XXBT XETH"""
_KNOWN = """1INCH AAVE ADA ALGO APE APT AR ARB ATOM AVAX AXS BAND BAT BCH BLZ BNB BTC CAKE CHZ COMP CRO CRV DAI DASH
DOGE DOT EGLD ENA ENJ ENS EOS ETC ETH FET FIL FLOW FTM GALA GMX GRT HBAR ICP ICX IMX INJ IOTA JUP KAVA KNC
KSM LDO LINK LRC LTC LUNA MANA MATIC MINA MKR NEAR NEO OCEAN OMG OP PAXG PEPE POL QNT REN RENDER RNDR RUNE
SAND SHIB SNX SOL STX SUI SUSHI THETA TIA TON TRX UNI USDC USDT VET WBTC WIF XBT XLM XMR XRP XTZ XDG XXBT
XETH XLTC XXRP XXLM XXMR XZEC XETC XREP XMLN XXDG YFI ZEC ZIL ZRX"""
QUOTES, KNOWN = FIAT | frozenset(_QUOTES.split()), frozenset(_KNOWN.split())
_WITH_UNIT = re.compile(r"\s*([-+]?[0-9][0-9.,]*(?:[eE][-+]?[0-9]+)?)\s*([^\s0-9.,][^\s]*|[0-9]+[A-Za-z][^\s]*)\s*")


def each_line(sheet: Sheet, out: Readings, read: Callable[[Line], None]) -> None:
    """Read every line by itself; one that cannot be read is refused."""
    for line in sheet.lines():
        if is_content(line, out):
            try:
                read(line)
            except CellError as error:
                out.refuse(line, error)


class OfLine(Protocol):
    """What a line of a group is read to."""

    @property
    def line(self) -> Line:
        """The line that it was read of."""
        ...


T = TypeVar("T", bound=OfLine)


def in_groups(
    sheet: Sheet,
    out: Readings,
    key: Callable[[Line], Hashable],
    parse: Callable[[Line], T | None],
    make: Callable[[list[T]], None],
) -> None:
    """Read lines that belong together: `parse` each (None: it is dealt with), then `make` of each group, in its order.

    Where one line cannot be read none of its group is: half of a trade is never imported.
    """
    groups: dict[Hashable, list[T]] = {}
    bad: dict[Hashable, int] = {}
    for line in sheet.lines():
        if not is_content(line, out):
            continue
        name = key(line)
        try:
            parsed = parse(line)
        except CellError as error:
            out.refuse(line, error)
            bad.setdefault(name, line.number)
            continue
        if parsed is not None:
            groups.setdefault(name, []).append(parsed)
    for name, group in groups.items():
        if name in bad:
            _refuse_all(group, bad[name], out)
            continue
        try:
            make(group)
        except CellError as error:
            out.refuse(group[0].line, error)
            _refuse_all(group[1:], group[0].line.number, out)


def _refuse_all(group: Sequence[OfLine], line: int, out: Readings) -> None:
    for each in group:
        out.refuse_line(each.line.number, None, f"It belongs together with line {line}, which cannot be read.")


def kind_of(went: Iterable[Amount], came: Iterable[Amount]) -> TransactionKind:
    """Return what an exchange of assets is: for money a purchase or a sale, else a swap."""
    paid_in_money, got_money = [each.is_fiat for each, _ in went], [each.is_fiat for each, _ in came]
    if all(paid_in_money) and not any(got_money):
        return K.BUY
    if all(got_money) and not any(paid_in_money):
        return K.SELL
    return K.SWAP


def exchange(
    out: Readings, lines: Sequence[int], at: datetime, went: Sequence[Amount], came: Sequence[Amount], *,
    fees: Sequence[Amount] = (), worth: Worth | None = None, fee_worth: Worth | None = None, word: str = "",
    own_id: str | None = None, note: str = "", tx_hash: str | None = None, kind: TransactionKind | None = None,
    wallet: str | None = None,
) -> None:  # fmt: skip
    """Add what went for what came (amounts above zero), with fees that are in neither.

    `worth` is what each side was worth, kept where the side is one asset that is no money.
    """
    if not any(amount for _, amount in went) or not any(amount for _, amount in came):
        raise CellError(None, "One side of the exchange is zero: what was paid, and what came?")
    legs = (
        *(leg(asset, negative(amount), _of_asset(worth, asset, went)) for asset, amount in went if amount),
        *(leg(asset, amount, _of_asset(worth, asset, came)) for asset, amount in came if amount),
    )
    out.add(
        lines, at, kind or kind_of(went, came), legs, fees=fee_legs(fees, fee_worth), word=word, own_id=own_id,
        note=note, tx_hash=tx_hash, wallet=wallet,
    )  # fmt: skip


def _of_asset(worth: Worth | None, asset: Asset, side: Sequence[Amount]) -> Worth | None:
    return None if len(side) != 1 or asset.is_fiat else worth


def fee_legs(fees: Sequence[Amount], worth: Worth | None = None) -> tuple[TaxLeg, ...]:
    """Return fees as they stand in a transaction; one below zero is refused: it is a rebate."""
    if any(amount < 0 for _, amount in fees):
        raise CellError("fee", "is below zero: a rebate is income, on a line of its own")
    return tuple(leg(asset, amount, None if asset.is_fiat else worth) for asset, amount in fees if amount)


def moved(
    out: Readings, line: Line, at: datetime, kind: TransactionKind, moved_: Amount, *, fees: Sequence[Amount] = (),
    income: IncomeKind | None = None, worth: Worth | None = None, word: str = "", own_id: str | None = None,
    tx_hash: str | None = None, note: str = "", counterparty: str | None = None, position: str | None = None,
    wallet: str | None = None,
) -> None:  # fmt: skip
    """Add one asset that came (above zero) or went (below), with fees that are not in the amount."""
    asset, amount = moved_
    if not amount:
        raise CellError("amount", "is zero: nothing moved")
    legs = (leg(asset, amount, None if asset.is_fiat else worth, counterparty),)
    out.add(
        (line.number,), at, kind, legs, fees=fee_legs(fees), income=income, word=word, own_id=own_id,
        tx_hash=tx_hash, note=note, position=position, wallet=wallet,
    )  # fmt: skip


def fee_once(sent: Amount, received: Amount, fee: Amount | None, *, is_priced: bool) -> tuple[Amount, Amount | None]:
    """Return what went and the fee of a transfer: a fee that is just what did not arrive is told twice.

    `is_priced`: the file says what the fee was worth, so that it is kept and what went is less by it; else what did not
    arrive is the fee.
    """
    if fee is None or fee[0] != sent[0] or add(sent[1], negative(received[1])) != fee[1]:
        return sent, fee
    return (received, fee) if is_priced else (sent, None)


FEE_ONCE = "The fee is just what did not arrive: it is counted once"


def by_asset(amounts: Iterable[Amount]) -> list[Amount]:
    """Return amounts added up by asset, in the order of their names: the same for any order of lines."""
    sums: dict[str, Amount] = {}
    for asset, amount in amounts:
        before = sums.get(asset.asset)
        sums[asset.asset] = (asset, add(before[1], amount) if before else amount)
    return [sums[name] for name in sorted(sums)]


def split_pair(line: Line, meaning: str) -> tuple[Asset, Asset]:
    """Return base and quote of a pair: `BTC/EUR`, `BTC-EUR`, or `BTCEUR` where there is one way to split it."""
    text = line.need(meaning)
    for mark in ("/", "-", "_", ":"):
        if text.count(mark) == 1:
            base, quote = text.split(mark)
            return line.named(base, meaning), line.named(quote, meaning)
    name = text.upper()
    ways = [(name[:at], name[at:]) for at in range(1, len(name)) if name[at:] in QUOTES]
    likely = [way for way in ways if way[0] in KNOWN] or ways
    if len(likely) > 1:  # TUSD before USD: the longer name, unless what is left is known
        likely = [way for way in likely if way[0] in KNOWN][:1] or [min(likely, key=lambda way: len(way[0]))]
        if likely[0][0] not in KNOWN:
            raise CellError(meaning, f"“{text[:30]}” can be split in several ways: write it like BTC/EUR")
    if not likely:
        raise CellError(meaning, f"“{text[:30]}” is no pair that is known: write it like BTC/EUR")
    return line.named(likely[0][0], meaning), line.named(likely[0][1], meaning)


def with_unit(line: Line, meaning: str) -> Amount:
    """Return an amount that has its unit in the same cell: `0.5 BTC`, `0.5BTC`."""
    text = line.need(meaning)
    found = _WITH_UNIT.fullmatch(text)
    if found is None:
        raise CellError(meaning, f"“{text[:30]}” is no amount with its unit: write it like 0.5 BTC")
    return line.named(found.group(2), meaning), line.numbered(found.group(1), meaning)


def trade(
    out: Readings, line: Line, at: datetime, side: str, base: Amount, quote: Amount, **more: object
) -> None:  # fmt: skip
    """Add a fill: `side` buy brings the base for the quote, sell the other way round."""
    word = side.strip().casefold()
    if word in ("buy", "b", "bid"):
        went, came = [quote], [base]
    elif word in ("sell", "s", "ask"):
        went, came = [base], [quote]
    else:
        raise CellError("side", f"“{side[:30]}” is neither buy nor sell")
    exchange(out, (line.number,), at, went, came, word=word, **more)  # type: ignore[arg-type]


def zone_in(heading: str) -> str:
    """Return the zone that a heading names, to stand behind its times: `Time(UTC+08:00)` gives `UTC+08:00`."""
    found = re.search(r"UTC\s*([+-]\d{1,2}(?::?\d{2})?)?", heading, re.IGNORECASE)
    if found is None:
        return ""
    return f" UTC{found.group(1)}" if found.group(1) else " UTC"


def moves(table: Mapping[tuple[TransactionKind, IncomeKind | None], str]) -> Words:
    """Return what words mean, from the words of each meaning, split by `, `."""
    return {word: meaning for meaning, words in table.items() for word in words.split(", ")}
