"""Work on prices of before: points that a page asked for, and the benchmarks of every day."""

from datetime import timedelta

from backend.core.clock import from_unix, utc_now
from backend.core.jobs import JobContext, periodic, task
from backend.market.engine.grid import Step
from backend.market.ladder.benchmarks import Benchmark
from backend.market.ladder.ladder import shared_ladder

BENCHMARK_DAYS = 400


@task(name="prices.fill", retry=2, timeout_seconds=300)
async def fill(context: JobContext, chain_id: int, token: str, start: int, end: int, step: str) -> None:
    """Fetch and store the points of a range that are missing (Unix seconds)."""
    ladder = shared_ladder(context.settings, context.database, context.redis, stores=True)
    await ladder.series((chain_id, token), from_unix(start), from_unix(end), Step(step))


@periodic("25 1,22 * * *")
@task(name="prices.benchmarks", retry=3, timeout_seconds=300)
async def benchmarks(context: JobContext, timestamp: int) -> None:
    """Fetch the last days of each benchmark that has a source; the first time, more than a year of them."""
    ladder = shared_ladder(context.settings, context.database, context.redis, stores=True)
    now = utc_now()
    for benchmark in Benchmark:
        await ladder.benchmark(benchmark, now - timedelta(days=BENCHMARK_DAYS), now, Step.DAY)
