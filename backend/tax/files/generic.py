"""The generic format, and any file whose columns the user maps to it: see docs/tax-files.md. Pure.

`timestamp,type,sent_asset,sent_amount,received_asset,received_amount,fee_asset,fee_amount,value,currency,wallet,tx_hash,
note`, in any order. There may be `to_wallet`, `id` (lines of one id are one transaction), `chain_id`, `fee_value`,
`basis` and `acquired_at` of a gift, `portfolio_value` (what everything held was worth just before, for France), and
`asset` with a signed `amount` instead of both sides; and what only exports of this product say. The fee is in no other
amount.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from backend.tax.engine.events import IncomeKind
from backend.tax.files.assets import Asset, currency_of
from backend.tax.files.exchanges import FEE_ONCE, each_line, fee_once, in_groups
from backend.tax.files.kinds import meaning_of, normal
from backend.tax.files.numbers import negative, positive
from backend.tax.files.readings import Readings
from backend.tax.files.records import CellError
from backend.tax.files.sheet import Line, Sheet
from backend.tax.transactions import TaxLeg, TransactionKind, Worth

COLUMNS = {
    "at": "timestamp", "type?": "type", "sent_asset?": "sent asset", "sent_amount?": "sent amount",
    "received_asset?": "received asset", "received_amount?": "received amount", "fee_asset?": "fee asset",
    "fee_amount?": "fee amount", "value?": "value", "currency?": "currency", "wallet?": "wallet",
    "tx_hash?": "tx hash", "note?": "note", "to_wallet?": "to wallet", "id?": "id", "chain_id?": "chain id",
    "fee_value?": "fee value", "basis?": "basis", "acquired_at?": "acquired at", "asset?": "asset", "amount?": "amount",
    "sent_role?": "sent role", "received_role?": "received role", "sent_to?": "sent to",
    "received_from?": "received from", "position?": "position", "portfolio_value?": "portfolio value",
    "protocol?": "protocol", "identifiers?": "identifiers", "part?": "part",
    "sequence?": "sequence",
}  # fmt: skip
_RARE = frozenset(
    {"chain_id", "basis", "acquired_at", "position", "portfolio_value", "protocol", "identifiers", "sequence"}
)
_OF_LEGS = frozenset({"sent_role", "received_role", "sent_to", "received_from"})
# Rare: they are no part of a mapping.
_BY_HEADING_ONLY = _OF_LEGS | _RARE - {"chain_id"} | {"fee_value", "part"}
MEANINGS = ("timestamp", *(name for each in list(COLUMNS)[1:] if (name := each.rstrip("?")) not in _BY_HEADING_ONLY))
NUMBERS = ("sent_amount", "received_amount", "fee_amount", "value", "amount", "fee_value", "basis", "portfolio_value")
K = TransactionKind
# What must (and what must not) go and come.
_ONLY_COMES = frozenset({K.DEPOSIT, K.INCOME, K.GIFT_IN, K.BORROW})
_ONLY_GOES = frozenset({K.WITHDRAWAL, K.SPEND, K.GIFT_OUT, K.DONATION, K.LOSS, K.REPAY})
_BOTH = frozenset({K.SWAP, K.WRAP, K.TRANSFER})
_GOES = frozenset({K.SELL, K.LP_ADD, K.SUPPLY, K.STAKE, K.LIQUIDATION})
_COMES = frozenset({K.BUY, K.LP_REMOVE, K.WITHDRAW, K.UNSTAKE})
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_NAMES = {name: (f"{name}_asset", f"{name}_amount") for name in ("sent", "received", "fee")}
Side = tuple[Asset, Decimal] | None


class _Said(NamedTuple):
    """What a line says."""

    line: Line
    at: datetime
    word: str
    sent: Side
    received: Side
    fee: Side
    worth: tuple[Decimal, str] | None
    fee_worth: tuple[Decimal, str] | None


def read(sheet: Sheet, out: Readings) -> None:
    """Read every line: one transaction, or with an `id` a part of the transaction that has it."""
    if "id" in sheet.places:
        in_groups(sheet, out, _key, _parsed, lambda group: _add(_once(group, out), out))
    else:
        each_line(sheet, out, lambda line: _add([_parsed(line)], out))


def _key(line: Line) -> str:
    return line.text("id") or f"line {line.number}"


def _parsed(line: Line) -> _Said:
    at = line.at()
    word = line.text("type")
    amount = line.text("amount")
    sent, received = _signed(line, word) if amount else (_side(line, "sent"), _side(line, "received"))
    went_below_zero = sent is not None and (amount or line.text("sent_amount")).startswith("-")
    fee = _side(line, "fee", is_outflow=went_below_zero)
    worth = _worth(line, "value", sent, received) if line.text("value") else None
    fee_worth = _worth(line, "fee_value", sent, received) if line.text("fee_value") else None
    return _Said(line, at, word, sent, received, fee, worth, fee_worth)


def _once(group: list[_Said], out: Readings) -> list[_Said]:
    """Return the lines of one id without those that are there twice. Raises CellError if they are of several."""
    first = group[0]
    result: dict[tuple[str, ...], _Said] = {}
    for each in group:
        if (each.at, normal(each.word), each.line.text("wallet")) != (
            first.at, normal(first.word), first.line.text("wallet"),
        ):  # fmt: skip
            reason = (
                f"The id {_key(each.line)[:60]} stands on line {first.line.number} already, with another time or type"
            )
            raise CellError("id", reason)
        before = result.setdefault(tuple(each.line.cells), each)
        if before is not each:
            out.skip(each.line.number, f"The same as line {before.line.number}: nothing is imported twice")
    return list(result.values())


def _add(parts: list[_Said], out: Readings) -> None:
    first = parts[0]
    line, word = first.line, first.word
    if len(parts) == 1:
        kind, income = _kind_of(word, first.sent, first.received, first.fee, line)
        legs, fees = _legs(kind, first, out)
    else:
        kind, income, legs, fees = _together(parts, out)
    wallet, note, places = line.text("wallet"), line.text("note"), line.sheet.places
    to_wallet = line.text("to_wallet") if "to_wallet" in places else ""
    is_rare = not places.keys().isdisjoint(_RARE)
    out.add(
        [each.line.number for each in parts], first.at, kind, legs, fees=fees, income=income, word=normal(word),
        own_id=line.text("id") or None, wallet=_place(wallet) if wallet else None,
        to_wallet=_place(to_wallet) if to_wallet else None, tx_hash=line.text("tx_hash"),
        note=as_text(note) if note else "", chain_id=_chain_id(line) if is_rare else None,
        basis=_money_of(parts, "basis", out) if is_rare else None,
        position=as_text(line.text("position")) or None if is_rare else None,
        portfolio_worth=_money_of(parts, "portfolio_value", out) if is_rare else None,
        protocol=as_text(line.text("protocol")) or None if is_rare else None,
        identifiers=_identifiers(line) if is_rare else None, sequence=_sequence(line) if is_rare else 0,
        acquired_at=line.at("acquired_at") if is_rare and line.text("acquired_at") else None,
    )  # fmt: skip


def _together(
    parts: list[_Said], out: Readings
) -> tuple[TransactionKind, IncomeKind | None, tuple[TaxLeg, ...], tuple[TaxLeg, ...]]:
    """Return the kind, legs and fees of a transaction of several lines: what went first."""
    sent = next((each.sent for each in parts if each.sent), None)
    received = next((each.received for each in parts if each.received), None)
    fee = next((each.fee for each in parts if each.fee), None)
    kind, income = _kind_of(parts[0].word, sent, received, fee, parts[0].line)
    if kind is K.TRANSFER:
        raise CellError("id", "A transfer is one line: one asset that moves")
    made = [_legs(kind, each, out) for each in parts]
    legs = [leg for more, _ in made for leg in more]
    went, came = [leg for leg in legs if leg.amount < 0], [leg for leg in legs if leg.amount > 0]
    return kind, income, (*went, *came), tuple(leg for _, fees in made for leg in fees)


def _money_of(parts: Sequence[_Said], meaning: str, out: Readings) -> Worth | None:
    """Return what the first line that has it says."""
    said = next((each for each in parts if each.line.text(meaning)), None)
    return None if said is None else out.said_by_file(_worth(said.line, meaning, said.sent, said.received))


def _identifiers(line: Line) -> dict[str, str] | None:
    text = as_text(line.text("identifiers"))
    if not text:
        return None
    pairs = [each.partition("=") for each in text.split("; ")]
    if any(not name or not mark for name, mark, _ in pairs):
        raise CellError("identifiers", "is written as name=value; name=value")
    return {name: value for name, _, value in pairs}


def _sequence(line: Line) -> int:
    """Return the place among transactions of the same second that an export says, 0 for none."""
    text = line.text("sequence")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise CellError("sequence", "is a whole number: the place among transactions of the same second")
    return int(text)


def as_text(cell: str) -> str:
    """Return a cell without the apostrophe that keeps spreadsheets from running it as a formula."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'").startswith(FORMULA_STARTS) else cell


def _place(name: str) -> str:
    """Return a wallet as transactions name it: an address in lower case, an account as it is written."""
    name = as_text(name)
    return name.lower() if name[:2] in ("0x", "0X") else name


def _chain_id(line: Line) -> int | None:
    text = line.text("chain_id")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 2**53):
        raise CellError("chain_id", f"“{text[:20]}” is no number of a chain: Ethereum is 1")
    return int(text)


def _signed(line: Line, word: str) -> tuple[Side, Side]:
    """Return what went and came where one column has both: below zero it went, and where the type says so."""
    if line.text("sent_amount") or line.text("received_amount"):
        raise CellError("amount", "is filled in, and an amount sent or received too: which one holds?")
    amount, asset = line.amount("amount"), line.asset("asset")
    if not amount:
        return None, None
    try:
        goes = amount < 0 or meaning_of(word).kind in _ONLY_GOES
    except ValueError:
        goes = amount < 0  # the word is refused later
    return ((asset, positive(amount)), None) if goes else (None, (asset, amount))


def _side(line: Line, name: str, is_outflow: bool = True) -> Side:
    """Return an asset and how much of it, above zero; None where nothing is said, or zero."""
    asset_name, amount_name = _NAMES[name]
    text = line.text(amount_name)
    if not text:
        if name != "fee" and line.text(asset_name):
            raise CellError(amount_name, "is empty: how much of it?")
        return None
    amount = line.number_of(text, amount_name)
    if not amount:
        return None
    if amount < 0:
        if name == "received" or (name == "fee" and not is_outflow):
            raise CellError(amount_name, "is below zero: what went stands under sent; a fee paid back is income")
        amount = negative(amount)
    named = line.text(asset_name)
    if not named:
        raise CellError(asset_name, "is empty: which asset?")
    return line.sheet.assets.get(named) or line.asset(asset_name), amount


def _kind_of(word: str, sent: Side, received: Side, fee: Side, line: Line) -> tuple[TransactionKind, IncomeKind | None]:
    try:
        meaning = meaning_of(word)
    except ValueError as error:
        raise CellError("type", str(error)) from None
    if sent is None and received is None and fee is None:
        raise CellError(None, "No amount is above zero: nothing went and nothing came")
    kind = meaning.kind or _deduced(word, sent, received, line)
    kind = _as_it_went(kind, sent, received, line)
    _check(kind, sent, received, word, line)
    return kind, meaning.income


def _deduced(word: str, sent: Side, received: Side, line: Line) -> TransactionKind:
    """Return what the amounts say where no word does."""
    name = normal(word)
    if sent and received:
        if name == "gift":
            raise CellError("type", "is a gift, and something went and came: write two lines")
        return K.SWAP
    if sent is None and received is None:
        return K.FEE
    if name == "gift":
        return K.GIFT_OUT if sent else K.GIFT_IN
    if name:
        raise CellError("type", "is a trade, and only one side is filled in: what was paid, and what came?")
    return K.WITHDRAWAL if sent else K.DEPOSIT


def _as_it_went(kind: TransactionKind, sent: Side, received: Side, line: Line) -> TransactionKind:
    """Return the kind that fits what went and came: paid with an asset a purchase is a swap, and so on."""
    if kind in (K.SWAP, K.BUY, K.SELL) and sent and received:
        if sent[0].is_fiat and not received[0].is_fiat:
            return K.BUY
        if received[0].is_fiat and not sent[0].is_fiat:
            return K.SELL
        return K.SWAP
    if kind is K.WITHDRAW and sent and not received:
        return K.WITHDRAWAL
    if kind is K.TRANSFER and not (sent and received):
        if sent and line.text("to_wallet"):
            return kind
        return K.WITHDRAWAL if sent else K.DEPOSIT
    return kind


def _check(kind: TransactionKind, sent: Side, received: Side, word: str, line: Line) -> None:
    """Raise CellError where what goes and comes does not fit the kind."""
    said = word.strip() or kind.value
    goes, comes = sent is not None, received is not None
    if kind is K.FEE:
        if comes:
            raise CellError("received_amount", f"A {said} brings nothing: what came is a line of its own")
        return
    if kind in _BOTH and kind is not K.TRANSFER and not (goes and comes):
        raise CellError("sent_amount" if comes else "received_amount", f"A {said} needs what went and what came")
    if (kind in _ONLY_GOES or kind in _GOES) and not goes:
        raise CellError("sent_amount", f"A {said} needs what went: sent_asset and sent_amount")
    if (kind in _ONLY_COMES or kind in _COMES) and not comes:
        raise CellError("received_amount", f"A {said} needs what came: received_asset and received_amount")
    if kind in _ONLY_GOES and comes:
        raise CellError("received_amount", f"With a {said} nothing comes: is it a sale, or a swap?")
    if kind in _ONLY_COMES and goes:
        raise CellError("sent_amount", f"With a {said} nothing goes: is it a purchase, or a swap?")
    if kind is K.TRANSFER:
        _check_transfer(sent, received, line)


def _check_transfer(sent: Side, received: Side, line: Line) -> None:
    if not line.text("to_wallet"):
        raise CellError(
            "to_wallet", "A transfer with both sides needs to_wallet, where it went: or write two lines, out and in"
        )
    if sent and received and (sent[0].asset != received[0].asset or received[1] > sent[1]):
        raise CellError("received_amount", "A transfer moves one asset, and no more comes than went")


def _worth(line: Line, meaning: str, sent: Side, received: Side) -> tuple[Decimal, str] | None:
    """Return an amount of money and its currency: of the column, or of the money that went or came."""
    value = line.maybe(meaning)
    if value is None:
        return None
    text = line.text("currency")
    if not text:
        money = next((side[0].symbol for side in (sent, received) if side and side[0].is_fiat), None)
        if money is None:
            raise CellError("currency", f"is empty, and there is a {meaning.replace('_', ' ')}: in which currency?")
        return value, money
    currency = line.sheet.currencies.get(text)
    if currency is None:
        try:
            currency = line.sheet.currencies[text] = currency_of(text)
        except ValueError as error:
            raise CellError("currency", str(error)) from None
    return value, currency


def _legs(kind: TransactionKind, said: _Said, out: Readings) -> tuple[tuple[TaxLeg, ...], tuple[TaxLeg, ...]]:
    """Return the legs and fees of a line. `value` is what each side was worth, or a fee that is alone."""
    sent, received, fee = said.sent, said.received, said.fee
    worth = None if said.worth is None else out.said_by_file(said.worth)
    fee_worth = None if said.fee_worth is None else out.said_by_file(said.fee_worth)
    if sent is None and received is None:
        fee_worth = fee_worth or worth
    if kind is K.TRANSFER and sent is not None and received is not None and fee is not None:
        before = (sent, fee)
        sent, fee = fee_once(sent, received, fee, is_priced=fee_worth is not None)
        if (sent, fee) != before:
            out.doubt(said.line, "fee_amount", FEE_ONCE)
    fees = () if fee is None else (_leg(fee, fee_worth),)
    if kind is K.FEE and sent is not None:
        return (), (_leg(sent, worth), *fees)
    if kind is K.TRANSFER and sent is not None and received is None:
        received = sent
    went = () if sent is None else (_leg((sent[0], negative(sent[1])), worth),)
    came = () if received is None else (_leg(received, worth),)
    if not said.line.sheet.places.keys().isdisjoint(_OF_LEGS):
        went = tuple(_with_role(each, said.line, "sent_role", "sent_to") for each in went)
        came = tuple(_with_role(each, said.line, "received_role", "received_from") for each in came)
    return went + came, fees


def _with_role(leg: TaxLeg, line: Line, role_name: str, other_name: str) -> TaxLeg:
    """Return a leg with what it stands for, and with whom: what only exports of this product say."""
    role, other = line.text(role_name).lower(), line.text(other_name)
    if role not in ("", "principal", "receipt", "reward"):
        raise CellError(role_name, f"“{role[:20]}” is none of principal, receipt and reward")
    return replace(leg, role=role or "principal", counterparty=_place(other)[:120] if other else None)


def _leg(side: tuple[Asset, Decimal], worth: Worth | None) -> TaxLeg:
    asset, amount = side
    return TaxLeg(asset.asset, asset.symbol, amount, None if asset.is_fiat else worth)
