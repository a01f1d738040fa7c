"""`/dev/mail.json`: readable where mails stay on this machine, absent everywhere else."""

from collections.abc import Callable

import aiohttp
import pytest

from backend.core.db import Database
from backend.core.settings import Settings
from backend.notifications.mail.local import LocalMail
from backend.notifications.service import send_mail
from backend.worker.mails import MailDispatcher, MailTimes
from tests.integration.api.conftest import Client
from tests.integration.api.server import api_server


async def deliver(app: Database, worker: Database, to: str) -> None:
    import asyncio
    import contextlib

    async with app.unit_of_work() as session:
        values = {"link": "https://premium.example/verify?token=1", "valid_for": "24 hours"}
        await send_mail(session, user_id=None, to=to, template="verify_email", values=values)
    task = asyncio.create_task(MailDispatcher(worker, LocalMail(worker), MailTimes(poll=0.02)).run())
    await asyncio.sleep(0.3)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_mails_of_a_demo_can_be_read(
    make_settings: Callable[..., Settings], app_database: Database, worker_database: Database
) -> None:
    await deliver(app_database, worker_database, "cleo@example.com")
    async with api_server(make_settings(environment="demo")) as url, aiohttp.ClientSession() as http:
        client = Client(http, url)
        [mail] = (await client.send("GET", "/dev/mail.json?to=cleo@example.com")).data
        assert mail["subject"] == "Confirm your e-mail address"
        assert "https://premium.example/verify?token=1" in mail["plain"]
        assert (await client.send("GET", "/dev/mail.json?to=nobody@example.com")).data == []


@pytest.mark.parametrize(
    "changes",
    [
        {"environment": "development"},
        {"environment": "demo", "smtp_url": "smtp://localhost"},
        {"environment": "demo", "sendgrid_api_key": "SG.x"},
    ],
)
async def test_elsewhere_there_is_nothing(make_settings: Callable[..., Settings], changes: dict[str, object]) -> None:
    async with api_server(make_settings(**changes)) as url, aiohttp.ClientSession() as http:
        assert (await Client(http, url).send("GET", "/dev/mail.json")).status == 404
