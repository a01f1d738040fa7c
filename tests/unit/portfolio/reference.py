"""Real price series for comparisons, where the machine has them: they are never part of the project.

They stand in shared/data beside the project: ohlcv/bybit_daily/<symbol>.csv and ohlcv/sp500/GSPC_daily_ohlcv.csv.
"""

import csv
from datetime import date
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
SYMBOLS = ("BTCUSDT", "ETHUSDT", "AAVEUSDT", "UNIUSDT", "LINKUSDT", "SOLUSDT", "CRVUSDT")


def reference_dir() -> Path:
    """The directory of the series; skips the test where there is none."""
    if not (DATA / "ohlcv").is_dir():
        pytest.skip("the shared data is not here")
    return DATA


def daily_closes(symbol: str) -> dict[date, float]:
    """A token's closing prices by day."""
    return _read(reference_dir() / "ohlcv" / "bybit_daily" / f"{symbol}.csv", "date", "close")


def sp500_closes() -> dict[date, float]:
    """The S&P 500's closing values by day."""
    return _read(reference_dir() / "ohlcv" / "sp500" / "GSPC_daily_ohlcv.csv", "Date", "Close")


def _read(path: Path, day: str, close: str) -> dict[date, float]:
    with path.open(newline="") as file:
        return {date.fromisoformat(row[day][:10]): float(row[close]) for row in csv.DictReader(file) if row[close]}
