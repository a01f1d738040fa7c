"""Tax transactions as lists and the drawer show them: amounts with their signs, worths with who says so."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from backend.core import formats
from backend.core.money import plain
from backend.tax.listing.schemas import LotCandidate, TaxLegRead, TaxTransactionRead, WorthRead
from components.i18n import t
from state.tax_words import place_name

MOST_NAMED = 2
_TONES = {
    **dict.fromkeys(("income", "gift_in"), "gain"),
    **dict.fromkeys(("loss", "liquidation"), "loss"),
    **dict.fromkeys(("buy", "sell", "swap", "spend"), "accent"),
}


@dataclass(frozen=True, slots=True)
class TaxRow:
    """One transaction of the list; `day` and `time` are in the zone that taxes are counted in."""

    id: str
    day: str
    time: str
    kind_label: str
    tone: str
    status: str
    status_tone: str
    below: str
    went: str
    came: str
    value: str
    value_note: str
    fee: str
    fee_note: str
    wallet: str
    wallet_name: str
    source: str


@dataclass(frozen=True, slots=True)
class TaxLegLine:
    """One movement (or fee) in the drawer, and the field in which its worth can be said."""

    key: str
    field: str
    label: str
    text: str
    exact: str
    worth: str
    worth_source: str
    told: str
    other: str
    role: str
    said: str
    currency: str
    is_money: bool


@dataclass(frozen=True, slots=True)
class LotLine:
    """A purchase that what goes may be taken from, and how much of it was chosen."""

    key: str
    field: str
    label: str
    text: str
    worth: str
    said: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A name and a value of the drawer."""

    name: str
    value: str
    href: str


def tax_row(read: TaxTransactionRead, currency: str, zone: ZoneInfo) -> TaxRow:
    """Return a transaction as a row."""
    at = read.happened_at.astimezone(zone)
    status, tone = status_of(read)
    return TaxRow(
        id=str(read.id),
        day=at.date().isoformat(),
        time=at.strftime("%H:%M:%S"),
        kind_label=t(f"tax_kind.{read.kind.value}"),
        tone=_TONES.get(read.kind.value, "neutral"),
        status=status,
        status_tone=tone,
        below=formats.untrusted_text(read.protocol) if read.protocol else read.chain or "",
        went=_amounts([leg for leg in read.legs if leg.amount < 0]),
        came=_amounts([leg for leg in read.legs if leg.amount > 0]),
        value=formats.money(read.value, currency) if read.legs else "",
        value_note="" if read.value is not None or not read.legs else t("tax_transactions.value_unknown"),
        fee=_fee(read, currency),
        fee_note=_amounts(read.fees).replace("+", ""),
        wallet=read.wallet,
        wallet_name=wallet_of(read),
        source=t(f"tax_transactions.source_{read.source}"),
    )


def status_of(read: TaxTransactionRead) -> tuple[str, str]:
    """Return in a word what is special about a transaction, and its tone; nothing for most."""
    if read.issues:
        return t("tax_transactions.open"), "warn"
    if read.counts_as is not None:
        return t("tax_transactions.counts_once"), "neutral"
    if read.edited_at is not None:
        return t("tax_transactions.edited"), "accent"
    if read.rule_id is not None:
        return t("tax_transactions.by_rule"), "accent"
    return ("", "neutral")


def wallet_of(read: TaxTransactionRead) -> str:
    """Return the wallet or account, and where it went of a transfer."""
    name = read.wallet_name or place_name(read.wallet)
    return f"{name} \u2192 {place_name(read.to_wallet)}" if read.to_wallet else name


def leg_lines(legs: Sequence[TaxLegRead], told: str, currency: str) -> list[TaxLegLine]:
    """Return movements (`told` is worth) or fees (fee_worth) for the drawer."""
    lines = []
    for place, leg in enumerate(legs):
        said = leg.worth if leg.worth is not None and leg.worth != leg.told_worth else None
        what = _signed(leg) if told == "worth" else _signed(leg).removeprefix("+")
        shown = currency if said is None else said.currency
        lines.append(
            TaxLegLine(
                key=f"{told}{place}",
                field=f"{told}_{place}",
                label=t("tax_transactions.worth_of", what=what, currency=shown),
                text=what,
                exact=f"{plain(leg.amount)} {formats.untrusted_text(leg.symbol, 60)}",
                worth=_worth(leg.worth),
                worth_source=_source(leg.worth),
                told=_told(leg) if said is not None else "",
                other=leg.counterparty or "",
                role=t(f"tax_transactions.role_{leg.role}") if leg.role != "principal" else "",
                said="" if said is None else plain(said.amount),
                currency=shown,
                is_money=leg.asset.startswith("fiat:"),
            )
        )
    return lines


def lot_lines(
    candidates: Sequence[LotCandidate], read: TaxTransactionRead, currency: str, zone: ZoneInfo
) -> list[LotLine]:
    """Return what the one asset that goes may be taken from, the earliest first."""
    chosen = {each.transaction_id: plain(each.amount) for each in read.choices}
    return [
        LotLine(
            key=str(each.transaction_id),
            field=f"lot_{each.transaction_id}",
            label=t("tax_transactions.from_lot", day=each.happened_at.astimezone(zone).date().isoformat()),
            text=f"{each.happened_at.astimezone(zone).date().isoformat()} \u00b7 {formats.amount(each.amount)}"
            f" {formats.untrusted_text(each.symbol, 40)}",
            worth=formats.money(each.value, currency),
            said=chosen.get(each.transaction_id, ""),
        )
        for each in candidates
    ]


def facts_of(read: TaxTransactionRead, currency: str, zone: ZoneInfo) -> list[Fact]:
    """Return what else is known of a transaction, without what is empty."""
    at = read.happened_at.astimezone(zone)
    told = t(f"tax_kind.{read.told_kind.value}") if read.told_kind is not read.kind else ""
    income = t(f"tax_income.{read.income.value}") if read.income is not None else ""
    found = [
        ("when", at.strftime("%Y-%m-%d %H:%M:%S %Z"), ""),
        ("value", formats.money(read.value, currency) if read.legs else "", ""),
        ("fee", _fee(read, currency), ""),
        ("told_kind", told, ""),
        ("income", income, ""),
        ("wallet", read.wallet if not read.wallet_name else f"{read.wallet_name} ({read.wallet})", ""),
        ("to_wallet", read.to_wallet or "", ""),
        ("basis", _worth(read.basis), ""),
        ("acquired", _moment(read.acquired_at, zone), ""),
        ("portfolio_worth", _worth(read.portfolio_worth), ""),
        ("protocol", formats.untrusted_text(read.protocol) if read.protocol else "", ""),
        ("position", read.position or "", ""),
        ("chain", read.chain or "", ""),
        ("tx", read.tx_hash or "", read.tx_url or ""),
        ("source", t(f"tax_transactions.source_{read.source}") + _line(read.line), ""),
        ("note", read.note, ""),
    ]
    return [Fact(t(f"tax_transactions.fact_{name}"), value, href) for name, value, href in found if value]


def _amounts(legs: Sequence[TaxLegRead]) -> str:
    named = [_signed(leg) for leg in legs[:MOST_NAMED]]
    rest = len(legs) - len(named)
    return ", ".join(named) + (f" {t('ledger.more', count=rest)}" if rest > 0 else "")


def _signed(leg: TaxLegRead) -> str:
    sign = "+" if leg.amount > 0 else ""
    return f"{sign}{formats.amount(leg.amount)} {formats.untrusted_text(leg.symbol, 40)}"


def _fee(read: TaxTransactionRead, currency: str) -> str:
    return formats.money(read.fee_value, currency) if read.fees else ""


def _worth(worth: WorthRead | None) -> str:
    return "" if worth is None else formats.money(worth.amount.copy_abs(), worth.currency)


def _source(worth: WorthRead | None) -> str:
    if worth is None:
        return t("tax_transactions.worth_unknown")
    said = formats.untrusted_text(worth.source, 80) if worth.source else ""
    return f"{said}, {worth.as_of.strftime('%Y-%m-%d %H:%M')} UTC" if worth.as_of is not None else said


def _told(leg: TaxLegRead) -> str:
    words = _worth(leg.told_worth) or t("tax_transactions.nothing_told")
    return t("tax_transactions.told", worth=words)


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else at.astimezone(zone).strftime("%Y-%m-%d")


def _line(line: int | None) -> str:
    return "" if line is None else f", {t('tax_transactions.line', number=line)}"
