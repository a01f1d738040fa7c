"""Each place's matcher against a slow one that moves single units, written from the words of the law."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.tax.engine.calculate import Settings, calculate
from backend.tax.engine.events import Kind, Leg, TaxEvent
from backend.tax.engine.methods import Method
from tests.unit.tax.given import raw

NEARLY = Fraction(1, 10**12)
GAPS = (0, 1, 7, 27, 28, 29, 30, 31, 90, 370)


@dataclass(slots=True, eq=False)
class Unit:
    """One whole token."""

    at: datetime
    day: date
    cost: Fraction
    wallet: str
    lot: str
    number: int
    is_replacement: bool = False


@dataclass(slots=True)
class Sold:
    """What the slow version says of a sale."""

    cost: Fraction
    denied: Fraction


@st.composite
def histories(draw: st.DrawFn, *, transfers: bool = False, start: datetime | None = None) -> list[TaxEvent]:
    """Purchases, sales of no more than is held, and moves of one asset, some on the same day."""
    at = start or datetime(2023, 1, 3, 9, tzinfo=UTC)
    held = {"a": 0, "b": 0}
    events: list[TaxEvent] = []
    for number in range(draw(st.integers(2, 16))):
        at += timedelta(days=draw(st.sampled_from(GAPS)), minutes=5)
        wallet = draw(st.sampled_from(["a", "b"]))
        worth = Decimal(draw(st.integers(1, 40)))
        kind = draw(st.sampled_from(["buy", "sell", "move"] if transfers else ["buy", "sell"]))
        base = {"id": f"{number:03}", "at": at, "wallet": wallet}
        most = held[wallet] if transfers else sum(held.values())
        if kind == "buy" or not most:
            units = draw(st.integers(1, 5))
            held[wallet] += units
            events.append(TaxEvent(**base, kind=Kind.BUY, into=(Leg("X", raw(units), units * worth),)))
            continue
        units = draw(st.integers(1, most))
        leg = (Leg("X", raw(units), units * worth),)
        if kind == "move":
            other = "b" if wallet == "a" else "a"
            held[wallet], held[other] = held[wallet] - units, held[other] + units
            events.append(TaxEvent(**base, kind=Kind.TRANSFER, out=leg, into=leg, to_wallet=other))
        else:
            for each in (wallet, "b" if wallet == "a" else "a"):
                now = min(held[each], units)
                held[each], units = held[each] - now, units - now
            events.append(TaxEvent(**base, kind=Kind.SELL, out=leg))
    return events


def bought(event: TaxEvent) -> list[Unit]:
    leg = event.into[0]
    count = leg.amount_raw // raw(1)
    each = Fraction(leg.value or 0) / count
    return [Unit(event.at, event.at.date(), each, event.wallet, event.id, number) for number in range(count)]


def count_of(event: TaxEvent) -> int:
    return event.out[0].amount_raw // raw(1)


def price(event: TaxEvent) -> Fraction:
    return Fraction(event.out[0].value or 0) / count_of(event)


def check(
    events: list[TaxEvent], slow: Callable[[list[TaxEvent]], dict[str, Sold]], place: str, **more: object
) -> None:
    done = calculate(events, Settings(jurisdiction=place, timezone="UTC", **more))  # type: ignore[arg-type]
    assert done.outcome.missing() == []
    found = {each.event_ids[0]: each for each in done.outcome.disposals}
    wanted = slow(events)
    assert found.keys() == wanted.keys()
    for name, sold in wanted.items():
        assert abs(Fraction(found[name].cost or 0) - sold.cost) < NEARLY, name
        assert abs(Fraction(found[name].disallowed) - sold.denied) < NEARLY, name


def ireland(events: list[TaxEvent]) -> dict[str, Sold]:
    """Section 581: of the four weeks before, the last first; then first in first out. A loss on units of which as many
    are acquired in the four weeks after counts only against a gain on those."""
    held: list[Unit] = []
    later = {event.id: bought(event) for event in events if event.kind is Kind.BUY}
    spoken_for: set[int] = set()
    sold: dict[str, Sold] = {}
    for place, event in enumerate(events):
        if event.kind is Kind.BUY:
            held += later[event.id]
            continue
        day = event.at.date()
        lately = [unit for unit in held if unit.day >= day - timedelta(28)]
        lately.sort(key=lambda unit: (unit.at, id(unit) not in spoken_for), reverse=True)
        rest = sorted((unit for unit in held if unit not in lately), key=lambda unit: unit.at)
        taken = [*lately, *rest][: count_of(event)]
        held = [unit for unit in held if unit not in taken]
        cost, denied = sum((unit.cost for unit in taken), Fraction(0)), Fraction(0)
        coming = [
            unit for other in events[place + 1 :] if other.kind is Kind.BUY
            and other.at.date() <= day + timedelta(28) for unit in later[other.id]
        ]  # fmt: skip
        for unit in taken:
            gain = price(event) - unit.cost
            if gain < 0:
                match = next((each for each in coming if id(each) not in spoken_for), None)
                if match is not None:
                    spoken_for.add(id(match))
                    denied += -gain
        sold[event.id] = Sold(cost, denied)
    return sold


@settings(max_examples=40, deadline=None)
@given(histories())
def test_ireland_losses_and_order(events: list[TaxEvent]) -> None:
    done = calculate(events, Settings(jurisdiction="IE", timezone="UTC"))
    wanted = ireland(events)
    for each in done.outcome.disposals:
        told = wanted[each.event_ids[0]]
        assert abs(Fraction(each.cost or 0) - told.cost) < NEARLY
        fenced = sum(part.disallowed_e18 for part in each.parts if part.disallowed_e18 > 0)
        assert abs(Fraction(fenced, 10**18) - told.denied) < NEARLY


def canada(events: list[TaxEvent]) -> dict[str, Sold]:
    """One average cost; of a loss min(sold, bought in the 61 days, held at their end) / sold is denied, and is added
    to the cost of what is held, or of what is bought next."""
    units, cost, waiting = 0, Fraction(0), Fraction(0)
    sold: dict[str, Sold] = {}
    for event in events:
        if event.kind is Kind.BUY:
            units += event.into[0].amount_raw // raw(1)
            cost, waiting = cost + Fraction(event.into[0].value or 0) + waiting, Fraction(0)
            continue
        count, day = count_of(event), event.at.date()
        part = cost * count / units
        units, cost = units - count, cost - part
        gain = price(event) * count - part
        near = [each for each in events if abs((each.at.date() - day).days) <= 30 and each.kind is Kind.BUY]
        purchased = sum(each.into[0].amount_raw // raw(1) for each in near)
        until = [each for each in events if (each.at.date() - day).days <= 30]
        left = sum(each.into[0].amount_raw // raw(1) if each.kind is Kind.BUY else -count_of(each) for each in until)
        denied = -gain * min(count, purchased, left) / count if gain < 0 else Fraction(0)
        if units:
            cost += denied
        else:
            waiting += denied
        sold[event.id] = Sold(part, denied)
    return sold


@settings(max_examples=40, deadline=None)
@given(histories())
def test_canada_average_and_superficial_losses(events: list[TaxEvent]) -> None:
    check(events, canada, "CA")


def japan(events: list[TaxEvent]) -> dict[str, Sold]:
    """What was held when the year began and all that came in it, at one average."""
    sold: dict[str, Sold] = {}
    units, cost = 0, Fraction(0)
    for year in sorted({event.at.year for event in events}):
        mine = [event for event in events if event.at.year == year]
        for event in mine:
            if event.kind is Kind.BUY:
                units += event.into[0].amount_raw // raw(1)
                cost += Fraction(event.into[0].value or 0)
        average = cost / units if units else Fraction(0)
        for event in mine:
            if event.kind is Kind.SELL:
                sold[event.id] = Sold(average * count_of(event), Fraction(0))
                units, cost = units - count_of(event), cost - average * count_of(event)
    return sold


@settings(max_examples=30, deadline=None)
@given(histories())
def test_japan_total_average(events: list[TaxEvent]) -> None:
    check(events, japan, "JP")


def wash(events: list[TaxEvent]) -> dict[str, Sold]:
    """First in first out; each unit sold at a loss is replaced by one bought in the 30 days before (of no lot that is
    sold just then) or after, in the order of purchase, each once: the loss goes onto its cost.

    No rule says which units of one purchase go first. As in the engine these are those that replaced something when
    they came, then those that replaced nothing, then those that did later.
    """
    coming = {event.id: bought(event) for event in events if event.kind is Kind.BUY}
    held: list[Unit] = []
    sold: dict[str, Sold] = {}
    for place, event in enumerate(events):
        if event.kind is Kind.BUY:
            held += sorted(coming[event.id], key=lambda unit: not unit.is_replacement)
            continue
        day = event.at.date()
        held.sort(key=lambda unit: unit.at)
        taken, held = held[: count_of(event)], held[count_of(event) :]
        lots = {unit.lot for unit in taken}
        cost, denied = sum((unit.cost for unit in taken), Fraction(0)), Fraction(0)
        before = [unit for unit in held if unit.lot not in lots and unit.at.date() >= day - timedelta(30)]
        after = [
            unit for other in events[place + 1 :] if other.kind is Kind.BUY
            and other.at.date() <= day + timedelta(30) for unit in coming[other.id]
        ]  # fmt: skip
        for unit in taken:
            loss = unit.cost - price(event)
            match = next((each for each in [*before, *after] if not each.is_replacement), None)
            if loss > 0 and match is not None:
                match.is_replacement = True
                match.cost += loss
                denied += loss
                if match in held:
                    held.remove(match)
                    held.append(match)
        sold[event.id] = Sold(cost, denied)
    return sold


@settings(max_examples=40, deadline=None)
@given(histories(start=datetime(2005, 1, 3, 9, tzinfo=UTC)))
def test_wash_sales(events: list[TaxEvent]) -> None:
    check(events, wash, "US", wash_sales=True)


def per_wallet(events: list[TaxEvent], held: dict[str, list[Unit]] | None = None) -> dict[str, Sold]:
    """Germany: first in first out in each wallet; a transfer takes the first in, and dates go along."""
    held = held or {"a": [], "b": []}
    sold: dict[str, Sold] = {}
    for event in events:
        mine = held[event.wallet]
        if event.kind is Kind.BUY:
            mine += bought(event)
            continue
        mine.sort(key=lambda unit: unit.at)
        taken, held[event.wallet] = mine[: count_of(event)], mine[count_of(event) :]
        if event.kind is Kind.TRANSFER:
            held[event.to_wallet or ""] += taken
        else:
            sold[event.id] = Sold(sum((unit.cost for unit in taken), Fraction(0)), Fraction(0))
    return sold


@st.composite
def by_wallet(draw: st.DrawFn) -> list[TaxEvent]:
    """Sales no larger than what lies in their wallet."""
    events = draw(histories(transfers=True))
    held = {"a": 0, "b": 0}
    fine = []
    for event in events:
        units = (event.into or event.out)[0].amount_raw // raw(1)
        if event.kind is Kind.BUY:
            held[event.wallet] += units
        elif held[event.wallet] < units:
            continue
        else:
            held[event.wallet] -= units
            if event.kind is Kind.TRANSFER:
                held[event.to_wallet or ""] += units
        fine.append(event)
    return fine


@settings(max_examples=30, deadline=None)
@given(by_wallet())
def test_germany_each_wallet_by_itself(events: list[TaxEvent]) -> None:
    check(events, per_wallet, "DE")


def opened(events: list[TaxEvent]) -> dict[str, Sold]:
    """Rev. Proc. 2024-28: one pile until 2025; then a lot stays where it came to as far as that wallet holds so many,
    the rest fills the others by name, the earliest first; from then on each wallet by itself."""
    pile: list[Unit] = []
    balance = {"a": 0, "b": 0}
    sold: dict[str, Sold] = {}
    for event in events:
        if event.at.year >= 2025:
            break
        if event.kind is Kind.BUY:
            pile += bought(event)
            balance[event.wallet] += len(bought(event))
            continue
        balance[event.wallet] -= count_of(event)
        if event.kind is Kind.TRANSFER:
            balance[event.to_wallet or ""] += count_of(event)
            continue
        pile.sort(key=lambda unit: unit.at)
        taken, pile = pile[: count_of(event)], pile[count_of(event) :]
        sold[event.id] = Sold(sum((unit.cost for unit in taken), Fraction(0)), Fraction(0))
    pile.sort(key=lambda unit: unit.at)
    placed: dict[str, list[Unit]] = {"a": [], "b": []}
    for unit in pile:
        if len(placed[unit.wallet]) < balance[unit.wallet]:
            placed[unit.wallet].append(unit)
    for unit in pile:
        if unit not in placed["a"] and unit not in placed["b"]:
            placed[next(name for name in ("a", "b") if len(placed[name]) < balance[name])].append(unit)
    return sold | per_wallet([event for event in events if event.at.year >= 2025], placed)


@settings(max_examples=40, deadline=None)
@given(by_wallet())
def test_united_states_from_one_pile_to_wallets(events: list[TaxEvent]) -> None:
    shift = datetime(2024, 12, 1, 9, tzinfo=UTC) - events[0].at
    for part in (Fraction(0), Fraction(1, 2)):  # one pile for a while, and for half of the history
        days = timedelta(days=int((events[-1].at - events[0].at).days * part))
        told = [
            TaxEvent(
                id=each.id, at=each.at + shift - days, kind=each.kind, wallet=each.wallet, out=each.out, into=each.into,
                to_wallet=each.to_wallet,
            )
            for each in events
        ]  # fmt: skip
        check(told, opened, "US", methods={2009: Method.FIFO})
