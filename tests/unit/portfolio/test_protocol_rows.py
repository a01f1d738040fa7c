"""Accounts in protocols on the page: parts of a wallet's positions stand together, and unknown is never zero."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from backend.portfolio.snapshots.records import AssetPart, HeldIn, make_snapshot
from state.protocol_rows import AccountRow, account_rows
from tests.unit.portfolio.test_snapshot_parts import NOW, chain, holding

SAVINGS, OTHER = "0x" + "1" * 40, "0x" + "2" * 40


def part(
    value: str | None, kind: str, role: str = "principal", wallet: str = SAVINGS, health: str | None = None, **more: str
) -> AssetPart:
    worth = None if value is None else Decimal(value)
    protocol = "Aave V3" if kind in ("supply", "borrow") else "Uniswap V3"
    held = HeldIn(
        kind=kind,
        role=role,
        identifiers=more,
        health_factor=None if health is None else Decimal(health),
        problem="It did not say." if value is None else None,
    )
    amount = None if worth is None else int(worth * 10**18)
    return replace(
        holding(1, worth), wallet=wallet, value_usd=worth, amount_raw=amount, protocol=protocol, position=held
    )


def rows(*parts: AssetPart) -> list[AccountRow]:
    return account_rows(
        make_snapshot(UUID(int=1), NOW, [chain(1)], [*parts, holding(5, Decimal(9))], is_complete=True),
        {SAVINGS: "Savings"},
    )


def test_a_wallets_positions_in_a_protocol_are_one_account_with_its_health() -> None:
    (aave,) = rows(
        part("12000", "supply", health="2.5261", token="0xa"),
        part("-6500.5", "borrow", "debt", health="2.5261", token="0xb"),
    )
    assert (aave.protocol, aave.wallet, aave.value) == ("Aave V3", "Savings", "$5,499.50")
    assert (aave.health, aave.tone) == ("Health 2.53", "gain")
    assert [(line.label, line.value, line.why) for line in aave.lines] == [
        ("Supplied", "$12,000.00", ""),
        ("Borrowed", "\u2212$6,500.50", ""),
    ]


def test_health_near_the_edge_is_toned_so() -> None:
    for factor, tone in (("1.5", "gain"), ("1.4999", "warn"), ("1.1", "warn"), ("1.0999", "loss"), ("0.4", "loss")):
        (account,) = rows(part("-1", "borrow", "debt", health=factor))
        assert account.tone == tone, factor
    assert rows(part("1", "lp"))[0].health == ""


def test_fees_stand_beside_and_each_wallet_has_its_own_account_the_most_valuable_first() -> None:
    (account,) = rows(part("5", "lp", pool="0xa"), part("1", "lp", "fees", pool="0xa"))
    assert [(line.label, line.value) for line in account.lines] == [
        ("In the pool", "$5.00"),
        ("Uncollected fees", "$1.00"),
    ]
    small, large = part("5", "lp"), part("70", "lp", wallet=OTHER)
    assert [each.value for each in rows(small, large)] == ["$70.00", "$5.00"]


def test_what_is_not_known_is_said_and_comes_last() -> None:
    unknown, known = rows(part("3", "lp", wallet=OTHER), part(None, "supply"))[::-1]
    assert (known.value, unknown.value) == ("$3.00", "\u2014")
    (line,) = unknown.lines
    assert (line.exact, line.value, line.why) == ("\u2014", "\u2014", "It did not say.")
