"""Which schedule a place has. A new place is a new file here. Pure."""

from collections.abc import Callable

from backend.tax.forms.schedules import australia, canada, france, general, germany, united_kingdom, united_states
from backend.tax.forms.schedules.common import Schedule
from backend.tax.forms.year import TaxYear

_MODULES = (united_states, united_kingdom, germany, canada, australia, france)


def schedule_of(code: str) -> Callable[[TaxYear], Schedule]:
    """Return what makes the schedule of a place: its own, or the general one."""
    for module in _MODULES:
        if code in module.PLACES:
            return module.schedule
    return general.schedule
