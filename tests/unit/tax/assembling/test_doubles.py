"""What two sources tell: certain where a hash says so, asked where it only looks the same, counted once either way."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.tax.assembling.assemble import Assembled
from backend.tax.assembling.doubles import find_doubles
from backend.tax.books import IssueKind
from backend.tax.engine.events import IncomeKind
from backend.tax.files.reading import read_file
from backend.tax.files.writing import generic_csv
from backend.tax.transactions import Edit, TaxTransaction
from tests.unit.tax.assembling.told import A, B, K, events, figures, gains, issues, leg, put_together, tx
from tests.unit.tax.given import day

ONE, TWO = UUID(int=1001), UUID(int=1002)
HASH = "0x" + "5" * 64
PEPE = "1:0x" + "7" * 40


def wallet(number: int, kind: K, at: Any, *legs: Any, **more: Any) -> TaxTransaction:
    values = {"wallet": A, "tx_hash": HASH, "chain_id": 1, **more}
    return tx(number, kind, at, *legs, source="wallet", **values)


def file(number: int, kind: K, at: Any, *legs: Any, **more: Any) -> TaxTransaction:
    values = {"wallet": "MetaMask", "tx_hash": HASH, "import_id": ONE, "line": number, **more}
    return tx(number, kind, at, *legs, source="file", **values)


def twice(made: Assembled) -> dict[int, int]:
    return {each.transaction.int: each.same_as.int for each in made.told_twice}


def asked(made: Assembled) -> list[int]:
    return [each.transaction_id.int for each in issues(made, IssueKind.DUPLICATE) if each.transaction_id]


SWAP = wallet(1, K.SWAP, 1, leg("ETH", -1, 2000), leg("USDC", 2000, 2000), fees=(leg("ETH", "0.01", 20),))


@pytest.mark.parametrize("told_hash", [HASH, HASH.upper().replace("X", "x"), HASH[2:], f" {HASH} "])
def test_what_a_file_says_of_a_wallets_transaction_counts_once(told_hash: str):
    row = file(2, K.SWAP, 1.1, leg("ETH", -1, 1990), leg("USDC", 2000, 1990), tx_hash=told_hash)
    made = put_together([row, SWAP])
    assert twice(made) == {2: 1}
    assert made.events == put_together([SWAP]).events
    assert asked(made) == []


def test_the_address_of_the_row_must_be_the_wallets_own():
    row = file(2, K.SWAP, 1, *SWAP.legs)
    assert twice(put_together([SWAP, replace(row, wallet=A)])) == {2: 1}
    other = put_together([SWAP, replace(row, wallet=B)])
    assert (twice(other), asked(other)) == ({}, [])


def test_one_hash_with_several_transfers_is_several_things():
    there = [wallet(1, K.DEPOSIT, 1, leg("USDC", 5)), wallet(2, K.DEPOSIT, 1, leg("USDC", 5), sequence=1)]
    rows = [file(n, K.DEPOSIT, 1, leg("USDC", 5)) for n in (3, 4, 5)]
    assert len(twice(put_together([*there, *rows[:2]]))) == 2
    made = put_together([*there, *rows])
    assert len(twice(made)) == 2
    assert len(asked(made)) == 1  # the third is another transfer, or not: nobody knows


def test_several_rows_are_the_one_event_that_adds_them_up():
    there = wallet(1, K.DEPOSIT, 1, leg("USDC", 30))
    rows = [file(n, K.DEPOSIT, 1, leg("USDC", 10)) for n in (3, 4, 5)]
    assert twice(put_together([there, *rows])) == {3: 1, 4: 1, 5: 1}
    assert twice(put_together([there, *rows[:2]])) == {}
    assert len(asked(put_together([there, *rows[:2]]))) == 2
    assert twice(put_together([there, wallet(2, K.DEPOSIT, 1, leg("USDC", 30), wallet=B), *rows])) == {}


def test_rows_of_one_side_each_and_of_a_fee_are_the_swap():
    rows = [
        file(2, K.WITHDRAWAL, 1, leg("ETH", -1)),
        file(3, K.DEPOSIT, 1, leg("USDC", 2000)),
        file(4, K.FEE, 1, fees=(leg("ETH", "0.01"),)),
        file(5, K.FEE, 1, leg("ETH", "-0.01"), import_id=TWO),
    ]
    assert twice(put_together([SWAP, *rows])) == {2: 1, 3: 1, 4: 1, 5: 1}


def test_a_withdrawal_that_is_the_network_fee_is_told_twice():
    paid = wallet(1, K.FEE, 1, fees=(leg("ETH", "0.0021", 4),))
    made = put_together([paid, file(2, K.WITHDRAWAL, 1, leg("ETH", "-0.0021"))])
    assert (twice(made), asked(made)) == ({2: 1}, [])
    made = put_together([paid, file(2, K.WITHDRAWAL, 1, leg("ETH", "-0.0022"))])
    assert (twice(made), asked(made)) == ({}, [])


def test_as_much_of_an_asset_by_another_name_is_asked():
    there = wallet(1, K.DEPOSIT, 1, leg("WETH", 3))
    made = put_together([there, file(2, K.DEPOSIT, 1, leg("ETH", 3))])
    assert (twice(made), asked(made)) == ({}, [2])
    made = put_together([there, file(2, K.DEPOSIT, 1, leg("ETH", 4))])
    assert asked(made) == []


def test_a_row_that_is_a_whole_transaction_is_told_twice_beside_one_that_is_not():
    there = [wallet(1, K.DEPOSIT, 1, leg("USDC", 5)), wallet(2, K.DEPOSIT, 1, leg("DAI", 7), sequence=1)]
    rows = [file(3, K.DEPOSIT, 1, leg("USDC", 5)), file(4, K.DEPOSIT, 1, leg("DAI", 8))]
    made = put_together([*there, *rows])
    assert (twice(made), asked(made)) == ({3: 1}, [4])


def test_amounts_with_fewer_digits_are_the_same_and_with_few_are_asked():
    there = wallet(1, K.DEPOSIT, 1, leg("ETH", "0.123456789012345678"))
    assert twice(put_together([there, file(2, K.DEPOSIT, 1, leg("ETH", "0.12345679"))])) == {2: 1}
    assert twice(put_together([there, file(2, K.DEPOSIT, 1, leg("ETH", "0.12345678"))])) == {2: 1}
    for amount in ("0.12", "0.12345677", "0.12346"):
        made = put_together([there, file(2, K.DEPOSIT, 1, leg("ETH", amount))])
        assert (twice(made), asked(made)) == ({}, [2]), amount


def test_a_token_that_nobody_vouches_for_is_known_by_its_symbol():
    there = wallet(1, K.DEPOSIT, 1, leg(PEPE, 77, symbol="Pepe"))
    assert twice(put_together([there, file(2, K.DEPOSIT, 1, leg("PEPE", 77))])) == {2: 1}
    made = put_together([there, file(2, K.DEPOSIT, 1, leg("DOGE", 77))])
    assert (twice(made), asked(made)) == ({}, [2])


def test_the_other_side_of_an_own_transfer_is_no_double():
    there = wallet(1, K.WITHDRAWAL, 1, leg("ETH", -1))
    arrived = file(2, K.DEPOSIT, 1, leg("ETH", 1), wallet="Kraken")
    made = put_together([there, arrived])
    assert (twice(made), asked(made), len(made.transfers)) == ({}, [], 1)


def test_an_account_of_its_own_is_asked_when_as_much_came_to_a_wallet_in_the_same_transaction():
    other = "0x" + "6" * 64
    own = [wallet(1, K.WITHDRAWAL, 1, leg("ETH", -1)), file(2, K.DEPOSIT, 1, leg("ETH", 1), wallet="Kraken")]
    paid = [
        wallet(3, K.DEPOSIT, 2, leg("USDC", 5), tx_hash=other),
        file(4, K.DEPOSIT, 2, leg("USDC", 5), wallet="Kraken", tx_hash=other),
    ]
    assert twice(put_together(paid)) == {4: 3}
    made = put_together([*own, *paid])
    assert (twice(made), asked(made)) == ({}, [4])


def test_a_transfer_that_a_tool_tells_is_both_its_sides():
    there = [
        wallet(1, K.WITHDRAWAL, 1, leg("ETH", -1)),
        wallet(2, K.DEPOSIT, 1, leg("ETH", 1), wallet=B),
    ]
    row = file(3, K.TRANSFER, 1, leg("ETH", -1), leg("ETH", 1), to_wallet="Ledger")
    assert twice(put_together([*there, row])) == {3: 1}
    made = put_together([there[0], row])
    assert (twice(made), asked(made)) == ({}, [3])
    first = issues(made, IssueKind.DUPLICATE)[0].proposals[0]
    assert first.edits[UUID(int=1)] == Edit(kind=K.TRANSFER, to_wallet="Ledger")


def test_two_files_with_a_hash_count_once_and_the_first_import_stays():
    one = file(1, K.DEPOSIT, 1, leg("ETH", 1, 2000), wallet="Kraken", import_id=ONE)
    two = file(2, K.DEPOSIT, 1, leg("ETH", 1), wallet=" kraken", import_id=TWO)
    assert twice(put_together([two, one])) == {2: 1}
    assert twice(put_together([one, replace(two, wallet="Bitstamp")])) == {}
    short = [replace(each, tx_hash="Internal") for each in (one, two)]
    assert twice(put_together(short)) == {}


def test_what_does_not_count_stands_for_nothing():
    row = file(2, K.SWAP, 1, *SWAP.legs)
    assert twice(put_together([SWAP, row], {1: Edit(kind=K.IGNORED)})) == {}
    assert twice(put_together([SWAP, row], excluded_wallets=frozenset({A}))) == {}
    assert twice(put_together([SWAP, row], {2: Edit(is_separate=True)})) == {}
    spam = replace(SWAP, kind=K.IGNORED)
    made = put_together([spam, row])
    assert (twice(made), made.events) == ({2: 1}, [])


def test_what_was_entered_by_hand_is_asked_and_not_left_out():
    row = replace(file(2, K.SWAP, 1, *SWAP.legs), source="manual", import_id=None)
    made = put_together([SWAP, row])
    assert (twice(made), asked(made)) == ({}, [2])


def test_the_files_worth_and_kind_help_the_wallets_transaction():
    there = wallet(1, K.DEPOSIT, 1, leg("XYZ", 4))
    row = file(2, K.INCOME, 1, leg("XYZ", 4, 88), income=IncomeKind.STAKING)
    made = put_together([there, row])
    assert twice(made) == {2: 1}
    (issue,) = made.issues
    assert issue.at_stake == 88
    assert issue.proposals[0].edits == {UUID(int=1): Edit(kind=K.INCOME, income=IncomeKind.STAKING)}
    settled = put_together([there, row], {1: issue.proposals[0].edits[UUID(int=1)]})
    assert settled.issues == []
    assert [each.value for each in figures(settled).outcome.incomes] == [88]
    priced = put_together([wallet(1, K.DEPOSIT, 1, leg("XYZ", 4, 90)), row])
    assert priced.issues[0].at_stake == 90


def test_a_purchase_in_a_file_gives_the_wallets_deposit_its_cost():
    there = wallet(1, K.DEPOSIT, 1, leg("ETH", 1, 1950))
    row = file(2, K.BUY, 1, leg("fiat:USD", -2000), leg("ETH", 1), wallet="MoonPay")
    sold = wallet(3, K.SELL, 5, leg("ETH", -1, 3000), tx_hash="0x" + "4" * 64)
    made = put_together([there, row, sold])
    assert asked(made) == [2]
    first = issues(made, IssueKind.DUPLICATE)[0].proposals[0]
    done = put_together([there, row, sold], {id_.int: edit for id_, edit in first.edits.items()})
    assert done.issues == []
    assert gains(done) == {3: 1000}


# Without a hash.

TRADE = file(
    1, K.BUY, 1, leg("fiat:USD", -2000), leg("ETH", "1.5"), wallet="Coinbase", tx_hash=None, fees=(leg("fiat:USD", 5),)
)


def other(seconds: float = 0, **more: Any) -> TaxTransaction:
    at = TRADE.happened_at + timedelta(seconds=seconds)
    return replace(TRADE, **{"id": UUID(int=2), "import_id": TWO, "happened_at": at, **more})


def test_the_same_of_one_account_in_two_files_is_asked_and_settled_once():
    made = put_together([TRADE, other(40)])
    assert (twice(made), asked(made)) == ({}, [2])
    (issue,) = issues(made, IssueKind.DUPLICATE)
    assert issue.at_stake == 2000
    once, both = issue.proposals
    assert put_together([TRADE, other(40)], {2: once.edits[UUID(int=2)]}).events == put_together([TRADE]).events
    kept = put_together([TRADE, other(40)], {2: both.edits[UUID(int=2)]})
    assert (asked(kept), len(kept.events)) == ([], 2)


@pytest.mark.parametrize(
    "row",
    [
        other(61),
        other(import_id=ONE),
        other(wallet="Kraken"),
        other(legs=(leg("fiat:USD", -2000), leg("ETH", "1.6"))),
        other(legs=(leg("fiat:USD", 2000), leg("ETH", "-1.5"))),
        other(legs=(leg("fiat:USD", -2000), leg("BTC", "1.5"))),
    ],
)
def test_what_differs_is_not_asked(row: TaxTransaction):
    assert asked(put_together([TRADE, row])) == []


def test_each_is_asked_about_once_however_often_it_is_told():
    mine = [replace(TRADE, id=UUID(int=n)) for n in (1, 2)]
    theirs = [other(5, id=UUID(int=n)) for n in (3, 4, 5)]
    assert len(asked(put_together([*mine, *theirs]))) == 2
    third = other(9, id=UUID(int=6), import_id=UUID(int=1003))
    assert len(asked(put_together([*mine, *theirs, third]))) == 3


def test_two_hashes_are_two_things():
    one = replace(TRADE, tx_hash="0x" + "1" * 64)
    assert asked(put_together([one, other(tx_hash="0x" + "2" * 64)])) == []
    assert asked(put_together([one, other()])) == [2]


def test_a_wallets_transaction_without_its_hash_in_the_file():
    there = wallet(1, K.DEPOSIT, 1, leg("ETH", "0.7312345"))
    row = file(2, K.DEPOSIT, 1, leg("ETH", "0.7312345"), tx_hash=None, wallet="Ledger")
    assert asked(put_together([there, row])) == [2]
    few = [replace(each, legs=(leg("ETH", "0.5"),)) for each in (there, row)]
    assert asked(put_together(few)) == []  # half an Ether may come anywhere in that minute
    assert asked(put_together([few[0], replace(few[1], wallet=A)])) == [2]


# Laws.

amounts = st.sampled_from(["1", "2", "0.5", "3.25"])
assets = st.sampled_from(["ETH", "USDC", PEPE])
hashes = st.sampled_from(["0x" + "8" * 64, "0x" + "9" * 64])


@st.composite
def histories(draw: Any, kinds: tuple[K, ...] = (K.DEPOSIT, K.WITHDRAWAL, K.SWAP, K.INCOME, K.FEE)) -> list[Any]:
    rows = []
    for number in range(1, draw(st.integers(1, 7)) + 1):
        kind = draw(st.sampled_from(kinds))
        first, second = leg(draw(assets), draw(amounts)), leg(draw(assets), "-" + draw(amounts))
        moved = {K.DEPOSIT: (first,), K.INCOME: (first,), K.WITHDRAWAL: (second,), K.SWAP: (second, first)}
        fees = (leg("ETH", "0.01"),) if kind is K.FEE or draw(st.booleans()) else ()
        rows.append(
            wallet(
                number, kind, draw(st.integers(0, 2)), *moved.get(kind, ()), fees=fees, tx_hash=draw(hashes),
                wallet=draw(st.sampled_from([A, B])), sequence=number,
                income=IncomeKind.REWARD if kind is K.INCOME else None,
            )
        )  # fmt: skip
    return rows


@settings(max_examples=150, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_importing_the_export_of_what_is_there_changes_no_figure(rows: list[TaxTransaction], random: Any):
    content = generic_csv(rows)
    read = read_file(content, "generic", account="Export", user_id=ONE, import_id=TWO).transactions
    assert read
    both = [*rows, *read]
    random.shuffle(both)
    before, after = put_together(rows), put_together(both)
    assert len(after.told_twice) == len(read)
    assert after.events == before.events
    assert after.issues == before.issues


@settings(max_examples=300, deadline=None)
@given(histories((K.DEPOSIT, K.WITHDRAWAL, K.SWAP)), histories((K.DEPOSIT, K.WITHDRAWAL, K.SWAP)))
def test_it_is_what_trying_every_assignment_finds(there: list[TaxTransaction], others: list[TaxTransaction]):
    rows = [
        replace(each, id=UUID(int=100 + n), source="file", import_id=ONE, chain_id=None)
        for n, each in enumerate(others[:3])
    ]
    found = find_doubles([(each, None) for each in [*rows, *there]])
    names = {row.id: (row.tx_hash, frozenset(_amounts([row]).items())) for row in rows}
    assert Counter(names[id_] for id_ in found.certain) == Counter(names[id_] for id_ in slow(there, rows))


def slow(there: list[TaxTransaction], rows: list[TaxTransaction]) -> set[UUID]:
    """Every row of a hash finds amounts of its wallet of its own, or sums agree, or it is one whole transaction."""
    found: set[UUID] = set()
    for tx_hash in {each.tx_hash for each in rows}:
        mine = [each for each in rows if each.tx_hash == tx_hash]
        theirs = [each for each in there if each.tx_hash == tx_hash]
        if _all_in(mine, theirs) or _same_sums(mine, theirs):
            found |= {each.id for each in mine}
            continue
        best: set[UUID] = set()
        for order in permutations(mine):
            left, taken = list(theirs), set()
            for row in order:
                like = next((each for each in left if _amounts([each]) == _amounts([row])), None)
                if like is not None:
                    left.remove(like)
                    taken.add(row.id)
            best = max(best, taken, key=lambda ids: (len(ids), [-row.int for row in sorted(ids)]))
        found |= best
    return found


def _amounts(rows: list[TaxTransaction]) -> Counter[tuple[str, str, Decimal]]:
    return Counter((row.wallet, each.asset, each.amount) for row in rows for each in row.legs)


def _all_in(mine: list[TaxTransaction], theirs: list[TaxTransaction]) -> bool:
    return _amounts(mine) <= _amounts(theirs)


def _same_sums(mine: list[TaxTransaction], theirs: list[TaxTransaction]) -> bool:
    if len({row.wallet for row in mine}) > 1 or {row.wallet for row in theirs} != {row.wallet for row in mine}:
        return False
    sums: list[Counter[str]] = [Counter(), Counter()]
    for side, rows in zip(sums, (mine, theirs), strict=True):
        for row in rows:
            for each in row.legs:
                side[each.asset] += each.amount  # type: ignore[assignment]
    return all(sums[0][asset] == sums[1][asset] and any(leg.asset == asset for row in theirs for leg in row.legs)
               for asset in sums[0])  # fmt: skip


def test_the_order_of_rows_and_of_sources_makes_no_difference():
    there = [wallet(1, K.DEPOSIT, 1, leg("USDC", 5)), wallet(2, K.WITHDRAWAL, 1, leg("USDC", -5), sequence=1)]
    rows = [file(n, K.DEPOSIT, 1, leg("USDC", 5), import_id=each) for n, each in ((3, ONE), (4, TWO), (5, TWO))]
    found = {tuple(sorted(twice(put_together(order)).items())) for order in permutations([*there, *rows])}
    assert len(found) == 1


def test_a_double_makes_no_event():
    made = put_together([SWAP, file(2, K.SWAP, 1, *SWAP.legs)])
    assert events(made, 2) == []
    assert day(1) == SWAP.happened_at
