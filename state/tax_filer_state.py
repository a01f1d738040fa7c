"""Who files taxes in a place: the name and tax number that its forms say. The number comes masked, and never back."""

from typing import Any

import reflex as rx

from backend.accounts.service import CurrentUser
from backend.api.resources import resources
from backend.core.errors import InvalidInputError
from backend.tax.settings import service as settings_service
from backend.tax.settings.schemas import FilerRead, FilerWrite
from components.i18n import t
from state.field_errors import checked
from state.guard import signed_in


class TaxFilerState(rx.State):
    """The form of one place."""

    loaded: bool = False
    place: str = ""
    place_name: str = ""
    name: str = ""
    number_title: str = ""
    number_hint: str = ""
    form_key: int = 0
    name_error: str = ""
    number_error: str = ""

    @signed_in
    async def load(self, user: CurrentUser) -> Any:
        """Show who files in the place that was chosen."""
        async with resources().database.unit_of_work(user.id) as session:
            chosen = await settings_service.settings_of(session, user.id)
            self._show(await settings_service.read_filer(session, user, chosen.jurisdiction))

    @signed_in
    async def show_place(self, user: CurrentUser, code: str) -> Any:
        """Show who files in a place."""
        async with resources().database.unit_of_work(user.id) as session:
            self._show(await settings_service.read_filer(session, user, str(code)))

    @signed_in
    async def save(self, user: CurrentUser, form_data: dict[str, Any]) -> Any:
        """Keep the name, and the number where one was typed; what is wrong is said beside its field."""
        self.name_error = self.number_error = ""
        number = str(form_data.get("filer_tax_id") or "").strip()
        said = {
            "name": str(form_data.get("filer_name") or "").strip() or None,
            **({"tax_id": number} if number else {}),
        }
        wanted, problems = checked(FilerWrite, said)
        if wanted is None:
            self._blame(problems)
            return None
        return await self._change(user, wanted, t("tax_settings.filer_saved"))

    @signed_in
    async def forget_number(self, user: CurrentUser) -> Any:
        """Take the number away."""
        return await self._change(user, FilerWrite(tax_id=None), t("tax_settings.filer_forgotten"))

    async def _change(self, user: CurrentUser, wanted: FilerWrite, words: str) -> Any:
        try:
            async with resources().database.unit_of_work(user.id) as session:
                found = await settings_service.change_filer(session, user, self.place, wanted)
        except InvalidInputError as error:
            self._blame(error.details)
            return None
        self._show(found)
        return rx.toast.success(words)

    def _show(self, found: FilerRead) -> None:
        self.place, self.name = found.jurisdiction, found.name
        self.place_name = next(each.name for each in settings_service.options() if each.code == found.jurisdiction)
        self.number_title, self.number_hint = found.tax_id_title, found.tax_id_hint
        self.name_error = self.number_error = ""
        self.form_key += 1  # a number that was typed does not stay in its field
        self.loaded = True

    def _blame(self, problems: dict[str, Any]) -> None:
        self.name_error = str(problems.get("name", ""))
        self.number_error = str(problems.get("taxId", problems.get("tax_id", "")))
