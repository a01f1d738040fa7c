"""The engine against the slow, obvious reference, on generated rules and events."""

from decimal import Decimal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.alerts.engine import intervals
from backend.alerts.engine.book import RuleBook
from backend.alerts.engine.conditions import ChangeConditions, PriceConditions, WhaleConditions
from backend.chain.events import CHANGE_WINDOWS_SECONDS, PriceUpdate, TokenTransfer
from benchmarks.naive_rules import fires

CHAINS = (1, 11_297_108_109)
TOKENS = ("0xaa", "0xbb")
WALLETS = tuple(f"0x{n:040x}" for n in range(6))

# Few distinct values, so that equality at a threshold is common, next to values of every size and length.
EDGES = [Decimal(text) for text in ("0.000001", "0.999999999999999", "1", "1.00000000000001", "999.99", "1000", "1e9")]
numbers = st.one_of(
    st.sampled_from(EDGES),
    st.sampled_from(EDGES),
    st.decimals("1e-18", "1e15", allow_nan=False, allow_infinity=False),
    st.builds(lambda digits, exponent: Decimal(digits).scaleb(exponent), st.integers(1, 10**20), st.integers(-30, 12)),
)
changes = st.one_of(
    st.sampled_from([Decimal(x) for x in ("-10", "-5", "-0.1", "0", "0.1", "5", "4.999999999999999999", "10")]),
    st.decimals("-100", "1000", allow_nan=False, allow_infinity=False),
)
some = st.frozensets
whales = st.builds(
    WhaleConditions,
    chains=some(st.sampled_from(CHAINS), max_size=2),
    tokens=some(st.sampled_from(TOKENS), max_size=2),
    wallets=some(st.sampled_from(WALLETS), max_size=3),
    direction=st.sampled_from(["in", "out", "either"]),
    value_usd=st.none() | numbers,
    amount=st.none() | numbers,
)
wide_whales = st.builds(
    WhaleConditions,
    chains=some(st.sampled_from([*CHAINS, *range(100, 130)]), min_size=1),
    tokens=some(st.sampled_from([*TOKENS, *(f"0xt{n}" for n in range(30))]), min_size=1),
    wallets=st.sampled_from([frozenset(), frozenset([*WALLETS, *(f"0xw{n}" for n in range(60))])]),
    direction=st.sampled_from(["in", "out", "either"]),
    value_usd=st.none() | numbers,
    amount=st.none() | numbers,
)
prices = st.builds(
    PriceConditions,
    chain_id=st.sampled_from(CHAINS),
    token=st.sampled_from(TOKENS),
    test=st.sampled_from(["gt", "gte", "lt", "lte"]),
    threshold=numbers,
)
percents = st.sampled_from([Decimal(x) for x in ("0.1", "5", "10")]) | st.decimals("0.01", "1000")
moves = st.builds(
    lambda chain, token, window, test, percent: ChangeConditions(
        chain, token, window, test, -percent if test == "fall" else percent
    ),
    st.sampled_from(CHAINS),
    st.sampled_from(TOKENS),
    st.sampled_from(CHANGE_WINDOWS_SECONDS),
    st.sampled_from(["rise", "fall", "move"]),
    percents,
)
rules = st.one_of(prices, prices, moves, whales, wide_whales).filter(
    lambda rule: not isinstance(rule, WhaleConditions) or bool(rule.wallets or rule.value_usd or rule.amount)
)

base = {"block_number": 1, "block_hash": "0xb", "taken_at": 0}
transfers = st.builds(
    lambda chain, token, sender, recipient, amount, value: TokenTransfer(
        id="t",
        chain_id=chain,
        tx_hash="0x",
        log_index=1,
        token=token,
        sender=sender,
        recipient=recipient,
        amount_raw=0,
        amount=amount,
        value_usd=value,
        **base,
    ),
    st.sampled_from(CHAINS),
    st.sampled_from([*TOKENS, "0xt3"]),
    st.sampled_from(WALLETS),
    st.sampled_from(WALLETS),
    st.none() | numbers,
    st.none() | numbers,
)
readings = st.builds(
    lambda chain, token, before, now, windows: PriceUpdate(
        id="p",
        chain_id=chain,
        token=token,
        symbol=None,
        price_usd=now,
        previous_price_usd=before,
        source="",
        changes=windows,
        **base,
    ),
    st.sampled_from(CHAINS),
    st.sampled_from(TOKENS),
    st.none() | numbers,
    numbers,
    st.dictionaries(st.sampled_from(CHANGE_WINDOWS_SECONDS), st.tuples(st.none() | changes, changes), max_size=3),
)
ids = st.binary(min_size=16, max_size=16) | st.sampled_from([UUID(int=n << 120).bytes for n in range(4)])


def check(book: RuleBook, active: dict[bytes, tuple[int, object]], events: list) -> None:
    """Compare the book with the reference on a batch, each (rule, event) exactly once and with its version."""
    for kind, match in ((PriceUpdate, book.match_prices), (TokenTransfer, book.match_transfers)):
        batch = [event for event in events if isinstance(event, kind)]
        found = match(batch)
        pairs = [
            (place, book.rule_id(slot), book.version(slot))
            for place, slot in zip(found.events.tolist(), found.slots.tolist(), strict=True)
        ]
        expected = [
            (place, rule_id, version)
            for place, event in enumerate(batch)
            for rule_id, (version, rule) in active.items()
            if fires(rule, event)
        ]
        assert sorted(pairs) == sorted(expected)
    assert len(book) == len(active)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(ids, rules, max_size=30), st.lists(readings | transfers, max_size=20))
def test_matches_are_those_of_the_reference(active, events):
    book = RuleBook()
    book.load((rule_id, 1, rule) for rule_id, rule in active.items())
    check(book, {rule_id: (1, rule) for rule_id, rule in active.items()}, events)


steps = st.one_of(
    st.tuples(st.just("put"), ids, rules),
    st.tuples(st.just("remove"), ids, st.none()),
    st.tuples(st.just("merge"), ids, st.none()),
)


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(ids, rules, max_size=8),
    st.lists(steps, max_size=25),
    st.lists(readings | transfers, max_size=10),
)
def test_matches_stay_right_while_rules_are_added_edited_and_removed(first, changes_, events):
    book = RuleBook()
    book.load((rule_id, 1, rule) for rule_id, rule in first.items())
    active: dict[bytes, tuple[int, object]] = {rule_id: (1, rule) for rule_id, rule in first.items()}
    for number, (step, rule_id, rule) in enumerate(changes_, start=2):
        if step == "put":
            book.put(rule_id, number, rule)
            active[rule_id] = (number, rule)
        elif step == "remove":
            assert book.remove(rule_id) == (active.pop(rule_id, None) is not None)
        else:
            book.merge()
        check(book, active, events)


def test_a_merge_happens_by_itself_and_frees_what_is_dead():
    book = RuleBook()
    rule = PriceConditions(1, "0xaa", "gt", Decimal(1))
    for number in range(3 * intervals.WAITING_LIMIT):
        book.put(UUID(int=number % 100).bytes, number, rule)
    assert len(book) == 100
    assert book.points < 2 * intervals.WAITING_LIMIT


def test_one_event_finds_a_rule_with_both_wallets_once():
    book = RuleBook()
    book.put(b"r" * 16, 1, WhaleConditions(wallets=frozenset(WALLETS[:2])))
    event = TokenTransfer(
        id="t",
        chain_id=1,
        tx_hash="0x",
        log_index=1,
        token="0xaa",
        sender=WALLETS[0],
        recipient=WALLETS[1],
        amount_raw=0,
        **base,
    )
    assert len(book.match_transfers([event, event])) == 2


def test_every_combination_of_threshold_and_ends_at_and_around_equality():
    numbered = [UUID(int=n).bytes for n in range(2000)]
    percents = [Decimal(x) for x in ("-5", "-4.99999999999999", "0", "4.99999999999999", "5", "5.00000000000001")]
    conditions = [
        *(PriceConditions(1, "0xaa", test, edge) for edge in EDGES for test in ("gt", "gte", "lt", "lte")),
        *(ChangeConditions(1, "0xaa", 300, test, p) for p in percents for test in ("rise", "move") if p > 0),
        *(ChangeConditions(1, "0xaa", 300, "fall", percent) for percent in percents if percent < 0),
        *(WhaleConditions(value_usd=edge) for edge in EDGES),
        *(WhaleConditions(tokens=frozenset(["0xaa"]), amount=edge) for edge in EDGES),
        *(WhaleConditions(wallets=frozenset(WALLETS[:1]), value_usd=Decimal(1), amount=edge) for edge in EDGES),
    ]
    active = dict(zip(numbered, ((1, each) for each in conditions), strict=False))
    book = RuleBook()
    book.load((rule_id, 1, rule) for rule_id, (_, rule) in active.items())
    events = [
        PriceUpdate(
            id="p", chain_id=1, token="0xaa", symbol=None, price_usd=now, previous_price_usd=before, source="",
            changes={}, **base,
        )
        for now in EDGES for before in [None, *EDGES]
    ] + [
        PriceUpdate(
            id="p", chain_id=1, token="0xaa", symbol=None, price_usd=EDGES[0], previous_price_usd=None, source="",
            changes={300: (before, now)}, **base,
        )
        for now in percents for before in [None, *percents]
    ] + [
        TokenTransfer(
            id="t", chain_id=1, tx_hash="0x", log_index=1, token="0xaa", sender=WALLETS[0], recipient=WALLETS[1],
            amount_raw=0, amount=amount, value_usd=value, **base,
        )
        for amount in [None, *EDGES] for value in [None, *EDGES]
    ]  # fmt: skip
    check(book, active, events)
