"""What holds for every transaction: nothing is lost, nothing counts twice, and no log can make it fail."""

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.chain.blocks import Log
from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.decode import decode
from backend.ledger.decoding.registry import concerned, decoders
from backend.ledger.transactions import Facts
from tests.unit.ledger.decoding.build import (
    BLOCK,
    DAI,
    DAI_POOL,
    FACTS,
    FAKE,
    FRIEND,
    ME,
    NOBODY,
    ROUTER,
    STRANGER,
    TX,
    USDC,
    V2_PAIR,
    V3_POOL,
    WETH,
    Make,
    assert_sound,
)

PURPOSES = sorted({purpose for each in decoders() for purpose in each.purposes} | {"router", "entry_point"})
CONTRACTS = {f"0x{0x9000 + number:040x}": (f"Protocol {number}", purpose) for number, purpose in enumerate(PURPOSES)}
KNOWN = Facts(wrapped_native=FACTS.wrapped_native, pools=FACTS.pools, contracts={**CONTRACTS, ROUTER: ("R", "router")})
PEOPLE = [ME, ME, ME, FRIEND, STRANGER, NOBODY, ROUTER, V2_PAIR, V3_POOL, DAI_POOL, WETH, *CONTRACTS]
EMITTERS = [WETH, USDC, DAI, FAKE, V2_PAIR, V3_POOL, DAI_POOL, *CONTRACTS]
AMOUNTS = st.one_of(st.integers(0, 5), st.integers(0, 2**256 - 1), st.integers(2**255, 2**256 - 1))
TOPICS = sorted({topic for each in decoders() for topic in each.topics})
WORD = st.one_of(
    st.sampled_from(PEOPLE).map(lambda each: bytes(12) + bytes.fromhex(each[2:])),
    st.integers(0, 5).map(lambda each: each.to_bytes(32, "big")),
    st.integers(-5, -1).map(lambda each: each.to_bytes(32, "big", signed=True)),
    st.sampled_from([32, 64, 96, 160]).map(lambda each: each.to_bytes(32, "big")),
    st.binary(min_size=32, max_size=32),
)


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """A log of a known topic with any words, or of any topic; of any length, sometimes not whole words."""
    words = draw(st.lists(WORD, max_size=14))
    topics = [draw(st.sampled_from(TOPICS)) if draw(st.integers(0, 9)) else "0x" + draw(WORD).hex()]
    topics += ["0x" + each.hex() for each in draw(st.lists(WORD, max_size=3))]
    data = b"".join(words)[: draw(st.sampled_from([10**6] * 9 + [31]))]
    return Log(
        draw(st.sampled_from(EMITTERS)), tuple(topics[: draw(st.sampled_from([4] * 9 + [0]))]), data, TX, 0, 99, BLOCK
    )


@st.composite
def transactions(draw: st.DrawFn) -> Make:
    """A transaction of movements that make sense among known accounts, mixed with logs that need not."""
    make = Make(
        sender=draw(st.sampled_from([ME, STRANGER])),
        recipient=draw(st.sampled_from([None, *PEOPLE])),
        value_wei=draw(st.sampled_from([0, 0, 3, 10**18])),
        succeeded=draw(st.sampled_from([True] * 9 + [False])),
        native_is_known=draw(st.booleans()),
    )
    for _ in range(draw(st.integers(0, 8))):
        if draw(st.booleans()):
            token = draw(st.sampled_from([*EMITTERS, NATIVE_TOKEN]))
            sender, recipient = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(PEOPLE))
            make.moved(token, sender, recipient, draw(AMOUNTS))
        else:
            log = draw(logs())
            make.logs.append(Log(log.address, log.topics, log.data, TX, len(make.logs), 99, BLOCK))
    return make


@settings(max_examples=400, deadline=None)
@given(transactions())
def test_everything_is_counted_exactly_once_whatever_is_logged(make: Make) -> None:
    make.events(KNOWN)  # which checks it


@settings(max_examples=100, deadline=None)
@given(transactions())
def test_the_same_transaction_gives_the_same_events(make: Make) -> None:
    tx = make.transaction()
    assert decode(tx, ME, KNOWN) == decode(tx, ME, KNOWN)


@settings(max_examples=100, deadline=None)
@given(transactions())
def test_what_one_wallet_gave_another_got(make: Make) -> None:
    """Between the two of them, legs with the other as the counterparty cancel out."""
    tx = make.transaction()

    def between(wallet: str, other: str) -> dict[str, int]:
        total: dict[str, int] = {}
        for event in decode(tx, wallet, Facts(wrapped_native=KNOWN.wrapped_native)):
            for leg in event.legs:
                if leg.counterparty == other:
                    total[leg.token] = total.get(leg.token, 0) + leg.amount_raw
        return {token: amount for token, amount in total.items() if amount}

    mine, theirs = between(ME, FRIEND), between(FRIEND, ME)
    assert mine == {token: -amount for token, amount in theirs.items()}


def test_the_check_itself_finds_a_lost_and_a_doubled_leg() -> None:
    make = Make().moved(USDC, FRIEND, ME, 5)
    tx, (event,) = make.transaction(), make.events()
    for wrong in ([], [event, event]):
        try:
            assert_sound(tx, ME, FACTS, wrong)
        except AssertionError:
            continue
        raise RuntimeError("the check let it pass")


def test_decoders_are_found_by_their_folders_and_asked_by_their_topics() -> None:
    names = [type(each).__module__.split(".")[-2] for each in decoders()]
    assert {"uniswap_v2", "uniswap_v3", "wrapped_native"} <= set(names)
    assert names == sorted(names)
    for each in decoders():
        assert all(each in concerned([topic]) for topic in each.topics)
    assert concerned([]) == []
