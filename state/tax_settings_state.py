"""Tax settings: place, currency, methods by year, treatments, wallets that do not count, official forms."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.errors import InvalidInputError, PremiumError, TierLimitError
from backend.tax.form_templates import service as forms
from backend.tax.form_templates.schemas import FormName
from backend.tax.settings import service
from backend.tax.settings.schemas import JurisdictionRead, TaxSettingsAnswer, TaxSettingsChange
from components.i18n import t
from state import tax_settings_rows as rows
from state.field_errors import checked
from state.guard import signed_in
from state.shell_state import ShellState
from state.tax_filer_state import TaxFilerState
from state.tax_settings_rows import APART, AS_PLACE, TOGETHER, FormRow, MethodRow, RefusedMethod
from state.view_models import Option

MOST_ROWS = 20
MOST_WALLETS = 100
FIELDS = (
    "jurisdiction",
    "currency",
    "methods",
    "per_wallet",
    "timezone",
    "wash_sales",
    "excluded_wallets",
    "separate_years",
)


class TaxSettingsState(rx.State):
    """What the settings of tax show. Choices are a draft until they are saved."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    is_changed: bool = False
    place: str = ""
    places: list[Option] = []
    place_note: str = ""
    currency: str = ""
    currencies: list[Option] = []
    timezone: str = ""
    timezone_hint: str = ""
    methods: list[MethodRow] = []
    allowed: list[Option] = []
    usual: str = ""
    refused: list[RefusedMethod] = []
    per_wallet: str = ""
    wallet_options: list[Option] = []
    per_wallet_note: str = ""
    has_wash_sales: bool = False
    wash_sales: bool = False
    has_separate: bool = False
    separate_years: str = ""
    liquidity_is_disposal: bool = True
    lending_is_disposal: bool = False
    wallets: list[str] = []
    wallet_key: int = 0
    changed_at: str = ""
    errors: dict[str, str] = dict.fromkeys(FIELDS, "")
    draft_key: int = 0
    rows_made: int = 0
    form_rows: list[FormRow] = []
    can_download: bool = False
    form_error: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show what holds."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = ""
        async with resources().database.unit_of_work(user.id) as session:
            self._show(await service.read(session, user))
        await self._read_forms(user)
        self.failure = self.failure_id = self.form_error = ""
        self.loaded = True

    @signed_in
    async def change_place(self, user: CurrentUser, code: str) -> Any:
        """Show what can be chosen in another place: its usual ways, until they are saved."""
        found = self._place(code)
        if found is None:
            return None
        self.place, self.methods, self.timezone = found.code, [], ""
        if any(option.value == found.currency for option in self.currencies):
            self.currency = found.currency
        self.per_wallet, self.wash_sales, self.separate_years, self.is_changed = AS_PLACE, False, "", True
        self.draft_key += 1
        self._blame({})
        self._show_place(found)
        return TaxFilerState.show_place(found.code)

    @signed_in
    async def change(self, user: CurrentUser, name: str, value: str) -> Any:
        """Take a choice of a field into the draft."""
        if name in ("currency", "timezone", "per_wallet", "separate_years"):
            setattr(self, name, str(value)[:200])
            self._touched(name)

    @signed_in
    async def switch(self, user: CurrentUser, name: str) -> Any:
        """Turn a switch of the draft."""
        if name in ("wash_sales", "liquidity_is_disposal", "lending_is_disposal"):
            setattr(self, name, not getattr(self, name))
            self._touched(name)

    @signed_in
    async def add_method(self, user: CurrentUser) -> Any:
        """Add a year from which another method holds."""
        if len(self.methods) < MOST_ROWS and self.allowed:
            taken = [int(row.year) for row in self.methods if row.year.isdigit()]
            year = max(taken) + 1 if taken else 2025
            self.rows_made += 1
            self.methods = [*self.methods, MethodRow(f"new{self.rows_made}", str(year), self.allowed[0].value)]
            self._touched("methods")

    @signed_in
    async def change_method(self, user: CurrentUser, key: str, name: str, value: str) -> Any:
        """Change the year or the method of a row."""
        if name in ("year", "method"):
            self.methods = [replace(row, **{name: str(value)[:30]}) if row.key == key else row for row in self.methods]
            self._touched("methods")

    @signed_in
    async def remove_method(self, user: CurrentUser, key: str) -> Any:
        """Take a row away."""
        self.methods = [row for row in self.methods if row.key != key]
        self._touched("methods")

    @signed_in
    async def add_wallet(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Leave a wallet or account out."""
        name = str(form_data.get("excluded_wallet") or "").strip()[:120]
        if name and len(self.wallets) < MOST_WALLETS:
            name = name.lower() if name[:2].lower() == "0x" else name
            self.wallets = sorted({*self.wallets, name})
            self.wallet_key += 1
            self._touched("excluded_wallets")

    @signed_in
    async def remove_wallet(self, user: CurrentUser, name: str) -> Any:
        """Count a wallet again."""
        self.wallets = [each for each in self.wallets if each != name]
        self._touched("excluded_wallets")

    @signed_in
    async def save(self, user: CurrentUser) -> Any:
        """Save the draft; what cannot be is said next to its field, of a method with the law's reason."""
        years = rows.years_in(self.separate_years)
        if years is None:
            self._blame({"separate_years": t("tax_settings.separate_malformed")})
            return rx.toast.error(t("tax_settings.not_saved"))
        wanted, problems = checked(TaxSettingsChange, {**self._draft(), "separate_years": years})
        if wanted is None:
            self._blame(problems)
            return rx.toast.error(t("tax_settings.not_saved"))
        try:
            async with resources().database.unit_of_work(user.id) as session:
                saved = await service.change(session, user, wanted)
        except InvalidInputError as error:
            self._blame(error.details)
            return rx.toast.error(t("tax_settings.not_saved"))
        self._show(saved)
        return rx.toast.success(t("tax_settings.saved"), description=t("tax_settings.saved_more"))

    @signed_in
    async def undo(self, user: CurrentUser) -> Any:
        """Throw the draft away."""
        async with resources().database.unit_of_work(user.id) as session:
            self._show(await service.read(session, user))
        return TaxFilerState.show_place(self.place)

    @signed_in
    async def form_added(self, user: CurrentUser, form_id: str) -> Any:
        """Show a form that was uploaded."""
        await self._read_forms(user)
        self.form_error = ""
        return rx.toast.success(t("tax_settings.form_kept"))

    @signed_in
    async def download(self, user: CurrentUser, form_id: str) -> Any:
        """Have a form taken from the IRS."""
        form, year = _form(form_id)
        self.form_error = ""
        try:
            content, address = await forms.fetch(user, resources().settings, form, year)
            async with resources().database.unit_of_work(user.id) as session:
                await forms.put(session, user, form, year, content, address)
        except TierLimitError:
            raise
        except PremiumError as error:
            self.form_error = error.message
            return None
        await self._read_forms(user)
        return rx.toast.success(t("tax_settings.form_kept"))

    @signed_in
    async def remove_form(self, user: CurrentUser, form_id: str) -> Any:
        """Keep a form no longer."""
        form, year = _form(form_id)
        async with resources().database.unit_of_work(user.id) as session:
            await forms.remove(session, user, form, year)
        await self._read_forms(user)
        return rx.toast.success(t("tax_settings.form_removed"))

    async def _read_forms(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            found = await forms.list_templates(session, user, resources().settings)
        self.form_rows, self.can_download = rows.form_rows(found), found.can_download

    def _show(self, answer: TaxSettingsAnswer) -> None:
        chosen = answer.settings
        self.places = [Option(each.code, each.name) for each in answer.jurisdictions]
        self.currencies = [Option(each, each) for each in answer.currencies]
        self.place, self.currency, self.timezone = chosen.jurisdiction, chosen.currency, chosen.timezone or ""
        self.per_wallet = {None: AS_PLACE, True: APART, False: TOGETHER}[chosen.per_wallet]
        self.wash_sales = chosen.wash_sales
        self.separate_years = rows.years_text(chosen.separate_years)
        self.liquidity_is_disposal = chosen.liquidity_is_disposal
        self.lending_is_disposal = chosen.lending_is_disposal
        self.wallets = list(chosen.excluded_wallets)
        self.changed_at = formats.iso(chosen.changed_at)
        self.is_changed = False
        self.draft_key += 1  # what was typed and thrown away goes with its field
        self.methods = [replace(row, key=f"{self.draft_key}-{row.key}") for row in rows.method_rows(chosen.methods)]
        self._blame({})
        place = next(each for each in answer.jurisdictions if each.code == chosen.jurisdiction)
        self._show_place(place)

    def _show_place(self, place: JurisdictionRead) -> None:
        self.place_note, self.per_wallet_note = rows.place_note(place), rows.per_wallet_note(place)
        self.timezone_hint = place.timezone
        self.allowed, self.refused = rows.allowed_of(place), rows.refused_of(place)
        self.usual = self.allowed[0].text if self.allowed else ""
        self.wallet_options, self.has_wash_sales = rows.wallet_options(place), place.wash_sale_option
        self.has_separate = place.separate_option

    def _place(self, code: str) -> JurisdictionRead | None:
        return next((each for each in service.options() if each.code == code), None)

    def _draft(self) -> dict[str, Any]:
        return {
            "jurisdiction": self.place,
            "currency": self.currency,
            "methods": rows.years_of(self.methods),
            "per_wallet": {AS_PLACE: None, APART: True, TOGETHER: False}.get(self.per_wallet),
            "timezone": self.timezone.strip() or None,
            "wash_sales": self.wash_sales,
            "liquidity_is_disposal": self.liquidity_is_disposal,
            "lending_is_disposal": self.lending_is_disposal,
            "excluded_wallets": self.wallets,
        }

    def _touched(self, name: str) -> None:
        self.is_changed = True
        self.errors = {**self.errors, name: ""}

    def _blame(self, problems: Mapping[str, Any]) -> None:
        """Say what is wrong, by field; of a field that has no place of its own, beside the place."""
        self.errors = {name: str(problems.get(name, "")) for name in FIELDS}
        if problems and not any(self.errors.values()):
            self.errors["jurisdiction"] = str(next(iter(problems.values())))


def _form(form_id: str) -> tuple[FormName, int]:
    """Return which form an id names. Raises InvalidInputError."""
    name, _, year = str(form_id).partition("-")
    try:
        return FormName(name), int(year)
    except ValueError:
        raise InvalidInputError(t("form.invalid")) from None
