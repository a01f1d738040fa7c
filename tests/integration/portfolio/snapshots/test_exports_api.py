"""`/v1/portfolio/export` over real sockets: three forms, four contents, nobody else's rows."""

import csv
import io
from datetime import timedelta

import orjson
import pytest
from pypdf import PdfReader

from backend.core.clock import utc_now
from backend.portfolio.snapshots.records import make_snapshot
from tests.integration.api.conftest import Api
from tests.integration.portfolio.snapshots.conftest import asset, chain, worth

PATH = "/v1/portfolio/export"


async def with_two_snapshots(api: Api, save):
    user = await api.new_user("starter")
    now = utc_now()
    await save(worth(user.id, now - timedelta(hours=3), "80"))
    parts = [asset("75.5"), asset(None, token="0x" + "55" * 20, price_source=None)]
    await save(make_snapshot(user.id, now, [chain(31337)], parts, is_complete=True))
    return user


async def test_holdings_in_every_form_are_those_of_the_newest_snapshot(api: Api, save):
    client = api.client_of(await with_two_snapshots(api, save))
    reply = await client.get(f"{PATH}?what=assets&format=csv")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert 'filename="demo-portfolio-assets-' in reply.headers["Content-Disposition"]
    lines = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert [(each["symbol"], each["valueUsd"], each["blockNumber"]) for each in lines] == [
        ("TKN", "75.5", "100"),
        ("TKN", "", "100"),
    ]
    found = orjson.loads((await client.get(f"{PATH}?what=assets&format=json")).content)
    assert (found["isDemo"], len(found["assets"]["items"])) == (True, 2)
    pdf = await client.get(f"{PATH}?what=report&format=pdf&range=7d")
    assert pdf.headers["Content-Type"] == "application/pdf"
    text = PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    assert "Portfolio report" in text and "Demo market" in text and "$75.50" in text


@pytest.mark.parametrize("what", ["assets", "history", "report", "activity"])
@pytest.mark.parametrize("form", ["csv", "json", "pdf"])
async def test_every_export_can_be_had_before_there_is_anything(api: Api, what: str, form: str):
    reply = await api.client_of(await api.new_user("free")).get(f"{PATH}?what={what}&format={form}&range=all")
    assert reply.status == 200 and len(reply.content) > 10
    if form == "json":
        assert orjson.loads(reply.content)["export"] == what
    if form == "pdf":
        assert reply.content.startswith(b"%PDF-")


async def test_history_has_a_line_for_every_hour_and_gaps_stay_empty(api: Api, save):
    client = api.client_of(await with_two_snapshots(api, save))
    reply = await client.get(f"{PATH}?what=history&range=24h")
    lines = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))
    assert [each["valueUsd"] for each in lines] == ["80", "", "", "75.5"]


async def test_nobody_gets_it_without_signing_in_and_words_say_what_is_wrong(api: Api):
    assert (await api.anonymous.get(PATH)).status == 401
    wrong = await api.client_of(await api.new_user()).get(f"{PATH}?format=xls")
    assert wrong.status == 422 and "format" in wrong.error["details"]
