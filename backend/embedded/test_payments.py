"""The embedded payments: a local server that speaks Stripe's protocol, started when no Stripe key is set."""

from functools import cached_property
from typing import Any

from pydantic import SecretStr

from backend.accounts.entitlements import PLANS
from backend.core.settings import Settings
from backend.embedded.launch import Launch
from backend.embedded.parts import python_module
from backend.embedded.secrets_file import stored_secrets
from backend.test_payments.config import write_config

_SOLD = ("starter", "pro")
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - looked up, not bound
WEBHOOK_PATH = "/v1/subscriptions/webhooks"


def wants_test_payments(settings: Settings) -> bool:
    """Return whether this run is to have test payments: no Stripe key, and not production."""
    return settings.environment != "production" and not settings.stripe_secret_key.get_secret_value()


class TestPayments:
    """One embedded server for `settings`: its configuration, its process, and what the product is told."""

    __test__ = False  # its name looks like a test to pytest

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._home = settings.var_dir / "test-payments"
        local = _EVERYWHERE.get(settings.host, settings.host)
        self._local_host = f"[{local}]" if ":" in local else local
        self.api_url = f"http://{self._local_host}:{settings.test_payments_port}"
        self.base_url = settings.test_payments_page_url

    @cached_property
    def _secrets(self) -> dict[str, str]:
        made = stored_secrets(self._settings.var_dir / "secrets" / "test_payments.json", ("api_key", "webhook"))
        return {"secret_key": f"sk_test_{made['api_key']}", "webhook_secret": f"whsec_{made['webhook']}"}

    def prepare(self) -> None:
        """Write the configuration: keys, what is sold at which price, where the product takes events."""
        settings = self._settings
        write_config(
            self._home / "config.json",
            {
                **self._secrets,
                "data_file": str(self._home / "payments.sqlite"),
                "host": settings.host,
                "port": settings.test_payments_port,
                "base_url": self.base_url,
                "webhook_url": f"http://{self._local_host}:{settings.port}{WEBHOOK_PATH}",
                "products": [_product(tier) for tier in _SOLD],
            },
        )

    def launch(self) -> Launch:
        """Return how to start the server."""
        config = str(self._home / "config.json")
        return python_module("test-payments", "backend.test_payments.server", self._settings, config)

    def settings_update(self) -> dict[str, Any]:
        """Return the settings by which the product reaches this server instead of Stripe."""
        prices = {
            f"stripe_price_{tier}_{every}": _price_id(tier, every) for tier in _SOLD for every in ("month", "year")
        }
        return {
            "stripe_secret_key": SecretStr(self._secrets["secret_key"]),
            "stripe_webhook_secret": SecretStr(self._secrets["webhook_secret"]),
            "stripe_api_url": self.api_url,
            **prices,
        }


def _product(tier: str) -> dict[str, Any]:
    plan = PLANS[tier]
    amounts = {"month": plan.month_usd, "year": plan.year_usd}
    prices = [
        {
            "id": _price_id(tier, every),
            "lookup_key": f"premium_{tier}_{every}",
            "interval": every,
            "amount": int(amount * 100),
        }
        for every, amount in amounts.items()
        if amount is not None
    ]
    return {"id": f"prod_premium_{tier}", "name": f"Premium {tier.capitalize()}", "prices": prices}


def _price_id(tier: str, every: str) -> str:
    return f"price_premium_{tier}_{every}"
