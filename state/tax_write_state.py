"""The drawer in which a tax transaction is written by hand, or one that was is written anew."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import reflex as rx
from pydantic import ValidationError

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core import formats
from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError, NotFoundError, TierLimitError
from backend.market.fiat.service import CURRENCIES
from backend.tax.listing import service
from backend.tax.listing.schemas import FilterChoices, TaxTransactionAdd, TaxTransactionRead
from backend.tax.settings import service as settings_service
from components.i18n import t
from state.guard import signed_in
from state.tax_transactions_state import KINDS, TaxTransactionsState, view_of, write_of
from state.tax_write_rows import (
    FIELDS,
    SIDES,
    Begin,
    LegField,
    begin_new,
    begin_with,
    empty_leg,
    local_text,
    place_of,
    said,
    sides_of,
)
from state.view_models import Option

NEW = "new"
MOST_ROWS = 40


class TaxWriteState(rx.State):
    """The form, while the address asks for it."""

    is_open: bool = False
    form_key: str = ""
    title: str = ""
    kind: str = "buy"
    goes: bool = True
    comes: bool = True
    legs: list[LegField] = []
    wallet: str = ""
    at: str = ""
    latest: str = ""
    zone: str = ""
    to_wallet: str = ""
    income: str = ""
    tx_hash: str = ""
    note: str = ""
    basis: str = ""
    basis_currency: str = ""
    acquired_on: str = ""
    currency: str = ""
    assets: list[Option] = []
    wallets: list[Option] = []
    problems: dict[str, str] = {}
    _begun: Begin = Begin("buy")
    _number: int = 0

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Open the form that the address asks for; without that it is closed."""
        wanted = self._wanted()
        if not wanted:
            self.is_open = False
            return None
        try:
            read, choices, currency, zone = await self._known(user, wanted)
        except NotFoundError as error:
            self.is_open = False
            return [rx.redirect(self._list_address()), rx.toast.error(error.message)]
        if read is not None and read.source != "manual":
            self.is_open = False
            return rx.redirect(self._list_address(wanted))
        self._show(begin_new(currency, zone) if read is None else begin_with(read, currency, zone))
        self.currency = currency
        self.title = t("tax_write.new") if read is None else t("tax_write.anew")
        self.latest = local_text(utc_now(), ZoneInfo(zone))
        self.assets = [Option(each.value.removeprefix("fiat:"), each.title) for each in choices.assets]
        self.wallets = [Option(each.title, each.value) for each in choices.wallets]
        self.is_open = True
        return None

    @signed_in
    async def close(self, user: CurrentUser) -> Any:
        """Close the form; what was written in it is gone. One that was opened from a transaction leads back to it."""
        self.is_open = False
        wanted = self._wanted()
        return rx.redirect(self._list_address("" if wanted == NEW else wanted))

    @signed_in
    async def set_kind(self, user: CurrentUser, kind: str) -> Any:
        """Show the fields that a kind has; what is written in the others stays where it is."""
        if kind not in KINDS:
            return
        self.kind = kind
        self.goes, self.comes = sides_of(kind)
        for side, is_asked in (("out", self.goes), ("in", self.comes), ("fee", kind == "fee")):
            if is_asked and not any(each.side == side for each in self.legs):
                self._add(side)
        self.problems = {}

    @signed_in
    async def add_row(self, user: CurrentUser, side: str) -> Any:
        """Add a row to what went, what came or the fees, and go to it."""
        if side not in SIDES or len(self.legs) >= MOST_ROWS:
            return
        self._add(side, is_added=True)

    @signed_in
    async def remove_row(self, user: CurrentUser, key: str) -> Any:
        """Take a row away."""
        self.legs = [each for each in self.legs if each.key != key]

    @signed_in
    async def save(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Write the transaction; what is wrong is said beside its field."""
        self.problems = {}
        wanted = self._wanted()
        if not wanted:
            return None
        read, choices, _, _ = await self._known(user, wanted)
        names = {each.title: each.value for each in choices.wallets}
        values, problems = said(form_data, self.legs, self._begun, read, CURRENCIES, names)
        if problems:
            return self._blame(problems)
        try:
            add = TaxTransactionAdd.model_validate(values)
            async with resources().database.unit_of_work(user.id) as session:
                if read is None:
                    saved = await service.add(session, user, add)
                else:
                    saved = await service.rewrite(session, user, read.id, add)
        except ValidationError as error:
            found = {place_of(each["loc"], form_data, self.legs, values): each["msg"] for each in error.errors()}
            return self._blame(found)
        except InvalidInputError as error:
            return self._blame({FIELDS.get(name, name): str(words) for name, words in error.details.items()})
        except TierLimitError as error:
            return self._blame({"form": error.message})
        self.is_open = False
        words = t("tax_write.added") if read is None else t("tax_write.rewritten")
        return [rx.redirect(self._list_address(str(saved.id))), TaxTransactionsState.reload, rx.toast.success(words)]

    def _wanted(self) -> str:
        return write_of(dict(self.router.url.query_parameters))

    def _list_address(self, shown: str = "") -> str:
        return view_of(dict(self.router.url.query_parameters)).address(shown)

    async def _known(self, user: CurrentUser, wanted: str) -> tuple[TaxTransactionRead | None, FilterChoices, str, str]:
        async with resources().database.unit_of_work(user.id) as session:
            read = None if wanted == NEW else await service.find(session, user, UUID(wanted))
            choices = await service.choices(session, user)
            settings = await settings_service.settings_of(session, user.id)
        return read, choices, settings.currency, settings_service.zone_of(settings)

    def _show(self, begun: Begin) -> None:
        self._begun = begun
        self.form_key = formats.iso(utc_now())
        self._number = MOST_ROWS
        self.kind, self.legs = begun.kind, list(begun.legs)
        self.goes, self.comes = sides_of(begun.kind)
        self.wallet, self.at, self.zone, self.to_wallet = begun.wallet, begun.at, begun.zone, begun.to_wallet
        self.income, self.tx_hash, self.note = begun.income, begun.tx_hash, begun.note
        self.basis, self.basis_currency, self.acquired_on = begun.basis, begun.basis_currency, begun.acquired_on
        self.problems = {}

    def _add(self, side: str, *, is_added: bool = False) -> None:
        self._number += 1
        self.legs = [*self.legs, empty_leg(side, self._number, self.currency, is_added=is_added)]

    def _blame(self, problems: dict[str, str]) -> Any:
        """Say what is wrong by field, and beside the button that something is."""
        self.problems = {**problems, "form": problems.get("form", t("tax_write.look_again"))}
