"""The sources that files can be of, one module each. Pure."""

from backend.tax.files.sources.generic import GENERIC

ALL_SOURCES = (GENERIC,)
