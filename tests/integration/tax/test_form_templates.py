"""Official forms: uploaded, put, downloaded from a double of the IRS, refused with the reason, seen by nobody else."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from backend.core.breaker import Breaker
from backend.core.db import Database
from backend.core.settings import Settings
from backend.tax.form_templates import download
from backend.tax.form_templates.service import templates_of
from tests.integration.api.conftest import Api, serving
from tests.unit.tax.forms import paper


@dataclass
class Irs:
    """A file server; `answers` are planned by path, (status, body)."""

    url: str = ""
    answers: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        planned = self.answers.get(request.path, [])
        status, body = planned.pop(0) if planned else (404, b"")
        return web.Response(status=status, body=body, content_type="application/pdf")


@pytest.fixture
async def irs(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Irs]:
    monkeypatch.setattr(download, "RETRY_SECONDS", (0.01, 0.01))
    monkeypatch.setattr(download, "_shared", download._Shared())
    irs, app = Irs(), web.Application()
    app.router.add_get("/{rest:.*}", irs.handle)
    server = TestServer(app)
    await server.start_server()
    irs.url = str(server.make_url("/forms"))
    yield irs
    await server.close()


@pytest.fixture
async def api(make_settings: Callable[..., Settings], irs: Irs) -> AsyncIterator[Api]:
    async with serving(make_settings(irs_forms_url=irs.url, webhook_allow_private=True)) as running:
        yield running


def upload(content: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("file", content, filename="form.pdf", content_type="application/pdf")
    return form


async def test_a_form_is_kept_read_and_removed(api: Api, app_database: Database) -> None:
    user, other = await api.new_user("pro"), await api.new_user("pro")
    client = api.client_of(user)
    added = await client.post("/v1/tax/forms", data=upload(paper.form_8949(2024)))
    assert (
        added.status == 201 and added.data["file"]["id"] == "f8949-2024" and added.data["file"]["source"] == "uploaded"
    )
    put = await client.send("PUT", "/v1/tax/forms/f1040sd/2023", data=upload(paper.schedule_d(2023)))
    assert put.status == 200 and put.data["isHere"] is True
    listed = (await client.get("/v1/tax/forms")).data
    assert [each["id"] for each in listed["items"] if each["isHere"]] == ["f8949-2024", "f1040sd-2023"]
    assert (listed["total"], listed["canDownload"]) == (12, True)
    assert (await client.get("/v1/tax/forms/f8949/2024")).data["sizeBytes"] == len(paper.form_8949(2024))
    async with app_database.unit_of_work(user.id) as session:
        assert await templates_of(session, user.id, 2024) == {("f8949", 2024): paper.form_8949(2024)}
    assert (await api.client_of(other).get("/v1/tax/forms/f8949/2024")).status == 404
    assert (await api.client_of(other).send("DELETE", "/v1/tax/forms/f8949/2024")).status == 404
    removed = await client.send("DELETE", "/v1/tax/forms/f8949/2024")
    assert removed.status == 200 and removed.data["isHere"] is False
    assert (await client.get("/v1/tax/forms/f8949/2024")).status == 404


async def test_what_does_not_fit_is_refused_with_the_reason(api: Api) -> None:
    client = api.client_of(await api.new_user("pro"))
    wrong = await client.send("PUT", "/v1/tax/forms/f8949/2023", data=upload(paper.form_8949(2022)))
    assert wrong.status == 422
    assert wrong.error["details"]["file"].startswith("This is Form 8949 of 2022; Form 8949 of 2023 is needed.")
    assert (await client.post("/v1/tax/forms", data=upload(b"<html>"))).error["details"]["file"] == "This is not a PDF."
    assert (await client.post("/v1/tax/forms", json={})).error["details"]["file"] == "Choose a PDF."
    assert (await client.send("PUT", "/v1/tax/forms/f8949/2019", data=upload(b"x"))).status == 422
    assert all(not each["isHere"] for each in (await client.get("/v1/tax/forms")).data["items"])
    small = api.client_of(await api.new_user("starter"))
    assert (await small.get("/v1/tax/forms")).error["code"] == "TIER_LIMIT_REACHED"


async def test_a_form_is_downloaded_once_and_checked(api: Api, irs: Irs) -> None:
    client = api.client_of(await api.new_user("pro"))
    path = "/forms/f8949--2024.pdf"
    irs.answers[path] = [(503, b""), (200, paper.form_8949(2024))]
    got = await client.post("/v1/tax/forms/f8949/2024/download")
    assert got.status == 201 and got.data["source"] == f"{irs.url}/f8949--2024.pdf"
    again = await api.client_of(await api.new_user("pro")).post("/v1/tax/forms/f8949/2024/download")
    assert again.status == 201 and irs.asked == [path, path], "the second user has it from what is kept"

    irs.answers["/forms/f8949--2023.pdf"] = [(200, paper.form_8949(2022))]
    other = await client.post("/v1/tax/forms/f8949/2023/download")
    assert other.status == 502 and "This is Form 8949 of 2022" in other.error["message"]
    missing = await client.post("/v1/tax/forms/f1040sd/2021/download")
    assert missing.status == 422 and "no Schedule D (Form 1040) of 2021" in missing.error["message"]


async def test_an_irs_that_does_not_answer_is_left_alone(api: Api, irs: Irs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download._shared, "breaker", Breaker(threshold=1, first_seconds=60))
    client = api.client_of(await api.new_user("pro"))
    irs.answers["/forms/f8949--2024.pdf"] = [(500, b"")] * 3
    failed = await client.post("/v1/tax/forms/f8949/2024/download")
    assert failed.status == 503 and "HTTP 500" in failed.error["message"] and "upload it" in failed.error["message"]
    resting = await client.post("/v1/tax/forms/f8949/2024/download")
    assert resting.status == 503 and len(irs.asked) == 3


async def test_the_demo_asks_nobody_outside(make_settings: Callable[..., Settings]) -> None:
    settings = make_settings()
    assert settings.is_demo_chain and not download.can_download(settings)
    assert download.can_download(make_settings(chains={1: ["https://rpc.example"]}))
    assert not download.can_download(make_settings(chains={1: ["https://rpc.example"]}, irs_forms_url=""))
