"""`python -m benchmarks NAME…`: run benchmarks by name; without a name, all of them."""

import importlib
import sys

NAMES = (
    "aggregate",
    "accounts",
    "alerts",
    "alerts_e2e",
    "alerts_rules",
    "balances",
    "decoding",
    "event_to_alert",
    "notifications",
    "page",
    "portfolio_page",
    "store",
    "stream",
    "tax",
    "valuation",
)


def main() -> int:
    """Run what was asked for; returns the exit code."""
    wanted = sys.argv[1:] or list(NAMES)
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        print(f"unknown benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    for name in wanted:
        importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
