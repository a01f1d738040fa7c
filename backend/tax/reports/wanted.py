"""What a report is asked to be, completed from the user's tax settings and checked against the place's rules."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from backend.core.errors import InvalidInputError
from backend.market.fiat.service import CURRENCIES
from backend.tax.assembling.assemble import engine_settings
from backend.tax.books import TaxSettings
from backend.tax.engine.calculate import calculate
from backend.tax.engine.jurisdictions.base import Jurisdiction, MethodRefusedError
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import all_jurisdictions
from backend.tax.reports.schemas import ReportAsk

FIRST_YEAR = 2009  # the first bitcoin
REFUSED = "The report cannot be made like this."
# What tax offices and other tools call places and methods.
_PLACES = {"GB": "UK"}
_METHODS = {
    "acb": Method.AVERAGE, "adjusted_cost_base": Method.AVERAGE, "average_cost": Method.AVERAGE,
    "moving_average": Method.AVERAGE, "section104": Method.SECTION_104, "share_pooling": Method.SECTION_104,
    "specific_id": Method.SPECIFIC, "specific_identification": Method.SPECIFIC,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """A report that can be made: the year, the settings it is computed with, the method of the year."""

    year: int
    settings: TaxSettings
    method: Method


def wanted_of(ask: ReportAsk, settings: TaxSettings, now: datetime) -> Wanted:
    """Return what is asked for with the user's settings where it says nothing.

    Raises InvalidInputError; its details say by field (as the API calls it) what is wrong and why.
    """
    rules = _place(ask.jurisdiction or settings.jurisdiction)
    is_usual = rules.code == settings.jurisdiction
    if is_usual:
        base = settings
    else:
        # What was chosen for one place says nothing about another.
        usual = {"methods": {}, "per_wallet": None, "timezone": None, "wash_sales": False, "separate_years": ()}
        base = replace(settings, jurisdiction=rules.code, **usual)
    own = rules.currency if rules.currency in CURRENCIES and not is_usual else settings.currency
    currency = (ask.currency or own).upper()
    if currency not in CURRENCIES:
        raise _refused("currency", f"There are no reports in {currency}. Choose one of: {', '.join(CURRENCIES)}.")
    _check_year(ask.year, rules, base, now)
    methods, method = _methods(ask, base, rules)
    chosen = replace(
        base,
        currency=currency,
        methods=methods,
        wash_sales=base.wash_sales if ask.wash_sale is None else ask.wash_sale,
        per_wallet=_per_wallet(ask, base, rules),
    )
    _check_options(chosen, rules)
    return Wanted(ask.year, chosen, method)


def _place(code: str) -> Jurisdiction:
    places = all_jurisdictions()
    name = code.strip().upper()
    found = places.get(_PLACES.get(name, name))
    if found is None:
        known = ", ".join(f"{each.code} ({each.name})" for each in places.values())
        raise _refused("jurisdiction", f"There are no rules for {code!r}. Choose one of: {known}.")
    return found


def _check_year(year: int, rules: Jurisdiction, settings: TaxSettings, now: datetime) -> None:
    last = rules.year_of(now.astimezone(ZoneInfo(settings.timezone or rules.timezone)).date())
    if not FIRST_YEAR <= year <= last:
        between = f"{rules.label(FIRST_YEAR)} to {rules.label(last)}"
        raise _refused("year", f"Choose a tax year from {between}: later ones have not begun.")


def method_in(methods: Mapping[int, Method], rules: Jurisdiction, year: int) -> Method:
    """Return which method holds in a year: the last that began by then, else the first, else the place's usual one."""
    began = [method for since, method in sorted(methods.items()) if since <= year]
    return began[-1] if began else next((each for _, each in sorted(methods.items())), rules.methods[0])


def _methods(ask: ReportAsk, base: TaxSettings, rules: Jurisdiction) -> tuple[dict[int, Method], Method]:
    """Return methods by the year they begin in, up to the report's, and that of the report's year."""
    upto = {since: method for since, method in sorted(base.methods.items()) if since <= ask.year}
    current = method_in(base.methods, rules, ask.year)
    name = "" if ask.method is None else "_".join(ask.method.casefold().replace("-", " ").split())
    name = _METHODS[name].value if name in _METHODS else name
    if name in ("", current.value):
        return upto or {ask.year: current}, current
    try:
        method = Method(name)
        rules.check_method(method)
    except MethodRefusedError as error:
        raise _refused("method", str(error)) from None
    except ValueError:
        allowed = ", ".join(each.value for each in rules.methods)
        raise _refused("method", f"There is no method {ask.method!r}. {rules.name} allows: {allowed}.") from None
    return {**{since: each for since, each in upto.items() if since < ask.year}, ask.year: method}, method


def _per_wallet(ask: ReportAsk, base: TaxSettings, rules: Jurisdiction) -> bool | None:
    """Return whether each wallet is apart. All as one is what the law itself says of years before its change."""
    since = rules.per_wallet_from
    if ask.per_wallet is False and since is not None and rules.year_days(ask.year)[1] < since:
        return None
    return base.per_wallet if ask.per_wallet is None else ask.per_wallet


def _check_options(chosen: TaxSettings, rules: Jurisdiction) -> None:
    if chosen.wash_sales and not rules.wash_sale_option:
        raise _refused("washSale", f"{rules.name} has no wash sale rule to choose.")
    try:
        calculate((), engine_settings(chosen))
    except MethodRefusedError as error:
        field = "perWallet" if "wallet" in str(error) else "method"
        raise _refused(field, f"{str(error)[0].upper()}{str(error)[1:].rstrip('.')}.") from None


def _refused(field: str, why: str) -> InvalidInputError:
    return InvalidInputError(REFUSED, {field: why})


def settings_json(wanted: Wanted, form: str) -> dict[str, Any]:
    """Return what a report keeps of its settings."""
    chosen = wanted.settings
    return {
        "currency": chosen.currency,
        "methods": {str(since): method.value for since, method in sorted(chosen.methods.items())},
        "perWallet": chosen.per_wallet,
        "timezone": chosen.timezone,
        "washSale": chosen.wash_sales,
        "liquidityIsDisposal": chosen.liquidity_is_disposal,
        "lendingIsDisposal": chosen.lending_is_disposal,
        "excludedWallets": sorted(chosen.excluded_wallets),
        "separateYears": list(chosen.separate_years),
        "format": form,
    }


def tax_settings_of(jurisdiction: str, kept: Mapping[str, Any]) -> TaxSettings:
    """Return the tax settings that a report keeps."""
    return TaxSettings(
        jurisdiction=jurisdiction,
        currency=kept["currency"],
        methods={int(since): Method(method) for since, method in kept["methods"].items()},
        per_wallet=kept["perWallet"],
        timezone=kept["timezone"],
        wash_sales=kept["washSale"],
        liquidity_is_disposal=kept["liquidityIsDisposal"],
        lending_is_disposal=kept["lendingIsDisposal"],
        excluded_wallets=frozenset(kept["excludedWallets"]),
        separate_years=tuple(kept.get("separateYears", ())),
    )


def years_of(code: str, now: datetime) -> list[tuple[int, str]]:
    """Return the tax years of a place and what it calls them, the newest (which is not over) first."""
    rules = all_jurisdictions()[code]
    last = rules.year_of(now.astimezone(ZoneInfo(rules.timezone)).date())
    return [(year, rules.label(year)) for year in range(last, FIRST_YEAR - 1, -1)]
