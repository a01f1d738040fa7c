"""Exports as rows of a table: what every column is, and the rows of it. Unknown is an empty cell. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from backend.chain.registry import chain_name
from backend.core.formats import iso
from backend.core.money import plain, token_amount
from backend.ledger.service import Event
from backend.portfolio.engine.valuation import known_value_usd
from backend.portfolio.exporting.content import TokenKey
from backend.portfolio.figures.schemas import PerformanceRead
from backend.portfolio.reading import TokenFacts
from backend.portfolio.schemas import AssetRead, HistoryRead

Row = tuple[object, ...]
ASSET_COLUMNS = (
    *("chain", "chainId", "wallet", "symbol", "token", "category", "protocol"),
    *("amount", "amountRaw", "decimals", "priceUsd", "priceSource", "priceDetail", "priceAsOf"),
    *("valueUsd", "sharePct", "blockNumber", "blockHash", "readAt"),
)
HISTORY_COLUMNS = (
    *("startsAt", "takenAt", "valueUsd", "firstUsd", "minUsd", "maxUsd", "meanUsd", "netFlowUsd"),
    *("samples", "completeShare", "step", "source"),
)
REPORT_COLUMNS = ("figure", "value", "unit", "asOf", "source")
ACTIVITY_COLUMNS = (
    *("happenedAt", "kind", "chain", "chainId", "wallet", "protocol", "direction", "symbol", "token", "tokenId"),
    *("amount", "amountRaw", "role", "counterparty", "priceUsd", "priceSource", "priceAsOf", "valueUsd"),
    *("feeWei", "feeUsd", "succeeded", "txHash", "blockNumber", "source", "problem", "eventId"),
)
# The figures of a report: field, unit.
FIGURES = (
    ("start_usd", "USD"), ("end_usd", "USD"), ("change_usd", "USD"), ("change_pct", "%"),
    ("net_flow_usd", "USD"), ("gain_usd", "USD"), ("roi_pct", "%"), ("time_weighted_pct", "%"), ("apy_pct", "% a year"),
    ("money_weighted_pct", "%"), ("money_weighted_annual_pct", "% a year"), ("volatility_annual_pct", "% a year"),
    ("downside_annual_pct", "% a year"), ("sharpe", ""), ("sortino", ""), ("value_at_risk_day_pct", "%"),
    ("expected_shortfall_day_pct", "%"),
)  # fmt: skip
FIGURE_NAMES = {
    "start_usd": "Value at the start",
    "end_usd": "Value at the end",
    "change_usd": "Change of value",
    "change_pct": "Change of value",
    "net_flow_usd": "Came in less went out",
    "gain_usd": "Gain",
    "roi_pct": "Return on investment",
    "time_weighted_pct": "Time-weighted return",
    "apy_pct": "Time-weighted return, made yearly",
    "money_weighted_pct": "Money-weighted return",
    "money_weighted_annual_pct": "Money-weighted return",
    "downside_annual_pct": "Downside deviation",
    "expected_shortfall_day_pct": "Expected shortfall, one day at 95 %",
    "volatility_annual_pct": "Volatility",
    "sharpe": "Sharpe ratio",
    "sortino": "Sortino ratio",
    "value_at_risk_day_pct": "Value at risk, one day at 95 %",
}
TOTAL_SOURCE = "Amounts of one block a chain, times the price of each"


def asset_rows(assets: Sequence[AssetRead]) -> Iterator[Row]:
    """Yield a row for each holding."""
    for each in assets:
        yield (
            *(each.chain, each.chain_id, each.wallet, each.symbol, each.token, each.category, each.protocol),
            *(exact(each.amount), each.amount_raw, each.decimals),
            *(exact(each.price_usd), each.price_source, each.price_detail, iso(each.price_taken_at)),
            *(exact(each.value_usd), exact(each.share_pct), each.block_number, each.block_hash, iso(each.taken_at)),
        )


def history_rows(read: HistoryRead) -> Iterator[Row]:
    """Yield a row for each step, those without a snapshot too."""
    for each in read.points:
        yield (
            *(iso(each.starts_at), iso(each.taken_at), exact(each.value_usd), exact(each.first_usd)),
            *(exact(each.min_usd), exact(each.max_usd), exact(each.mean_usd), exact(each.net_flow_usd)),
            *(each.samples, exact(each.complete_share), read.step, read.source),
        )


def figure_rows(read: PerformanceRead) -> list[Row]:
    """Return a row for each figure of a report; the value of one that is unknown is None."""
    as_of, found = iso(read.end_at), []
    for name, unit in FIGURES:
        value = getattr(read, name)
        shown = exact(value) if isinstance(value, Decimal) else None if value is None else str(value)
        found.append((FIGURE_NAMES[name], shown, unit, as_of, read.source))
    fall = read.max_drawdown
    found.append(("Deepest fall from a peak", None if fall is None else str(fall.pct), "%", as_of, read.source))
    return found


def activity_rows(events: Sequence[Event], facts: Mapping[TokenKey, TokenFacts]) -> Iterator[Row]:
    """Yield a row for each leg of an event; an event without legs has one row all the same."""
    for event in events:
        fee_usd = known_value_usd(event.fee_wei, 18, event.fee_price_usd)
        head = (iso(event.happened_at), event.kind.value, chain_name(event.chain_id), event.chain_id, event.wallet)
        tail = (event.succeeded, event.tx_hash, event.block_number, event.source, event.problem, event.id)
        fee: Row = (event.fee_wei, exact(fee_usd))
        if not event.legs:
            yield (*head, event.protocol, *(None,) * 12, *fee, *tail)
        for place, leg in enumerate(event.legs):
            about = facts.get((event.chain_id, leg.token), TokenFacts(None, None))
            known = leg.token_id is None and about.decimals is not None
            amount = token_amount(leg.amount_raw, about.decimals or 0) if known else None
            value = known_value_usd(leg.amount_raw, about.decimals, leg.price_usd) if known else None
            yield (
                *(*head, event.protocol, "in" if leg.amount_raw > 0 else "out", about.symbol, leg.token, leg.token_id),
                *(exact(amount), leg.amount_raw, leg.role, leg.counterparty),
                *(exact(leg.price_usd), leg.price_source, iso(leg.priced_at), exact(value)),
                *(fee if place == 0 else (None, None)),
                *tail,
            )


def exact(value: Decimal | None) -> str | None:
    """Return a decimal without losing a digit."""
    return None if value is None else plain(value)
