"""The account's tiles say nothing that is not known."""

import pytest

from backend.alerts.schemas import AlertCounts
from state.overview_tiles import account_tiles

COUNTS = AlertCounts(
    rules_total=3,
    rules_active=2,
    rules_limit=None,
    wallets_watched=0,
    wallets_limit=100,
    alerts_24h=5,
    withdrawn_24h=0,
    newest_alert_at=None,
)


@pytest.mark.parametrize(
    ("sent", "waiting", "dead", "value", "note"),
    [
        (0, 0, 0, "—", "no message sent yet"),
        (7, 0, 0, "All delivered", ""),
        (7, 2, 0, "All delivered", "2 on their way"),
        (0, 2, 0, "—", "2 on their way"),
        (7, 0, 1, "1 failed", ""),
    ],
)
def test_webhook_delivery_is_unknown_until_something_was_sent(
    sent: int, waiting: int, dead: int, value: str, note: str
) -> None:
    tile = next(tile for tile in account_tiles(COUNTS, sent, waiting, dead) if tile.key == "deliveries")
    assert (tile.value, tile.note) == (value, note)
