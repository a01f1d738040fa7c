"""Whole histories: by hand, by what must never change, and against a slow pass that moves single units."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.ledger.engine.accounting import Accounted, PositionKey, Setting, account, position_key
from backend.ledger.engine.books import HELD_BEFORE, LIQUIDATED, NO_TRANSFER, UNMATCHED_BRIDGE
from backend.ledger.engine.lots import LEDGER
from backend.ledger.engine.valuing import Asset, ValuedEvent
from backend.ledger.events import Event, Kind
from tests.unit.ledger.made import ALSO_MINE, MINE, NATIVE, SHARES, START, STRANGER, A, B, event, leg, valued

WALLETS = frozenset({MINE, ALSO_MINE})
COIN, OTHER, OWN = Asset(1, A), Asset(1, B), Asset(1, NATIVE)


def run(*events: Event, **setting: object) -> Accounted:
    return account(valued(*events), Setting(wallets=WALLETS, native=NATIVE, **setting))  # type: ignore[arg-type]


def left(outcome: Accounted, asset: Asset) -> list[tuple[int, Decimal | None]]:
    return [(lot.amount_raw, lot.cost) for lot in outcome.assets[asset].lots]


def gains(outcome: Accounted, asset: Asset) -> list[Decimal | None]:
    return [each.gain for each in outcome.assets[asset].account.realised]


def bought(number: int, amount: int, price: int, token: str = A) -> Event:
    return event(number, Kind.TRANSFER, leg(token, amount, price, counterparty=STRANGER))


def test_a_swap_sells_what_went_for_what_came() -> None:
    swap = event(2, Kind.SWAP, leg(A, -4, 30), leg(B, 100, 1))
    outcome = run(bought(1, 10, 20), swap)
    assert left(outcome, COIN) == [(6, Decimal(120))]
    assert gains(outcome, COIN) == [Decimal(20)]  # worth 100 by what came, though its own price says 120
    assert left(outcome, OTHER) == [(100, Decimal(100))]
    assert [(each.side, each.value_usd) for each in outcome.assets[OTHER].account.trades] == [("buy", Decimal(100))]


def test_an_unknown_side_of_a_swap_is_worth_the_other() -> None:
    outcome = run(bought(1, 10, 20), event(2, Kind.SWAP, leg(A, -4, 30), leg(B, 7)))
    assert left(outcome, OTHER) == [(7, Decimal(120))]
    assert gains(outcome, COIN) == [Decimal(40)]
    flows = valued(event(2, Kind.SWAP, leg(A, -4, 30), leg(B, 7)))[0].flows
    assert [flow.basis for flow in flows] == ["price", "other side"]


def test_a_swap_of_two_unknowns_has_no_known_gain() -> None:
    outcome = run(bought(1, 10, 20), event(2, Kind.SWAP, leg(A, -4), leg(B, 7)))
    assert gains(outcome, COIN) == [None]
    assert left(outcome, OTHER) == [(7, None)]


def test_change_that_comes_back_is_not_bought() -> None:
    outcome = run(bought(1, 10, 20), event(2, Kind.SWAP, leg(A, -6, 30), leg(A, 2, 30), leg(B, 120, 1)))
    assert left(outcome, COIN) == [(6, Decimal(120))]
    assert len(outcome.assets[COIN].account.trades) == 1


def test_own_transfers_move_nothing() -> None:
    sent = event(2, Kind.TRANSFER, leg(A, -4, 50, counterparty=ALSO_MINE))
    came = event(2, Kind.TRANSFER, leg(A, 4, 50, counterparty=MINE), wallet=ALSO_MINE)
    outcome = run(bought(1, 10, 20), sent, came)
    assert left(outcome, COIN) == [(10, Decimal(200))]
    assert not outcome.assets[COIN].account.left


def test_own_transfers_through_a_contract_are_found_by_their_transaction() -> None:
    sent = event(2, Kind.TRANSFER, leg(A, -4, 50, counterparty=STRANGER))
    came = event(2, Kind.TRANSFER, leg(A, 4, 50, counterparty=STRANGER), wallet=ALSO_MINE)
    assert left(run(bought(1, 10, 20), sent, came), COIN) == [(10, Decimal(200))]
    elsewhere = event(3, Kind.TRANSFER, leg(A, 4, 50, counterparty=STRANGER), wallet=ALSO_MINE)
    assert left(run(bought(1, 10, 20), sent, elsewhere), COIN) == [(6, Decimal(120)), (4, Decimal(200))]


def test_what_leaves_takes_its_gain_along() -> None:
    outcome = run(bought(1, 10, 20), event(2, Kind.TRANSFER, leg(A, -4, 50, counterparty=STRANGER)))
    assert left(outcome, COIN) == [(6, Decimal(120))]
    assert not outcome.assets[COIN].account.realised
    assert [each.gain for each in outcome.assets[COIN].account.left] == [Decimal(120)]


def test_a_matched_bridge_keeps_cost_and_date_even_where_clocks_disagree() -> None:
    named = {"deposit_id": "7", "origin": "1"}
    out = event(3, Kind.BRIDGE, leg(A, -10, 50), protocol="across", identifiers=named)
    came = event(2, Kind.BRIDGE, leg(A, 9, 50), chain_id=2, protocol="across", identifiers=named)
    outcome = run(bought(1, 10, 20), out, came)
    assert left(outcome, COIN) == []
    lots = outcome.assets[Asset(2, A)].lots
    assert [(lot.amount_raw, lot.cost, lot.acquired_at) for lot in lots] == [
        (9, Decimal(200), START + timedelta(hours=1))
    ]
    assert not outcome.unmatched_bridges


def test_an_unmatched_bridge_is_a_transfer_and_said() -> None:
    out = event(2, Kind.BRIDGE, leg(A, -10, 50), protocol="across", identifiers={"deposit_id": "7"})
    came = event(3, Kind.BRIDGE, leg(A, 9, 50), chain_id=2, protocol="across", identifiers={"deposit_id": "8"})
    outcome = run(bought(1, 10, 20), out, came)
    assert left(outcome, Asset(2, A)) == [(9, Decimal(450))]
    assert outcome.unmatched_bridges == {out.id, came.id}
    assert UNMATCHED_BRIDGE in outcome.assets[COIN].account.notes


def test_a_wrap_keeps_cost_and_date() -> None:
    outcome = run(bought(1, 10, 20), event(2, Kind.WRAP, leg(A, -10, 99), leg(B, 30)))
    lots = outcome.assets[OTHER].lots
    assert [(lot.amount_raw, lot.cost, lot.acquired_at) for lot in lots] == [
        (30, Decimal(200), START + timedelta(hours=1))
    ]
    assert gains(outcome, COIN) == []


def test_liquidity_by_shares_keeps_the_cost_of_both_sides() -> None:
    add = event(3, Kind.LP_ADD, leg(A, -10, 30), leg(B, -300, 1), leg(SHARES, 50, role="receipt"))
    remove = event(4, Kind.LP_REMOVE, leg(SHARES, -25, role="receipt"), leg(A, 6, 25), leg(B, 150, 1))
    outcome = run(bought(1, 10, 20), bought(2, 300, 1, B), add, remove)
    shares = outcome.assets[Asset(1, SHARES)].lots
    assert sum(lot.amount_raw for lot in shares) == 25
    assert all(each.account.realised == [] for each in outcome.assets.values())
    kept = sum((lot.cost or 0 for each in outcome.assets.values() for lot in each.lots), Decimal(0))
    assert kept == 500
    assert sum(lot.cost or 0 for lot in outcome.assets[COIN].lots) == sum(
        lot.cost or 0 for lot in outcome.assets[OTHER].lots
    )  # what came out was worth 150 a side


def test_shares_that_grew_keep_the_cost_and_interest_on_a_rebasing_receipt_is_earned() -> None:
    supply = event(2, Kind.SUPPLY, leg(A, -10, 30), leg(SHARES, 10, role="receipt"))
    out = event(3, Kind.WITHDRAW, leg(SHARES, -10, role="receipt"), leg(A, 12, 30))
    outcome = run(bought(1, 10, 20), supply, out)
    assert left(outcome, COIN) == [(12, Decimal(200))]
    grown = event(3, Kind.WITHDRAW, leg(SHARES, -12, role="receipt"), leg(A, 12, 30))
    outcome = run(bought(1, 10, 20), supply, grown, whole_chains=frozenset({1}))
    assert sorted(left(outcome, COIN)) == [(2, Decimal(60)), (10, Decimal(200))]
    assert [each.value_usd for each in outcome.assets[COIN].account.income] == [Decimal(60)]
    outcome = run(bought(1, 10, 20), supply, grown)
    assert sorted(left(outcome, COIN), key=str) == [(10, Decimal(200)), (2, None)]
    assert HELD_BEFORE in outcome.assets[COIN].account.notes


NAMED = {"pool": "0xp", "token_id": "5"}


def test_a_position_without_shares_gives_back_the_same_asset_first() -> None:
    """As much of both goes in; the price falls to a quarter: twice the asset and half the dollars come out."""
    add = event(3, Kind.LP_ADD, leg(A, -2, 1000), leg(B, -2000, 1), protocol="v3", identifiers=NAMED)
    remove = event(4, Kind.LP_REMOVE, leg(A, 4, 250), leg(B, 1000, 1), protocol="v3", identifiers=NAMED)
    outcome = run(bought(1, 2, 1000), bought(2, 2000, 1, B), add, remove)
    assert sorted(left(outcome, COIN)) == [(2, Decimal(500)), (2, Decimal(2000))]
    assert left(outcome, OTHER) == [(1000, Decimal(1000))]
    key = position_key(add)
    assert [(each, lot.amount_raw) for each, lot in outcome.assets[OTHER].inside] == [(key, 500)]
    closed = run(bought(1, 2, 1000), bought(2, 2000, 1, B), add, remove, open_positions=frozenset())
    assert closed.assets[OTHER].inside == ()
    assert gains(closed, OTHER) == [Decimal(-500)]


def test_interest_without_a_receipt_is_earned() -> None:
    named = {"pool": "0xcomet"}
    supply = event(2, Kind.SUPPLY, leg(A, -10, 30), protocol="compound_v3", identifiers=named)
    out = event(3, Kind.WITHDRAW, leg(A, 12, 30), protocol="compound_v3", identifiers=named)
    outcome = run(bought(1, 10, 20), supply, out)
    assert sorted(left(outcome, COIN)) == [(2, Decimal(60)), (10, Decimal(200))]
    assert [each.amount_raw for each in outcome.assets[COIN].account.income] == [2]


def test_what_is_asked_back_and_comes_later_keeps_its_cost() -> None:
    """Lido: ETH for stETH, stETH into the queue, later ETH out of it."""
    named = {"protocol": "Lido", "counterparty": "0xqueue", "identifiers": {"request_id": "9"}}
    stake = event(2, Kind.STAKE, leg(A, -10, 30), leg(SHARES, 10, role="receipt"))
    asked = event(3, Kind.UNSTAKE, leg(SHARES, -10, role="receipt"), leg(B, 1, token_id=9, role="receipt"), **named)
    paid = event(4, Kind.UNSTAKE, leg(A, 11, 30), leg(B, -1, token_id=9, role="receipt"), **named)
    outcome = run(bought(1, 10, 20), stake, asked)
    assert left(outcome, COIN) == left(outcome, Asset(1, SHARES)) == []
    outcome = run(bought(1, 10, 20), stake, asked, paid)
    assert left(outcome, COIN) == [(11, Decimal(200))]


def test_a_position_entered_before_the_history_gives_units_of_unknown_cost() -> None:
    outcome = run(event(3, Kind.WITHDRAW, leg(A, 12, 30), protocol="compound_v3", identifiers={"pool": "0xcomet"}))
    assert left(outcome, COIN) == [(12, None)]
    assert HELD_BEFORE in outcome.assets[COIN].account.notes


def test_rewards_and_fees_of_a_position_are_income() -> None:
    claim = event(2, Kind.CLAIM, leg(A, 3, 30, role="reward"))
    remove = event(3, Kind.LP_REMOVE, leg(A, 1, 40, role="reward"), protocol="v3", identifiers=NAMED)
    outcome = run(claim, remove)
    assert left(outcome, COIN) == [(3, Decimal(90)), (1, Decimal(40))]
    assert [each.value_usd for each in outcome.assets[COIN].account.income] == [Decimal(90), Decimal(40)]


def test_a_loan_that_got_cheaper_made_a_gain() -> None:
    loan = event(1, Kind.BORROW, leg(A, 10, 100), leg(SHARES, 10, role="receipt"))
    sold = event(2, Kind.SWAP, leg(A, -10, 100), leg(B, 1000, 1))
    back = event(3, Kind.SWAP, leg(B, -770, 1), leg(A, 11, 70))
    repaid = event(4, Kind.REPAY, leg(A, -11, 70))
    outcome = run(loan, sold, back, repaid, whole_chains=frozenset({1}))
    assert Asset(1, SHARES) not in outcome.assets
    assert outcome.assets[COIN].debts == ()
    assert [each.gain for each in outcome.assets[COIN].account.debt_gains] == [Decimal(300), Decimal(-70)]
    assert left(outcome, OTHER) == [(230, Decimal(230))]


def test_a_liquidation_has_an_unknown_outcome() -> None:
    outcome = run(bought(1, 10, 20), event(2, Kind.LIQUIDATION, leg(A, -10, 15)))
    assert gains(outcome, COIN) == [None]
    assert LIQUIDATED in outcome.assets[COIN].account.notes


def test_a_fee_is_paid_out_of_lots() -> None:
    paid = event(2, Kind.CALL, fee_wei=3, fee_price_usd=Decimal(50), succeeded=False)
    decimals_of_one = [ValuedEvent(paid, (), Decimal(150))]
    history = valued(bought(1, 10, 20, NATIVE)) + decimals_of_one
    outcome = account(history, Setting(wallets=WALLETS, native=NATIVE))
    assert left(outcome, OWN) == [(7, Decimal(140))]
    assert gains(outcome, OWN) == [Decimal(90)]
    assert [each.value_usd for each in outcome.assets[OWN].account.fees] == [Decimal(150)]


def test_what_was_held_before_has_an_unknown_cost_and_goes_first() -> None:
    setting = {"opening_raw": {COIN: 5}, "opening_at": {1: START}}
    outcome = run(bought(1, 10, 20), event(2, Kind.SWAP, leg(A, -7, 30), leg(B, 210, 1)), **setting)
    assert gains(outcome, COIN) == [None, Decimal(20)]
    assert left(outcome, COIN) == [(8, Decimal(160))]
    assert HELD_BEFORE in outcome.assets[COIN].account.notes


def test_what_was_never_seen_coming_is_said_to_be_so() -> None:
    swap = event(2, Kind.SWAP, leg(A, -12, 30), leg(B, 360, 1))
    outcome = run(bought(1, 10, 20), swap, whole_chains=frozenset({1}))
    assert gains(outcome, COIN) == [Decimal(100), None]
    assert NO_TRANSFER in outcome.assets[COIN].account.notes


def test_what_is_not_there_any_more_leaves_without_profit() -> None:
    outcome = run(bought(1, 10, 20), gone_raw={COIN: 4})
    assert left(outcome, COIN) == [(6, Decimal(120))]
    assert [(each.event_id, each.gain) for each in outcome.assets[COIN].account.left] == [(None, None)]


# --- properties

TOKENS = (A, B, NATIVE)
KINDS = ("in", "out", "swap", "claim", "wrap", "shares in", "shares out", "inside", "outside", "borrow", "repay")


@dataclass
class Story:
    """A history that never gives what is not there."""

    events: list[ValuedEvent] = field(default_factory=list)
    held: dict[str, int] = field(default_factory=lambda: dict.fromkeys([*TOKENS, SHARES], 0))
    owed: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOKENS, 0))
    inside: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOKENS, 0))


@st.composite
def stories(draw: st.DrawFn, kinds: Sequence[str] = KINDS) -> Story:
    story = Story()
    for number in range(1, 4 + draw(st.integers(0, 12))):
        kind = "in" if number <= len(TOKENS) else draw(st.sampled_from(kinds))
        token = TOKENS[number - 1] if number <= len(TOKENS) else draw(st.sampled_from(TOKENS))
        made = _step(draw, story, number, kind, token)
        if made is not None:
            spent = sum(min(0, each.amount_raw) for each in made.legs if each.token == NATIVE)
            fee = draw(st.integers(0, min(2, story.held[NATIVE] + spent)))
            story.held[NATIVE] -= fee
            made = replace(made, fee_wei=fee)
            [whole] = valued(made)
            price = draw(st.integers(1, 9))
            story.events.append(ValuedEvent(made, whole.flows, Decimal(fee * price)))
            for flow in whole.flows:
                story.held[flow.asset.token] += flow.amount_raw
    return story


def _step(draw: st.DrawFn, story: Story, number: int, kind: str, token: str) -> Event | None:
    other = draw(st.sampled_from([each for each in TOKENS if each != token]))
    price = draw(st.integers(1, 9))
    most = {"repay": story.owed[token], "outside": story.inside[token]}.get(kind, 60)
    if kind in ("out", "swap", "wrap", "shares in", "shares out", "inside", "repay"):
        most = min(most, story.held[SHARES if kind == "shares out" else token])
    if most < 1:
        return None
    amount = draw(st.integers(1, most))
    given, got = leg(token, -amount, price), leg(token, amount, price)
    named = {"protocol": "lender", "identifiers": {"pool": token}}
    if kind == "borrow":
        story.owed[token] += amount
        return event(number, Kind.BORROW, got)
    if kind == "repay":
        story.owed[token] -= amount
        return event(number, Kind.REPAY, given)
    if kind == "inside":
        story.inside[token] += amount
        return event(number, Kind.SUPPLY, given, **named)
    if kind == "outside":
        story.inside[token] -= amount
        return event(number, Kind.WITHDRAW, got, **named)
    units = draw(st.integers(1, 60))
    shares = leg(SHARES, units, role="receipt")
    return {
        "in": lambda: event(number, Kind.TRANSFER, leg(token, amount, price, counterparty=STRANGER)),
        "out": lambda: event(number, Kind.TRANSFER, leg(token, -amount, price, counterparty=STRANGER)),
        "claim": lambda: event(number, Kind.CLAIM, leg(token, amount, price, role="reward")),
        "swap": lambda: event(number, Kind.SWAP, given, leg(other, units, draw(st.integers(1, 9)))),
        "wrap": lambda: event(number, Kind.WRAP, given, leg(other, units)),
        "shares in": lambda: event(number, Kind.LP_ADD, given, shares),
        "shares out": lambda: event(
            number,
            Kind.LP_REMOVE,
            leg(SHARES, -amount, role="receipt"),
            leg(token, units, price),
            leg(other, draw(st.integers(1, 60)), draw(st.integers(1, 9))),
        ),
    }[kind]()


@given(stories())
@settings(max_examples=200, deadline=None)
def test_units_and_money_are_conserved(story: Story) -> None:
    """What is there is what came less what went; what it cost is what was paid in, and what was made of that."""
    outcome = account(story.events, Setting(wallets=WALLETS, native=NATIVE, whole_chains=frozenset({1})))
    cost = Decimal(0)
    for asset, each in outcome.assets.items():
        assert sum(lot.amount_raw for lot in each.lots) == story.held[asset.token]
        assert sum(lot.amount_raw for _, lot in each.inside) == story.inside.get(asset.token, 0)
        assert sum(lot.amount_raw for lot in each.debts) == story.owed.get(asset.token, 0)
        books = each.account
        for lot in (*each.lots, *(lot for _, lot in each.inside)):
            assert lot.cost is not None
            cost = LEDGER.add(cost, lot.cost)
        for debt in each.debts:
            cost = LEDGER.subtract(cost, debt.cost)  # type: ignore[arg-type]
        for made in (*books.realised, *books.debt_gains, *books.left):
            assert made.gain is not None
            cost = LEDGER.subtract(cost, made.gain)
        for earned in books.income:
            cost = LEDGER.subtract(cost, earned.value_usd)  # type: ignore[arg-type]
        for fee in books.fees:
            cost = LEDGER.add(cost, fee.value_usd)  # type: ignore[arg-type]
    paid_in = sum(
        (
            flow.signed_usd
            for each in story.events
            if each.event.kind is Kind.TRANSFER
            for flow in each.flows
            if flow.signed_usd is not None
        ),
        Decimal(0),
    )
    assert cost == paid_in


@given(stories(("in", "out", "swap", "wrap", "claim")))
@settings(max_examples=200, deadline=None)
def test_it_equals_a_pass_that_moves_single_units(story: Story) -> None:
    outcome = account(story.events, Setting(wallets=WALLETS, native=NATIVE))
    slow = _slow(story.events)
    for asset, each in outcome.assets.items():
        quick = [(lot.acquired_at, lot.cost / lot.amount_raw) for lot in each.lots for _ in range(lot.amount_raw)]  # type: ignore[operator]
        plain = [(at, cost) for at, cost, _ in slow[0].get(asset, [])]
        for (at, cost), (slow_at, slow_cost) in zip(sorted(quick), sorted(plain), strict=True):
            assert at == slow_at
            assert float(cost) == pytest.approx(float(slow_cost), abs=1e-9)
        gain = sum((made.gain or 0 for made in each.account.realised), Decimal(0))
        assert float(gain) == pytest.approx(float(slow[1].get(asset, 0)), abs=1e-9)


def _slow(events: Sequence[ValuedEvent]) -> tuple[dict[Asset, list[tuple]], dict[Asset, Fraction]]:
    """Every unit is one entry (date, cost, what it came with); sales take the oldest."""
    units: dict[Asset, list[tuple]] = {}
    gain: dict[Asset, Fraction] = {}

    def take(asset: Asset, amount: int) -> list[tuple]:
        stack = units.setdefault(asset, [])
        stack.sort(key=lambda unit: unit[0])
        taken, units[asset] = stack[:amount], stack[amount:]
        return taken

    for each in events:
        at, fee = each.event.happened_at, each.event.fee_wei or 0
        if fee:
            costs = sum(cost for _, cost, _ in take(OWN, fee))
            gain[OWN] = gain.get(OWN, Fraction(0)) + Fraction(each.fee_usd or 0) - costs
        given, got = each.went, each.came
        taken = [unit for flow in given for unit in take(flow.asset, -flow.amount_raw)]
        if each.event.kind is Kind.SWAP:
            worth = Fraction(got[0].value_usd or 0)
            gain[given[0].asset] = gain.get(given[0].asset, Fraction(0)) + worth - sum(cost for _, cost, _ in taken)
        if each.event.kind is Kind.WRAP:
            units.setdefault(got[0].asset, []).extend(_wrapped(taken, got[0].amount_raw))
            continue
        for flow in got:
            cost = Fraction(flow.value_usd or 0) / flow.amount_raw
            units.setdefault(flow.asset, []).extend([(at, cost, object())] * flow.amount_raw)
    return units, gain


def _wrapped(taken: list[tuple], amount: int) -> list[tuple]:
    """The units of each lot as parts of the new amount, by largest remainders, the earlier first."""
    groups: dict[tuple, int] = {}
    for unit in taken:
        groups[unit] = groups.get(unit, 0) + 1
    shares = {unit: Fraction(count * amount, len(taken)) for unit, count in groups.items()}
    whole = {unit: int(share) for unit, share in shares.items()}
    spare = amount - sum(whole.values())
    for unit in sorted(shares, key=lambda unit: whole[unit] - shares[unit])[:spare]:
        whole[unit] += 1
    largest = max(whole, key=lambda unit: whole[unit])
    lost = sum((unit[1] * count for unit, count in groups.items() if not whole[unit]), Fraction(0))
    made = []
    for unit, count in whole.items():
        if count:
            cost = unit[1] * groups[unit] + (lost if unit == largest else 0)
            made += [(unit[0], cost / count, object())] * count
    return made


def test_positions_are_told_apart_by_what_names_them() -> None:
    one = event(1, Kind.LP_ADD, protocol="uniswap_v3", identifiers={"pool": "0xP", "token_id": "7"})
    assert position_key(one) == PositionKey(1, MINE, "uniswap_v3", "token_id:7")
