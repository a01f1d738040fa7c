"""What the API takes and answers of tax settings."""

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from backend.core.schemas import ApiModel, Instant
from backend.tax.engine.methods import Method

MOST_WALLETS = 500


def _wallet(text: str) -> str:
    """Return a wallet as transactions name it: addresses in lower case, accounts as they are called."""
    text = text.strip()
    if not text or not text.isprintable():
        raise ValueError("name a wallet by its address, or an account by its name")
    return text.lower() if text[:2].lower() == "0x" else text


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    if not text.isprintable():
        raise ValueError("use letters, digits and signs only")
    return text


Wallet = Annotated[str, Field(max_length=120), AfterValidator(_wallet)]
FirstYear = Annotated[int, Field(ge=2009, le=2100)]


class MethodRead(ApiModel):
    """A method and what it is called; of one that a place refuses, why."""

    method: Method
    title: str
    refused: str | None = Field(default=None, description="Why the place does not allow it; null: it does")


class JurisdictionRead(ApiModel):
    """What can be chosen in a place."""

    code: str
    name: str
    currency: str
    timezone: str
    year_starts: str = Field(description="Month and day on which a tax year begins, e.g. 04-06")
    methods: list[MethodRead] = Field(description="Allowed ones first, the usual one before all")
    per_wallet_choice: bool = Field(description="Whether each wallet may be counted apart by choice")
    per_wallet_from: date | None = Field(description="From when on the law counts each wallet apart")
    wash_sale_option: bool
    separate_option: bool = Field(description="Whether married persons who file separately have other limits")
    tax_id_title: str = Field(description="What the tax number is called that its forms ask for")


class TaxSettingsRead(ApiModel):
    """What a user chose. Null: as the place does it."""

    jurisdiction: str
    currency: str = Field(description="ISO 4217, of all figures")
    methods: dict[int, Method] = Field(description="From which tax year on which method; empty: the usual one")
    per_wallet: bool | None
    timezone: str | None = Field(description="In which days and years are counted")
    wash_sales: bool
    liquidity_is_disposal: bool = Field(description="Whether what goes into a pool is disposed of")
    lending_is_disposal: bool = Field(description="Whether what goes into a lending market is disposed of")
    excluded_wallets: list[str] = Field(description="Their transactions count nowhere")
    separate_years: list[int] = Field(description="Tax years of which a married person files separately")
    changed_at: Instant | None = Field(description="Null: nothing was chosen yet")


class TaxSettingsAnswer(ApiModel):
    """The choices that hold, and what can be chosen."""

    settings: TaxSettingsRead
    jurisdictions: list[JurisdictionRead]
    currencies: list[str]


class TaxSettingsChange(ApiModel):
    """What is to be chosen; what is left out stays, unless another jurisdiction does not know it."""

    model_config = ConfigDict(extra="forbid")

    jurisdiction: str | None = Field(default=None, max_length=12)
    currency: str | None = Field(default=None, max_length=3)
    methods: dict[FirstYear, Method] | None = Field(default=None, max_length=50)
    per_wallet: bool | None = None
    timezone: str | None = Field(default=None, max_length=64)
    wash_sales: bool | None = None
    liquidity_is_disposal: bool | None = None
    lending_is_disposal: bool | None = None
    excluded_wallets: list[Wallet] | None = Field(default=None, max_length=MOST_WALLETS)
    separate_years: list[FirstYear] | None = Field(default=None, max_length=100)


class FilerRead(ApiModel):
    """Who files in a place: what its forms say."""

    jurisdiction: str
    name: str = Field(description="Empty: blank on forms")
    tax_id_title: str = Field(description="What the number is called there")
    tax_id_hint: str = Field(description="The number with all but its last four signs covered; empty: blank on forms")
    changed_at: Instant | None


class FilerWrite(ApiModel):
    """Who files. What is left out stays as it is; null takes it away."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, AfterValidator(_one_line), Field(max_length=120)] | None = None
    tax_id: Annotated[SecretStr, Field(min_length=1, max_length=64)] | None = None
