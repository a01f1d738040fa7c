"""What the alerts part gives as files: CSV that spreadsheets open safely, and JSON, both in chunks."""

import csv
import io
from collections.abc import AsyncIterator, Sequence

import orjson

from backend.alerts.schemas import AlertRead
from backend.chain.registry import chain_name
from backend.core.formats import iso
from backend.core.schemas import ApiModel

_COLUMNS = (
    "triggeredAt", "type", "ruleName", "message", "chain", "chainId", "token", "symbol", "amount", "valueUsd",
    "priceUsd", "from", "to", "txHash", "blockNumber", "status", "withdrawnAt", "withdrawnReason", "alertId", "ruleId",
)  # fmt: skip
_ROWS_PER_CHUNK = 200
# What makes a spreadsheet take a cell for a formula (OWASP, CSV injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_cell(value: object) -> str:
    """Return a value as text that no spreadsheet runs as a formula; None is empty."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


async def csv_file(columns: Sequence[str], rows: AsyncIterator[Sequence[object]]) -> AsyncIterator[bytes]:
    """Yield a CSV file (UTF-8 with byte-order mark, CRLF, header) in chunks, every cell safe for spreadsheets."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    buffer.write("\ufeff")
    writer.writerow(columns)
    waiting = 0
    async for row in rows:
        writer.writerow([safe_cell(value) for value in row])
        waiting += 1
        if waiting >= _ROWS_PER_CHUNK:
            yield _drained(buffer)
            waiting = 0
    yield _drained(buffer)


async def json_file(items: AsyncIterator[ApiModel]) -> AsyncIterator[bytes]:
    """Yield a JSON array of what the API answers, in chunks."""
    parts: list[bytes] = []
    before = b"["
    async for item in items:
        parts.append(before + orjson.dumps(item.model_dump(mode="json", by_alias=True)))
        before = b",\n"
        if len(parts) >= _ROWS_PER_CHUNK:
            yield b"".join(parts)
            parts = []
    yield b"".join(parts) + (b"]\n" if before != b"[" else b"[]\n")


def alerts_csv(alerts: AsyncIterator[AlertRead]) -> AsyncIterator[bytes]:
    """Return the file of alerts, a line each."""
    return csv_file(_COLUMNS, (_row(alert) async for alert in alerts))


def _row(alert: AlertRead) -> tuple[object, ...]:
    event = alert.event
    return (
        iso(alert.triggered_at), alert.type, alert.rule_name, alert.message,
        chain_name(alert.chain_id) if alert.chain_id else "", alert.chain_id,
        alert.token, event.get("symbol"), event.get("amount"), event.get("value_usd"), event.get("price_usd"),
        event.get("sender"), event.get("recipient"), alert.tx_hash, alert.block_number,
        _status(alert), iso(alert.withdrawn_at), alert.withdrawn_reason,
        alert.id, alert.rule_id,
    )  # fmt: skip


def _drained(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return data


def _status(alert: AlertRead) -> str:
    return "withdrawn" if alert.withdrawn_at else "suppressed" if alert.suppressed else "active"
