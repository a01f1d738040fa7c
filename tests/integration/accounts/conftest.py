"""Accounts are tried over the same real socket as everything else; jobs are done when a test says so."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from backend.accounts import passwords
from backend.api.resources import resources
from backend.core.db import Database
from backend.core.jobs import JobContext
from backend.notifications.mail.outbox import opened_content
from backend.worker.jobs import all_tasks
from tests.integration.api.conftest import Api, Client, api

__all__ = ["api"]
GOOD_PASSWORD = "the crow flew over hills"


@dataclass(frozen=True)
class Mail:
    """A mail as its reader sees it."""

    recipient: str
    template: str
    text: str

    @property
    def token(self) -> str:
        """What stands after the # of its link."""
        return re.search(r"#(\S+)", self.text)[1]  # type: ignore[index]


class Post:
    """Does the jobs that wait, and reads the mails that were written since last time."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._worker = Database(api.settings.worker_database_url, pool_size=1)

    async def close(self) -> None:
        await self._worker.close()

    async def jobs(self) -> list[tuple[str, dict[str, Any]]]:
        """Take the jobs out of the line."""
        async with self._api.admin.unit_of_work() as session:
            rows = await session.execute(
                text("delete from procrastinate.procrastinate_jobs where status = 'todo' returning task_name, args")
            )
            return [(row.task_name, row.args) for row in rows]

    async def do(self) -> None:
        """Do the jobs that wait."""
        known = {task.name: task.function for task in all_tasks()}
        for name, arguments in await self.jobs():
            context = JobContext(self._api.settings, self._worker, resources().redis, 0, 1)
            await known[name](context, **arguments)

    async def mails(self) -> list[Mail]:
        """Do the jobs, and return the mails that nobody has read yet."""
        await self.do()
        async with self._api.admin.unit_of_work() as session:
            rows = await session.execute(text("delete from mail_outbox returning recipient, template, content"))
            return [Mail(row.recipient, row.template, opened_content(bytes(row.content)).text) for row in rows]

    async def mail(self) -> Mail:
        """The one mail there is."""
        [mail] = await self.mails()
        return mail


@pytest.fixture
async def post(api: Api) -> AsyncIterator[Post]:
    """The post office of this test; what others left behind is gone."""
    office = Post(api)
    await office.jobs()
    async with api.admin.unit_of_work() as session:
        await session.execute(text("delete from mail_outbox"))
    yield office
    await office.close()


@pytest.fixture
async def visitor(api: Api) -> Client:
    """A browser of somebody who is not signed in, on a page of ours."""
    return api.client_with(Origin=api.url, **{"User-Agent": "Mozilla/5.0 (Windows NT 10.0) Firefox/140.0"})


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a hash costs is tried in tests/unit/accounts/test_passwords.py."""
    from argon2 import PasswordHasher

    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._unusable_hash.cache_clear()
