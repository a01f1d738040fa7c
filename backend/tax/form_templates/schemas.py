"""What the API takes and answers of official forms."""

from enum import StrEnum

from pydantic import Field

from backend.core.schemas import ApiModel, Instant

FIRST_YEAR, LAST_YEAR = 2020, 2025


class FormName(StrEnum):
    """The forms that can be filled in."""

    FORM_8949 = "f8949"
    SCHEDULE_D = "f1040sd"


class FormTemplateRead(ApiModel):
    """An official form, and whether it is there."""

    id: str = Field(description="Form and year, e.g. f8949-2024")
    form: FormName
    title: str
    year: int
    is_here: bool = Field(description="False: reports of this year have the statement instead")
    size_bytes: int | None
    sha256: str | None
    source: str | None = Field(description="Where it is from: uploaded, or the address it was downloaded from")
    added_at: Instant | None


class FormTemplateList(ApiModel):
    """All forms that can be filled in, the newest year first."""

    items: list[FormTemplateRead]
    total: int
    can_download: bool = Field(description="Whether this server may ask the IRS for them")


class FormTemplateAdded(ApiModel):
    """The form that was kept."""

    file: FormTemplateRead
