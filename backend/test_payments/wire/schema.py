"""A small language for the parameters an endpoint takes; what is not in it is refused, as Stripe refuses it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from backend.test_payments.wire.errors import StripeError, missing, unknown

Reader = Callable[[Any, str], Any]
MOST_METADATA = 50


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a hash by name; `required` must be there; `exactly`: the one value we can do."""

    fields: dict[str, Reader]
    required: tuple[str, ...] = ()
    exactly: dict[str, Any] = field(default_factory=dict)

    def read(self, given: dict[str, Any], prefix: str = "") -> dict[str, Any]:
        """Return the typed parameters. Raises StripeError for unknown, missing and malformed ones."""
        read: dict[str, Any] = {}
        for name, value in given.items():
            param = f"{prefix}[{name}]" if prefix else name
            reader = self.fields.get(name)
            if reader is None:
                raise unknown(param)
            read[name] = reader(value, param)
            if name in self.exactly and read[name] not in (self.exactly[name], None):
                raise StripeError(f"Test payments support only {self.exactly[name]!r} for {param}.", param=param)
        for name in self.required:
            if read.get(name) in (None, ""):
                raise missing(f"{prefix}[{name}]" if prefix else name)
        return read


def text(value: Any, param: str) -> str | None:
    """Return text of at most 5,000 characters, or None for an empty value (which unsets a field)."""
    if not isinstance(value, str):
        raise StripeError(f"Invalid string: {value}", param=param)
    if len(value) > 5_000:
        raise StripeError(
            f"Invalid string: {param} must be at most 5000 characters", code="parameter_invalid_string", param=param
        )
    return value if value != "" else None


def integer(value: Any, param: str) -> int:
    """Return a whole number."""
    if not isinstance(value, str) or not value.lstrip("-").isdecimal() or len(value) > 12:
        raise StripeError(f"Invalid integer: {value}", code="parameter_invalid_integer", param=param)
    return int(value)


def optional_integer(value: Any, param: str) -> int | None:
    """Return a whole number, or None for an empty value (which unsets a field)."""
    return None if value == "" else integer(value, param)


def natural(value: Any, param: str) -> int:
    """Return a whole number from zero on."""
    number = integer(value, param)
    if number < 0:
        raise StripeError(
            f"This value must be greater than or equal to 0 (it currently is '{number}').",
            code="parameter_invalid_integer",
            param=param,
        )
    return number


def decimal_text(value: Any, param: str) -> str:
    """Return a decimal number as text, as Stripe keeps it."""
    try:
        return format(Decimal(value).normalize(), "f")
    except (InvalidOperation, TypeError):
        raise StripeError(f"Invalid decimal: {value}", param=param) from None


def flag(value: Any, param: str) -> bool:
    """Return a boolean."""
    if value not in ("true", "false"):
        raise StripeError(f"Invalid boolean: {value}", param=param)
    return value == "true"


def one_of(first: str, *others: str) -> Reader:
    """Return a reader of one of a few words."""
    allowed = (first, *others)

    def read(value: Any, param: str) -> str:
        if value not in allowed:
            listed = f"{', '.join(allowed[:-1])}, or {allowed[-1]}" if len(allowed) > 1 else allowed[0]
            raise StripeError(f"Invalid {param}: must be one of {listed}", param=param)
        return value

    return read


def either(word: str, reader: Reader) -> Reader:
    """Return a reader of a certain word, or else of what `reader` reads."""
    return lambda value, param: word if value == word else reader(value, param)


def hash_of(shape: Shape) -> Reader:
    """Return a reader of a nested hash."""

    def read(value: Any, param: str) -> dict[str, Any] | None:
        if value == "":
            return None
        if not isinstance(value, dict):
            raise StripeError(f"Invalid object: {param} must be a hash", param=param)
        return shape.read(value, param)

    return read


def list_of(reader: Reader, most: int = 100) -> Reader:
    """Return a reader of an array."""

    def read(value: Any, param: str) -> list[Any]:
        if value == "":
            return []
        if not isinstance(value, list):
            raise StripeError("Invalid array", param=param)
        if len(value) > most:
            raise StripeError(f"Array too long: {param} has more than {most} elements", param=param)
        return [reader(each, f"{param}[{place}]") for place, each in enumerate(value)]

    return read


def metadata(value: Any, param: str) -> dict[str, str]:
    """Return metadata: at most 50 keys of 40 characters with values of 500; an empty value removes its key later."""
    if value == "":
        return {}
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise StripeError("Invalid metadata: must be a hash of strings", param=param)
    if len(value) > MOST_METADATA or any(len(key) > 40 or len(each) > 500 for key, each in value.items()):
        raise StripeError(
            "Metadata can have up to 50 keys of 40 characters with values of 500 characters.", param=param
        )
    return value


def merged_metadata(old: dict[str, str] | None, new: dict[str, str]) -> dict[str, str]:
    """Return metadata after an update: new keys are added, empty values remove theirs."""
    return {key: each for key, each in {**(old or {}), **new}.items() if each != ""}
