"""What the settings of tax show, in words."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.core import formats
from backend.tax.form_templates.schemas import FormName, FormTemplateList, FormTemplateRead
from backend.tax.settings.schemas import JurisdictionRead
from backend.tax.settings.service import Method
from components.i18n import t
from state.view_models import Option

AS_PLACE, APART, TOGETHER = "", "apart", "together"
MOST_YEARS = 90
_YEARS = re.compile(r"([0-9]{4})(?:\s*[-\u2013]\s*([0-9]{4}))?")
_YEAR_DAYS = {"01-01": "1 January", "04-01": "1 April", "04-06": "6 April", "07-01": "1 July"}


@dataclass(frozen=True, slots=True)
class MethodRow:
    """From which tax year on which method holds."""

    key: str
    year: str
    method: str


@dataclass(frozen=True, slots=True)
class RefusedMethod:
    """A method that the law of a place does not allow, and why."""

    title: str
    why: str


@dataclass(frozen=True, slots=True)
class FormCell:
    """An official form of a year: whether it is here, and where from."""

    id: str
    title: str
    is_here: bool
    about: str


@dataclass(frozen=True, slots=True)
class FormRow:
    """The official forms of a year."""

    year: str
    form_8949: FormCell
    schedule_d: FormCell


def place_note(place: JurisdictionRead) -> str:
    """Return when a tax year begins there, and in whose days it is counted."""
    begins = _YEAR_DAYS.get(place.year_starts, place.year_starts)
    return t("tax_settings.place_note", begins=begins, timezone=place.timezone)


def per_wallet_note(place: JurisdictionRead) -> str:
    """Return what the place's law says about lots by wallet."""
    since = place.per_wallet_from
    if since is None:
        return t("tax_settings.per_wallet_free" if place.per_wallet_choice else "tax_settings.per_wallet_one")
    if since.year <= 1:
        return t("tax_settings.per_wallet_always")
    return t("tax_settings.per_wallet_since", day=f"{since:%-d %B %Y}")


def wallet_options(place: JurisdictionRead) -> list[Option]:
    """Return how wallets may be counted there; where the law decides it there is one way."""
    found = [Option(AS_PLACE, t("tax_settings.as_place"))]
    if place.per_wallet_choice:
        found.append(Option(APART, t("tax_settings.apart")))
        if place.per_wallet_from is None:
            found.append(Option(TOGETHER, t("tax_settings.together")))
    return found


def allowed_of(place: JurisdictionRead) -> list[Option]:
    """Return the methods that the place allows, the usual one first."""
    return [Option(each.method.value, each.title) for each in place.methods if each.refused is None]


def refused_of(place: JurisdictionRead) -> list[RefusedMethod]:
    """Return the methods that it does not, with the law's reason."""
    return [RefusedMethod(each.title, each.refused) for each in place.methods if each.refused]


def method_rows(methods: Mapping[int, Method]) -> list[MethodRow]:
    """Return what was chosen, the earliest year first."""
    return [MethodRow(str(place), str(year), methods[year].value) for place, year in enumerate(sorted(methods))]


def years_in(text: str) -> list[int] | None:
    """Return the years of a text like "2021, 2023-2025"; None where it is no such text."""
    found: set[int] = set()
    for part in filter(None, (each.strip() for each in text.replace(";", ",").split(","))):
        match = _YEARS.fullmatch(part)
        if match is None:
            return None
        first, last = int(match[1]), int(match[2] or match[1])
        if not first <= last <= first + MOST_YEARS:
            return None
        found.update(range(first, last + 1))
    return sorted(found)


def years_text(years: Sequence[int]) -> str:
    """Return years as they are written: those in a row as "2023-2025"."""
    spans: list[list[int]] = []
    for year in sorted(years):
        if spans and year == spans[-1][-1] + 1:
            spans[-1].append(year)
        else:
            spans.append([year])
    return ", ".join(str(each[0]) if len(each) == 1 else f"{each[0]}-{each[-1]}" for each in spans)


def form_rows(forms: FormTemplateList) -> list[FormRow]:
    """Return the official forms by year, the newest first."""
    by_year: dict[int, dict[FormName, FormCell]] = {}
    for each in forms.items:
        by_year.setdefault(each.year, {})[each.form] = _cell(each)
    return [
        FormRow(str(year), cells[FormName.FORM_8949], cells[FormName.SCHEDULE_D]) for year, cells in by_year.items()
    ]


def _cell(form: FormTemplateRead) -> FormCell:
    about = ""
    if form.is_here and form.added_at is not None:
        source = t("tax_settings.form_uploaded") if form.source == "uploaded" else t("tax_settings.form_from_irs")
        about = t("tax_settings.form_about", source=source, size=formats.byte_size(form.size_bytes or 0))
    return FormCell(form.id, form.title, form.is_here, about)


def years_of(methods: Sequence[MethodRow]) -> dict[str, str]:
    """Return methods by year as the form has them: the last of two of one year counts."""
    return {row.year.strip(): row.method for row in methods}
