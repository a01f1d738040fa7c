"""Numbers as files have them: points and commas, thousands, currency signs, exponents; exact or refused. Pure."""

import re
from collections.abc import Iterable
from decimal import Context, Decimal, InvalidOperation
from typing import Literal

Mark = Literal[".", ","]
EXACT = Context(prec=200)
MOST_DIGITS = 78  # as many as a 256-bit integer has
_PLAIN = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")
_SIGNS = str.maketrans(
    {"\u2212": "-", "\u2013": "-", "\u00a0": None, "\u202f": None, "\u2009": None, " ": None, "'": None, "\u2019": None,
     "$": None, "€": None, "£": None, "¥": None, "₹": None, "₩": None, "₽": None, "₿": None, "_": None}
)  # fmt: skip
_BODY = re.compile(r"([+-]?)([0-9.,]+)(?:[eE]([+-]?[0-9]{1,4}))?")
_GROUPED = {
    ",": re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,2}(?:,[0-9]{2})*,[0-9]{3}"),  # India: 12,34,567
    ".": re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+"),
}
_EITHER = re.compile(r"[1-9][0-9]{0,2}[.,][0-9]{3}")  # 1,234: a thousand or one and a bit


def decimal_mark(texts: Iterable[str], delimiter: str) -> Mark | None:
    """Return the decimal mark that the numbers of a file show, None when they show both or leave it open.

    A number of which one cannot tell (`1,234`) says nothing; `1.234` alone is taken as a point, save in a file cut by
    semicolons, where it could be a thousand.
    """
    found: set[str] = set()
    comma_is_open = point_is_open = False
    for text in texts:
        if "," not in text and ("." in found or "." not in text):
            continue  # what has points only can prove nothing new
        body = _BODY.fullmatch(_cleaned(text))
        if body is None:
            continue
        mark = _mark_of(body.group(2))
        if mark:
            found.add(mark)
        elif "," in text:
            comma_is_open = True
        else:
            point_is_open = True
    if len(found) == 1:
        return "." if "." in found else ","
    if found or comma_is_open or (point_is_open and delimiter == ";"):
        return None
    return "."


def _mark_of(digits: str) -> str | None:
    """Return the decimal mark that a number by itself proves, None when it proves none."""
    points, commas = digits.count("."), digits.count(",")
    if points and commas:
        return "." if digits.rfind(".") > digits.rfind(",") else ","
    if points + commas > 1:
        return "," if points else "."  # grouped twice: it is the other one
    if points + commas == 0 or _EITHER.fullmatch(digits):
        return None
    return "." if points else ","


def _cleaned(text: str) -> str:
    """Return a number without signs of money and spaces; in brackets it is below zero."""
    text = text.strip()
    if text.startswith("(") and text.endswith(")"):
        text = "-" + text[1:-1]
    text = text.translate(_SIGNS)
    return text.replace("+-", "-").replace("-+", "-")


def number(text: str, mark: Mark | None = ".") -> Decimal | None:
    """Return a number exactly, None for an empty cell (or a dash, or `null`).

    Raises ValueError, with what to do, for what is no number or can be read in two ways.
    """
    if mark == "." and _PLAIN.fullmatch(text):  # the fast way: nearly every cell
        if len(text) > MOST_DIGITS:
            raise ValueError(f"{text[:20]}… has more than {MOST_DIGITS} digits")
        return Decimal(text)
    if text.strip() in _NOTHING:
        return None
    body = _BODY.fullmatch(_cleaned(text))
    if body is None:
        raise ValueError(f"“{text.strip()[:40]}” is no number: write it like 1234.56")
    sign, digits, exponent = body.groups()
    try:
        value = Decimal(f"{sign}{_plain_digits(digits, mark, text)}e{exponent or 0}")
    except InvalidOperation:
        raise ValueError(f"“{text.strip()[:40]}” is no number: write it like 1234.56") from None
    if len(value.as_tuple().digits) > MOST_DIGITS or not -MOST_DIGITS <= value.adjusted() <= MOST_DIGITS:
        raise ValueError(f"{text.strip()[:20]}… has more than {MOST_DIGITS} digits")
    return value


_NOTHING = frozenset({"", "-", "--", "\u2013", "\u2014", "null", "None", "N/A", "n/a", "NaN", "nan"})


def _plain_digits(digits: str, mark: Mark | None, text: str) -> str:
    proven = _mark_of(digits)
    used = proven or mark
    if "," not in digits and "." not in digits:
        return digits
    if used is None:
        raise ValueError(f"“{text.strip()[:40]}” can be read in two ways: say whether its mark is the decimal one")
    if proven and mark and proven != mark and not (digits.count(".") and digits.count(",")):
        raise ValueError(
            f"“{text.strip()[:40]}” does not fit the other numbers of the file, whose decimal mark is {mark}"
        )
    thousands = "," if used == "." else "."
    whole, _, rest = digits.partition(used)
    if (thousands in whole and not _GROUPED[thousands].fullmatch(whole)) or thousands in rest or used in rest:
        raise ValueError(f"“{text.strip()[:40]}” is no number: write it like 1234.56")
    return f"{whole.replace(thousands, '')}.{rest}" if rest else whole.replace(thousands, "")


def plain(value: Decimal) -> str:
    """Return a number without exponent and trailing zeros, all digits: the same text for equal numbers."""
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


# What Decimal does by itself (abs, -) rounds to 28 digits: amounts of tokens have more.
positive, negative = EXACT.abs, EXACT.minus


def below_zero(value: Decimal) -> Decimal:
    """Return an amount as what went, exactly."""
    return EXACT.minus(EXACT.abs(value))


def add(*values: Decimal) -> Decimal:
    """Return an exact sum."""
    total = values[0]
    for each in values[1:]:
        total = EXACT.add(total, each)
    return total
