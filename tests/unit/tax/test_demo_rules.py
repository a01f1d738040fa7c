"""What the demo account says from the beginning: gifts count at the pools' price, own transfers stay transfers."""

from decimal import Decimal
from uuid import UUID

from backend.tax.records import merged
from backend.tax.review.demo_rules import NOTE, demo_rules
from backend.tax.review.matching import deciding
from backend.tax.transactions import TaxTransaction
from tests.unit.tax.assembling.told import A, B, K, gains, leg, put_together, tx

RULES = demo_rules(UUID(int=1), [(A.upper().replace("X", "x"), "Savings"), (B, "Trading")])
GIVEN = tx(1, K.DEPOSIT, 0, leg("ETH", 10, 20_000, counterparty="0x" + "9" * 40), wallet=A, source="wallet")
MINTED = tx(2, K.DEPOSIT, 0, leg("USDC", 500, 500), wallet=B, source="wallet")
SENT = tx(3, K.WITHDRAWAL, 1, leg("ETH", -4, counterparty=B), wallet=A, source="wallet", tx_hash="0x1", chain_id=1)
CAME = tx(4, K.DEPOSIT, 1, leg("ETH", 4, counterparty=A), wallet=B, source="wallet", tx_hash="0x1", chain_id=1)
SOLD = tx(5, K.SWAP, 2, leg("ETH", -4, 12_000), leg("USDC", 12_000, 12_000), wallet=B, source="wallet")


def edits(*rows: TaxTransaction) -> dict[int, object]:
    return {each.id.int: merged(None, rule.sets if rule else None) for each in rows if (rule := deciding(RULES, each))}


def test_gifts_of_the_market_have_the_cost_that_the_pools_say_and_own_transfers_are_none():
    rows = (GIVEN, MINTED, SENT, CAME, SOLD)
    said = edits(*rows)
    assert {number: edit.kind for number, edit in said.items()} == {1: K.BUY, 2: K.BUY, 4: K.DEPOSIT}
    assert said[1].note == NOTE
    made = put_together(rows, said)
    assert made.issues == []
    assert [(each.withdrawal.int, each.deposit.int) for each in made.transfers] == [(3, 4)]
    assert gains(made) == {5: Decimal(4_000)}


def test_every_rule_says_that_it_is_of_the_demo_market():
    assert all(rule.name.startswith("Demo market: ") for rule in RULES)
