"""Runs a peer's own program unchanged but for its reports, in the peers' environment, and times its engine.

`python tax_peer_engine.py rp2|bittytax <the program's arguments>` prints one JSON object: the engine's seconds, and the
cost, proceeds and gain of all disposals. It imports nothing of ours.
"""

import contextlib
import io
import json
import sys
import time
from importlib import import_module
from typing import Any

Found = dict[str, Any]


def _timed(owner: Any, name: str, spent: list[tuple[float, float]], results: list[Any]) -> None:
    original = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        begin = time.perf_counter(), time.process_time()
        try:
            results.append(original(*args, **kwargs))
            return results[-1]
        finally:
            spent.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))

    setattr(owner, name, wrapped)


def _sums(spent: list[tuple[float, float]]) -> Found:
    return {"seconds": sum(wall for wall, _ in spent), "cpu": sum(cpu for _, cpu in spent)}


def rp2() -> Found:
    """Run rp2: its engine is `compute_tax`, once an asset. Reports, three quarters of its time, are left out."""
    main: Any = import_module("rp2.rp2_main")
    spent: list[tuple[float, float]] = []
    results: list[Any] = []
    _timed(main, "compute_tax", spent, results)
    main._find_and_run_report_generators = lambda *args, **kwargs: None
    import_module("rp2.plugin.country.us").rp2_entry()
    cost = proceeds = 0.0
    for result in results:
        for each in result.gain_loss_set:
            if each.acquired_lot is not None:
                cost += float(each.fiat_cost_basis)
                proceeds += float(each.taxable_event_fiat_amount_with_fee_fraction)
    return {**_sums(spent), "cost": cost, "proceeds": proceeds}


def bittytax() -> Found:
    """Run BittyTax: its engine are the steps of `TaxCalculator` that match."""
    main = import_module("bittytax.bittytax")
    calculator = import_module("bittytax.tax").TaxCalculator
    gains = import_module("bittytax.tax_event").TaxEventCapitalGains
    spent: list[tuple[float, float]] = []
    calculators: list[Any] = []
    begin_with = calculator.__init__

    def remember(self: Any, *args: Any, **kwargs: Any) -> None:
        calculators.append(self)
        begin_with(self, *args, **kwargs)

    calculator.__init__ = remember
    for name in ("pool_same_day", "match_sell", "match_buyback", "process_section104"):
        _timed(calculator, name, spent, [])
    main.main()
    events = [each for year in calculators[0].tax_events.values() for each in year if isinstance(each, gains)]
    cost = sum(float(each.cost + (each.fees or 0)) for each in events)
    return {**_sums(spent), "cost": cost, "proceeds": sum(float(each.proceeds) for each in events)}


def main() -> None:
    """Run the peer that is named; what it prints is dropped."""
    peer = sys.argv.pop(1)
    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO(), "utf-8")):
        found = {"rp2": rp2, "bittytax": bittytax}[peer]()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
