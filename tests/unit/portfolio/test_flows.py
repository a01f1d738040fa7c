"""Flows between two snapshots: by hand, and in worlds whose prices stand still, where worth changes by flows alone."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.ledger.engine.valuing import Asset, ValuedEvent
from backend.ledger.events import Event, Kind
from backend.portfolio.engine import flows as told
from backend.portfolio.engine.flows import Difference, Held, NetFlow, Read, Standing, Taken, net_flow
from tests.unit.ledger.made import ALSO_MINE, MINE, NATIVE, SHARES, STRANGER, A, B, event, leg, valued

WALLETS = frozenset({MINE, ALSO_MINE})
PRICES = {A: 3, B: 5, NATIVE: 2}
READ = {(wallet, chain): Read(0, 100, True) for wallet in WALLETS for chain in (1, 2)}


def taken(block: int, held: dict[Any, int] | None = None, *standing: Standing) -> Taken:
    """What is held as {token or (wallet, token): units}, at the prices above."""
    found = {}
    for name, amount in (held or {}).items():
        wallet, token = name if isinstance(name, tuple) else (MINE, name)
        found[wallet, Asset(1, token)] = Held(amount, 0, Decimal(PRICES[token]))
    return Taken({1: block, 2: block}, found, standing)


def flow(before: Taken, after: Taken, *events: Event, read: Any = READ) -> NetFlow:
    return net_flow(before, after, valued(*events), WALLETS, NATIVE, read)


def came(number: int, token: str, amount: int, price: int | None = 10, **more: Any) -> Event:
    return event(number, Kind.TRANSFER, leg(token, amount, price, counterparty=STRANGER), **more)


POOL = Standing(MINE, 1, "pool", f"pool:{SHARES}", frozenset({SHARES}), Decimal(100))


def test_transfers_count_as_of_then_and_only_between_the_blocks() -> None:
    events = [came(10, A, 9), came(11, A, 4), came(20, A, -1), came(21, A, 7)]
    assert flow(taken(10, {A: 9}), taken(20, {A: 12}), *events) == NetFlow(Decimal(30))


def test_trades_fees_and_rewards_are_no_flows() -> None:
    swap = event(11, Kind.SWAP, leg(A, -5, 3), leg(B, 4, 5), fee_wei=2)
    claim = event(12, Kind.CLAIM, leg(B, 1, 5, role="reward"))
    assert flow(taken(10, {A: 9, NATIVE: 5}), taken(20, {A: 4, B: 5, NATIVE: 3}), swap, claim) == NetFlow(Decimal(0))


def test_between_own_wallets_nothing_flows() -> None:
    sent = event(11, Kind.TRANSFER, leg(A, -5, 3, counterparty=ALSO_MINE))
    got = event(11, Kind.TRANSFER, leg(A, 5, 3, counterparty=MINE), wallet=ALSO_MINE)
    after = taken(20, {A: 4, (ALSO_MINE, A): 5})
    assert flow(taken(10, {A: 9}), after, sent, got) == NetFlow(Decimal(0))


def test_a_token_that_newly_counts_or_counts_no_more_flows_at_that_snapshots_price() -> None:
    assert flow(taken(10, {A: 1}), taken(20, {A: 1, B: 4})).usd == 20
    assert flow(taken(10, {A: 1, B: 4}), taken(20, {A: 1})).usd == -20


def test_spam_that_nobody_counts_is_no_flow_and_what_is_paid_for_it_is_gone() -> None:
    assert flow(taken(10, {A: 1}), taken(20, {A: 1}), came(11, B, 7, None)) == NetFlow(Decimal(0))
    bought = event(11, Kind.SWAP, leg(A, -5, 3), leg(B, 70))
    assert flow(taken(10, {A: 9}), taken(20, {A: 4}), bought).usd == -15


def test_units_without_a_transfer_are_growth_and_said() -> None:
    found = flow(taken(10, {A: 9}), taken(20, {A: 12}), came(11, A, 1))
    assert found == NetFlow(Decimal(10), frozenset(), (Difference(MINE, Asset(1, A), 2),))


def test_a_currency_that_moves_unseen_makes_the_flow_unknown() -> None:
    blind = {(MINE, 1): Read(0, 100, False)}
    found = flow(taken(10, {NATIVE: 9}), taken(20, {NATIVE: 12}), came(11, NATIVE, 1), read=blind)
    assert (found.usd, found.problems) == (None, {told.UNEXPLAINED})
    assert found.differences == (Difference(MINE, Asset(1, NATIVE), 2),)
    assert flow(taken(10, {NATIVE: 9}), taken(20, {NATIVE: 10}), came(11, NATIVE, 1), read=blind).usd == 10


def test_a_transfer_without_a_price_makes_the_flow_unknown() -> None:
    found = flow(taken(10, {A: 9}), taken(20, {A: 10}), came(11, A, 1, None))
    assert (found.usd, found.problems) == (None, {told.NO_WORTH})


def test_a_history_that_is_not_read_makes_the_flow_unknown() -> None:
    before, after = taken(10, {A: 9}), taken(20, {A: 9})
    assert flow(before, after, read={}).problems == {told.NOT_COVERED}
    assert flow(before, after, read={(MINE, 1): Read(0, 19, True)}).problems == {told.NOT_COVERED}
    assert flow(before, after, read={(MINE, 1): Read(12, 30, True)}).problems == {told.NOT_COVERED}
    assert flow(before, after, read={(MINE, 1): Read(11, 20, True)}).usd == 0
    assert flow(before, replace(after, blocks={1: 10}), read={}).usd == 0  # shown again as it was


def test_a_wallet_that_is_new_or_gone_counts_whole() -> None:
    one, two = taken(10, {A: 9}), taken(20, {A: 9, (ALSO_MINE, B): 4})
    assert flow(one, two).usd == 20
    assert flow(two, replace(one, blocks={1: 30, 2: 30})).usd == -20
    first = event(11, Kind.TRANSFER, leg(B, 4, 7, counterparty=STRANGER), wallet=ALSO_MINE)
    assert flow(one, two, first).usd == 28  # its first deposit explains it


def test_a_bridge_under_way_is_out_and_one_that_arrived_is_not() -> None:
    named = {"protocol": "across", "identifiers": {"deposit_id": "1"}}
    left = event(11, Kind.BRIDGE, leg(A, -9, 3), **named)
    arrived = event(12, Kind.BRIDGE, leg(A, 8, 3), chain_id=2, **named)
    before, gone = taken(10, {A: 9}), taken(20)
    there = Taken({1: 20, 2: 20}, {(MINE, Asset(2, A)): Held(8, 0, Decimal(3))}, ())
    assert flow(before, gone, left).usd == -27
    assert flow(before, there, left, arrived).usd == 0


def test_positions_are_entered_and_left_without_a_flow() -> None:
    named = {"protocol": "pool", "identifiers": {"pool": SHARES}}
    add = event(11, Kind.LP_ADD, leg(A, -9, 3), leg(SHARES, 5, role="receipt"), **named)
    assert flow(taken(10, {A: 9, B: 1}), taken(20, {B: 1}, POOL), add) == NetFlow(Decimal(0))
    remove = event(11, Kind.LP_REMOVE, leg(A, 9, 3), leg(SHARES, -5, role="receipt"), **named)
    assert flow(taken(10, {B: 1}, POOL), taken(20, {A: 9, B: 1}), remove) == NetFlow(Decimal(0))


def test_what_goes_into_a_protocol_that_nobody_reads_is_gone() -> None:
    stake = event(11, Kind.STAKE, leg(A, -9, 3), protocol="obscure")
    assert flow(taken(10, {A: 9, B: 1}), taken(20, {B: 1}), stake).usd == -27
    unstake = event(12, Kind.UNSTAKE, leg(A, 9, 3), protocol="obscure")
    assert flow(taken(10, {A: 9, B: 1}), taken(20, {A: 9, B: 1}), stake, unstake).usd == 0


def test_a_position_that_comes_by_itself_flows_and_shares_that_come_to_one_are_unknown() -> None:
    shares = event(11, Kind.TRANSFER, leg(SHARES, 5, counterparty=STRANGER))
    assert flow(taken(10, {A: 9}), taken(20, {A: 9}, POOL)).usd == 100
    assert flow(taken(10, {A: 9}), taken(20, {A: 9}, POOL), shares).usd == 100
    assert flow(taken(10, {A: 9}, POOL), taken(20, {A: 9})).usd == -100
    found = flow(taken(10, {A: 9}, POOL), taken(20, {A: 9}, POOL), shares)
    assert (found.usd, found.problems) == (None, {told.BY_SHARES})


def test_pieces_of_a_collection_flow_at_its_floor_and_a_purchase_is_no_flow() -> None:
    """A is the collection: what counts of it is the number of pieces."""
    bought = event(11, Kind.SWAP, leg(B, -4, 5), leg(A, 1, token_id=7))
    assert flow(taken(10, {B: 9}), taken(20, {B: 5, A: 1}), bought).usd == 0
    given = event(11, Kind.TRANSFER, leg(A, 1, token_id=7, counterparty=STRANGER))
    assert flow(taken(10, {B: 9}), taken(20, {B: 9, A: 1}), given).usd == 3
    assert flow(taken(10, {B: 9}), taken(20, {B: 9}), given).usd == 0, "without a floor it counts nowhere"
    assert flow(taken(10, {B: 9}), taken(20, {B: 5}), bought).usd == -20


# --- a world whose prices stand still

TOKENS = (A, B, NATIVE)
World = dict[tuple[str, str], int]


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Taken, Taken, list[ValuedEvent]]:
    """Two snapshots that each count some of what wallets hold, and the transfers and trades in between."""
    held: World = {(wallet, token): draw(st.integers(0, 60)) for wallet in sorted(WALLETS) for token in TOKENS}
    shown = [{key for key in sorted(held) if draw(st.booleans())} for _ in range(2)]
    before = taken(10, {key: held[key] for key in held if held[key] and key in shown[0]})
    events: list[Event] = []
    for number in range(11, 11 + draw(st.integers(0, 8))):
        wallet, token = draw(st.sampled_from(sorted(held)))
        events += _happens(draw, held, number, wallet, token)
    after = taken(30, {key: held[key] for key in held if held[key] and key in shown[1]})
    return before, after, valued(*events)


def _happens(draw: st.DrawFn, held: World, number: int, wallet: str, token: str) -> list[Event]:
    kind = draw(st.sampled_from(("in", "out", "own", "swap")))
    bought = draw(st.sampled_from([each for each in TOKENS if each != token]))
    other = ALSO_MINE if wallet == MINE else MINE
    step = PRICES[bought] if kind == "swap" else 1
    amount = step * draw(st.integers(1, 60 if kind == "in" else max(1, held[wallet, token] // step)))
    if kind != "in" and amount > held[wallet, token]:
        return []
    price = PRICES[token]
    held[wallet, token] += amount if kind == "in" else -amount
    if kind in ("in", "out"):
        return [came(number, token, amount if kind == "in" else -amount, price, wallet=wallet)]
    if kind == "own":
        held[other, token] += amount
        sent = event(number, Kind.TRANSFER, leg(token, -amount, price, counterparty=other), wallet=wallet)
        return [sent, event(number, Kind.TRANSFER, leg(token, amount, price, counterparty=wallet), wallet=other)]
    got = amount // step * price
    held[wallet, bought] += got
    legs = leg(token, -amount, price), leg(bought, got, PRICES[bought])
    return [event(number, Kind.SWAP, *legs, wallet=wallet)]


@given(worlds())
@settings(max_examples=300, deadline=None)
def test_where_prices_stand_still_worth_changes_by_flows_alone(world: tuple[Taken, Taken, list[ValuedEvent]]) -> None:
    before, after, events = world
    found = net_flow(before, after, events, WALLETS, NATIVE, READ)
    assert found.problems == set()
    assert found.usd == _worth(after) - _worth(before)


def _worth(side: Taken) -> Decimal:
    return sum((each.amount_raw * each.price_usd for each in side.held.values()), Decimal(0))
