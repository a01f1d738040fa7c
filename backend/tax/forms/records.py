"""What forms are made for and what comes out: who files, and files with their names. Pure records."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Holder:
    """Who files. What is not given stays blank on the forms. `whole_units`: dollars (euros, ...) without cents."""

    name: str = ""
    tax_id: str = ""
    whole_units: bool = False


@dataclass(frozen=True, slots=True)
class Artefact:
    """A finished file."""

    name: str
    title: str
    media_type: str
    content: bytes


class TotalsDifferError(ValueError):
    """Two files of one year do not come to the same total: it says which, and by how much. Nothing is handed out."""


class TemplateError(ValueError):
    """A PDF that is not the official form that is needed: it says why."""


DEMO_MARK = "Demo market"  # on every page of a PDF whose figures rest on it
PDF, CSV, ZIP = "application/pdf", "text/csv", "application/zip"
