"""Where payments are: Stripe when the environment has its key, else the local test payments of this product."""

from dataclasses import dataclass

from backend.core.settings import Settings

# The newest version this code was written against; Stripe answers in this form whatever the account's default is.
API_VERSION = "2026-10-28.endive"


@dataclass(frozen=True, slots=True)
class PaymentsConnection:
    """How to reach the payments API; `webhook_secret` signs what it sends us (empty: nothing is taken)."""

    api_url: str
    api_key: str
    webhook_secret: str
    is_test: bool


def payments_connection(settings: Settings) -> PaymentsConnection:
    """Return the connection that the settings ask for."""
    return PaymentsConnection(
        api_url=settings.payments_api_url,
        api_key=settings.payments_key,
        webhook_secret=settings.payments_webhook_secret,
        is_test=settings.is_test_payments,
    )
