"""What the rebalancing page shows of targets and plans: strings, ready to read. Unknown is said to be unknown."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlencode

from backend.core import formats
from backend.core.money import plain
from backend.core.sheets import safe_cell
from backend.portfolio.rebalancing.schemas import (
    DriftRead,
    LeftOutRead,
    RebalancingRead,
    TargetRead,
    TradeRead,
)
from components.i18n import t

ADDRESS = "/portfolio/rebalancing/"
_TONES = {"over": "warn", "under": "accent", "within": "gain"}
_STATUS_TONES = {"balanced": "gain", "planned": "accent", "impossible": "warn", "out_of_time": "warn"}
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class TargetRow:
    """A saved target; `href` shows it."""

    id: str
    name: str
    summary: str
    by: str
    tolerance: str
    is_active: bool
    is_shown: bool
    href: str


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One asset beside its target; `width` and `tick` are CSS lengths of its share and of the target."""

    key: str
    name: str
    value: str
    share: str
    target: str
    drift: str
    drift_usd: str
    after: str
    mark: str
    tone: str
    width: str
    tick: str


@dataclass(frozen=True, slots=True)
class TradeRow:
    """One suggested trade; `answer` is accepted, rejected or empty."""

    id: str
    sell: str
    sell_usd: str
    buy: str
    buy_usd: str
    chain: str
    wallet: str
    wallet_name: str
    gas: str
    slippage: str
    pools: str
    why: str
    notes: list[str]
    answer: str


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """A holding that is not counted."""

    key: str
    name: str
    where: str
    value: str
    reason: str


def target_rows(targets: Sequence[TargetRead], shown_id: str) -> list[TargetRow]:
    """Return the saved targets."""
    return [
        TargetRow(
            id=str(each.id),
            name=each.name,
            summary=_summary(each),
            by=t(f"rebalancing.by_{each.by}"),
            tolerance=t("rebalancing.tolerance_of", points=plain(each.tolerance_pct)),
            is_active=each.is_active,
            is_shown=str(each.id) == shown_id,
            href=ADDRESS if each.is_active else f"{ADDRESS}?{urlencode({'target': str(each.id)})}",
        )
        for each in targets
    ]


def key_name(key: str, by: str) -> str:
    """Return what the key of a share is called."""
    if by == "category":
        return t(f"portfolio.category_{key}")
    return formats.address(key.partition(":")[2]) if ":" in key else key


def _summary(target: TargetRead) -> str:
    parts = sorted(target.parts, key=lambda part: part.share_pct, reverse=True)
    named = [f"{key_name(part.key, target.by)} {plain(part.share_pct)}%" for part in parts[:_MOST_NAMED]]
    more = len(parts) - len(named)
    return ", ".join(named) + (f", {t('rebalancing.more', count=more)}" if more else "")


def drift_rows(read: RebalancingRead) -> list[DriftRow]:
    """Return every asset beside its target, the furthest first."""
    by = read.target.by if read.target is not None else "asset"
    most = max((max(each.share_pct, each.target_pct) for each in read.drifts), default=Decimal(100)) or Decimal(100)
    return [_drift_row(each, by, most) for each in read.drifts]


def _drift_row(each: DriftRead, by: str, most: Decimal) -> DriftRow:
    return DriftRow(
        key=each.key,
        name=each.name if by == "asset" else key_name(each.key, by),
        value=formats.usd(each.value_usd),
        share=formats.percent(each.share_pct, signed=False),
        target=formats.percent(each.target_pct, signed=False),
        drift=t("rebalancing.points", points=formats.percent(each.drift_pct).removesuffix("%")),
        drift_usd=signed_usd(each.drift_usd),
        after=formats.percent(each.after_pct, signed=False),
        mark=t(f"rebalancing.mark_{each.mark}"),
        tone=_TONES[each.mark],
        width=f"{each.share_pct / most * 100:.2f}%",
        tick=f"{each.target_pct / most * 100:.2f}%",
    )


def trade_rows(read: RebalancingRead, wallets: Mapping[str, str]) -> list[TradeRow]:
    """Return the suggested trades, the largest first; `wallets` are names by lower-case address."""
    return [_trade_row(each, wallets) for each in read.trades]


def _trade_row(each: TradeRead, wallets: Mapping[str, str]) -> TradeRow:
    slippage = formats.usd(each.slippage_usd)
    if each.slippage_pct is not None:
        slippage += f" ({formats.percent(each.slippage_pct, signed=False)})"
    return TradeRow(
        id=str(each.id),
        sell=formats.amount(each.sell.amount, each.sell.symbol),
        sell_usd=formats.usd(each.sell.value_usd),
        buy=formats.amount(each.buy.amount, each.buy.symbol)
        if each.buy.amount is not None
        else t("rebalancing.some", symbol=each.buy.symbol),
        buy_usd=formats.usd(each.buy.value_usd),
        chain=each.chain,
        wallet=each.wallet,
        wallet_name=wallets.get(each.wallet.lower()) or formats.address(each.wallet),
        gas=formats.usd(each.gas_usd),
        slippage=slippage,
        pools=", ".join(formats.address(pool) for pool in each.pools),
        why=each.why,
        notes=each.notes,
        answer=each.answer or "",
    )


def left_out_rows(read: RebalancingRead, wallets: Mapping[str, str]) -> list[LeftOutRow]:
    """Return what is not counted, with the reason."""
    return [_left_out_row(place, each, wallets) for place, each in enumerate(read.left_out)]


def _left_out_row(place: int, each: LeftOutRead, wallets: Mapping[str, str]) -> LeftOutRow:
    wallet = wallets.get(each.wallet.lower()) or formats.address(each.wallet)
    reason = f"{each.reason[:1].upper()}{each.reason[1:]}."
    return LeftOutRow(str(place), each.symbol, f"{each.chain}, {wallet}", formats.usd(each.value_usd), reason)


def total_words(read: RebalancingRead) -> str:
    """Return what all trades together cost, and what of it is not known."""
    if not read.trades:
        return ""
    if read.cost_usd is None:
        return t("rebalancing.cost_unknown")
    words = t(
        "rebalancing.cost",
        total=formats.usd(read.cost_usd),
        gas=formats.usd(read.gas_usd),
        slippage=formats.usd(read.slippage_usd),
    )
    return words if read.is_cost_known else f"{words} {t('rebalancing.cost_partly')}"


def source_words(read: RebalancingRead) -> str:
    """Return where the costs are from, chain by chain."""
    said = []
    for each in read.costs:
        if each.problem is not None:
            said.append(each.problem)
            continue
        gwei = None if each.gas_price_gwei is None else int(each.gas_price_gwei.scaleb(9))
        said.append(
            t(
                "rebalancing.source",
                chain=each.chain,
                gas=formats.gwei(gwei),
                block=formats.number(each.block_number),
            )
        )
    return " ".join(said)


def status_tone(read: RebalancingRead) -> str:
    """Return the tone of the page's one sentence."""
    return _STATUS_TONES.get(read.status, "neutral")


def trades_text(read: RebalancingRead, separator: str) -> str:
    """Return the accepted trades (all, when none is accepted) as lines: CSV, or with tabs for the clipboard."""
    accepted = [each for each in read.trades if each.answer == "accepted"]
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator="\r\n" if separator == "," else "\n")
    writer.writerow(
        (
            *("chain", "chainId", "wallet", "sellToken", "sellSymbol", "sellAmount", "sellUsd"),
            *("buyToken", "buySymbol", "buyAmount", "buyUsd", "gasUsd", "slippageUsd", "pricesAsOf"),
        )
    )
    for each in accepted or read.trades:
        cells = (
            *(each.chain, each.sell.chain_id, each.wallet),
            *(each.sell.token, each.sell.symbol, _exact(each.sell.amount), _exact(each.sell.value_usd)),
            *(each.buy.token, each.buy.symbol, _exact(each.buy.amount), _exact(each.buy.value_usd)),
            *(_exact(each.gas_usd), _exact(each.slippage_usd), formats.iso(read.taken_at)),
        )
        writer.writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()


def signed_usd(value: Decimal) -> str:
    """Return dollars with a sign in either direction."""
    return f"+{formats.usd(value)}" if value > 0 else formats.usd(value)


def _exact(value: Decimal | None) -> str:
    return "" if value is None else plain(value)
