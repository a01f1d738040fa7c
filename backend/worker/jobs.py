"""The jobs process: does the tasks of every domain that has some."""

from importlib import import_module

from backend.core import jobs_repository
from backend.core.db import Database
from backend.core.job_runner import JobRunner
from backend.core.jobs import JobContext, Task, periodic, registered_tasks, task
from backend.core.redis import make_redis
from backend.core.retention import kept
from backend.core.settings import Settings
from backend.ledger.service import close_shared_imports
from backend.market.ladder.service import close_shared_ladders
from backend.portfolio.chains import close_shared_pools
from backend.subscriptions.service import close_shared_gateways

CONCURRENCY = 10
KEEP_DEAD_DAYS = kept("failed jobs").days
# A module with tasks, or with a step of erasures, takes part by standing here.
_TASK_MODULES = (
    "backend.accounts.tasks",
    "backend.alerts.tasks",
    "backend.market.fiat.tasks",
    "backend.market.ladder.tasks",
    "backend.notifications.tasks",
    "backend.portfolio.leaderboard.tasks",
    "backend.portfolio.liquidity.tasks",
    "backend.portfolio.activity.tasks",
    "backend.portfolio.scheduled_exports.tasks",
    "backend.portfolio.profit.tasks",
    "backend.portfolio.snapshots.tasks",
    "backend.portfolio.tasks",
    "backend.privacy.tasks",
    "backend.subscriptions.erasure",
    "backend.worker.resealing",
    "backend.subscriptions.tasks",
    "backend.tax.tasks",
    "backend.tax.imports.tasks",
    "backend.tax.review.tasks",
    "backend.tax.pricing.tasks",
    "backend.tax.reports.tasks",
    "backend.tax.summary.tasks",
)


def all_tasks() -> tuple[Task, ...]:
    """Return the tasks of every domain."""
    for module in _TASK_MODULES:
        import_module(module)
    return registered_tasks()


@periodic("23 3 * * *")
@task(name="jobs.delete_old_dead")
async def delete_old_dead(context: JobContext, timestamp: int) -> None:
    """Delete the dead jobs that nobody came for."""
    async with context.database.unit_of_work() as session:
        await jobs_repository.delete_old_dead(session, KEEP_DEAD_DAYS)


async def run(settings: Settings) -> None:
    """Do jobs until cancelled."""
    database = Database(settings.worker_database_url, pool_size=CONCURRENCY)
    redis = make_redis(settings.redis_url)
    try:
        await JobRunner(settings, database, redis, all_tasks(), concurrency=CONCURRENCY).run()
    finally:
        await close_shared_gateways()
        await close_shared_imports()
        await close_shared_pools()
        await close_shared_ladders()
        await redis.aclose()
        await database.close()
