"""What the alerts part gives as CSV."""

from collections.abc import AsyncIterator

from backend.alerts.schemas import AlertRead
from backend.chain.registry import chain_name
from backend.core.formats import iso
from backend.core.sheets import csv_file

_COLUMNS = (
    "triggeredAt", "type", "ruleName", "message", "chain", "chainId", "token", "symbol", "amount", "valueUsd",
    "priceUsd", "from", "to", "txHash", "blockNumber", "status", "withdrawnAt", "withdrawnReason", "alertId", "ruleId",
)  # fmt: skip


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


def _status(alert: AlertRead) -> str:
    return "withdrawn" if alert.withdrawn_at else "suppressed" if alert.suppressed else "active"
