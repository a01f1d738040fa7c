"""The places whose rules the engine knows, by code. A new place is a new file in `jurisdictions`. Pure."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from backend.tax.engine import jurisdictions
from backend.tax.engine.jurisdictions.base import Jurisdiction


class UnknownJurisdictionError(KeyError):
    """A place whose rules the engine does not know."""


@cache
def all_jurisdictions() -> dict[str, Jurisdiction]:
    """Return the rules of all places by code, in the order of their names."""
    found: dict[str, Jurisdiction] = {}
    for module in iter_modules(jurisdictions.__path__, f"{jurisdictions.__name__}."):
        for each in getattr(import_module(module.name), "JURISDICTIONS", ()):
            if each.code in found:
                raise ValueError(f"two places have the code {each.code}")
            found[each.code] = each
    return dict(sorted(found.items(), key=lambda item: item[1].name))


def jurisdiction(code: str) -> Jurisdiction:
    """Return a place's rules. Raises UnknownJurisdictionError, which names those there are."""
    try:
        return all_jurisdictions()[code]
    except KeyError:
        raise UnknownJurisdictionError(
            f"there are no rules for {code!r}; there are: {', '.join(sorted(all_jurisdictions()))}"
        ) from None
