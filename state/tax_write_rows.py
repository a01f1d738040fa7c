"""What the form of a transaction written by hand holds: what it begins with, and what it says. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from backend.core.money import parse_decimal, plain
from backend.tax.listing.schemas import TaxLegRead, TaxTransactionRead
from backend.tax.listing.service import TransactionKind, ways_of
from components.i18n import t

BY_YOU = "you"
MOST_AMOUNT = Decimal(10) ** 40
MOST_MONEY = Decimal(10) ** 30
SIDES = ("out", "in", "fee")
# Fields of the API by where the form has them.
FIELDS = {
    "happenedAt": "at", "acquiredAt": "acquired_on", "toWallet": "to_wallet", "txHash": "tx_hash", "legs": "out",
    "fees": "fee", "currency": "form",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class LegField:
    """A row of the form; `field` is how the names of its inputs begin."""

    key: str
    field: str
    side: str
    asset: str
    amount: str
    worth: str
    currency: str
    known: str
    is_added: bool = False


@dataclass(frozen=True, slots=True)
class Begin:
    """What the form begins with."""

    kind: str
    wallet: str = ""
    at: str = ""
    zone: str = ""
    to_wallet: str = ""
    income: str = ""
    tx_hash: str = ""
    note: str = ""
    basis: str = ""
    basis_currency: str = ""
    acquired_on: str = ""
    legs: list[LegField] = field(default_factory=list)


def sides_of(kind: str) -> tuple[bool, bool]:
    """Return whether a form of this kind asks for what went, and for what came."""
    comes, goes = ways_of(TransactionKind(kind))
    return goes is not False, comes is not False


def empty_leg(side: str, number: int, currency: str, *, is_added: bool = False) -> LegField:
    """Return a row of which nothing is said yet; one that is added is gone to."""
    return LegField(f"{side}{number}", f"leg_{side}{number}", side, "", "", "", currency, "", is_added)


def begin_new(currency: str, zone: str) -> Begin:
    """Return the form of a new transaction: a purchase, until something else is said."""
    rows = [empty_leg(side, 0, currency) for side in ("out", "in")]
    return Begin("buy", zone=zone, basis_currency=currency, legs=rows)


def begin_with(read: TaxTransactionRead, currency: str, zone: str) -> Begin:
    """Return the form of a transaction that was written by hand, as it counts now."""
    rows = [
        _row(leg, side, place, currency)
        for side, legs in (
            ("out", [leg for leg in read.legs if leg.amount < 0]),
            ("in", [leg for leg in read.legs if leg.amount > 0]),
            ("fee", read.fees),
        )
        for place, leg in enumerate(legs)
    ]
    for side, is_asked in zip(("out", "in"), sides_of(read.kind.value), strict=True):
        if is_asked and not any(each.side == side for each in rows):
            rows.append(empty_leg(side, 0, currency))
    local = ZoneInfo(zone)
    return Begin(
        kind=read.kind.value,
        wallet=read.wallet,
        at=local_text(read.happened_at, local),
        zone=zone,
        to_wallet=read.to_wallet or "",
        income=read.income.value if read.income is not None else "",
        tx_hash=read.tx_hash or "",
        note=read.note,
        basis=plain(read.basis.amount) if read.basis is not None else "",
        basis_currency=read.basis.currency if read.basis is not None else currency,
        acquired_on="" if read.acquired_at is None else read.acquired_at.astimezone(local).date().isoformat(),
        legs=rows,
    )


def local_text(at: datetime, zone: ZoneInfo) -> str:
    """Return a moment as a field of date and time has it, to the second."""
    return at.astimezone(zone).replace(tzinfo=None, microsecond=0).isoformat()


def said(
    form: Mapping[str, Any], rows: Sequence[LegField], begun: Begin, read: TaxTransactionRead | None,
    currencies: Collection[str], wallets: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, str]]:  # fmt: skip
    """Return what a form says, as the API takes it, and problems by field.

    `begun` and `read` are what it began with: a moment that was not touched stays as exact as it was. `wallets` are
    those of the user by the name that they are shown under.
    """
    problems: dict[str, str] = {}
    kind = _text(form, "write_kind")
    if kind not in {each.value for each in TransactionKind}:
        return {}, {"kind": t("form.invalid")}
    values: dict[str, Any] = {"kind": kind, "legs": [], "fees": [], "note": _text(form, "write_note")}
    wallet = _text(form, "write_wallet")
    values["wallet"] = wallets.get(wallet, wallet)
    if not wallet:
        problems["wallet"] = t("tax_write.wallet_missing")
    if kind == "transfer":
        other = _text(form, "write_to_wallet")
        values["to_wallet"] = wallets.get(other, other) or None
    if kind == "income":
        values["income"] = _text(form, "write_income") or None
        if values["income"] is None:
            problems["income"] = t("tax_write.income_missing")
    values["tx_hash"] = _text(form, "write_tx_hash") or None
    at = _moment(form, begun, read, problems)
    if at is not None:
        values["happened_at"] = at
    if kind == "gift_in":
        _gift(form, begun, read, values, problems)
    _legs(form, rows, kind, currencies, values, problems)
    return values, problems


def _moment(
    form: Mapping[str, Any], begun: Begin, read: TaxTransactionRead | None, problems: dict[str, str]
) -> datetime | None:
    text, name = _text(form, "write_at"), _text(form, "write_zone")
    if read is not None and name == begun.zone and _same_time(text, begun.at):
        return read.happened_at
    try:
        zone = ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems["zone"] = t("tax_write.zone_unknown")
        return None
    try:
        told = datetime.fromisoformat(text)
    except ValueError:
        problems["at"] = t("tax_write.at_missing")
        return None
    at = told.replace(tzinfo=zone).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != told:
        problems["at"] = t("tax_write.at_skipped")
        return None
    return at


def _same_time(text: str, begun: str) -> bool:
    try:
        return datetime.fromisoformat(text) == datetime.fromisoformat(begun)
    except ValueError:
        return False


def _gift(
    form: Mapping[str, Any],
    begun: Begin,
    read: TaxTransactionRead | None,
    values: dict[str, Any],
    problems: dict[str, str],
) -> None:
    text, day = _text(form, "write_basis"), _text(form, "write_acquired_on")
    if text:
        amount = _number(text, "basis", problems, MOST_MONEY, may_be_zero=True)
        if amount is not None:
            values["basis"] = {"amount": amount, "currency": begun.basis_currency}
    if not day:
        return
    if read is not None and day == begun.acquired_on:
        values["acquired_at"] = read.acquired_at
        return
    try:
        zone = ZoneInfo(_text(form, "write_zone") or "UTC")
        noon = datetime.fromisoformat(day).replace(hour=12, tzinfo=zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        problems["acquired_on"] = t("form.invalid")
        return
    values["acquired_at"] = min(noon, values["happened_at"]) if _is_same_day(noon, values) else noon


def _is_same_day(noon: datetime, values: Mapping[str, Any]) -> bool:
    at = values.get("happened_at")
    return at is not None and at.astimezone(noon.tzinfo).date() == noon.date()


def _legs(
    form: Mapping[str, Any],
    rows: Sequence[LegField],
    kind: str,
    currencies: Collection[str],
    values: dict[str, Any],
    problems: dict[str, str],
) -> None:
    goes, comes = sides_of(kind)
    for row in rows:
        if (row.side == "out" and not goes) or (row.side == "in" and not comes):
            continue
        asset, text = _text(form, f"{row.field}_asset"), _text(form, f"{row.field}_amount")
        worth = _text(form, f"{row.field}_worth")
        if not asset and not text and not worth:
            continue
        if not asset:
            problems[f"{row.field}_asset"] = t("tax_write.asset_missing")
        amount = _number(text, f"{row.field}_amount", problems, MOST_AMOUNT)
        money = _number(worth, f"{row.field}_worth", problems, MOST_MONEY, may_be_zero=True) if worth else None
        if amount is None or not asset:
            continue
        leg: dict[str, Any] = {
            "asset": f"fiat:{asset.upper()}" if asset.upper() in currencies else asset,
            "amount": -amount if row.side == "out" else amount,
        }
        if money is not None:
            leg["worth"] = {"amount": money, "currency": _text(form, f"{row.field}_currency")}
        values["fees" if row.side == "fee" else "legs"].append(leg)
    if problems:
        return
    signs = {leg["amount"] > 0 for leg in values["legs"]}
    must_come, must_go = ways_of(TransactionKind(kind))
    if must_go and False not in signs:
        problems["out"] = t("tax_write.out_missing")
    if must_come and True not in signs:
        problems["in"] = t("tax_write.in_missing")


def place_of(
    location: Sequence[Any], form: Mapping[str, Any], rows: Sequence[LegField], values: Mapping[str, Any]
) -> str:
    """Return the field of the form that a problem of the API (its location) belongs to."""
    first = str(location[0]) if location else "form"
    if first in ("legs", "fees") and len(location) > 2:
        sides = ("fee",) if first == "fees" else ("out", "in")
        goes, comes = sides_of(str(values["kind"]))
        shown = [
            each for each in rows
            if each.side in sides and (each.side != "out" or goes) and (each.side != "in" or comes)
            and _text(form, f"{each.field}_asset")
        ]  # fmt: skip
        place = int(location[1])
        if place < len(shown):
            return f"{shown[place].field}_{location[2]}"
    return FIELDS.get(first, first)


def _row(leg: TaxLegRead, side: str, place: int, currency: str) -> LegField:
    worth = leg.worth
    mine = worth is not None and worth.source == BY_YOU
    return LegField(
        key=f"{side}{place}",
        field=f"leg_{side}{place}",
        side=side,
        asset=leg.asset.removeprefix("fiat:"),
        amount=plain(abs(leg.amount)),
        worth=plain(abs(worth.amount)) if worth is not None and mine else "",
        currency=worth.currency if worth is not None and mine else currency,
        known="" if worth is None or mine else f"{plain(abs(worth.amount))} {worth.currency}",
    )


def _number(
    text: str, name: str, problems: dict[str, str], most: Decimal, *, may_be_zero: bool = False
) -> Decimal | None:
    try:
        amount = parse_decimal(text)
    except ValueError as error:
        problems[name] = str(error)
        return None
    if amount < 0 or amount > most or (amount == 0 and not may_be_zero):
        problems[name] = t("tax_write.above_zero") if not may_be_zero else t("tax_transactions.not_below_zero")
        return None
    return amount


def _text(form: Mapping[str, Any], name: str) -> str:
    return " ".join(str(form.get(name) or "").split())
