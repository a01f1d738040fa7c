"""Every setting of the product, read once from the environment (and `.env`).

Nothing else in the code reads the environment. Each embedded part gives way to a real one by setting its URL here.
"""

import re
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend.core.keys import derived_key

ROOT = Path(__file__).resolve().parents[2]
DEFAULT_SECRET = "development-only-secret-change-me"  # noqa: S105 - refused in production below
DEMO_CHAIN_ID = 31337
STRIPE_URL = "https://api.stripe.com"
EXPLORER_URL = "https://api.etherscan.io/v2/api"
DEFILLAMA_COINS_URL = "https://coins.llama.fi"
ECB_RATES_URL = "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist.zip"
IRS_FORMS_URL = "https://www.irs.gov/pub/irs-prior"

_MUST_BE_HTTPS = {
    "public_url": "the https:// address users open",
    "google_issuer": "Google's own https:// address",
    "github_url": "GitHub's https:// address",
    "github_api_url": "the https:// address of GitHub's API",
    "stripe_api_url": "Stripe's own https:// address",
    "telegram_api_url": "the https:// address of Telegram's Bot API",
    "discord_api_url": "the https:// address of Discord's API",
    "slack_hooks_url": "Slack's https:// address",
}


class Settings(BaseSettings):
    """Typed settings; field names in upper case are the names in the environment."""

    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore", frozen=True)

    environment: Literal["demo", "development", "production", "test"] = "demo"
    var_dir: Path = ROOT / "var"
    secret_key: SecretStr = SecretStr(DEFAULT_SECRET)
    encryption_keys: Annotated[list[SecretStr], NoDecode] = Field(default_factory=list)  # Fernet keys, newest first
    log_level: str = "INFO"

    # --- web
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    web_workers: int = 1
    cors_origins: Annotated[list[str], NoDecode] = Field(default_factory=list)
    trusted_proxy_hops: int = 0
    sign_in_requests_per_minute: int = 30  # of one address: signing in, signing up, mailed links, refreshing tokens
    worker_metrics_port: int = 9470  # Prometheus port of the first worker, the others follow; 0: none
    metrics_token: SecretStr = SecretStr("")  # lets Prometheus read /metrics from elsewhere; empty: this machine only
    analytics_script_url: str = ""  # loaded only in browsers that allowed it; empty: no analytics, and nobody is asked

    # --- stores; empty means: the embedded part is started and its address filled in by `premium run`
    database_url: str = ""  # connects as the non-superuser role premium_app
    worker_database_url: str = ""  # connects as premium_worker
    admin_database_url: str = ""  # owns the schema; only `premium migrate` and `premium seed` use it
    timeseries_url: str = ""  # where price history is read, such as a replica; empty: database_url
    worker_timeseries_url: str = ""  # timeseries_url as premium_worker; snapshots go there when it is TimescaleDB
    admin_timeseries_url: str = ""  # owns the schema of snapshots in TimescaleDB; only `premium migrate` uses it
    redis_url: str = ""
    embedded_postgres_port: int = 54329
    embedded_redis_port: int = 63799
    database_pool_size: int = 8

    # --- chains: {"1": ["https://...", "wss://..."], "8453": "https://..."}; empty means: the local demo chain
    chains: dict[int, list[str]] = Field(default_factory=dict)
    demo_chain_port: int = 8545
    demo_traders: bool = True
    demo_seed: int = 7
    demo_block_seconds: float = 2.0
    rpc_requests_per_second: float = 25.0
    rpc_timeout_seconds: float = 5.0
    token_list_urls: Annotated[list[str], NoDecode] = Field(default_factory=list)  # tokenlists.org; fetched every day

    # --- explorers: the history of wallets from Etherscan's API (V2, one key for its chains), or one that is like it
    explorer_api_key: SecretStr = SecretStr("")  # empty: history is read from the nodes, as far as they have it
    explorer_api_url: str = EXPLORER_URL
    explorer_requests_per_second: float = 3.0
    explorer_timeout_seconds: float = 20.0

    # --- prices and rates: the sources outside are asked for real chains only, never in the demo
    price_timeout_seconds: float = 5.0
    defillama_coins_url: str = DEFILLAMA_COINS_URL  # with a plan: https://pro-api.llama.fi/KEY/coins; empty: not asked
    defillama_requests_per_minute: float = 200.0
    coingecko_api_key: SecretStr = SecretStr("")  # empty: not asked
    coingecko_plan: Literal["demo", "pro"] = "demo"  # whose key it is
    coingecko_api_url: str = ""  # empty: that of the plan
    coingecko_requests_per_minute: float = 30.0
    sp500_csv_url: str = ""  # such as https://fred.stlouisfed.org/graph/fredgraph.csv?id=SP500; empty: unknown
    ecb_rates_url: str = ECB_RATES_URL  # euro reference rates of every day, CSV or ZIP; empty: no other currencies

    # --- tax: the demo asks nobody outside, unless another place is named
    irs_forms_url: str = IRS_FORMS_URL  # where official forms are downloaded when a user asks; empty: they upload them

    # --- demo account
    demo_email: str = "demo@example.com"
    demo_password: SecretStr = SecretStr("premium-demo")

    # --- signing in with others: a provider is offered when its id and secret are there
    google_client_id: str = ""
    google_client_secret: SecretStr = SecretStr("")
    google_issuer: str = "https://accounts.google.com"
    github_client_id: str = ""
    github_client_secret: SecretStr = SecretStr("")
    github_url: str = "https://github.com"
    github_api_url: str = "https://api.github.com"

    # --- payments; without a key the local test payments are used (never in production)
    stripe_secret_key: SecretStr = SecretStr("")
    stripe_webhook_secret: SecretStr = SecretStr("")
    stripe_api_url: str = STRIPE_URL
    stripe_price_starter_month: str = ""
    stripe_price_starter_year: str = ""
    stripe_price_pro_month: str = ""
    stripe_price_pro_year: str = ""
    test_payments_port: int = 8010
    test_payments_url: str = ""  # where browsers reach the test payments; empty: the host of the app at that port

    # --- mail: SMTP_URL or SENDGRID_API_KEY, else the local mailbox at /dev/mail (never in production)
    mail_from: str = "Premium <no-reply@localhost>"
    smtp_url: SecretStr = SecretStr("")  # smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465
    sendgrid_api_key: SecretStr = SecretStr("")
    sendgrid_api_url: str = "https://api.sendgrid.com"
    alert_mails_per_second: float = 10.0  # what the provider takes; other mails are few and are not counted

    # --- push to browsers; made and kept in var/secrets by `premium run`, elsewhere: premium push-key
    vapid_private_key: SecretStr = SecretStr("")  # P-256, 32 bytes base64url; another key ends every subscription
    vapid_subject: str = ""  # mailto: or https: address by which push services reach you; empty: from MAIL_FROM

    # --- chat bots: offered when their token is there
    telegram_bot_token: SecretStr = SecretStr("")
    telegram_api_url: str = "https://api.telegram.org"
    discord_bot_token: SecretStr = SecretStr("")
    discord_application_id: str = ""
    discord_public_key: str = ""  # 64 hexadecimal digits; proves that interactions come from Discord
    discord_api_url: str = "https://discord.com/api/v10"

    # --- channels of alerts
    slack_hooks_url: str = "https://hooks.slack.com"  # where incoming webhooks of Slack are

    # --- outgoing webhooks
    webhook_timeout_seconds: float = 30.0
    webhook_allow_private: bool = False  # demo and tests only: lets a webhook reach this machine

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _split_origins(cls, value: object) -> object:
        """Accept a comma-separated list, which is what people write in an environment."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("token_list_urls", mode="before")
    @classmethod
    def _split_lists(cls, value: object) -> object:
        """Accept a comma-separated list."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("token_list_urls")
    @classmethod
    def _lists_are_urls(cls, value: list[str]) -> list[str]:
        """Refuse what cannot be fetched."""
        for url in value:
            if not url.startswith(("https://", "http://")) or len(url) > 500:
                raise ValueError(f"TOKEN_LIST_URLS must list https:// addresses, not {url!r}")
        return value

    @field_validator("cors_origins")
    @classmethod
    def _origins_are_named(cls, value: list[str]) -> list[str]:
        """Refuse what is no single origin: these may act with the user's cookie."""
        for origin in value:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or not parts.hostname
                or "*" in origin
                or parts.path not in ("", "/")
            ):
                raise ValueError(f"CORS_ORIGINS must list origins such as https://app.example.com, not {origin!r}")
        return [origin.rstrip("/") for origin in value]

    @field_validator("analytics_script_url")
    @classmethod
    def _script_is_safe(cls, value: str) -> str:
        """Accept a path of this site or an https address."""
        if value and not value.startswith(("/", "https://")):
            raise ValueError("must be a path of this site or an https:// address")
        return value

    @field_validator("vapid_subject")
    @classmethod
    def _subject_reaches_somebody(cls, value: str) -> str:
        """Accept an address of a mailbox or of a page."""
        if value and not value.startswith(("mailto:", "https://")):
            raise ValueError("must be a mailto: or https:// address")
        return value

    @field_validator("discord_public_key")
    @classmethod
    def _is_ed25519_key(cls, value: str) -> str:
        """Accept 32 bytes in hexadecimal."""
        if value and not re.fullmatch(r"[0-9a-fA-F]{64}", value):
            raise ValueError("must be the 64 hexadecimal digits of the application's public key")
        return value.lower()

    @field_validator("encryption_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        """Accept a comma-separated list."""
        if isinstance(value, str):
            return [part.strip() for part in value.split(",") if part.strip()]
        return value

    @field_validator("chains", mode="before")
    @classmethod
    def _one_url_or_many(cls, value: object) -> object:
        """Accept a single URL where a list is meant."""
        if isinstance(value, dict):
            return {k: [v] if isinstance(v, str) else v for k, v in value.items()}
        return value

    @model_validator(mode="after")
    def _production_is_safe(self) -> "Settings":
        """Refuse to start in production with what only a demo may have."""
        if self.environment != "production":
            return self
        problems = []
        if self.secret_key.get_secret_value() == DEFAULT_SECRET or len(self.secret_key.get_secret_value()) < 32:
            problems.append("SECRET_KEY must be set to at least 32 random characters (try: openssl rand -hex 32)")
        for name in ("database_url", "worker_database_url", "redis_url"):
            if not getattr(self, name):
                problems.append(f"{name.upper()} must name a real server")
        if not self.chains:
            problems.append('CHAINS must name RPC URLs by chain id, for example {"1": ["https://..."]}')
        for name, what in _MUST_BE_HTTPS.items():
            if not getattr(self, name).startswith("https://"):
                problems.append(f"{name.upper()} must be {what}")
        problems += [
            f"{name.upper()} must be an https:// address"
            for name in (
                "explorer_api_url",
                "defillama_coins_url",
                "coingecko_api_url",
                "sp500_csv_url",
                "ecb_rates_url",
                "irs_forms_url",
            )
            if getattr(self, name) and not getattr(self, name).startswith("https://")
        ]
        if self.webhook_allow_private:
            problems.append("WEBHOOK_ALLOW_PRIVATE must be off")
        if not self.stripe_secret_key.get_secret_value() or not self.stripe_webhook_secret.get_secret_value():
            problems.append("STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET must be set")
        if not self.smtp_url.get_secret_value() and not self.sendgrid_api_key.get_secret_value():
            problems.append("SMTP_URL or SENDGRID_API_KEY must be set")
        if problems:
            raise ValueError("production settings are not safe: " + "; ".join(problems))
        return self

    @property
    def is_demo_chain(self) -> bool:
        """True when the product follows the local demo market."""
        return not self.chains

    @property
    def chain_urls(self) -> dict[int, list[str]]:
        """RPC URLs by chain id: what CHAINS says, else the local demo chain."""
        if self.chains:
            return self.chains
        return {DEMO_CHAIN_ID: [f"http://127.0.0.1:{self.demo_chain_port}", f"ws://127.0.0.1:{self.demo_chain_port}"]}

    @property
    def asks_ecb(self) -> bool:
        """True when exchange rates are fetched: the demo asks nobody outside, unless a place is named for it."""
        return bool(self.ecb_rates_url) and (not self.is_demo_chain or self.ecb_rates_url != ECB_RATES_URL)

    @property
    def coingecko_url(self) -> str:
        """Where CoinGecko's API is for our key."""
        hosts = {"demo": "https://api.coingecko.com/api/v3", "pro": "https://pro-api.coingecko.com/api/v3"}
        return self.coingecko_api_url or hosts[self.coingecko_plan]

    @property
    def is_test_payments(self) -> bool:
        """True when the local test payments stand in for Stripe: no card is ever charged.

        `premium run` sets STRIPE_API_URL, a key and a webhook secret of this checkout's own for its children.
        """
        return self.stripe_api_url != STRIPE_URL or not self.stripe_secret_key.get_secret_value()

    @property
    def payments_api_url(self) -> str:
        """Where the payments API is."""
        if self.is_test_payments and self.stripe_api_url == STRIPE_URL:
            return f"http://127.0.0.1:{self.test_payments_port}"
        return self.stripe_api_url

    @property
    def payments_key(self) -> str:
        """The key for the payments API."""
        return self.stripe_secret_key.get_secret_value() or "sk_test_local"

    @property
    def payments_webhook_secret(self) -> str:
        """What signs the webhooks of the payments API; empty: none are taken."""
        if self.is_test_payments and not self.stripe_webhook_secret.get_secret_value():
            return "whsec_" + derived_key(self.secret_key, "test payments").hex()
        return self.stripe_webhook_secret.get_secret_value()

    @property
    def test_payments_page_url(self) -> str:
        """Where browsers reach the pages of the local test payments: beside the app, unless it is said."""
        host = urlsplit(self.app_url).hostname or "localhost"
        beside = f"http://{f'[{host}]' if ':' in host else host}:{self.test_payments_port}"
        return self.test_payments_url.rstrip("/") or beside

    @property
    def payment_page_origins(self) -> list[str]:
        """Where Checkout and the billing portal are: what our forms may lead to (Content-Security-Policy)."""
        if self.is_test_payments:
            return [self.test_payments_page_url, f"http://127.0.0.1:{self.test_payments_port}"]
        return ["https://checkout.stripe.com", "https://billing.stripe.com"]

    @property
    def vapid_contact(self) -> str:
        """How push services reach whoever runs this installation: a mailto: or https: address."""
        return self.vapid_subject or f"mailto:{parseaddr(self.mail_from)[1] or 'no-reply@localhost'}"

    @property
    def has_discord_bot(self) -> bool:
        """True when the Discord bot can be spoken to: it has a token, an application and a key of its own."""
        return bool(
            self.discord_bot_token.get_secret_value() and self.discord_application_id and self.discord_public_key
        )

    @property
    def app_url(self) -> str:
        """The address users open."""
        return self.public_url or f"http://localhost:{self.port}"

    @property
    def demo_addresses_file(self) -> Path:
        """Where the demo market writes its tokens, pools and routers by name."""
        return self.var_dir / "demo" / "addresses.json"

    @property
    def log_dir(self) -> Path:
        """Where each process writes its log."""
        return self.var_dir / "log"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """Return the settings of this process. Raises pydantic.ValidationError that says which variable is wrong."""
    return Settings()
