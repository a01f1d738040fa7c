"""Whole mainnet blocks, where the machine has them: every account of every transaction, and golden answers of others.

They are those of flashbots/mev-inspect-py, which also say who was sandwiched. Logs are made from calls: `from_traces`
says what of them can be known.
"""

import json
from collections import Counter
from functools import cache
from pathlib import Path

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.decode import decode
from backend.ledger.events import Event, Kind
from backend.ledger.transactions import Transaction
from tests.unit.ledger.decoding.build import NOBODY, assert_sound, sums
from tests.unit.ledger.decoding.from_traces import WETH, Seen, facts_of, read_block
from tests.unit.portfolio.reference import reference_dir

BLOCKS = (10921990, 11930296, 12483198, 12775690, 12914944, 13666312, 13666363)
ROUTERS = ("0x7a250d5630b4cf539739df2c5dacb4c659f2488d", "0xd9e1ce17f2641f24ae83637ab66a2cca9c378b9f")
SWAPS = (  # of the V2 routers: tokens and ether, exact or not, with and without fees on transfer
    *("0x38ed1739", "0x8803dbee", "0x7ff36ab5", "0x4a25d94a", "0x18cbafe5", "0xfb3bdb41"),
    *("0x5c11d795", "0xb6f9de95", "0x791ac947"),
)


def directory() -> Path:
    return reference_dir() / "mev_tx"


@cache
def transactions() -> tuple[Seen, ...]:
    files = [directory() / "mev_inspect_blocks" / f"{number}.json.gz" for number in BLOCKS]
    return tuple(seen for file in files for seen in read_block(file))


def changes(tx: Transaction, account: str) -> dict[str, int]:
    """What a transaction changed of an account's balances, counted from calls and transfer logs in another way."""
    total: Counter[str] = Counter()
    for moved in tx.native:
        total[NATIVE_TOKEN] += moved.amount_raw * ((moved.recipient == account) - (moved.sender == account))
    topic = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
    for log in tx.logs:
        place = "0x" + "0" * 24 + account[2:]
        amount = int.from_bytes(log.data[:32], "big")
        if log.topics[0] == topic:
            total[log.address] += amount * ((log.topics[2] == place) - (log.topics[1] == place))
        elif log.address == WETH and len(log.topics) == 2 and log.topics[1] == place:
            total[WETH] += amount if log.topics[0].startswith("0xe1fffcc4") else -amount
    return {token: amount for token, amount in total.items() if amount}


def test_nothing_is_lost_or_doubled_for_any_account_of_any_transaction() -> None:
    checked = 0
    for seen in transactions():
        accounts = {seen.tx.sender, *(each for moved in seen.tx.native for each in (moved.sender, moved.recipient))}
        accounts |= {"0x" + topic[26:] for log in seen.tx.logs for topic in log.topics[1:]} - {NOBODY}
        for account in accounts:
            events = decode(seen.tx, account, facts_of(seen))
            assert_sound(seen.tx, account, facts_of(seen), events)
            legs = sums(leg for event in events for leg in event.legs)
            assert {token: amount for (token, _), amount in legs.items()} == changes(seen.tx, account)
            checked += 1
    assert checked > 3_500


def test_a_routers_swap_is_a_swap_when_what_was_bought_came_to_who_paid() -> None:
    told: Counter[tuple[bool, tuple[str, ...]]] = Counter()
    for seen in transactions():
        if seen.tx.recipient in ROUTERS and seen.tx.method in SWAPS and seen.tx.succeeded:
            events = decode(seen.tx, seen.tx.sender, facts_of(seen))
            is_for_sender = any(amount > 0 for amount in changes(seen.tx, seen.tx.sender).values())
            told[is_for_sender, tuple(str(event.kind) for event in events)] += 1
    assert set(told) == {(True, ("swap",)), (False, ("transfer",))}
    assert told[True, ("swap",)] >= 30


def test_who_was_sandwiched_swapped_just_what_the_golden_answer_says() -> None:
    (sandwich,) = json.loads((directory() / "mev_inspect_expected" / "sandwiches__12775690.json").read_text())
    by_hash = {seen.tx.hash: seen for seen in transactions()}
    assert len(sandwich["sandwiched_swaps"]) == 4
    for swap in sandwich["sandwiched_swaps"]:
        seen = by_hash[swap["transaction_hash"]]
        (event,) = decode(seen.tx, seen.tx.sender, facts_of(seen))
        assert event.kind is Kind.SWAP
        assert event.identifiers == {"pool": swap["contract_address"]}
        expected = {
            swap["token_in_address"]: -swap["token_in_amount"],
            swap["token_out_address"]: swap["token_out_amount"],
        }
        assert _as_wrapped(event) == expected


def _as_wrapped(event: Event) -> dict[str, int]:
    return {WETH if leg.token == NATIVE_TOKEN else leg.token: leg.amount_raw for leg in event.legs}


def test_a_failed_transaction_cost_its_sender_the_fee_and_nothing_else() -> None:
    failed = [seen for seen in transactions() if not seen.tx.succeeded]
    assert len(failed) >= 10
    for seen in failed:
        (event,) = decode(seen.tx, seen.tx.sender, facts_of(seen))
        assert (event.kind, event.legs, event.fee_wei) == (Kind.CALL, (), seen.tx.fee_wei)
