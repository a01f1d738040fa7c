"""Tax settings: what holds for a user, what could be chosen, and choosing. A place's law may refuse, and says why."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser, Feature, requires
from backend.core.audit import audit
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from backend.market.fiat.service import CURRENCIES
from backend.tax import store
from backend.tax.books import TaxSettings
from backend.tax.engine.calculate import Settings, calculate
from backend.tax.engine.jurisdictions.base import Jurisdiction, MethodRefusedError
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import all_jurisdictions, jurisdiction
from backend.tax.settings import repository
from backend.tax.settings.filers import change_filer as change_filer
from backend.tax.settings.filers import read_filer as read_filer
from backend.tax.settings.schemas import (
    JurisdictionRead,
    MethodRead,
    TaxSettingsAnswer,
    TaxSettingsChange,
    TaxSettingsRead,
)
from backend.tax.settings.tax_numbers import tax_number_of

METHOD_TITLES: Mapping[Method, str] = {
    Method.FIFO: "First in, first out (FIFO)",
    Method.LIFO: "Last in, first out (LIFO)",
    Method.HIFO: "Highest cost first (HIFO)",
    Method.LOFO: "Lowest cost first (LOFO)",
    Method.SPECIFIC: "Specific identification",
    Method.AVERAGE: "Average cost",
    Method.TOTAL_AVERAGE: "Total average of the year",
    Method.SECTION_104: "Same day, 30 days, section 104 pool",
    Method.SECTION_104_COMPANY: "Same day, 9 days, pool (companies)",
    Method.PORTFOLIO: "Share of the whole portfolio",
}
_REFUSED = "Some of it is not possible in this place."


async def settings_of(session: AsyncSession, user_id: UUID) -> TaxSettings:
    """Return what a user chose, the usual ones where they never did."""
    row = await repository.find(session, user_id)
    return TaxSettings() if row is None else _settings(row)


def zone_of(settings: TaxSettings) -> str:
    """Return the name of the time zone in which days and years are counted."""
    return settings.timezone or jurisdiction(settings.jurisdiction).timezone


@requires(Feature.TAX)
async def read(session: AsyncSession, user: CurrentUser) -> TaxSettingsAnswer:
    """Return the choices that hold for a user, and what can be chosen."""
    row = await repository.find(session, user.id)
    chosen = TaxSettings() if row is None else _settings(row)
    return _answer(chosen, None if row is None else row.changed_at)


@requires(Feature.TAX)
async def change(session: AsyncSession, user: CurrentUser, wanted: TaxSettingsChange) -> TaxSettingsAnswer:
    """Choose, and return what holds now. The book is another one from then on.

    Raises InvalidInputError with what cannot be chosen by field: of a method the law's reason.
    """
    before = await settings_of(session, user.id)
    chosen = checked(before, wanted)
    now = utc_now()
    await repository.save(session, user.id, {**_columns(chosen), "changed_at": now})
    await store.bump(session, user.id)
    changed = {name: _plain(value) for name, value in asdict(chosen).items() if value != getattr(before, name)}
    await audit(session, user.id, "tax_settings.changed", chosen.jurisdiction, changed)
    return _answer(chosen, now)


def checked(before: TaxSettings, wanted: TaxSettingsChange) -> TaxSettings:
    """Return the choices with a change. Raises InvalidInputError by field."""
    said: dict[str, Any] = {name: getattr(wanted, name) for name in wanted.model_fields_set}
    for name in ("jurisdiction", "currency", "methods", "wash_sales", "liquidity_is_disposal", "lending_is_disposal"):
        if said.get(name, "") is None:
            del said[name]  # these have no "as the place does it"
    if "excluded_wallets" in said:
        said["excluded_wallets"] = frozenset(said["excluded_wallets"] or ())
    if "separate_years" in said:
        said["separate_years"] = tuple(sorted(set(said["separate_years"] or ())))
    if "timezone" in said:
        said["timezone"] = said["timezone"] or None
    code = said.get("jurisdiction", before.jurisdiction)
    if code not in all_jurisdictions():
        names = ", ".join(all_jurisdictions())
        raise InvalidInputError(_REFUSED, {"jurisdiction": f"There are no rules for it. Choose one of: {names}."})
    rules = jurisdiction(code)
    base = before if code == before.jurisdiction else _moved(before, rules)
    chosen = replace(base, **said)
    problems = _problems(chosen)
    if problems:
        raise InvalidInputError(_REFUSED, problems)
    return chosen


def options() -> list[JurisdictionRead]:
    """Return what can be chosen in each place, by name."""
    return [_place(rules) for rules in all_jurisdictions().values()]


def _moved(before: TaxSettings, rules: Jurisdiction) -> TaxSettings:
    """Return choices for another place: its currency, and its usual ways where what was chosen is not possible."""
    currency = rules.currency if rules.currency in CURRENCIES else before.currency
    moved = replace(before, jurisdiction=rules.code, currency=currency, timezone=None)
    refused = _problems(moved)
    usual = TaxSettings()
    return replace(moved, **{name: getattr(usual, name) for name in refused})


def _problems(chosen: TaxSettings) -> dict[str, str]:
    problems = {}
    if chosen.currency not in CURRENCIES:
        problems["currency"] = f"There are no rates for it. Choose one of: {', '.join(CURRENCIES)}."
    if chosen.timezone is not None:
        try:
            ZoneInfo(chosen.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            problems["timezone"] = "There is no such time zone. Name one like Europe/Berlin."
    alone = {
        "methods": Settings(jurisdiction=chosen.jurisdiction, methods=chosen.methods),
        "per_wallet": Settings(jurisdiction=chosen.jurisdiction, per_wallet=chosen.per_wallet),
        "wash_sales": Settings(jurisdiction=chosen.jurisdiction, wash_sales=chosen.wash_sales),
        "separate_years": Settings(jurisdiction=chosen.jurisdiction, separate_years=chosen.separate_years),
    }
    for name, settings in alone.items():
        try:
            calculate([], settings)
        except MethodRefusedError as error:
            problems[name] = str(error)
    return problems


def _place(rules: Jurisdiction) -> JurisdictionRead:
    others = [method for method in Method if method not in rules.methods]
    return JurisdictionRead(
        code=rules.code,
        name=rules.name,
        currency=rules.currency,
        timezone=rules.timezone,
        year_starts="{:02}-{:02}".format(*rules.year_starts),
        methods=[
            *(MethodRead(method=each, title=METHOD_TITLES[each]) for each in rules.methods),
            *(MethodRead(method=each, title=METHOD_TITLES[each], refused=_why_not(rules, each)) for each in others),
        ],
        per_wallet_choice=rules.per_wallet_choice,
        per_wallet_from=rules.per_wallet_from,
        wash_sale_option=rules.wash_sale_option,
        separate_option=rules.separate_option,
        tax_id_title=tax_number_of(rules.code).title,
    )


def _why_not(rules: Jurisdiction, method: Method) -> str:
    try:
        rules.check_method(method)
    except MethodRefusedError as error:
        return str(error)
    return ""


def _answer(chosen: TaxSettings, changed_at: Any) -> TaxSettingsAnswer:
    return TaxSettingsAnswer(
        settings=TaxSettingsRead(
            **{
                **asdict(chosen),
                "excluded_wallets": sorted(chosen.excluded_wallets),
                "separate_years": list(chosen.separate_years),
            },
            changed_at=changed_at,
        ),
        jurisdictions=options(),
        currencies=list(CURRENCIES),
    )


def _settings(row: Any) -> TaxSettings:
    return TaxSettings(
        jurisdiction=row.jurisdiction,
        currency=row.currency,
        methods={int(year): Method(method) for year, method in row.methods.items()},
        per_wallet=row.per_wallet,
        timezone=row.timezone,
        wash_sales=row.wash_sales,
        liquidity_is_disposal=row.liquidity_is_disposal,
        lending_is_disposal=row.lending_is_disposal,
        excluded_wallets=frozenset(row.excluded_wallets),
        separate_years=tuple(row.separate_years),
    )


def _columns(chosen: TaxSettings) -> dict[str, Any]:
    return {
        **asdict(chosen),
        "methods": _plain(chosen.methods),
        "excluded_wallets": sorted(chosen.excluded_wallets),
        "separate_years": list(chosen.separate_years),
    }


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, frozenset | tuple):
        return sorted(value)
    if isinstance(value, Mapping):
        return {str(year): method.value for year, method in sorted(value.items())}
    return value
