"""A stored disposal in words, by the engine's own explanation. Pure."""

from collections.abc import Mapping
from typing import Any

from backend.tax.engine.calculate import Calculation, Settings
from backend.tax.engine.explain import explain
from backend.tax.engine.methods import Method
from backend.tax.engine.registry import jurisdiction
from backend.tax.engine.results import Outcome
from backend.tax.reports.lines import disposal_of


def explained(settings: Mapping[str, Any], place: str, currency: str, line: Any) -> list[str]:
    """Return what a disposal of a report comes to, line by line. `settings` are those that the report keeps."""
    rules = jurisdiction(place)
    methods = {int(year): Method(method) for year, method in settings["methods"].items()}
    chosen = Settings(jurisdiction=place, methods=methods, wash_sales=settings["washSale"])
    disposal, places = disposal_of(line)
    # Nothing is calculated anew: the stored disposal is what the engine made.
    done = Calculation(rules, chosen, settings["timezone"], Outcome())
    return explain(done, disposal, {disposal.asset: places}, currency)
