"""What a report is asked to be: how places and methods are called elsewhere, and wallets before the law changed."""

from datetime import UTC, datetime

import pytest

from backend.core.errors import InvalidInputError
from backend.tax.books import TaxSettings
from backend.tax.engine.methods import Method
from backend.tax.reports.schemas import ReportAsk
from backend.tax.reports.wanted import Wanted, wanted_of

NOW = datetime(2026, 11, 26, tzinfo=UTC)


def wanted(year: int = 2023, **asked: object) -> Wanted:
    return wanted_of(ReportAsk(year=year, **asked), TaxSettings(), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("place", "name", "method"),
    [
        ("US", "FIFO", Method.FIFO),
        ("us", "HiFo", Method.HIFO),
        ("US", "specific-identification", Method.SPECIFIC),
        ("CA", "ACB", Method.AVERAGE),
        ("CA", "adjusted cost base", Method.AVERAGE),
        ("JP", "moving average", Method.AVERAGE),
        ("JP", "total-average", Method.TOTAL_AVERAGE),
        ("GB", "section 104", Method.SECTION_104),
        ("UK", "share_pooling", Method.SECTION_104),
        ("UK", None, Method.SECTION_104),
    ],
)
def test_names_of_methods_and_places(place: str, name: str | None, method: Method) -> None:
    found = wanted(jurisdiction=place, method=name)
    assert found.method is method and found.settings.methods == {2023: method}
    assert found.settings.jurisdiction == ("UK" if place == "GB" else place.upper())


def test_all_wallets_as_one_is_what_the_law_says_before_2025_and_refused_after() -> None:
    assert wanted(2024, per_wallet=False).settings.per_wallet is None
    assert wanted(2024, per_wallet=True).settings.per_wallet is True
    assert wanted(2024, jurisdiction="UK", per_wallet=False).settings.per_wallet is False
    for year, place in ((2025, "US"), (2024, "DE")):
        with pytest.raises(InvalidInputError) as refused:
            wanted(year, jurisdiction=place, per_wallet=False)
        assert "each wallet apart" in refused.value.details["perWallet"]
