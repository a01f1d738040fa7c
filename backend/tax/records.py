"""Transactions and edits as rows of the store and back: nothing is lost, and what is read was written here. Pure."""

import gc
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson

from backend.core.money import plain
from backend.tax.engine.events import IncomeKind
from backend.tax.transactions import ChosenLot, Edit, TaxLeg, TaxTransaction, TransactionKind, Worth

MOST_NOTE = 500
MOST_PROBLEM = 300
_KINDS = {kind.value: kind for kind in TransactionKind}
_INCOMES = {kind.value: kind for kind in IncomeKind}
_NOTHING: dict[str, Any] = {}
# In this order the repository selects them.
COLUMNS = (
    *("id", "source", "import_id", "line", "happened_at", "sequence", "kind", "income", "wallet", "to_wallet"),
    *("chain_id", "tx_hash", "protocol", "legs", "fees", "details", "note", "problem"),
)
WRITTEN = (*COLUMNS, "digest", "assets")
Row = dict[str, str | int | None]
# What a cell of COPY's text format must not hold as it is.
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}
_TO_ESCAPE = re.compile(r"[\\\t\n\r]")


def row_of(transaction: TaxTransaction) -> Row:
    """Return the row of a transaction (WRITTEN), without its user: JSON and the array of assets are text.

    `digest` is of all that the source says. Which import brought it, and on which line, is no part of that: the same in
    another file is the same.
    """
    legs, fees = _json(legs_json(transaction.legs)), _json(legs_json(transaction.fees))
    details = _json(details_json(transaction))
    said: dict[str, Any] = {
        "id": str(transaction.id),
        "source": transaction.source,
        "happened_at": transaction.happened_at.isoformat(),
        "sequence": transaction.sequence,
        "kind": transaction.kind.value,
        "income": _value(transaction.income),
        "wallet": transaction.wallet,
        "to_wallet": transaction.to_wallet,
        "chain_id": transaction.chain_id,
        "tx_hash": transaction.tx_hash,
        "protocol": transaction.protocol,
        "legs": orjson.Fragment(legs),
        "fees": orjson.Fragment(fees),
        "details": orjson.Fragment(details),
        "note": transaction.note[:MOST_NOTE],
        "problem": None if transaction.problem is None else transaction.problem[:MOST_PROBLEM],
    }
    said["digest"] = blake2b(_json(said), digest_size=16).hexdigest()
    said["legs"], said["fees"], said["details"] = legs.decode(), fees.decode(), details.decode()
    said["import_id"] = None if transaction.import_id is None else str(transaction.import_id)
    said["line"] = transaction.line
    said["assets"] = _array(assets_of(transaction))
    return said


def copied(rows: Iterable[Row]) -> bytes:
    """Return rows (`row_of`) as lines of PostgreSQL's COPY in its text format, of WRITTEN."""
    lines = ["\t".join([_cell(row[name]) for name in WRITTEN]) for row in rows]
    return "".join([f"{line}\n" for line in lines]).encode()


def _cell(value: str | int | None) -> str:
    if value is None:
        return "\\N"
    text = value if isinstance(value, str) else str(value)
    return _TO_ESCAPE.sub(lambda found: _ESCAPED[found.group()], text) if _TO_ESCAPE.search(text) else text


def _json(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def _array(texts: Iterable[str]) -> str:
    """Return texts as PostgreSQL writes an array of them."""
    return "{" + ",".join(['"' + each.replace("\\", "\\\\").replace('"', '\\"') + '"' for each in texts]) + "}"


def assets_of(transaction: TaxTransaction) -> list[str]:
    """Return the assets that a transaction is about, its fees' too."""
    return sorted({leg.asset for leg in (*transaction.legs, *transaction.fees)})


def legs_json(legs: Iterable[TaxLeg]) -> list[dict[str, Any]]:
    """Return legs (or fees) as the store has them: amounts are text, what is not said is left out."""
    return [_leg_json(leg) for leg in legs]


def legs_of(values: Iterable[Mapping[str, Any]]) -> tuple[TaxLeg, ...]:
    """Return the legs (or fees) that `legs_json` made this of."""
    return tuple(map(_leg, values))


def details_json(transaction: TaxTransaction) -> dict[str, Any]:
    """Return what only some transactions have: position, identifiers, lots, what is known of the purchase."""
    said: dict[str, Any] = {
        "position": transaction.position,
        "identifiers": dict(transaction.identifiers) if transaction.identifiers is not None else None,
        "choices": choices_json(transaction.choices) or None,
        "basis": worth_json(transaction.basis),
        "acquired_at": _instant(transaction.acquired_at),
        "portfolio_worth": worth_json(transaction.portfolio_worth),
    }
    return {name: value for name, value in said.items() if value is not None}


def worth_json(worth: Worth | None) -> dict[str, Any] | None:
    """Return a worth as the store has it, None for what nobody knows."""
    if worth is None:
        return None
    said = {"amount": plain(worth.amount), "currency": worth.currency, "source": worth.source}
    return said if worth.as_of is None else said | {"as_of": worth.as_of.isoformat()}


def worth_of(values: Mapping[str, Any] | None) -> Worth | None:
    """Return the worth that `worth_json` made this of."""
    if values is None:
        return None
    as_of = values.get("as_of")
    at = None if as_of is None else datetime.fromisoformat(as_of)
    return Worth(Decimal(values["amount"]), values["currency"], values["source"], at)


def choices_json(choices: Iterable[ChosenLot]) -> list[dict[str, str]]:
    """Return chosen lots as the store has them."""
    return [{"transaction_id": str(each.transaction_id), "amount": plain(each.amount)} for each in choices]


def choices_of(values: Iterable[Mapping[str, Any]]) -> tuple[ChosenLot, ...]:
    """Return the chosen lots that `choices_json` made this of."""
    return tuple(ChosenLot(UUID(each["transaction_id"]), Decimal(each["amount"])) for each in values)


def edit_json(edit: Edit) -> dict[str, Any]:
    """Return an edit as the store has it; what it leaves as it is is left out."""
    said: dict[str, Any] = {
        "kind": _value(edit.kind),
        "income": _value(edit.income),
        "worths": _worths_json(edit.worths),
        "fee_worths": _worths_json(edit.fee_worths),
        "to_wallet": edit.to_wallet,
        "matches": None if edit.matches is None else str(edit.matches),
        "is_unmatched": edit.is_unmatched,
        "is_separate": edit.is_separate,
        "choices": None if edit.choices is None else choices_json(edit.choices),
        "basis": worth_json(edit.basis),
        "acquired_at": _instant(edit.acquired_at),
        "portfolio_worth": worth_json(edit.portfolio_worth),
        "note": edit.note,
    }
    return {name: value for name, value in said.items() if value is not None} | {"reason": edit.reason}


def edit_of(data: Mapping[str, Any]) -> Edit:
    """Return the edit that `edit_json` made this of."""
    get = data.get
    kind, income, matches, choices, acquired = (
        get(name) for name in ("kind", "income", "matches", "choices", "acquired_at")
    )
    return Edit(
        kind=None if kind is None else _KINDS[kind],
        income=None if income is None else _INCOMES[income],
        worths=_worths(get("worths")),
        fee_worths=_worths(get("fee_worths")),
        to_wallet=get("to_wallet"),
        matches=None if matches is None else UUID(matches),
        is_unmatched=get("is_unmatched"),
        is_separate=get("is_separate"),
        choices=None if choices is None else choices_of(choices),
        basis=worth_of(get("basis")),
        acquired_at=None if acquired is None else datetime.fromisoformat(acquired),
        portfolio_worth=worth_of(get("portfolio_worth")),
        note=get("note"),
        reason=get("reason", ""),
    )


def transactions_of(rows: Sequence[Sequence[Any]]) -> list[TaxTransaction]:
    """Return the transactions of rows that begin with COLUMNS.

    Nothing made here is garbage: a collector that looks through it again and again while it grows costs a third more.
    """
    _make_room()
    was_on = gc.isenabled()
    gc.disable()
    try:
        return [transaction_of(row) for row in rows]
    finally:
        if was_on:
            gc.enable()


def transaction_of(row: Sequence[Any]) -> TaxTransaction:
    """Return the transaction of a row that begins with COLUMNS; legs, fees and details are JSON text."""
    id_, source, import_id, line, happened_at, sequence, kind, income, wallet, to_wallet = row[:10]
    chain_id, tx_hash, protocol, legs, fees, details, note, problem = row[10:18]
    more = orjson.loads(details) if details != "{}" else _NOTHING
    get = more.get
    acquired, chosen = get("acquired_at"), get("choices")
    return TaxTransaction(
        id=id_,
        source=source,
        happened_at=happened_at,
        kind=_KINDS[kind],
        wallet=_same(wallet, wallet),
        legs=tuple(map(_leg, orjson.loads(legs))) if legs != "[]" else (),
        fees=tuple(map(_leg, orjson.loads(fees))) if fees != "[]" else (),
        to_wallet=to_wallet,
        income=None if income is None else _INCOMES[income],
        sequence=sequence,
        chain_id=chain_id,
        tx_hash=tx_hash,
        protocol=None if protocol is None else _same(protocol, protocol),
        position=get("position"),
        identifiers=get("identifiers"),
        import_id=import_id,
        line=line,
        choices=() if chosen is None else choices_of(chosen),
        basis=worth_of(get("basis")),
        acquired_at=None if acquired is None else datetime.fromisoformat(acquired),
        portfolio_worth=worth_of(get("portfolio_worth")),
        note=note,
        problem=problem,
    )


def merged(edit: Edit | None, rule: Edit | None) -> Edit | None:
    """Return what holds of a transaction: what its own edit says, and where it says nothing what the bulk rule says."""
    if edit is None or rule is None:
        return edit or rule
    values = {
        name: getattr(rule, name) if getattr(edit, name) is None else getattr(edit, name)
        for name in Edit.__dataclass_fields__
        if name != "reason"
    }
    return Edit(**values, reason=edit.reason or rule.reason)


# The same few texts stand in every row of a long history: one object for each is kept, up to so many. Moments are those
# of the legs of one transaction, mostly.
_MOST_TEXTS = 50_000
_texts: dict[Any, Any] = {}
_moments: dict[str, datetime] = {}
_same = _texts.setdefault


def _make_room() -> None:
    if len(_texts) > _MOST_TEXTS:
        _texts.clear()
    _moments.clear()


def _moment(text: str) -> datetime:
    known = _moments.get(text)
    if known is None:
        known = _moments[text] = datetime.fromisoformat(text)
    return known


def _leg(values: Mapping[str, Any]) -> TaxLeg:
    get = values.get
    worth, asset, symbol, other = get("worth"), values["asset"], values["symbol"], get("counterparty")
    return TaxLeg(
        _same(asset, asset),
        _same(symbol, symbol),
        Decimal(values["amount"]),
        None if worth is None else _leg_worth(worth),
        get("role", "principal"),
        None if other is None else _same(other, other),
    )


def _leg_worth(values: Mapping[str, Any]) -> Worth:
    as_of, currency, source = values.get("as_of"), values["currency"], values["source"]
    at = None if as_of is None else _moment(as_of)
    return Worth(Decimal(values["amount"]), _same(currency, currency), _same(source, source), at)


def _leg_json(leg: TaxLeg) -> dict[str, Any]:
    values: dict[str, Any] = {"asset": leg.asset, "symbol": leg.symbol, "amount": plain(leg.amount)}
    if leg.worth is not None:
        values["worth"] = worth_json(leg.worth)
    if leg.role != "principal":
        values["role"] = leg.role
    if leg.counterparty is not None:
        values["counterparty"] = leg.counterparty
    return values


def _worths_json(worths: Mapping[int, Worth] | None) -> dict[str, Any] | None:
    return None if worths is None else {str(place): worth_json(worth) for place, worth in sorted(worths.items())}


def _worths(values: Mapping[str, Any] | None) -> dict[int, Worth] | None:
    if values is None:
        return None
    return {int(place): _leg_worth(worth) for place, worth in values.items()}


def _value(member: Any) -> str | None:
    return None if member is None else member.value


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
