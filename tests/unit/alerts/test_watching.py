"""Trees and repeating rules against the slow, obvious evaluator, on generated rules, events, batches and replays."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.alerts.engine.book import RuleBook
from backend.alerts.engine.conditions import (
    ChangeConditions,
    MetricChangeConditions,
    MetricConditions,
    OccurrenceConditions,
    PriceConditions,
)
from backend.alerts.engine.histories import Entry
from backend.alerts.engine.watching import Branch, MomentLeaf, StateLeaf, watched
from backend.chain.events import Event, Occurrence, PriceUpdate, Reading

CHAIN = 1
TOKENS = ("0xaa", "0xbb")
VALUES = [Decimal(text) for text in ("9", "9.99", "10", "10.01", "11")]
PERCENTS = [Decimal(text) for text in ("-6", "-5", "0", "5", "6")]


# The rules as plain data, from which the engine's trees are made and which the obvious evaluator reads.
@dataclass(frozen=True)
class Is:
    conditions: object
    within: int | None = None


@dataclass(frozen=True)
class Join:
    kind: str
    parts: tuple


tests_ = st.sampled_from(["gt", "gte", "lt", "lte"])
values = st.sampled_from(VALUES)
within = st.sampled_from([None, 5, 12, 30])
price_leaf = st.builds(Is, st.builds(PriceConditions, st.just(CHAIN), st.sampled_from(TOKENS), tests_, values), within)
gas_leaf = st.builds(
    Is, st.builds(MetricConditions, st.just("gas.base_fee_gwei"), st.just(CHAIN), st.just(""), tests_, values), within
)
change_leaf = st.builds(
    lambda kind, test, within: Is(kind(test), within),
    st.sampled_from([
        lambda test: ChangeConditions(CHAIN, "0xaa", 300, test, Decimal(-5 if test == "fall" else 5)),
        lambda test: MetricChangeConditions(
            "gas.base_fee_gwei", CHAIN, "", 600, test, Decimal(-5 if test == "fall" else 5)
        ),
    ]),
    st.sampled_from(["rise", "fall", "move"]),
    within,
)  # fmt: skip
moment_leaf = st.builds(
    Is,
    st.builds(
        OccurrenceConditions,
        st.just(frozenset(["pool.liquidity_removed"])),
        st.just(frozenset([CHAIN])),
        st.sampled_from([frozenset(), frozenset(["0xp1"])]),
        st.none() | values,
    ),
)
state_leaves = st.one_of(price_leaf, gas_leaf, change_leaf)
leaves = st.one_of(state_leaves, state_leaves, moment_leaf)


def joined(parts):
    return st.one_of(
        st.builds(Join, st.sampled_from(["all", "any"]), st.lists(parts, min_size=1, max_size=3).map(tuple)),
        st.builds(Join, st.just("not"), st.tuples(parts)),
    )


trees = st.recursive(leaves, joined, max_leaves=5)
state_trees = st.recursive(state_leaves, joined, max_leaves=5)

changes = st.none() | st.sampled_from(PERCENTS)
# What happens in a block: seconds since the block before, and by series a value and a change, or nothing.
blocks = st.lists(
    st.tuples(
        st.sampled_from([1, 3, 6, 20, 40]),
        st.dictionaries(st.sampled_from([*TOKENS, "gas"]), st.tuples(values, changes), max_size=3),
        st.lists(st.tuples(st.sampled_from(["0xp1", "0xp2"]), st.none() | values), max_size=1),
    ),
    min_size=1,
    max_size=10,
)


def events_of(story) -> list[list[Event]]:
    """Return the events block by block, in the order of the stream."""
    taken_at, last, last_change, found = 1000, {}, {}, []
    for number, (seconds, series, happened) in enumerate(story):
        taken_at += seconds
        base = {"chain_id": CHAIN, "block_number": number, "block_hash": f"0x{number}", "taken_at": taken_at}
        block: list[Event] = [
            Occurrence(id=f"{number}:o:{pool}", topic="pool.liquidity_removed", subject=pool, value=value, source="",
                       **base)
            for pool, value in happened
        ]  # fmt: skip
        for name in sorted(series, key=lambda name: (name == "gas", name)):
            value, change = series[name]
            window = 600 if name == "gas" else 300
            known = {} if change is None else {window: (last_change.get(name), change)}
            if name == "gas":
                before, at = last.get(name, (None, None))
                block.append(
                    Reading(id=f"{number}:gas", metric="gas.base_fee_gwei", subject="", value=value, source="",
                            previous_value=before, previous_taken_at=at, changes=known, **base)
                )  # fmt: skip
            else:
                block.append(
                    PriceUpdate(id=f"{number}:{name}", token=name, symbol=None, price_usd=value, source="",
                                previous_price_usd=last.get(name, (None, None))[0], changes=known, **base)
                )  # fmt: skip
            last[name], last_change[name] = (value, taken_at), change
        found.append(block)
    return found


def made(rule):
    """Return the engine's tree of a rule."""
    if isinstance(rule, Join):
        return Branch(rule.kind, [made(part) for part in rule.parts])
    if isinstance(rule.conditions, OccurrenceConditions):
        return MomentLeaf(rule.conditions)
    return StateLeaf(rule.conditions, rule.within)


def judge(rule, known, at, event):
    """Kleene's truth of a rule, from what is known of each series, spelled out."""
    if isinstance(rule, Join):
        found = [judge(part, known, at, event) for part in rule.parts]
        if rule.kind == "not":
            return None if found[0] is None else not found[0]
        if rule.kind == "all":
            return False if False in found else None if None in found else True
        return True if True in found else None if None in found else False
    wanted = rule.conditions
    if isinstance(wanted, OccurrenceConditions):
        return (
            isinstance(event, Occurrence)
            and (not wanted.subjects or event.subject in wanted.subjects)
            and (wanted.least is None or (event.value is not None and event.value >= wanted.least))
        )
    name = wanted.token if hasattr(wanted, "token") else "gas"
    if name not in known:
        return None
    taken_at, value, change = known[name]
    if rule.within is not None and at - taken_at > rule.within:
        return None
    if hasattr(wanted, "percent"):
        if change is None:
            return None
        return {"rise": change >= 5, "fall": change <= -5, "move": abs(change) >= 5}[wanted.test]
    tests = {"gt": value > wanted.threshold, "gte": value >= wanted.threshold}
    return {**tests, "lt": value < wanted.threshold, "lte": value <= wanted.threshold}[wanted.test]


def expected(rule, level, story):
    """Return the ids of the events on which the rule fires (repeating ones with every reading of their series)."""
    known, fired = {}, []
    for block in events_of(story):
        for event in block:
            name = None if isinstance(event, Occurrence) else getattr(event, "token", "gas")
            before = judge(rule, known, event.taken_at, None)
            if name is not None:
                value = event.price_usd if name != "gas" else event.value
                change = next((now for _, now in event.changes.values()), None)
                known[name] = (event.taken_at, value, change)
            now = judge(rule, known, event.taken_at, event)
            concerns = name in names_of(rule) or (name is None and not level)
            if now is True and (level or before is not True) and concerns:
                fired.append(event.id)
    return fired


def names_of(rule):
    if isinstance(rule, Join):
        return {name for part in rule.parts for name in names_of(part)}
    if isinstance(rule.conditions, OccurrenceConditions):
        return set()
    return {getattr(rule.conditions, "token", "gas")}


def matched(book: RuleBook, events: list[Event]) -> list[tuple[str, bytes]]:
    """Return (event, rule) of everything that fires in a batch, which is matched kind by kind."""
    book.observe(events)
    found = []
    for kind, match in (
        (PriceUpdate, book.match_prices),
        (Reading, book.match_readings),
        (Occurrence, book.match_occurrences),
    ):
        batch = [event for event in events if isinstance(event, kind)]
        hits = match(batch)
        found += [(batch[place].id, book.rule_id(slot)) for place, slot in zip(hits.events, hits.slots, strict=True)]
    return found


def fired_in(book, batches, rule_id):
    return [event for batch in batches for event, found in matched(book, batch) if found == rule_id]


RULE, OTHER = UUID(int=7).bytes, UUID(int=9).bytes


@settings(max_examples=400, deadline=None)
@given(trees, blocks, st.lists(st.booleans(), min_size=10, max_size=10))
def test_trees_fire_when_they_become_true(rule, story, cuts):
    book = RuleBook()
    book.load([(RULE, 1, watched(made(rule), level=False))])
    stories = events_of(story)
    batches: list[list[Event]] = [[]]
    for block, cut in zip(stories, cuts, strict=False):
        batches[-1].extend(block)
        if cut:
            batches.append([])
    assert sorted(fired_in(book, batches, RULE)) == sorted(expected(rule, False, story))


@settings(max_examples=300, deadline=None)
@given(state_trees, blocks)
def test_repeating_rules_fire_with_every_reading_while_they_are_true(rule, story):
    book = RuleBook()
    book.put(RULE, 1, watched(made(rule), level=True))
    assert sorted(fired_in(book, events_of(story), RULE)) == sorted(expected(rule, True, story))


@settings(max_examples=200, deadline=None)
@given(state_trees, blocks, st.sampled_from([1, 10, 30]))
def test_a_rule_that_rests_is_told_of_again_when_its_rest_is_over_and_it_is_true(rule, story, pause):
    """The gate lets through what is late enough; resting must never hide one of those."""
    book = RuleBook()
    book.put(RULE, 1, watched(made(rule), level=True))
    at = {event.id: event.taken_at for block in events_of(story) for event in block}
    told, last = [], None
    for block in events_of(story):
        for event in [event for event, _ in matched(book, block)][:1]:
            if last is None or at[event] - last >= pause:
                last = at[event]
                told.append(at[event])
            book.rest(RULE, last + pause)
    wanted, last = [], None
    for moment in dict.fromkeys(at[event] for event in expected(rule, True, story)):
        if last is None or moment - last >= pause:
            last = moment
            wanted.append(moment)
    assert told == wanted


@settings(max_examples=200, deadline=None)
@given(trees, blocks, st.integers(0, 9))
def test_a_replay_decides_the_same_with_what_was_stored_meanwhile(rule, story, restart):
    """A worker that starts anew reads the stored readings, also those of blocks that it has still to be told of."""
    batches = events_of(story)
    before, again = RuleBook(), RuleBook()
    for book in (before, again):
        book.load([(RULE, 1, watched(made(rule), level=False))])
    for block in batches:
        for event in block:
            key = ("price_usd", CHAIN, getattr(event, "token", "")) if isinstance(event, PriceUpdate) else None
            key = ("gas.base_fee_gwei", CHAIN, "") if isinstance(event, Reading) else key
            if key and (series := again.readings.find(key)):
                value = event.price_usd if isinstance(event, PriceUpdate) else event.value
                now = {window: after for window, (_, after) in event.changes.items()}
                series.add_older(Entry(event.taken_at, event.block_number, event.block_hash, value, now))
    start = min(restart, len(batches) - 1)
    told = fired_in(before, batches, RULE)
    later = {event.id for block in batches[start:] for event in block}
    assert sorted(fired_in(again, batches[start:], RULE)) == sorted(event for event in told if event in later)


def test_a_standing_rule_that_rests_costs_nothing_and_wakes_when_its_alert_is_withdrawn():
    book = RuleBook()
    leaf = PriceConditions(CHAIN, "0xaa", "gt", Decimal(10))
    book.put(RULE, 1, watched(StateLeaf(leaf), level=True))
    story = [(1, {"0xaa": (Decimal(11), None)}, []) for _ in range(6)]
    batches = events_of(story)
    assert fired_in(book, batches[:1], RULE)
    book.rest(RULE, 10**9)
    series = book.readings.find(("price_usd", CHAIN, "0xaa"))
    assert series is not None and not series.awake
    assert not fired_in(book, batches[1:3], RULE)
    book.forget_block(CHAIN, batches[0][0].block_hash)
    assert fired_in(book, batches[3:4], RULE)
    book.remove(RULE)
    assert not fired_in(book, batches[4:], RULE)
    assert not series.awake


def test_prices_of_other_chains_are_the_newest_that_are_known():
    rule = Branch("all", [
        StateLeaf(PriceConditions(1, "0xaa", "gt", Decimal(10)), 60),
        StateLeaf(PriceConditions(2, "0xbb", "gt", Decimal(10)), 60),
    ])  # fmt: skip
    book = RuleBook()
    book.put(RULE, 1, watched(rule, level=False))

    def price(chain, token, at, before, now):
        return PriceUpdate(
            id=f"{chain}:{at}", chain_id=chain, block_number=at, block_hash=f"{chain}{at}", taken_at=at, token=token,
            symbol=None, price_usd=Decimal(now), previous_price_usd=Decimal(before), source="",
        )  # fmt: skip

    story = [price(1, "0xaa", 100, 9, 11), price(2, "0xbb", 90, 9, 11), price(2, "0xbb", 102, 11, 9),
             price(2, "0xbb", 200, 9, 11), price(1, "0xaa", 201, 11, 11)]  # fmt: skip
    # Told of late, chain 2's reading counts all the same; at 200 the one of chain 1 is too old, at 201 both are young.
    assert [event for event, after in pairwise([*story, story[0]]) if matched(book, [event])] == [story[1], story[4]]


@settings(max_examples=300, deadline=None)
@given(state_trees, blocks)
def test_a_repeating_rule_is_awake_after_a_batch_of_any_size_when_it_is_true(rule, story):
    """However many blocks a batch has: what is true at its end is told with the next reading."""
    book = RuleBook()
    book.put(RULE, 1, watched(made(rule), level=True))
    batches = events_of(story)
    matched(book, [event for block in batches[:-1] for event in block])
    late = {event.id for event in batches[-1]}
    wanted = [event for event in expected(rule, True, story) if event in late]
    assert set(wanted[-1:]) <= set(fired_in(book, batches[-1:], RULE))
