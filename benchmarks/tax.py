"""The tax engine on ledgers of 10,000 to 1,000,000 transactions: seconds and memory by method.

The ledger: 45 % purchases, 38 % sales, 7 % staking income, 10 % transfers between two own venues, ten assets over six
tax years, every worth given. Measured is `calculate`, from events in memory to disposals, lots and income; each size
runs in a process of its own, whose peak is its memory with the events.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

from backend.tax.engine.calculate import Settings, calculate
from backend.tax.engine.events import Fee, IncomeKind, Kind, Leg, TaxEvent
from backend.tax.engine.methods import Method
from benchmarks.harness import report, say

ASSETS = ["BTC", "ETH", "SOL", "ADA", "DOT", "LINK", "UNI", "AAVE", "ATOM", "LTC"]
VENUES = ["Coinbase", "Kraken"]
Q8, P2 = Decimal("0.00000001"), Decimal("0.01")
RUNS = {
    "fifo": Settings(jurisdiction="US"),
    "lifo": Settings(jurisdiction="US", methods={1: Method.LIFO}),
    "hifo": Settings(jurisdiction="US", methods={1: Method.HIFO}),
    "per_wallet_fifo": Settings(jurisdiction="DE"),
    "acb": Settings(jurisdiction="CA"),
    "uk": Settings(jurisdiction="UK"),
}
SIZES = {10_000: "10k", 100_000: "100k", 1_000_000: "1m"}
TARGETS = {"100k": 1.0, "1m": 12.0}


def main() -> None:
    """Measure every method at every size, and the peak of memory at 100,000."""
    for size, label in SIZES.items():
        for name in RUNS if size <= 100_000 else ["fifo"]:
            found = _in_a_process(size, name)
            report(
                f"tax.{name}_{label}_s", found["seconds"], "s", target=TARGETS.get(label), better="lower",
                cpu_s=round(found["cpu"], 3), disposals=found["disposals"], peak_mb=round(found["peak_mb"]),
            )  # fmt: skip
            if (size, name) == (100_000, "fifo"):
                report("tax.peak_mb_100k", found["peak_mb"], "MB", target=250, better="lower")


def _in_a_process(size: int, name: str) -> dict[str, float]:
    say(f"tax: {size} transactions, {name}")
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.tax", str(size), name], stdout=subprocess.PIPE, check=True, text=True
    )
    return json.loads(done.stdout)


def measure(size: int, name: str) -> dict[str, float]:
    """Return seconds, peak MB of memory and the number of disposals of one run."""
    events = ledger(size)
    begin, cpu = time.perf_counter(), time.process_time()
    done = calculate(events, RUNS[name])
    seconds, cpu = time.perf_counter() - begin, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return {"seconds": seconds, "cpu": cpu, "peak_mb": peak, "disposals": len(done.outcome.disposals)}


def ledger(size: int, seed: int = 20260101) -> list[TaxEvent]:
    """Return the events of a made-up history that never sells what a venue does not hold."""
    random = Random(seed)
    begin, end = datetime(2018, 4, 6, 8, tzinfo=UTC), datetime(2024, 3, 31, 20, tzinfo=UTC)
    step = (end - begin) / size
    price = {asset: 10 ** random.uniform(0.5, 4) for asset in ASSETS}
    held = {(asset, venue): Decimal(0) for asset in ASSETS for venue in VENUES}
    events = []
    for number in range(size):
        at = (begin + step * number).replace(microsecond=0)
        asset = ASSETS[random.randrange(len(ASSETS))] if number >= len(ASSETS) else ASSETS[number]
        price[asset] = min(max(price[asset] * (1 + random.gauss(0, 0.01)), 0.5), 90_000)
        now = Decimal(price[asset]).quantize(P2)
        draw = random.random()
        venue = VENUES[random.randrange(2)]
        kind = "buy" if draw < 0.45 else "sell" if draw < 0.83 else "staking" if draw < 0.90 else "transfer"
        have = held[asset, venue]
        if number < len(ASSETS) or (kind in ("sell", "transfer") and have < Decimal("0.001")):
            kind = "buy"
        amount = Decimal(random.uniform(50, 5000) / float(now)).quantize(Q8)
        other = VENUES[1 - VENUES.index(venue)]
        if kind in ("sell", "transfer"):
            amount = min(amount, (have * (Decimal("0.8") if kind == "sell" else Decimal("0.5"))).quantize(Q8))
        elif kind == "staking":
            amount = Decimal(random.uniform(1, 30) / float(now)).quantize(Q8)
        if amount <= 0:
            kind, amount = "staking", Q8 * 1000
        held[asset, venue] += -amount if kind in ("sell", "transfer") else amount
        if kind == "transfer":
            held[asset, other] += amount
        events.append(_MAKERS[kind](f"{number:07}", at, venue, other, Leg(asset, int(amount / Q8), amount * now)))
    return events


def _buy(id_: str, at: datetime, venue: str, other: str, leg: Leg) -> TaxEvent:
    fee = (leg.value or Decimal(0)) * Decimal("0.002")
    return TaxEvent(id=id_, at=at, kind=Kind.BUY, wallet=venue, into=(leg,), fees=(Fee(fee.quantize(P2)),))


def _sell(id_: str, at: datetime, venue: str, other: str, leg: Leg) -> TaxEvent:
    return TaxEvent(id=id_, at=at, kind=Kind.SELL, wallet=venue, out=(leg,))


def _stake(id_: str, at: datetime, venue: str, other: str, leg: Leg) -> TaxEvent:
    return TaxEvent(id=id_, at=at, kind=Kind.INCOME, wallet=venue, into=(leg,), income=IncomeKind.STAKING)


def _transfer(id_: str, at: datetime, venue: str, other: str, leg: Leg) -> TaxEvent:
    return TaxEvent(id=id_, at=at, kind=Kind.TRANSFER, wallet=venue, out=(leg,), into=(leg,), to_wallet=other)


_MAKERS: dict[str, Callable[[str, datetime, str, str, Leg], TaxEvent]] = {
    "buy": _buy, "sell": _sell, "staking": _stake, "transfer": _transfer,
}  # fmt: skip

if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), sys.argv[2])))
