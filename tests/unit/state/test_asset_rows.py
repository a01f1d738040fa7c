"""What the page of an asset says: unknown is said to be unknown, with the reason, and never zero."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from backend.portfolio.profit.schemas import AssetProfitRead, LotRead, SumRead, TradeRead
from components.i18n import catalogue
from state import portfolio_asset_rows as rows
from state.portfolio_asset_state import asset_of

NOW = datetime(2026, 5, 20, tzinfo=UTC)
NOTHING = SumRead(usd=Decimal(0), known=0, unknown=0)


def figures(**more: Any) -> AssetProfitRead:
    values: dict[str, Any] = {
        "chain_id": 1,
        "chain": "Ethereum",
        "token": "0x" + "11" * 20,
        "symbol": "TKN",
        "decimals": 18,
        "amount_raw": "4",
        "amount": Decimal(4),
        "price_usd": Decimal(160),
        "price_source": "pool",
        "price_taken_at": NOW,
        "value_usd": Decimal(640),
        "cost_usd": Decimal(400),
        "known_amount": Decimal(4),
        "unknown_amount": Decimal(0),
        "known_cost_usd": Decimal(400),
        "average_cost_usd": Decimal(100),
        "unrealised_usd": Decimal(240),
        "unrealised_pct": Decimal(60),
        "realised": SumRead(usd=Decimal(100), known=1, unknown=0),
        "income": NOTHING,
        "fees": NOTHING,
        "left_with_transfers": NOTHING,
        "notes": [],
    }
    return AssetProfitRead(**values | more)


def test_tiles_say_what_is_known() -> None:
    value, cost, unrealised, realised, income, fees = rows.tiles_of(figures(), NOW)
    assert (value.value, value.note) == ("$640.00", "4 TKN, without positions")
    assert (cost.value, cost.note) == ("$400.00", "$100.00 each on average")
    assert (unrealised.value, unrealised.change, unrealised.direction) == ("+$240.00", "+60.00%", "up")
    assert (realised.value, realised.note, realised.direction) == ("+$100.00", "By sales, lot by lot", "up")
    assert (income.value, fees.value) == ("$0.00", "$0.00")


def test_tiles_say_what_is_not_known() -> None:
    nobody_knows: dict[str, Any] = {"cost_usd": None, "known_cost_usd": None, "average_cost_usd": None}
    nobody_knows |= {"known_amount": Decimal(0), "unknown_amount": Decimal(4), "unrealised_usd": None}
    nobody_knows |= {"unrealised_pct": None, "realised": SumRead(usd=Decimal(0), known=0, unknown=2)}
    found = figures(**nobody_knows, notes=["held before", "no price"])
    _, cost, unrealised, realised, *_ = rows.tiles_of(found, NOW)
    assert (cost.value, unrealised.value, unrealised.direction) == ("—", "—", "unknown")
    assert "held before the history" in unrealised.note
    assert (realised.value, realised.note) == ("—", "2 parts unknown")
    assert len(rows.notes_of(found)) == 2


def test_a_part_of_known_cost_is_said_to_be_a_part() -> None:
    part = figures(cost_usd=None, known_amount=Decimal(3), unknown_amount=Decimal(1), known_cost_usd=Decimal(300))
    _, cost, unrealised, *_ = rows.tiles_of(part, NOW)
    assert (cost.value, cost.note, unrealised.note) == ("$300.00", "Of 3 TKN", "Of 3 TKN")


def test_lots_have_their_age_and_origin() -> None:
    lot: dict[str, Any] = {"amount_raw": "2", "amount": Decimal(2), "value_usd": Decimal(320)}
    bought = LotRead(
        acquired_at=NOW - timedelta(days=3, hours=5),
        origin="bought",
        cost_usd=Decimal(200),
        gain_usd=Decimal(120),
        **lot,
    )
    before = LotRead(acquired_at=None, origin="held before", cost_usd=None, gain_usd=None, **lot)
    known, unknown = rows.lot_rows([bought, before], NOW)
    assert (known.held, known.origin, known.unit_cost, known.gain, known.tone) == (
        "3 days",
        "Bought",
        "$100.00",
        "+$120.00",
        "gain",
    )
    assert (unknown.at, unknown.held, unknown.origin, unknown.cost, unknown.gain) == (
        "",
        "—",
        "Held before",
        "—",
        "—",
    )


def test_every_reason_and_origin_has_words() -> None:
    from backend.ledger.engine import books

    reasons = (books.HELD_BEFORE, books.NO_PRICE, books.LIQUIDATED, books.NO_TRANSFER, books.UNMATCHED_BRIDGE)
    assert {f"asset.note_{reason.replace(' ', '_')}" for reason in reasons} <= catalogue().keys()
    origins = books.Origin.__args__  # type: ignore[attr-defined]
    assert {f"asset.origin_{origin.replace(' ', '_')}" for origin in origins} <= catalogue().keys()


def test_marks_are_the_trades_of_the_range() -> None:
    def trade(side: Any, hours: int) -> TradeRead:
        at = NOW - timedelta(hours=hours)
        return TradeRead(at=at, side=side, amount=Decimal(1), value_usd=None, price_usd=None)

    marks = rows.trade_marks([trade("buy", 30), trade("buy", 20), trade("sell", 2)], NOW - timedelta(hours=24))
    assert [side for _, side in marks] == [1.0, -1.0]


def test_addresses_name_an_asset_or_nothing() -> None:
    token = "0x" + "aB" * 20
    assert asset_of({"chain": "1", "token": token}) == (1, token.lower())
    assert asset_of({"chain": "1", "token": "native"}) == (1, "0x" + "ee" * 20)
    for query in ({}, {"chain": "x", "token": token}, {"chain": "1", "token": "0x12"}, {"chain": "1"}):
        assert asset_of(query) is None
