"""Who files: kept by place, the number sealed and shown masked, in the forms of the next report, in nobody's trail."""

from typing import Any

import pytest
from sqlalchemy import text

from backend.core.sealing import unseal
from backend.tax.forms.records import Holder
from backend.tax.reports import making
from backend.tax.settings import filers
from tests.integration.api.conftest import Api
from tests.integration.tax.reports.conftest import Filer, filer

__all__ = ["filer"]
NUMBER = "123-45-6789"


async def test_a_filer_is_kept_masked_changed_and_forgotten(api: Api, capfd: pytest.CaptureFixture[str]):
    user, other = await api.new_user("pro"), await api.new_user("pro")
    client = api.client_of(user)
    path = "/v1/tax/filers/US"
    assert (await client.get(path)).data["taxIdHint"] == ""
    wrong = await client.send("PUT", path, json={"name": "Ada", "taxId": "12"})
    assert (wrong.status, wrong.error["details"]) == (422, {"taxId": "It has 9 digits: 123-45-6789."})
    kept = await client.send("PUT", path, json={"name": " Ada  Lovelace ", "taxId": NUMBER})
    assert (kept.data["name"], kept.data["taxIdHint"]) == ("Ada Lovelace", "\u2022\u2022\u2022\u20226789")
    assert NUMBER not in str(kept.json)
    await client.send("PUT", path, json={"name": "Ada King"})
    assert (await client.get(path)).data["taxIdHint"].endswith("6789"), "what is left out stays"
    async with api.admin.unit_of_work() as session:
        row = (await session.execute(text("select * from tax_filers where user_id = :id"), {"id": user.id})).one()
        trail = (await session.execute(text("select * from audit_log where user_id = :id"), {"id": user.id})).all()
    assert unseal(row.sealed_tax_id) == NUMBER and NUMBER.encode() not in bytes(row.sealed_tax_id)
    assert trail and NUMBER not in str(trail) and "Lovelace" not in str(trail)
    assert (await api.client_of(other).get(path)).data["name"] == ""
    assert (await client.get("/v1/tax/filers/UK")).data["taxIdTitle"].startswith("Unique taxpayer reference")
    assert (await client.get("/v1/tax/filers/XX")).status == 422
    await client.send("PUT", path, json={"taxId": None})
    assert (await client.get(path)).data["taxIdHint"] == ""
    await client.send("PUT", path, json={"name": None})
    assert (await client.get(path)).data["changedAt"] is None
    told = capfd.readouterr()
    assert NUMBER not in told.out + told.err


async def test_a_report_says_who_files_in_its_place_alone(filer: Filer, monkeypatch: pytest.MonkeyPatch):
    said: list[Any] = []

    def noted(*given: Any, **_: Any) -> Any:
        said.append(given[3])
        return []

    monkeypatch.setattr(making, "artefacts", noted)
    async with filer.worker.unit_of_work(filer.user.id) as session:
        wanted = filers.FilerWrite(name="Ada", tax_id=NUMBER)  # type: ignore[arg-type]
        await filers.change_filer(session, filer.user, "US", wanted)
    await filer.made(format="pdf")
    await filer.made(format="pdf", jurisdiction="DE")
    assert said == [Holder("Ada", NUMBER), Holder()]


async def test_years_filed_separately_count_in_reports_and_summaries(filer: Filer):
    await filer.client.send("PUT", "/v1/tax/settings", json={"separateYears": [2023]})
    assert (await filer.client.get("/v1/tax/settings")).data["settings"]["separateYears"] == [2023]
    report = await filer.made()
    assert any("being married" in note for note in report["figures"]["notes"])
    summary = (await filer.client.get("/v1/tax/summary/2023")).data["summary"]
    assert any("being married" in note for note in summary["notes"])
