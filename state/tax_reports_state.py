"""The list of tax reports, the form for a new one, and how far those are that are being made."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from backend.tax.reports import service
from backend.tax.reports.service import ReportAsk
from backend.tax.settings import service as settings
from backend.tax.settings.schemas import JurisdictionRead
from components.i18n import t
from state.arguments import id_of
from state.field_errors import checked
from state.following import Run, follows
from state.guard import signed_in
from state.shell_state import ShellState
from state.tax_report_rows import ReportRow, ReportYear, by_year
from state.view_models import Option

ADDRESS = "/tax/reports/"
LOOK_SECONDS = 1.0
FORMATS = ("all", "pdf", "csv", "json")
PER_WALLET = {"usual": None, "yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Methods that a place does not allow for the same reason."""

    methods: str
    why: str


class TaxReportsState(rx.State):
    """What the page of reports shows."""

    loaded: bool = False
    failure: str = ""
    failure_id: str = ""
    limit_message: str = ""
    upgrade_to: str = ""
    years: list[ReportYear] = []
    is_open: bool = False
    problems: dict[str, str] = {}
    place: str = "US"
    year: str = ""
    method: str = ""
    currency: str = "USD"
    per_wallet: str = "usual"
    wash_sale: bool = False
    form: str = "all"
    place_options: list[Option] = []
    year_options: list[Option] = []
    method_options: list[Option] = []
    refusals: list[Refusal] = []
    currency_options: list[Option] = []
    currency_note: str = ""
    wallet_options: list[Option] = []
    has_wash_sales: bool = False
    deleting_id: str = ""
    deleting_name: str = ""
    _run: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the list, and follow what is being made; `?new=1` opens the form, `?year=` with a year."""
        await ShellState._show(self, user)
        self.limit_message = self.upgrade_to = self.deleting_id = ""
        self.is_open, self.problems = False, {}
        await self._read(user)
        self.failure = self.failure_id = ""
        self.loaded = True
        query = dict(self.router.url.query_parameters)
        if query.get("new"):
            await self._open(user, query.get("year", ""))
        return TaxReportsState.follow

    @signed_in
    async def begin(self, user: CurrentUser) -> Any:
        """Open the form for a new report."""
        await self._open(user, "")

    @signed_in
    async def choose(self, user: CurrentUser, name: str, value: str) -> Any:
        """Choose something in the form; another place has other years, methods and options."""
        if name not in ("place", "year", "method", "currency", "per_wallet", "form"):
            raise InvalidInputError(t("form.invalid"))
        self.problems = {field: said for field, said in self.problems.items() if field != name}
        setattr(self, name, str(value))
        if name == "place":
            self._offer(self._choice(), keep_currency=False)
        self._note_currency()

    @signed_in
    async def set_wash_sale(self, user: CurrentUser, wanted: bool) -> Any:
        """Choose whether losses of wash sales are disallowed."""
        self.wash_sale = bool(wanted)

    @signed_in
    async def make(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Have the report made; what the law refuses is said beside its field."""
        values = {
            "year": self.year,
            "jurisdiction": self.place,
            "method": self.method or None,
            "currency": self.currency,
            "per_wallet": PER_WALLET.get(self.per_wallet),
            "wash_sale": self.wash_sale if self.has_wash_sales else None,
            "format": self.form,
        }
        ask, self.problems = checked(ReportAsk, values)
        if ask is None:
            return None
        try:
            async with resources().database.unit_of_work(user.id) as session:
                await service.ask_for_report(session, user, ask)
        except InvalidInputError as error:
            names = {"jurisdiction": "place", "perWallet": "per_wallet", "washSale": "wash_sale"}
            self.problems = {names.get(field, field): str(said) for field, said in error.details.items()}
            return None
        self.is_open = False
        await self._read(user)
        return TaxReportsState.follow

    @signed_in
    async def cancel(self, user: CurrentUser, report_id: str) -> Any:
        """Stop the making of a report."""
        async with resources().database.unit_of_work(user.id) as session:
            await service.cancel_report(session, user, id_of(report_id))
        await self._read(user)

    @signed_in
    async def make_again(self, user: CurrentUser, report_id: str) -> Any:
        """Have a report made again, as a new version."""
        async with resources().database.unit_of_work(user.id) as session:
            await service.make_again(session, user, id_of(report_id))
        await self._read(user)
        return TaxReportsState.follow

    @signed_in
    async def ask_delete(self, user: CurrentUser, report_id: str) -> Any:
        """Ask before a report is deleted."""
        row = next((each for each in self._rows() if each.id == report_id), None)
        if row is not None:
            self.deleting_id, self.deleting_name = row.id, f"{row.name}, {row.version}"

    @signed_in
    async def delete(self, user: CurrentUser) -> Any:
        """Delete the report that was asked about."""
        wanted, self.deleting_id = id_of(self.deleting_id), ""
        async with resources().database.unit_of_work(user.id) as session:
            await service.delete_report(session, user, wanted)
        await self._read(user)
        return rx.toast.success(t("tax_reports.deleted"))

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the dialogs."""
        self.is_open, self.deleting_id = False, ""

    @follows("tax reports", ADDRESS)
    async def follow(self, run: Run) -> AsyncIterator[Any]:
        """Show how far reports are, until all are made."""
        while await run.is_open():
            await asyncio.sleep(LOOK_SECONDS)
            async with resources().database.unit_of_work(run.user.id) as session:
                years = by_year(await service.list_reports(session, run.user))
            async with self:
                if not await run.goes_on():
                    return
                if years != self.years:
                    self.years = years
                is_over = not any(row.is_under_way for row in self._rows())
            if is_over:
                return
            yield

    def _rows(self) -> list[ReportRow]:
        return [row for year in self.years for row in year.reports]

    async def _read(self, user: CurrentUser) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            self.years = by_year(await service.list_reports(session, user))

    async def _open(self, user: CurrentUser, year: str) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            usual = await service.usual_ask(session, user)
        self.place, self.currency, self.wash_sale = (
            usual.jurisdiction or "US",
            usual.currency or "USD",
            bool(usual.wash_sale),
        )
        self.per_wallet = next(key for key, value in PER_WALLET.items() if value == usual.per_wallet)
        self.place_options = [Option(each.code, each.name) for each in settings.options()]
        choice = self._choice()
        known = {str(number) for number, _ in service.years_of(choice.code, utc_now())}
        self.year = year if year in known else str(usual.year)
        self.method = usual.method or ""
        self._offer(choice, keep_currency=True)
        self.problems, self.is_open = {}, True

    def _choice(self) -> JurisdictionRead:
        found = next((each for each in settings.options() if each.code == self.place), None)
        if found is None:
            raise InvalidInputError(t("form.invalid"))
        return found

    def _offer(self, choice: JurisdictionRead, *, keep_currency: bool) -> None:
        self.year_options = [Option(str(number), label) for number, label in service.years_of(choice.code, utc_now())]
        if self.year not in {option.value for option in self.year_options}:
            self.year = self.year_options[0].value
        self.method_options = [Option(each.method.value, each.title) for each in choice.methods if not each.refused]
        if self.method not in {option.value for option in self.method_options}:
            self.method = self.method_options[0].value
        self.refusals = refusals_of(choice)
        self.currency_options = [Option(each, each) for each in settings.CURRENCIES]
        if not keep_currency:
            self.per_wallet, self.wash_sale = "usual", False
            self.currency = choice.currency if choice.currency in settings.CURRENCIES else self.currency
        self.wallet_options = [
            Option(key, t(f"tax_reports.per_wallet_{key}"))
            for key, value in PER_WALLET.items()
            if value is None or (choice.per_wallet_choice if value else choice.per_wallet_from is None)
        ]
        self.has_wash_sales = choice.wash_sale_option
        self._note_currency()

    def _note_currency(self) -> None:
        choice = self._choice()
        differs = self.currency != choice.currency
        values = {"place": choice.name, "own": choice.currency, "currency": self.currency}
        self.currency_note = t("tax_reports.currency_other", **values) if differs else ""


def refusals_of(choice: JurisdictionRead) -> list[Refusal]:
    """Return why a place does not allow methods: the reason alone, once for all that share it."""
    by_reason: dict[str, list[str]] = {}
    for each in choice.methods:
        if each.refused:
            why = each.refused.partition(": ")[2].partition(". Allowed")[0]
            by_reason.setdefault(f"{why[:1].upper()}{why[1:]}.", []).append(each.title)
    return [Refusal("; ".join(titles), why) for why, titles in by_reason.items()]
