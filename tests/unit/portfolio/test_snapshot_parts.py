"""What a snapshot is made of: parts sum to the whole, shares to 100; search and order leave nothing out."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from backend.portfolio.allocation import REST, SORTS, Way, allocation, find_assets, unknown_of
from backend.portfolio.position_list import explained_tokens
from backend.portfolio.snapshots.records import EXACT, AssetPart, ChainPart, HeldIn, Snapshot, make_snapshot
from state.portfolio_rows import asset_rows, gaps_of, part_rows
from state.portfolio_state import FIRST_SORT, View, view_of

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
WAYS: tuple[Way, ...] = ("asset", "chain", "wallet", "category", "protocol")


def holding(place: int, value: Decimal | None, chain_id: int = 1) -> AssetPart:
    return AssetPart(
        chain_id=chain_id,
        token=f"0x{place:040x}",
        wallet=f"0x{place % 3:040x}",
        symbol=f"T{place}",
        decimals=18,
        amount_raw=10**18,
        price_usd=value,
        price_source=None if value is None else "pool",
        price_taken_at=None if value is None else NOW,
        value_usd=value,
        category="stablecoin" if place % 2 else None,
    )


def chain(chain_id: int, state: str = "fresh") -> ChainPart:
    known = state != "unknown"
    return ChainPart(
        chain_id=chain_id,
        value_usd=None,
        block_number=7 if known else None,
        block_hash="0x07" if known else None,
        taken_at=NOW if known else None,
        state=state,  # type: ignore[arg-type]
        problem=None if state == "fresh" else "It does not answer.",
    )


def snapshot(values: list[Decimal | None], *more: ChainPart) -> Snapshot:
    parts = [holding(place, value, 1 + place % 2) for place, value in enumerate(values)]
    return make_snapshot(UUID(int=1), NOW, [chain(1), chain(2), *more], parts, is_complete=True)


values = st.lists(
    st.one_of(st.none(), st.decimals(0, Decimal("1e15"), places=18, allow_nan=False, allow_infinity=False)), max_size=30
)


@given(values)
def test_parts_sum_to_the_whole_and_shares_to_a_hundred(values: list[Decimal | None]) -> None:
    made = snapshot(values)
    for way in WAYS:
        for most in (None, 4):
            parts = allocation(made, way, most)
            with localcontext(EXACT):
                assert sum(part.value_usd for part in parts) == made.total_value_usd
            shares = [part.share_pct for part in parts if part.share_pct is not None]
            assert sum(shares) == (100 if made.total_value_usd else 0)
            assert most is None or len(parts) <= most


@given(values, st.sampled_from([*SORTS, *[f"-{name}" for name in SORTS]]))
def test_order_leaves_nothing_out_and_puts_the_unknown_last(values: list[Decimal | None], sort: str) -> None:
    made = snapshot(values)
    found = find_assets(made, "", sort)
    assert sorted(part.token for part in found) == sorted(part.token for part in made.assets)
    if sort in ("value", "-value"):
        known = [part.value_usd for part in found if part.value_usd is not None]
        assert known == sorted(known, reverse=sort == "-value")
        assert all(part.value_usd is None for part in found[len(known) :])


def test_what_is_beyond_the_most_stands_together() -> None:
    made = snapshot([Decimal(each) for each in (5, 4, 3, 2, 1)])
    assert [(part.key, part.count) for part in allocation(made, "asset", 3)][-1] == (REST, 3)
    assert part_rows(made, "category", {})[0].name in ("Stablecoins", "Other")


def test_search_finds_symbol_contract_chain_and_wallet() -> None:
    made = snapshot([Decimal(1), Decimal(2), None])
    assert [part.symbol for part in find_assets(made, " t1 ", "asset")] == ["T1"]
    assert [part.symbol for part in find_assets(made, made.assets[2].token, "asset")] == ["T2"]
    assert find_assets(made, "nothing such", "asset") == []


def test_unknown_is_said_and_never_zero() -> None:
    made = snapshot([Decimal(1), None], chain(10, "stale"), chain(137, "unknown"))
    assert unknown_of(made.assets) == 1
    texts = [gap.text for gap in gaps_of(made)]
    assert len(texts) == 3 and any("is unknown" in text for text in texts) and any("block 7" in text for text in texts)
    row = asset_rows(made, made.assets[1:], {})[0]
    assert (row.value, row.share, row.price, row.why) == ("—", "—", "—", "No source has a price for it.")


def test_any_address_names_a_view() -> None:
    assert view_of({}) == View()
    odd = view_of({"range": "2h", "q": " x ", "sort": "-nothing"})
    assert (odd.range, odd.search, odd.sort) == (View().range, "x", FIRST_SORT)
    assert view_of({"range": "1y", "sort": "price"}).address() == "/portfolio/?range=1y&sort=price"


def test_tokens_that_stand_for_positions_are_named_with_their_protocol() -> None:
    lp, token = "0x" + "Aa" * 20, "0x" + "bb" * 20
    inside = [
        replace(
            holding(1, Decimal(1)),
            protocol="Uniswap V2",
            position=HeldIn(kind="lp", role="principal", identifiers={"pool": lp}),
        ),
        replace(
            holding(2, Decimal(-1)),
            protocol="Aave V3",
            position=HeldIn(kind="borrow", role="debt", identifiers={"token": token, "rate": "variable"}),
        ),
    ]
    taken = make_snapshot(UUID(int=1), NOW, [chain(1)], [*inside, holding(3, Decimal(2))], is_complete=True)
    assert explained_tokens(taken) == {(1, lp.lower()): "Uniswap V2", (1, token): "Aave V3"}
    assert explained_tokens(None) == {}
