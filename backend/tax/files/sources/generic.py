"""The generic format as a source. Pure."""

from backend.tax.files import generic
from backend.tax.files.formats import Format, Source
from backend.tax.files.records import SourceInfo

GENERIC_FORMAT = Format(
    name="the generic format", columns=generic.COLUMNS, read=generic.read, numbers=generic.NUMBERS, zone=None
)  # fmt: skip
GENERIC = Source(
    key="generic",
    info=SourceInfo(
        title="Generic CSV",
        hint="Any CSV file: with the headings of the generic format, or with your own, which you map to it.",
    ),
    formats=(GENERIC_FORMAT,),
)
