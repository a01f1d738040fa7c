"""The analytics as files: JSON as the API answers them, CSV with a line for each figure's subject."""

from collections.abc import AsyncIterator, Iterator

import orjson

from backend.alerts.insights.schemas import AlertAnalytics, CountedAlerts, DeliveryFigures
from backend.alerts.schemas import ExportFormat
from backend.core.sheets import csv_file

_COLUMNS = (
    "what", "name", "start", "id", "alerts", "told", "suppressed", "withdrawn", "sent", "dead", "waiting", "ratePct",
    "p50Ms", "p95Ms", "sample",
)  # fmt: skip


def analytics_file(found: AlertAnalytics, format: ExportFormat) -> AsyncIterator[bytes]:  # noqa: A002
    """Yield the file. A line of the CSV is a `what` (total, day, week, month, kind, chain, rule, channel, latency);
    cells that it has no figure for are empty.
    """

    async def lines() -> AsyncIterator[tuple[object, ...]]:
        for line in _lines(found):
            yield line

    async def whole() -> AsyncIterator[bytes]:
        yield orjson.dumps(found.model_dump(mode="json", by_alias=True)) + b"\n"

    return whole() if format == "json" else csv_file(_COLUMNS, lines())


def _lines(found: AlertAnalytics) -> Iterator[tuple[object, ...]]:
    yield ("total", "", found.first, "", *_counts(found.total), *_fared(found.deliveries), "", "", "")
    for period in found.periods:
        yield (found.unit, "", period.start, "", *_counts(period), *_NO_MESSAGES, *_NO_TIMES)
    for kind in found.kinds:
        yield ("kind", kind.kind, "", "", *_counts(kind), *_NO_MESSAGES, *_NO_TIMES)
    for chain in found.chains:
        yield ("chain", chain.chain, "", chain.chain_id, *_counts(chain), *_NO_MESSAGES, *_NO_TIMES)
    for rule in found.top_rules:
        yield ("rule", rule.name, "", rule.rule_id, *_counts(rule), *_NO_MESSAGES, *_NO_TIMES)
    for channel in found.channels:
        yield ("channel", channel.channel, "", "", *_NO_COUNTS, *_fared(channel), *_NO_TIMES)
    for name, each in found.latency:
        yield ("latency", name, "", "", *_NO_COUNTS, *_NO_MESSAGES, each.p50_ms, each.p95_ms, each.sample)


_NO_COUNTS, _NO_MESSAGES, _NO_TIMES = ("",) * 4, ("",) * 4, ("",) * 3


def _counts(each: CountedAlerts) -> tuple[int, ...]:
    return each.alerts, each.told, each.suppressed, each.withdrawn


def _fared(each: DeliveryFigures) -> tuple[object, ...]:
    return each.sent, each.dead, each.waiting, each.rate_pct
