"""Events of wallets as lists show them: what came, what went, worth and fee in words, and every leg for the drawer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import find_chain
from backend.core import formats
from backend.core.money import plain, token_amount
from backend.portfolio.activity.schemas import ActivityRead, ApprovalRead, CoverageRead, LegRead
from backend.portfolio.activity.service import symbol_of
from components.i18n import t

MOST_NAMED = 2
UNLIMITED = 2**255  # what is above is customary for "any amount"
_TONES = {
    "swap": "accent",
    "liquidation": "loss",
    "claim": "gain",
    "transfer": "neutral",
}


@dataclass(frozen=True, slots=True)
class LegLine:
    """One movement in the drawer."""

    key: str
    text: str
    exact: str
    value: str
    price: str
    price_source: str
    price_at: str
    role: str
    way: str
    other: str
    other_url: str
    where: str


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One event; `at` is the block's time in ISO 8601, `why` what is not known of it."""

    id: str
    at: str
    kind: str
    kind_label: str
    tone: str
    protocol: str
    came: str
    went: str
    moved: str
    value: str
    fee: str
    fee_usd: str
    wallet: str
    wallet_name: str
    wallet_short: str
    chain: str
    block: str
    tx: str
    tx_short: str
    tx_url: str
    status: str
    status_tone: str
    why: str
    position: str
    method: str
    source: str
    legs: list[LegLine]
    approvals: list[str]


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How far a wallet's history on a chain is known, in words."""

    key: str
    name: str
    chain: str
    text: str
    at: str
    tone: str
    state: str
    notes: list[str]


def ledger_row(event: ActivityRead) -> LedgerRow:
    """Return an event as a row."""
    came = [leg for leg in event.legs if int(leg.amount_raw) > 0]
    went = [leg for leg in event.legs if int(leg.amount_raw) < 0]
    chain = find_chain(event.chain_id)
    currency = chain.currency if chain else None
    fee = None if event.fee_wei is None or currency is None else token_amount(int(event.fee_wei), currency.decimals)
    status, tone = _status(event)
    approvals = [_approval_line(each, event.chain_id) for each in event.approvals]
    moved = [text for text in (_amounts(went, event.chain_id), _amounts(came, event.chain_id)) if text]
    return LedgerRow(
        id=str(event.id),
        at=formats.iso(event.happened_at),
        kind=event.kind.value,
        kind_label=kind_label(event.kind.value, bool(came), bool(went)),
        tone=_TONES.get(event.kind.value, "neutral"),
        protocol=formats.untrusted_text(event.protocol) if event.protocol else "",
        came=_amounts(came, event.chain_id),
        went=_amounts(went, event.chain_id),
        moved=" \u2192 ".join(moved or approvals[:1]),
        value=_value(event),
        fee="" if fee == 0 else formats.amount(fee, currency.symbol if currency else ""),
        fee_usd="" if fee == 0 else formats.usd(event.fee_usd),
        wallet=event.wallet,
        wallet_name=event.wallet_name or formats.address(event.wallet),
        wallet_short=formats.address(event.wallet),
        chain=event.chain,
        block=formats.number(event.block_number),
        tx=event.tx_hash,
        tx_short=formats.address(event.tx_hash),
        tx_url=event.tx_url or "",
        status=status,
        status_tone=tone,
        why=event.problem or "",
        position=", ".join(f"{name.replace('_', ' ')} {value}" for name, value in (event.identifiers or {}).items()),
        method=event.method or "",
        source=t(f"ledger.source_{event.source}"),
        legs=[_leg_line(place, leg, event) for place, leg in enumerate(event.legs)],
        approvals=approvals,
    )


def kind_label(kind: str, has_come: bool, has_gone: bool) -> str:
    """Return what an event is called; a transfer by its way."""
    if kind == "transfer" and has_come != has_gone:
        return t("ledger.kind_transfer_in" if has_come else "ledger.kind_transfer_out")
    return t(f"ledger.kind_{kind}")


def coverage_rows(found: Iterable[CoverageRead]) -> list[CoverageRow]:
    """Return how far each wallet's history is known, those with a problem first."""
    order = {"failing": 0, "reading": 1, "read": 2}
    return [_coverage_row(each) for each in sorted(found, key=lambda each: order[each.state])]


def coverage_note(found: Sequence[CoverageRead]) -> str:
    """Return in one line how much of the histories is read."""
    if not found:
        return t("ledger.coverage_none")
    read = sum(each.state == "read" for each in found)
    return t("ledger.coverage_all", read=formats.number(read), total=formats.number(len(found)))


def _value(event: ActivityRead) -> str:
    """Return what an event was worth: what came, else what went; receipts stand for either."""
    has_come = any(int(leg.amount_raw) > 0 and leg.role != "receipt" for leg in event.legs)
    has_gone = any(int(leg.amount_raw) < 0 and leg.role != "receipt" for leg in event.legs)
    if not event.legs:
        return ""
    return formats.usd(event.came_usd if has_come else event.went_usd if has_gone else None)


def _status(event: ActivityRead) -> tuple[str, str]:
    if not event.succeeded:
        return t("ledger.failed"), "loss"
    if event.problem:
        return t("ledger.incomplete"), "warn"
    return t("ledger.done"), "neutral"


def _amounts(legs: Sequence[LegRead], chain_id: int) -> str:
    named = [_signed(leg, chain_id) for leg in legs[:MOST_NAMED]]
    rest = len(legs) - len(named)
    return ", ".join(named) + (f" {t('ledger.more', count=rest)}" if rest else "")


def _signed(leg: LegRead, chain_id: int) -> str:
    symbol = symbol_of(leg, chain_id)
    sign = "+" if int(leg.amount_raw) > 0 else ""
    if leg.token_id is not None:
        number = leg.token_id if len(leg.token_id) <= 12 else f"{leg.token_id[:6]}\u2026{leg.token_id[-4:]}"
        many = "" if abs(int(leg.amount_raw)) == 1 else f"{formats.number(abs(int(leg.amount_raw)))} \u00d7 "
        return f"{sign or formats.MINUS}{many}" + t("ledger.token_number", symbol=symbol, number=number)
    return f"{sign}{formats.amount(leg.amount)} {symbol}"


def _leg_line(place: int, leg: LegRead, event: ActivityRead) -> LegLine:
    chain = find_chain(event.chain_id)
    has_come = int(leg.amount_raw) > 0
    if leg.counterparty:
        way = t("ledger.from_account" if has_come else "ledger.to_account")
    elif leg.token == NATIVE_TOKEN or leg.token_id is None:
        way = t("ledger.minted" if has_come else "ledger.burned") if leg.log_index is not None else ""
    else:
        way = t("ledger.minted" if has_come else "ledger.burned")
    exact = leg.amount_raw if leg.amount is None else plain(leg.amount)
    return LegLine(
        key=str(place),
        text=_signed(leg, event.chain_id),
        exact=f"{exact} {symbol_of(leg, event.chain_id)}",
        value="" if leg.value_usd is None else formats.usd(abs(leg.value_usd)),
        price=formats.usd(leg.price_usd) if leg.price_usd is not None else "",
        price_source=formats.untrusted_text(leg.price_source, 80) if leg.price_source else "",
        price_at=formats.iso(leg.priced_at),
        role=t(f"ledger.role_{leg.role}") if leg.role != "principal" else "",
        way=way,
        other=leg.counterparty or "",
        other_url=(chain.address_url(leg.counterparty) or "") if chain and leg.counterparty else "",
        where=t("ledger.by_log", index=leg.log_index) if leg.log_index is not None else t("ledger.by_call"),
    )


def _approval_line(approval: ApprovalRead, chain_id: int) -> str:
    names = {"token": symbol_of(approval, chain_id), "spender": formats.address(approval.spender)}
    if approval.token_id is not None:
        return t("ledger.approval_one", number=approval.token_id, **names)
    if approval.amount_raw is None:
        return t("ledger.approval_all", **names)
    amount = int(approval.amount_raw)
    if amount == 0:
        return t("ledger.approval_none", **names)
    return t("ledger.approval_unlimited" if amount >= UNLIMITED else "ledger.approval_some", **names)


def _coverage_row(covered: CoverageRead) -> CoverageRow:
    chain = find_chain(covered.chain_id)
    notes = [covered.problem] if covered.problem else []
    if covered.to_block is None:
        text = t("ledger.covered_reading")
    else:
        text = t(
            "ledger.covered_start" if covered.reached_start else "ledger.covered_since",
            first=formats.number(covered.from_block),
            last=formats.number(covered.to_block),
        )
        if not covered.native_is_known:
            notes.append(t("ledger.native_unknown", currency=chain.currency.symbol if chain else covered.chain))
        if covered.source == "explorer":
            notes.append(t("ledger.by_explorer"))
    return CoverageRow(
        key=f"{covered.wallet}:{covered.chain_id}",
        name=covered.wallet_name or formats.address(covered.wallet),
        chain=covered.chain,
        text=text,
        at=formats.iso(covered.to_block_at),
        tone="warn" if covered.state == "failing" else "neutral",
        state=covered.state,
        notes=notes,
    )
