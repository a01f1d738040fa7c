"""1.25 million active price rules in one process: events matched per second, with the matching rules' ids out.

Peers on the same rules: the naive loop (rules grouped by token, one `if` each, in floats, which flatters it), the
package `rule-engine`, and SQL in PostgreSQL (`benchmarks.sql_rules`). Every match is compared; a difference ends the
benchmark with an error.
"""

import gc
import time
from collections import defaultdict
from itertools import islice

import numpy as np
import rule_engine

from backend.alerts.engine.book import RuleBook
from backend.alerts.engine.conditions import PriceConditions
from backend.chain.events import PriceUpdate
from benchmarks.harness import report, resident_mb, say, stopwatch
from benchmarks.market_model import MarketModel
from benchmarks.sql_rules import sql_rules

RULES = 1_250_000
EVENTS = 20_000
BATCH = 2_000
NAIVE_EVENTS = 400
LIBRARY_RULES = 3_000
SQL_EVENTS = 4_000

Rules = list[tuple[bytes, int, PriceConditions]]


def main() -> None:
    """Build, match, compare, report."""
    model = MarketModel()
    before_mb = resident_mb()
    book = RuleBook()
    with stopwatch() as build:  # includes drawing the rules, about a third of it
        book.load(model.rules(RULES))
    gc.collect()
    say(f"{len(book):,} rules in {book.points:,} points; {resident_mb() - before_mb:.0f} MB more resident")
    events = model.readings(EVENTS)
    gc.collect()
    gc.freeze()

    rates = sorted(_engine_rate(book, events) for _ in range(9))
    (rate, matches), slowest = rates[len(rates) // 2], rates[0][0]
    rules = list(MarketModel().rules(RULES))
    by_token = _by_token(rules)
    naive_rate = _naive(book, by_token, events[:NAIVE_EVENTS])
    library_rate, library_events = _library(book, by_token, events)

    notes = {"rules": RULES, "batch": BATCH, "events": EVENTS, "matches": matches, "ids_emitted": True}
    notes |= {"slowest": round(slowest), "fastest": round(rates[-1][0])}
    report("alerts.events_per_s", rate, "events/s", "naive loop, same rules", naive_rate, **notes)
    report("alerts.naive_events_per_s", naive_rate, "events/s", sample=f"{NAIVE_EVENTS} events, same matches")
    report(
        "alerts.rule_engine_events_per_s",
        library_rate,
        "events/s",
        "alerts.events_per_s",
        rate,
        sample=f"{library_events} events on the tokens with {LIBRARY_RULES:,} rules in all, matches identical",
    )
    _sql(book, rules, events[:SQL_EVENTS], rate)
    report("alerts.build_s", build[0], "s", rules=RULES)
    report("alerts.index_mb", book.nbytes / 1e6, "MB", rules=RULES)
    report("alerts.change_us", _change_cost(book, rules), "us", note="edit of one rule among all, merges included")
    for size in (1, 10, 100, 10_000):
        sized_rate, _ = _engine_rate(book, events[: size * 2000], size)
        report(f"alerts.events_per_s_batch_{size}", sized_rate, "events/s")


def _engine_rate(book: RuleBook, events: list[PriceUpdate], batch: int = BATCH) -> tuple[float, int]:
    """Return events/s and how many matches there were; the ids of the matching rules are read out."""
    matches = 0
    begin = time.perf_counter()
    for start in range(0, len(events), batch):
        found = book.match_prices(events[start : start + batch])
        matches += len(book.rule_ids(found.slots))
    return len(events) / (time.perf_counter() - begin), matches


def _by_token(rules: Rules) -> dict[tuple[int, str], list[tuple[bytes, bool, float]]]:
    grouped: dict[tuple[int, str], list[tuple[bytes, bool, float]]] = defaultdict(list)
    for rule_id, _, rule in rules:
        grouped[(rule.chain_id, rule.token)].append((rule_id, rule.test == "gt", float(rule.threshold)))
    return grouped


def _naive(book: RuleBook, by_token: dict, events: list[PriceUpdate]) -> float:
    """Return the naive loop's events/s; its matches must be the engine's."""
    results = []
    begin = time.perf_counter()
    for event in events:
        before, now = float(event.previous_price_usd or 0), float(event.price_usd)
        hits = []
        for rule_id, above, threshold in by_token.get((event.chain_id, event.token), ()):
            if above:
                if before <= threshold < now:
                    hits.append(rule_id)
            elif before >= threshold > now:
                hits.append(rule_id)
        results.append(hits)
    rate = len(events) / (time.perf_counter() - begin)
    _compare(book, events, results, "naive loop")
    return rate


def _library(book: RuleBook, by_token: dict, events: list[PriceUpdate]) -> tuple[float, int]:
    """Return rule-engine's events/s on the events of a few middling tokens, whose rules it can compile in a minute."""
    tokens, total = [], 0
    for token in islice(by_token, 100, None):
        if total + len(by_token[token]) > LIBRARY_RULES:
            continue
        tokens.append(token)
        total += len(by_token[token])
    chosen = {
        token: [
            (rule_id, rule_engine.Rule(f"{'b <= ' if above else 'b >= '}{t!r} and n {'>' if above else '<'} {t!r}"))
            for rule_id, above, t in by_token[token]
        ]
        for token in tokens
    }
    sample = [event for event in events if (event.chain_id, event.token) in chosen][:300]
    results = []
    begin = time.perf_counter()
    for event in sample:
        things = {"b": event.previous_price_usd, "n": event.price_usd}
        results.append([rule_id for rule_id, rule in chosen[(event.chain_id, event.token)] if rule.matches(things)])
    rate = len(sample) / (time.perf_counter() - begin)
    _compare(book, sample, results, "rule-engine")
    return rate, len(sample)


def _sql(book: RuleBook, rules: Rules, events: list[PriceUpdate], rate: float) -> None:
    """Report what PostgreSQL makes of the same rules: a query a batch, and a trigger that stores what fires."""
    rows = (
        (rule_id, rule.chain_id, rule.token, rule.test == "gt", float(rule.threshold)) for rule_id, _, rule in rules
    )
    sample = f"{len(events)} events in batches of {BATCH:,}, all {len(rules):,} rules, matches identical"
    with sql_rules(rows) as peer:
        for name, measure in (("query", peer.by_query), ("trigger", peer.by_trigger)):
            measured, found = measure(events, BATCH)
            _compare(book, events, found, f"SQL {name}")
            report(f"alerts.sql_{name}_events_per_s", measured, "events/s", "alerts.events_per_s", rate, sample=sample)


def _compare(book: RuleBook, events: list[PriceUpdate], expected: list[list[bytes]], peer: str) -> None:
    found = book.match_prices(events)
    got: list[list[bytes]] = [[] for _ in events]
    for place, slot in zip(found.events.tolist(), found.slots.tolist(), strict=True):
        got[place].append(book.rule_id(slot))
    if [sorted(ids) for ids in got] != [sorted(ids) for ids in expected]:
        raise SystemExit(f"alerts: the engine and {peer} disagree")
    say(f"{peer}: {sum(map(len, expected)):,} matches on {len(events)} events, all equal")


def _change_cost(book: RuleBook, rules: Rules, count: int = 10_000) -> float:
    chosen = np.random.default_rng(3).choice(len(rules), count).tolist()
    begin = time.perf_counter()
    for n in chosen:
        rule_id, version, rule = rules[n]
        book.put(rule_id, version + 1, rule)
    return (time.perf_counter() - begin) / count * 1e6


if __name__ == "__main__":
    main()
