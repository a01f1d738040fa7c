"""A disposal in words: the numbers in it do the sum."""

import re
from decimal import Decimal

from backend.tax.engine.events import Kind
from backend.tax.engine.explain import explain, plain
from backend.tax.engine.methods import Method
from tests.unit.tax.given import buy, day, run, sell


def words(done, number: int = 0) -> list[str]:
    return explain(done, done.outcome.disposals[number], {})


def test_every_lot_has_its_formula() -> None:
    done = run([buy("a", day(0), 2, 100, fee=1), buy("b", day(400), 5, 50), sell("s", day(500), 3, 90)])
    lines = words(done)
    assert lines[0] == "2023-05-16: sold 3 X; proceeds after costs 90 USD."
    assert lines[1] == (
        "2 X of lot a, acquired 2022-01-01 (first in, first out): cost 101 x 2 / 2 = 101; long term;"
        " its share of the proceeds 60, gain -41."
    )
    assert "cost 50 x 1 / 5 = 10; short term" in lines[2]
    assert lines[3] == "Gain: 90 - 111 = -21 USD."
    for line in lines[1:3]:
        whole, part, all_, cost = re.search(r"cost (\S+) x (\S+) / (\S+) = ([\d.]+)", line).groups()  # type: ignore[union-attr]
        assert Decimal(whole) * Decimal(part) / Decimal(all_) == Decimal(cost)


def test_what_is_unknown_is_said() -> None:
    lines = words(run([buy("a", day(0), 1, 10), sell("s", day(1), 3, 90)]))
    assert lines[2] == "2 X: nothing says how they were acquired. Cost: unknown."
    assert lines[3] == "Gain: unknown, because something above is unknown."
    assert (
        "proceeds after costs an unknown amount" in words(run([buy("a", day(0), 1, 10), sell("s", day(1), 1, None)]))[0]
    )


def test_pools_and_their_days() -> None:
    done = run([buy("a", day(0), 10, 100), sell("s", day(50), 4, 60), buy("b", day(60), 1, 20)], "UK")
    lines = words(done)
    assert lines[1].startswith("1 X acquired within the 30 days after: cost 20 x 1 / 1 = 20")
    assert lines[2].startswith("3 X from the pool, at its average cost then: cost 100 x 3 / 10 = 30")


def test_losses_that_do_not_count_and_gifts() -> None:
    events = [buy("a", day(0), 5, 100), sell("s", day(50), 5, 60), buy("b", day(60), 5, 70)]
    lines = words(run(events, wash_sales=True))
    assert lines[-1] == "Of the loss 40 does not count: 0 is left."
    gift = words(run([buy("a", day(0), 5, 100), sell("s", day(50), 5, 60, kind=Kind.GIFT_OUT)]))
    assert gift[0].startswith("2022-02-20: gave away 5 X")
    assert gift[-1] == "Not taxed: no gain or loss follows from this."


def test_the_method_is_that_of_the_year() -> None:
    done = run(
        [buy("a", day(0), 1, 10), buy("b", day(1), 1, 20), buy("c", day(2), 1, 5), sell("s", day(3), 1, 9),
         sell("t", day(400), 1, 9)],
        methods={2022: Method.FIFO, 2023: Method.HIFO},
    )  # fmt: skip
    assert "lot a, acquired 2022-01-01 (first in, first out)" in words(done)[1]
    assert "lot b, acquired 2022-01-02 (highest basis first)" in words(done, 1)[1]


def test_numbers_have_no_empty_digits() -> None:
    assert [plain(Decimal(text)) for text in ("100.00", "100", "0.10", "1E+3", "-0.5")] == [
        "100",
        "100",
        "0.1",
        "1000",
        "-0.5",
    ]
