"""What is exported and imported again comes to the same tax events, whatever the transactions are."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.tax.assembling.assemble import assemble
from backend.tax.books import TaxSettings
from backend.tax.engine.events import IncomeKind, TaxEvent
from backend.tax.files.writing import generic_csv
from backend.tax.listing.exporting import _as_it_counts, _counted, _ready
from backend.tax.transactions import Edit, TaxTransaction, Worth
from tests.unit.tax.assembling.told import A, B, K, Table, leg, usd
from tests.unit.tax.files.given import read
from tests.unit.tax.given import day

AMOUNTS = st.sampled_from(["1", "2", "0.5", "0.000000000000000001", "123456789.123456789123456789"])
WORTHS = st.sampled_from([None, 0, 7, "2000.25"])
ASSETS = st.sampled_from(["ETH", "USDC", "1:0x" + "1" * 40, "fiat:USD", "fiat:EUR"])
# By kind: whether something must go, and come; what a file of this format can say.
SHAPES = {
    K.BUY: ("goes", "comes"), K.SELL: ("goes", "comes"), K.SWAP: ("goes", "comes"), K.DEPOSIT: ("comes",),
    K.WITHDRAWAL: ("goes",), K.TRANSFER: ("goes",), K.INCOME: ("comes",), K.GIFT_IN: ("comes",), K.GIFT_OUT: ("goes",),
    K.DONATION: ("goes",), K.SPEND: ("goes",), K.LOSS: ("goes",), K.FEE: (), K.BORROW: ("comes",), K.REPAY: ("goes",),
    K.STAKE: ("goes",), K.SUPPLY: ("goes", "comes"), K.WITHDRAW: ("goes", "comes"), K.LP_ADD: ("goes", "comes"),
    K.LP_REMOVE: ("goes", "comes"), K.WRAP: ("goes", "comes"), K.IGNORED: ("comes",), K.UNSTAKE: ("comes",),
}  # fmt: skip
CRYPTO = ASSETS.filter(lambda asset: not asset.startswith("fiat:"))


@st.composite
def histories(draw: Any) -> list[tuple[TaxTransaction, Edit | None]]:
    entries = []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        kind = draw(st.sampled_from(sorted(SHAPES)))
        shape, legs = SHAPES[kind], []
        for side, sign in (("goes", "-"), ("comes", "")):
            for _ in range(
                draw(st.integers(1, 1 if kind in (K.TRANSFER, K.BUY, K.SELL) else 2)) if side in shape else 0
            ):
                is_money = (kind, side) in ((K.BUY, "goes"), (K.SELL, "comes"))
                asset = draw(st.sampled_from(["fiat:USD", "fiat:EUR"])) if is_money else draw(CRYPTO)
                worth = None if is_money else draw(WORTHS)
                role = draw(st.sampled_from(["principal", "principal", "receipt", "reward"]))
                legs.append(
                    leg(asset, sign + draw(AMOUNTS), worth, role=role, counterparty=draw(st.sampled_from([None, B])))
                )
        fees = (
            [leg(draw(st.sampled_from(["ETH", "fiat:USD"])), "0.01", None)]
            if draw(st.booleans()) or kind is K.FEE
            else []
        )
        gift = kind is K.GIFT_IN
        transaction = TaxTransaction(
            id=UUID(int=number), source="wallet", happened_at=day(draw(st.integers(0, 4))), kind=kind,
            wallet=draw(st.sampled_from([A, B, "w"])), legs=tuple(legs), fees=tuple(fees), sequence=number,
            to_wallet="other" if kind is K.TRANSFER else None,
            income=draw(st.sampled_from(IncomeKind)) if kind is K.INCOME else None,
            position=draw(st.sampled_from([None, "p"])), protocol=draw(st.sampled_from([None, "pool"])),
            basis=draw(st.sampled_from([None, usd(5), Worth(Decimal(4), "EUR", "file")])) if gift else None,
            acquired_at=day(0) - timedelta(days=400) if gift else None,
        )  # fmt: skip
        edit = None
        if draw(st.booleans()) and legs and not any(each.asset.startswith("fiat:") for each in legs):
            edit = Edit(worths={0: usd(draw(st.sampled_from([1, 50])))}, note="mine", reason="so")
        entries.append((transaction, edit))
    return entries


def events(entries: list[tuple[TaxTransaction, Edit | None]]) -> list[TaxEvent]:
    """The events without ids, and without places among those of one moment: these are a file's own."""
    made = assemble(entries, TaxSettings(), Table(EUR="1.1"), ())
    return sorted((replace(each, id="", sequence=0) for each in made.events), key=repr)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories())
def test_the_same_tax_events_come_of_what_is_exported(entries: list[tuple[TaxTransaction, Edit | None]]) -> None:
    counted, _ = _ready([_as_it_counts(*each) for each in entries], is_last=True)
    done = read(generic_csv(counted))
    assert done.problems == ()
    assert [each.kind for each in done.transactions] == [each.kind for each in counted]
    assert events([(each, None) for each in done.transactions]) == events(entries)


def test_what_another_source_tells_already_is_exported_once() -> None:
    hash_ = "0x" + "ab" * 32
    told = [
        TaxTransaction(id=UUID(int=number), source=source, happened_at=day(0), kind=K.DEPOSIT, wallet=A, tx_hash=hash_,
                       legs=(leg("ETH", 1),), import_id=None if source == "wallet" else UUID(int=9))
        for number, source in ((1, "wallet"), (2, "file"))
    ]  # fmt: skip
    assert set(_counted([(each, None) for each in told], frozenset())) == {UUID(int=1)}
    separate = [(told[0], None), (told[1], Edit(is_separate=True, reason="so"))]
    assert len(_counted(separate, frozenset())) == 2


def test_what_is_of_one_moment_is_written_in_its_order_even_over_two_pages() -> None:
    def at(number: int, when: int, sequence: int) -> TaxTransaction:
        return TaxTransaction(id=UUID(int=number), source="wallet", happened_at=day(when), kind=K.DEPOSIT, wallet=A,
                              legs=(leg("ETH", 1),), sequence=sequence)  # fmt: skip

    ready, waiting = _ready([at(1, 0, 9), at(2, 0, 3), at(3, 1, 5)], is_last=False)
    assert [each.id.int for each in ready] == [2, 1] and [each.id.int for each in waiting] == [3]
    ready, waiting = _ready([*waiting, at(4, 1, 2)], is_last=True)
    assert [each.id.int for each in ready] == [4, 3] and waiting == []
