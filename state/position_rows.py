"""What the pages of positions show: strings, ready to read. Unknown is said to be unknown, with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from backend.chain.registry import find_chain
from backend.core import formats
from backend.core.money import plain
from backend.portfolio.liquidity.schemas import LossDashboard, LossRead
from backend.portfolio.schemas import (
    PositionHistoryRead,
    PositionList,
    PositionMoveRead,
    PositionRead,
    PriceRangeRead,
)
from components.i18n import catalogue, t
from state.view_models import Fact, KpiTile

POSITION = "/portfolio/position/"


@dataclass(frozen=True, slots=True)
class PositionRow:
    """One position of the list; `state` is in or out of range, or the health of the account."""

    key: str
    href: str
    name: str
    protocol: str
    kind: str
    chain: str
    wallet: str
    value: str
    fees: str
    state: str
    tone: str
    problem: str


@dataclass(frozen=True, slots=True)
class LossRow:
    """One line of impermanent loss; `href` is the position's page, `removable` its id where it was added by hand."""

    key: str
    href: str
    removable: str
    name: str
    protocol: str
    origin: str
    entered_at: str
    hold: str
    loss: str
    loss_pct: str
    tone: str
    fees: str
    net: str
    net_tone: str
    state: str
    state_tone: str
    as_of: str
    problem: str


@dataclass(frozen=True, slots=True)
class PartRow:
    """One token of a position."""

    key: str
    symbol: str
    role: str
    amount: str
    exact: str
    price: str
    source: str
    price_at: str
    value: str


@dataclass(frozen=True, slots=True)
class RangeBar:
    """A price range as a bar: where it begins and how wide it is, and where the price stands, in percent of the bar."""

    shown: bool = False
    lower: str = ""
    upper: str = ""
    price: str = ""
    unit: str = ""
    start: str = "0%"
    width: str = "0%"
    at: str = "0%"
    has_price: bool = False
    state: str = ""
    tone: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class MoveRow:
    """One thing that happened to a position."""

    key: str
    at: str
    what: str
    amounts: str
    value: str
    tx: str
    tx_short: str
    tx_url: str


def list_tiles(listed: PositionList, losses: LossDashboard) -> list[KpiTile]:
    """Return the figures above the list."""
    as_of = formats.iso(listed.taken_at)
    worth = _sum([each.value_usd for each in listed.items])
    fees = _sum([each.fees_usd for each in listed.items])
    return [
        _tile("count", formats.number(len(listed.items)), as_of=as_of),
        _tile("worth", formats.usd(worth), "" if worth is not None else t("positions.partly"), as_of),
        _tile("waiting", formats.usd(fees), "" if fees is not None else t("positions.partly"), as_of),
        _tile(
            "loss",
            formats.usd(losses.il_usd),
            t("positions.loss_note", pct=formats.percent(losses.il_pct), known=losses.known, unknown=losses.unknown),
            as_of,
        ),
    ]


def _tile(key: str, value: str, note: str = "", as_of: str = "") -> KpiTile:
    return KpiTile(
        key=f"positions-{key}",
        label=t(f"positions.{key}"),
        value=value,
        note=note,
        source=t(f"positions.{key}_means"),
        as_of=as_of,
    )


def position_rows(listed: PositionList, names: Mapping[str, str]) -> list[PositionRow]:
    """Return the positions of a snapshot as rows."""
    return [_position_row(each, names) for each in listed.items]


def _position_row(each: PositionRead, names: Mapping[str, str]) -> PositionRow:
    state, tone = state_of(each)
    return PositionRow(
        key=str(each.id),
        href=f"{POSITION}?id={each.id}",
        name=name_of(each),
        protocol=formats.untrusted_text(each.protocol) if each.protocol else "",
        kind=kind_of(each),
        chain=each.chain,
        wallet=names.get(each.wallet.lower()) or formats.address(each.wallet),
        value=formats.usd(each.value_usd),
        fees=formats.usd(each.fees_usd) if each.fees_usd is None or each.fees_usd else "",
        state=state,
        tone=tone,
        problem=each.problem or "",
    )


def loss_rows(found: LossDashboard) -> list[LossRow]:
    """Return the losses as rows, the worst first."""
    return [_loss_row(each) for each in found.items]


def _loss_row(each: LossRead) -> LossRow:
    is_added = each.origin == "added"
    state, state_tone = _range_words(each.is_in_range)
    return LossRow(
        key=each.key,
        href="" if is_added else f"{POSITION}?id={each.key}",
        removable=each.key if is_added else "",
        name=each.name,
        protocol=f"{each.protocol} · {each.chain}",
        origin=t(f"positions.origin_{each.origin}"),
        entered_at=formats.iso(each.entered_at),
        hold=formats.usd(each.hold_usd),
        loss=formats.usd(each.il_usd),
        loss_pct=formats.percent(each.il_pct),
        tone=_tone(each.il_pct),
        fees=formats.usd(each.fees_usd),
        net=signed_usd(each.net_usd),
        net_tone=_tone(each.net_usd),
        state=state,
        state_tone=state_tone,
        as_of=formats.iso(each.as_of),
        problem=each.problem or "",
    )


def part_rows(position: PositionRead) -> list[PartRow]:
    """Return the tokens of a position as rows."""
    return [
        PartRow(
            key=f"{place}",
            symbol=formats.untrusted_text(part.symbol) if part.symbol else formats.address(part.token),
            role=catalogue().get(f"positions.role_{part.role}") or part.role,
            amount=formats.amount(part.amount),
            exact=formats.UNKNOWN if part.amount is None else plain(part.amount),
            price=formats.usd(part.price_usd),
            source=formats.untrusted_text(part.price_detail or part.price_source or "", 160)
            if part.price_source
            else "",
            price_at=formats.iso(part.price_taken_at),
            value=formats.usd(part.value_usd),
        )
        for place, part in enumerate(position.parts)
    ]


def facts_of(position: PositionRead, names: Mapping[str, str]) -> list[Fact]:
    """Return what names a position, and as of which block it is."""
    facts = [
        Fact(t("portfolio.protocol"), formats.untrusted_text(position.protocol)),
        Fact(t("positions.kind"), kind_of(position)),
        Fact(t("portfolio.chain"), position.chain),
        Fact(t("portfolio.wallet"), names.get(position.wallet.lower()) or formats.address(position.wallet)),
    ]
    for name in ("pool", "token_id", "vault", "market"):
        if value := position.identifiers.get(name):
            shown = formats.address(value) if value.startswith("0x") else value
            facts.append(Fact(t(f"positions.named_{name}"), shown))
    if fee := position.identifiers.get("fee_ppm"):
        facts.append(Fact(t("positions.fee"), f"{plain(Decimal(fee) / 10_000)}%"))
    if position.health_factor is not None:
        facts.append(Fact(t("portfolio.health"), f"{position.health_factor:.2f}"))
    block = formats.number(position.block_number)
    facts.append(Fact(t("portfolio.block_label"), block, formats.iso(position.taken_at)))
    return facts


def range_bar(found: PriceRangeRead | None) -> RangeBar:
    """Return a V3 range as a bar on a logarithmic scale, the range in its middle half; the dearer way round."""
    if found is None:
        return RangeBar()
    pair = [_symbol(found.symbol0, found.token0), _symbol(found.symbol1, found.token1)]
    low, high, price = found.lower_price, found.upper_price, found.price
    if (price or high) < 1:
        low, high, price = 1 / high, 1 / low, None if price is None else 1 / price
        pair.reverse()
    state, tone = _range_words(found.is_in_range)
    unit = t("positions.per", quote=pair[1], base=pair[0])
    words = [formats.amount(each) for each in (low, high, price)]
    return RangeBar(
        shown=True,
        lower=words[0],
        upper=words[1],
        price=words[2],
        unit=unit,
        start="25%",
        width="50%",
        at=f"{_place(low, high, price):.2f}%" if price is not None else "0%",
        has_price=price is not None,
        state=state,
        tone=tone,
        summary=t("positions.range_summary", low=words[0], high=words[1], price=words[2], unit=unit),
    )


def _place(low: Decimal, high: Decimal, price: Decimal) -> float:
    """Return where a price stands on the bar: a quarter is the lower end, three quarters the upper one."""
    span = float(high.ln() - low.ln()) or 1.0
    share = float(price.ln() - low.ln()) / span
    return min(98.0, max(2.0, 25 + 50 * share))


def history_tiles(position: PositionRead, history: PositionHistoryRead) -> list[KpiTile]:
    """Return what a position is worth, and what it did against holding."""
    unknown = t("positions.not_known")
    is_known = history.il_usd is not None
    return [
        _tile("value", formats.usd(position.value_usd), "", formats.iso(position.taken_at)),
        _tile("fees_waiting", formats.usd(position.fees_usd), "", formats.iso(position.taken_at)),
        _tile("put_in", formats.usd(history.put_in_usd if history.moves else None), _entered(history)),
        _tile("hold", formats.usd(history.hold_usd), "" if is_known else unknown),
        _tile("il", formats.usd(history.il_usd), formats.percent(history.il_pct) if is_known else unknown),
        _tile("earned", formats.usd(history.fees_usd), "" if is_known else unknown),
        _tile("net", signed_usd(history.net_usd), formats.percent(history.net_pct) if is_known else unknown),
    ]


def _entered(history: PositionHistoryRead) -> str:
    return t("positions.entered", day=f"{history.entered_at:%Y-%m-%d}") if history.entered_at else ""


def move_rows(moves: Sequence[PositionMoveRead], position: PositionRead) -> list[MoveRow]:
    """Return what happened to a position, the newest first; its tokens are called as its parts are."""
    called = {part.token.lower(): _symbol(part.symbol, part.token) for part in position.parts}
    return [_move_row(f"{place}", move, called) for place, move in reversed(list(enumerate(moves)))]


def _move_row(key: str, move: PositionMoveRead, called: Mapping[str, str]) -> MoveRow:
    chain = find_chain(move.chain_id)
    amounts = [
        formats.amount(each.amount, called.get(each.token.lower()) or formats.address(each.token))
        for each in move.amounts
    ]
    return MoveRow(
        key=key,
        at=formats.iso(move.at),
        what=t(f"positions.move_{move.kind}"),
        amounts=", ".join(amounts),
        value=formats.usd(move.value_usd),
        tx=move.tx_hash,
        tx_short=formats.address(move.tx_hash),
        tx_url=(chain.transaction_url(move.tx_hash) or "") if chain else "",
    )


def name_of(position: PositionRead) -> str:
    """Return what a position is called: its tokens, each once."""
    symbols = [_symbol(part.symbol, part.token) for part in position.parts]
    return " / ".join(dict.fromkeys(symbols)) or kind_of(position)


def kind_of(position: PositionRead) -> str:
    """Return what kind a position is."""
    return catalogue().get(f"portfolio.category_{position.kind}") or position.kind.capitalize()


def state_of(position: PositionRead) -> tuple[str, str]:
    """Return how a position stands, and the tone of that; empty where there is nothing to say."""
    if position.price_range is not None:
        return _range_words(position.price_range.is_in_range)
    if position.health_factor is not None:
        tone = "loss" if position.health_factor < Decimal("1.1") else "warn" if position.health_factor < 2 else "gain"
        return t("positions.health", factor=f"{position.health_factor:.2f}"), tone
    return "", ""


def signed_usd(value: Decimal | None) -> str:
    """Return dollars with their sign."""
    return f"+{formats.usd(value)}" if value is not None and value > 0 else formats.usd(value)


def _range_words(inside: bool | None) -> tuple[str, str]:
    if inside is None:
        return "", ""
    return (t("positions.in_range"), "gain") if inside else (t("positions.out_of_range"), "warn")


def _symbol(symbol: str | None, token: str) -> str:
    return formats.untrusted_text(symbol) if symbol else formats.address(token)


def _tone(value: Decimal | None) -> str:
    return "" if not value else "gain" if value > 0 else "loss"


def _sum(values: Sequence[Decimal | None]) -> Decimal | None:
    """Return the sum, None when one of them is unknown."""
    known = [value for value in values if value is not None]
    return sum(known, Decimal(0)) if len(known) == len(values) else None
