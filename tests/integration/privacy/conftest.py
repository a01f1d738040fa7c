"""People with rows everywhere, and the jobs that serve them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from backend.accounts.schemas import CurrentUser
from backend.core.db import Database
from backend.core.jobs import JobContext
from tests.integration.api.conftest import api
from tests.integration.privacy.catalogue import Person, make_person

__all__ = ["api"]


@pytest.fixture
def make_someone(admin_database: Database) -> Callable[[], Awaitable[tuple[Person, CurrentUser]]]:
    """A function that makes a user with a row in every table."""

    async def make() -> tuple[Person, CurrentUser]:
        person = await make_person(admin_database)
        return person, CurrentUser(person.id, person.email, "pro")

    return make


@pytest.fixture
def job(make_settings: Callable[..., Any], worker_database: Database, redis: Any) -> JobContext:
    """What a task works with."""
    return JobContext(settings=make_settings(), database=worker_database, redis=redis, job_id=1, attempt=1)
