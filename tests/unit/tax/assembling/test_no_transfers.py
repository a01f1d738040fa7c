"""What is no own transfer, whatever else is alike: each of these rules alone keeps two movements apart."""

from dataclasses import replace

from backend.tax.assembling.assemble import Assembled
from tests.unit.tax.assembling.told import A, B, K, leg, put_together, tx


def pairs(made: Assembled) -> list[tuple[int, int]]:
    return [(each.withdrawal.int, each.deposit.int) for each in made.transfers]


def test_what_the_chain_says_went_to_one_own_wallet_came_to_no_other() -> None:
    other = tx(9, K.INCOME, -5, leg("UNI", 1, 1), wallet=B)
    sent = tx(1, K.WITHDRAWAL, 0, leg("ETH", -1, counterparty=B), wallet=A, chain_id=1, tx_hash="0x1", source="wallet")
    came = tx(2, K.DEPOSIT, 0.01, leg("ETH", 1), wallet="Kraken")
    assert pairs(put_together([other, sent, came])) == []
    assert pairs(put_together([other, replace(sent, legs=(leg("ETH", -1),)), came])) == [(1, 2)]


def test_what_the_chain_says_came_from_one_own_wallet_left_no_other() -> None:
    other = tx(9, K.INCOME, -5, leg("UNI", 1, 1), wallet=B)
    sent = tx(1, K.WITHDRAWAL, 0, leg("ETH", -1), wallet="Kraken")
    came = tx(2, K.DEPOSIT, 0.01, leg("ETH", 1, counterparty=B), wallet=A, chain_id=1, tx_hash="0x1", source="wallet")
    assert pairs(put_together([other, sent, came])) == []
    assert pairs(put_together([other, sent, replace(came, legs=(leg("ETH", 1),))])) == [(1, 2)]


def test_amounts_that_differ_are_not_interchangeable_though_they_share_a_hash() -> None:
    rows = [tx(n, K.WITHDRAWAL, 0, leg("ETH", amount), tx_hash="0x1") for n, amount in ((1, -5), (2, -4))]
    rows += [tx(n, K.DEPOSIT, 0, leg("ETH", amount), tx_hash="0x1", wallet="v") for n, amount in ((3, "3.5"), (4, "3"))]
    assert pairs(put_together(rows)) == []


def test_more_than_was_sent_is_another_thing_though_it_shares_the_hash() -> None:
    sent, came = (
        tx(1, K.WITHDRAWAL, 0, leg("ETH", -1), tx_hash="0x1"),
        tx(2, K.DEPOSIT, 0, leg("ETH", 2), tx_hash="0x1", wallet="v"),
    )
    assert pairs(put_together([sent, came])) == []


def test_both_ends_of_a_bridge_are_on_two_chains() -> None:
    ends = [
        tx(n, K.BRIDGE, at, leg("ETH", amount), chain_id=1, wallet=A, protocol="Across",
           identifiers={"deposit_id": "7"}, tx_hash=f"0x{n}", source="wallet")
        for n, at, amount in ((1, 0, -5), (2, 5, 3))
    ]  # fmt: skip
    assert pairs(put_together(ends)) == []
    assert pairs(put_together([ends[0], replace(ends[1], chain_id=10)])) == [(1, 2)]


def test_what_left_an_account_by_the_chain_did_not_come_back_to_it() -> None:
    sent, back = tx(1, K.WITHDRAWAL, 0, leg("ETH", -1), tx_hash="0x1"), tx(2, K.DEPOSIT, 0.01, leg("ETH", 1))
    assert pairs(put_together([sent, back])) == []
