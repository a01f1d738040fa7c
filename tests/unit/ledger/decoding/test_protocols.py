"""Every protocol by exact cases, and the same cases damaged at random: nothing may be lost or counted twice."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.chain.blocks import Log
from backend.ledger.decoding.registry import decoders
from backend.ledger.transactions import Facts
from tests.unit.ledger.decoding import cases_crossings, cases_lending, cases_liquidity, cases_staking
from tests.unit.ledger.decoding.build import FRIEND, ME, STRANGER, TX, Make
from tests.unit.ledger.decoding.case import Case, named

CASES = [
    *cases_liquidity.CASES,
    *cases_lending.CASES,
    *cases_staking.CASES,
    *cases_crossings.CASES,
]


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_case(case: Case) -> None:
    case.check()


def test_every_decoder_has_a_case() -> None:
    seen = {log.topics[0] for case in CASES for log in case.make.logs}
    for each in decoders():
        assert each.topics & seen, type(each).__module__


@st.composite
def damaged(draw: st.DrawFn) -> tuple[Make, Facts, str]:
    """The logs of one or two cases, shuffled, some left out, doubled, or with another word in them."""
    chosen = draw(st.lists(st.sampled_from(CASES), min_size=1, max_size=2))
    logs = [log for case in chosen for log in case.make.logs]
    logs = draw(st.permutations(logs)) if draw(st.booleans()) else logs
    kept: list[Log] = []
    for log in logs:
        for _ in range(draw(st.sampled_from([1, 1, 1, 1, 1, 0, 2]))):
            data = log.data
            if draw(st.integers(0, 9)) == 0 and data:
                at = draw(st.integers(0, len(data) // 32)) * 32
                data = data[:at] + draw(st.sampled_from([b"\0" * 31 + b"\7", b"\xff" * 32, b""])) + data[at + 32 :]
            kept.append(Log(log.address, log.topics, data, TX, len(kept), 99, log.block_hash))
    first = chosen[0].make
    make = Make(
        sender=draw(st.sampled_from([first.sender, ME, STRANGER])),
        recipient=first.recipient,
        value_wei=first.value_wei,
        native_is_known=draw(st.booleans()),
        logs=kept,
        inner=[moved for case in chosen for moved in case.make.inner],
    )
    return make, chosen[0].facts, draw(st.sampled_from([ME, ME, ME, FRIEND, STRANGER]))


@settings(max_examples=600, deadline=None)
@given(damaged())
def test_damaged_cases_lose_nothing(given_case: tuple[Make, Facts, str]) -> None:
    make, facts, wallet = given_case
    make.events(facts, wallet)  # which checks it
