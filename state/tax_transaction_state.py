"""The drawer of one tax transaction: what its source says, what counts, and what the user says instead, and why."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError, NotFoundError
from backend.core.money import parse_decimal, plain
from backend.tax.listing import service
from backend.tax.listing.schemas import TaxTransactionChange, TaxTransactionRead
from backend.tax.settings import service as settings_service
from components.i18n import t
from state.arguments import id_of
from state.guard import signed_in
from state.tax_transaction_rows import Fact, LotLine, TaxLegLine, facts_of, leg_lines, lot_lines, status_of
from state.tax_transactions_state import TaxTransactionsState, view_of


class TaxTransactionState(rx.State):
    """One transaction, while the address names it."""

    is_open: bool = False
    id: str = ""
    form_key: str = ""
    title: str = ""
    currency: str = ""
    status: str = ""
    status_tone: str = "neutral"
    problem: str = ""
    counts_as: str = ""
    issues: list[str] = []
    legs: list[TaxLegLine] = []
    fees: list[TaxLegLine] = []
    lots: list[LotLine] = []
    facts: list[Fact] = []
    is_edited: bool = False
    by_rule: bool = False
    reason: str = ""
    can_delete: bool = False
    is_income: bool = False
    is_deleting: bool = False
    kind: str = ""
    income: str = ""
    to_wallet: str = ""
    edit_note: str = ""
    basis: str = ""
    acquired_on: str = ""
    problems: dict[str, str] = {}

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show the transaction that the address names; without one the drawer is closed."""
        self.is_deleting = False
        named = self._named()
        if named is None:
            self.is_open, self.id = False, ""
            return None
        try:
            await self._show(user, named)
        except NotFoundError as error:
            self.is_open = False
            return [rx.redirect(self._list_address()), rx.toast.error(error.message)]
        return None

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the drawer: the address names the list alone."""
        self.is_open = self.is_deleting = False
        return rx.redirect(self._list_address())

    @signed_in
    async def set_kind(self, user: CurrentUser, kind: str) -> Any:
        """Show the fields that a kind has."""
        self.kind = kind if kind in {each.value for each in service.TransactionKind} else self.kind
        self.is_income = self.kind == "income"

    @signed_in
    async def save(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Say what holds instead of what the source says; what is wrong is said beside its field."""
        self.problems = {}
        async with resources().database.unit_of_work(user.id) as session:
            settings = await settings_service.settings_of(session, user.id)
            read = await service.find(session, user, id_of(self.id))
        zone = ZoneInfo(settings_service.zone_of(settings))
        values, problems = said(form_data, read, settings.currency, zone)
        if problems:
            self.problems = problems
            return None
        try:
            async with resources().database.unit_of_work(user.id) as session:
                change = TaxTransactionChange.model_validate(values)
                await service.change(session, user, read.id, change)
        except InvalidInputError as error:
            self.problems = {name: str(words) for name, words in error.details.items()} or {"form": error.message}
            return None
        await self._show(user, read.id)
        return [TaxTransactionsState.reload, rx.toast.success(t("tax_transactions.saved"))]

    @signed_in
    async def take_back(self, user: CurrentUser) -> Any:
        """Take back what was said: the source counts again."""
        async with resources().database.unit_of_work(user.id) as session:
            await service.take_back(session, user, id_of(self.id))
        await self._show(user, id_of(self.id))
        return [TaxTransactionsState.reload, rx.toast.success(t("tax_transactions.taken_back"))]

    @signed_in
    async def count_it(self, user: CurrentUser) -> Any:
        """Have a transaction count although another source seems to tell the same."""
        words = TaxTransactionChange(is_separate=True, reason=t("tax_transactions.is_separate"))
        async with resources().database.unit_of_work(user.id) as session:
            await service.change(session, user, id_of(self.id), words)
        await self._show(user, id_of(self.id))
        return [TaxTransactionsState.reload, rx.toast.success(t("tax_transactions.saved"))]

    @signed_in
    async def write(self, user: CurrentUser) -> Any:
        """Go to the form in which what was written by hand is written anew."""
        if self.can_delete:
            return rx.redirect(view_of(dict(self.router.url.query_parameters)).address(write=self.id))
        return None

    @signed_in
    async def ask_delete(self, user: CurrentUser) -> Any:
        """Ask before a transaction written by hand is deleted."""
        self.is_deleting = self.can_delete

    @signed_in
    async def keep(self, user: CurrentUser) -> Any:
        """Do not delete it."""
        self.is_deleting = False

    @signed_in
    async def delete(self, user: CurrentUser) -> Any:
        """Delete a transaction written by hand."""
        self.is_deleting = False
        async with resources().database.unit_of_work(user.id) as session:
            await service.remove(session, user, id_of(self.id))
        self.is_open = False
        return [
            rx.redirect(self._list_address()),
            TaxTransactionsState.reload,
            rx.toast.success(t("tax_transactions.deleted")),
        ]

    def _named(self) -> UUID | None:
        try:
            return UUID(self.router.url.query_parameters.get("id", ""))
        except ValueError:
            return None

    def _list_address(self) -> str:
        return view_of(dict(self.router.url.query_parameters)).address()

    async def _show(self, user: CurrentUser, transaction_id: UUID) -> None:
        async with resources().database.unit_of_work(user.id) as session:
            read = await service.find(session, user, transaction_id)
            settings = await settings_service.settings_of(session, user.id)
            candidates = await service.lot_candidates(session, user, transaction_id)
        zone, currency = ZoneInfo(settings_service.zone_of(settings)), settings.currency
        self.id, self.currency, self.is_open = str(read.id), currency, True
        self.form_key = f"{read.id}:{formats.iso(utc_now())}"  # its fields begin anew with what counts now
        self.title = t(f"tax_kind.{read.kind.value}")
        self.status, self.status_tone = status_of(read)
        self.problem = read.problem or ""
        self.counts_as = f"/tax/transactions/?id={read.counts_as}" if read.counts_as is not None else ""
        self.issues = [each.message for each in read.issues]
        self.legs, self.fees = leg_lines(read.legs, "worth", currency), leg_lines(read.fees, "fee_worth", currency)
        self.lots = lot_lines(candidates, read, currency, zone)
        self.facts = facts_of(read, currency, zone)
        self._show_edit(read, zone)

    def _show_edit(self, read: TaxTransactionRead, zone: ZoneInfo) -> None:
        edit = read.edit
        self.is_edited, self.by_rule = read.edited_at is not None, read.rule_id is not None
        self.reason = edit.reason if edit is not None else ""
        self.can_delete = read.source == "manual"
        self.kind, self.is_income = read.kind.value, read.kind.value == "income"
        self.income = read.income.value if read.income is not None else ""
        self.to_wallet, self.edit_note = read.to_wallet or "", read.note
        mine = read.basis is not None and read.basis.currency == self.currency
        self.basis = plain(read.basis.amount) if mine and read.basis is not None else ""
        acquired = read.acquired_at
        self.acquired_on = "" if acquired is None else acquired.astimezone(zone).date().isoformat()
        self.problems = {}


def said(
    form: dict[str, Any], read: TaxTransactionRead, currency: str, zone: ZoneInfo
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what a form says that differs from what counts now, as the API takes it, and problems by field."""
    problems: dict[str, str] = {}
    values: dict[str, Any] = {"reason": _text(form, "tax_reason")}
    if not values["reason"]:
        problems["reason"] = t("tax_transactions.reason_missing")
    for name, now in (
        ("kind", read.kind.value),
        ("income", read.income.value if read.income is not None else ""),
        ("to_wallet", read.to_wallet or ""),
        ("note", read.note),
    ):
        wanted = _text(form, f"tax_{name}") if f"tax_{name}" in form else now
        if wanted != now:
            values[name] = wanted or None
    for name, lines in (("worths", leg_lines(read.legs, "worth", currency)),
                        ("fee_worths", leg_lines(read.fees, "fee_worth", currency))):  # fmt: skip
        if any(_text(form, line.field) != line.said for line in lines):
            values[name] = _worths(form, lines, problems)
    _basis(form, read, currency, zone, values, problems)
    _lots(form, read, values, problems)
    if not problems and values.keys() == {"reason"}:
        problems["form"] = t("tax_transactions.nothing_said")
    return values, problems


def _worths(form: dict[str, Any], lines: list[TaxLegLine], problems: dict[str, str]) -> dict[str, Any] | None:
    """Return all worths that are said, by place; None when none is any more."""
    found: dict[str, Any] = {}
    for place, line in enumerate(lines):
        text = _text(form, line.field)
        amount = _amount(text, line.field, problems) if text else None
        if amount is not None:
            found[str(place)] = {"amount": amount, "currency": line.currency}
    return found or None


def _basis(
    form: dict[str, Any],
    read: TaxTransactionRead,
    currency: str,
    zone: ZoneInfo,
    values: dict[str, Any],
    problems: dict[str, str],
) -> None:
    text, day = _text(form, "tax_basis"), _text(form, "tax_acquired_on")
    now = plain(read.basis.amount) if read.basis is not None and read.basis.currency == currency else ""
    if "tax_basis" in form and text != now:
        amount = _amount(text, "basis", problems) if text else None
        values["basis"] = None if amount is None else {"amount": amount, "currency": currency}
    known = "" if read.acquired_at is None else read.acquired_at.astimezone(zone).date().isoformat()
    if "tax_acquired_on" in form and day != known:
        try:
            values["acquired_at"] = datetime.fromisoformat(day).replace(hour=12, tzinfo=zone) if day else None
        except ValueError:
            problems["acquired_at"] = t("form.invalid")


def _lots(form: dict[str, Any], read: TaxTransactionRead, values: dict[str, Any], problems: dict[str, str]) -> None:
    chosen = {name.removeprefix("lot_"): str(text).strip() for name, text in form.items() if name.startswith("lot_")}
    if not chosen:
        return
    found: dict[str, Decimal] = {}
    for id_, text in chosen.items():
        amount = _amount(text, f"lot_{id_}", problems) if text else None
        if amount:
            found[id_] = amount
    if found != {str(each.transaction_id): each.amount for each in read.choices}:
        lots = [{"transaction_id": id_, "amount": amount} for id_, amount in found.items()]
        values["choices"] = lots or None


def _amount(text: str, field: str, problems: dict[str, str]) -> Decimal | None:
    try:
        amount = parse_decimal(text)
    except ValueError as error:
        problems[field] = str(error)
        return None
    if amount < 0 or amount > Decimal(10) ** 30:
        problems[field] = t("tax_transactions.not_below_zero")
        return None
    return amount


def _text(form: dict[str, Any], name: str) -> str:
    return str(form.get(name) or "").strip()
