"""What tax numbers are called where, and what they look like. Pure.

Sources: IRS Publication 1915 and form SS-4 (nine digits: SSN, ITIN, EIN); HMRC (UTR: ten digits); the Bundeszentralamt
für Steuern (identification number: eleven digits; tax number: ten to thirteen with slashes); the CRA (SIN: nine
digits); the ATO (TFN: eight or nine digits); the DGFiP (numéro fiscal: thirteen digits); the Income Tax Department of
India (PAN: five letters, four digits, a letter). Checked is only the shape: a number of the right shape may be wrong.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

MOST_SIGNS = 32


@dataclass(frozen=True, slots=True)
class TaxNumber:
    """A kind of tax number: what it is called, its signs without spaces and marks, and how that is said."""

    title: str
    shape: re.Pattern[str]
    said: str


def _digits(least: int, most: int = 0) -> re.Pattern[str]:
    return re.compile(rf"[0-9]{{{least},{most or least}}}")


_ANY = TaxNumber("Tax number", re.compile(r"[0-9A-Z]{4,24}"), "Write 4 to 24 letters and digits.")
_UTR = TaxNumber("Unique taxpayer reference (UTR)", _digits(10), "A UTR has 10 digits.")
_NUMBERS: Mapping[str, TaxNumber] = {
    "US": TaxNumber("Social security number (or ITIN, EIN)", _digits(9), "It has 9 digits: 123-45-6789."),
    "UK": _UTR,
    "UK_COMPANY": _UTR,
    "DE": TaxNumber("Tax identification number or tax number", _digits(10, 13), "It has 10 to 13 digits."),
    "CA": TaxNumber("Social insurance number (SIN)", _digits(9), "A SIN has 9 digits."),
    "AU": TaxNumber("Tax file number (TFN)", _digits(8, 9), "A TFN has 8 or 9 digits."),
    "FR": TaxNumber("Numéro fiscal", _digits(13), "It has 13 digits."),
    "IN": TaxNumber(
        "Permanent account number (PAN)", re.compile(r"[A-Z]{5}[0-9]{4}[A-Z]"), "A PAN is like ABCDE1234F."
    ),
}


def tax_number_of(place: str) -> TaxNumber:
    """Return the kind of tax number that a place's forms ask for."""
    return _NUMBERS.get(place, _ANY)


def tax_id_problem(place: str, tax_id: str) -> str:
    """Return what is wrong with a number, nothing where its shape is right."""
    kind = tax_number_of(place)
    bare = re.sub(r"[\s\-/.]", "", tax_id).upper()
    return "" if len(tax_id) <= MOST_SIGNS and kind.shape.fullmatch(bare) else kind.said


def hint_of(tax_id: str) -> str:
    """Return a number with all but its last four signs covered."""
    return "\u2022\u2022\u2022\u2022" + re.sub(r"[\s\-/.]", "", tax_id)[-4:]
