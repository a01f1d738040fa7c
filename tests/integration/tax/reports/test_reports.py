"""Reports from the asking to the files: the same totals everywhere, versions that say what changed, nobody else's."""

import csv
import io
from decimal import Decimal

import orjson
import pytest

from backend.tax.transactions import Edit, Worth
from tests.integration.tax.reports.conftest import HISTORY, Filer, sold


def amount(report: dict, name: str, kind: str = "amount") -> Decimal:
    return next(Decimal(each[kind]) for each in report["figures"]["figures"] if each["name"] == name)


async def test_a_report_lists_every_disposal_and_its_totals_are_the_same_everywhere(filer: Filer) -> None:
    asked = (await filer.ask(method="fifo", currency="USD", wash_sale=False, per_wallet=True)).data
    assert (asked["state"], asked["number"], asked["progressPct"]) == ("queued", 1, 0)
    await filer.make(asked["id"])
    report = await filer.read(asked["id"])
    assert (report["state"], report["progressPct"], report["transactions"]) == ("done", 100, 7)
    first, second = report["disposals"]["items"]
    assert (first["amount"], first["proceeds"], first["symbol"], first["term"]) == ("2.25", "4300", "ETH", "mixed")
    # 1.5 of the lot of 2022 at 2,000, then 0.75 of the lot of 2023 at 1,800.
    assert [(lot["amount"], lot["cost"], lot["term"]) for lot in first["lots"]] == [
        ("1.5", "3000", "long"),
        ("0.75", "1350", "short"),
    ]
    assert (first["costBasis"], first["gain"]) == ("4350", "-50")
    assert second["symbol"] == "BTC" and second["transactionId"] == str(HISTORY[6].id)

    told = orjson.loads(await filer.file(asked["id"], "report.json"))
    assert told["disposals"] == report["disposals"]["items"]
    whole = await filer.read(asked["id"], "?disposals=all")
    assert whole == report
    sheet = csv.DictReader(io.StringIO((await filer.file(asked["id"], "disposals.csv")).decode("utf-8-sig")))
    lines = list(sheet)
    for name, field in (("proceeds", "proceeds"), ("cost", "costBasis"), ("net_gain", "gain")):
        total = sum(Decimal(each[field]) for each in report["disposals"]["items"])
        assert total == amount(report, name, "exact") == amount({"figures": told}, name, "exact"), name
        assert amount(report, name) == total.quantize(Decimal("0.01")), name
        column = {"costBasis": "cost"}.get(field, field)
        assert sum(Decimal(line[column]) for line in lines) == amount(report, name), name
    assert Decimal(report["totalGain"]) == amount(report, "net_gain")
    assert (await filer.client.get("/v1/tax/reports")).data["items"][0]["totalGain"] == report["totalGain"]
    [staking] = report["figures"]["incomes"]
    assert staking == {"kind": "staking", "count": 1, "amount": "190", "unknown": 0}


async def test_pages_of_disposals_are_all_of_them_once(filer: Filer) -> None:
    report = await filer.made()
    seen, cursor = [], ""
    while True:
        page = (await filer.read(report["id"], f"?limit=1{cursor}"))["disposals"]
        seen += [each["number"] for each in page["items"]]
        if page["nextCursor"] is None:
            break
        cursor = f"&cursor={page['nextCursor']}"
    assert seen == [1, 2] and page["total"] == 2
    assert (await filer.client.get(f"/v1/tax/reports/{report['id']}?cursor=x")).status == 422


async def test_a_second_time_is_the_same_to_the_last_byte(filer: Filer) -> None:
    one, two = await filer.made(), await filer.made()
    assert (one["number"], two["number"], two["supersedes"]) == (1, 2, one["id"])
    assert one["inputHash"] == two["inputHash"]
    assert [each["name"] for each in one["files"]] == [each["name"] for each in two["files"]]
    for each in one["files"]:
        assert await filer.file(one["id"], each["name"]) == await filer.file(two["id"], each["name"]), each["name"]
    assert two["changes"]["isSame"] is True
    assert two["changes"]["why"] == ["Nothing: it was computed of the same transactions by the same rules."]


async def test_a_new_version_says_which_figures_and_disposals_changed_and_why(filer: Filer) -> None:
    before = await filer.made()
    await filer.edit(HISTORY[0].id, Edit(worths={0: Worth(Decimal(4400), "USD", "you")}, reason="the receipt"))
    await filer.have(sold("s4", "2023-12-01", "0.2", 9000, "BTC"))
    stale = (await filer.client.get("/v1/tax/reports")).data["items"][0]
    assert stale["isOutdated"] is True
    again = await filer.client.post(f"/v1/tax/reports/{before['id']}/regenerate")
    assert again.status == 202
    await filer.make(again.data["id"])
    after = await filer.read(again.data["id"])
    changes = after["changes"]
    assert (changes["reportId"], changes["added"], changes["changed"], changes["removed"]) == (before["id"], 1, 1, 0)
    assert changes["why"] == ["1 transaction was added.", "1 transaction was edited."]
    new, other = sorted(changes["disposals"], key=lambda each: each["what"])
    assert (new["what"], new["why"]) == ("added", "The transaction was added.")
    assert (other["gainBefore"], other["gainAfter"]) == ("-50", "-350")
    assert other["why"] == "1 of the lots it takes was added, removed or changed."
    figures = {each["name"]: (each["before"], each["after"]) for each in changes["figures"]}
    assert figures["disposals"] == ("2", "3") and figures["cost"][0] == str(amount(before, "cost"))
    assert after["inputHash"] != before["inputHash"] and after["isOutdated"] is False
    assert (await filer.read(before["id"]))["figures"] == before["figures"], "the old version stays as it was"


async def test_another_method_is_another_version_that_names_it(filer: Filer) -> None:
    await filer.made(method="fifo")
    report = await filer.made(method="lifo")
    assert report["changes"]["why"] == ["Other settings: the method."]
    assert report["changes"]["disposals"][0]["why"] == "Other settings: the method."


async def test_the_audit_trail_says_every_step_in_words_and_as_a_file(filer: Filer) -> None:
    report = await filer.made(method="fifo")
    trail = (await filer.client.get(f"/v1/tax/audit-trail?report={report['id']}&disposal=1")).data
    [step] = trail["items"]
    assert step["lines"][0] == "2023-05-01: swapped 2.25 ETH; proceeds after costs 4300 USD." or step["lines"][0] == (
        "2023-05-01: sold 2.25 ETH; proceeds after costs 4300 USD."
    )
    assert "cost 4000 x 1.5 / 2 = 3000; long term" in step["lines"][1]
    assert step["lines"][-1] == "Gain: 4300 - 4350 = -50 USD."
    every = (await filer.client.get(f"/v1/tax/audit-trail?report={report['id']}")).data
    assert [each["number"] for each in every["items"]] == [1, 2] and every["nextCursor"] is None
    sheet = await filer.client.get(f"/v1/tax/audit-trail?report={report['id']}&format=csv")
    lines = list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert [line["explanation"] for line in lines if line["disposal"] == "1"] == step["lines"]
    listed = orjson.loads((await filer.client.get(f"/v1/tax/audit-trail?report={report['id']}&format=json")).content)
    assert listed == every["items"]


@pytest.mark.parametrize(
    ("wanted", "field", "said"),
    [
        ({"method": "average"}, "method", "United States does not allow average: units are identified"),
        ({"jurisdiction": "UK", "method": "fifo"}, "method", "United Kingdom does not allow fifo"),
        ({"method": "best"}, "method", "There is no method 'best'"),
        ({"jurisdiction": "XX"}, "jurisdiction", "There are no rules for 'XX'"),
        ({"year": 2008}, "year", "Choose a tax year from 2009 to"),
        ({"year": 2999}, "year", "later ones have not begun"),
        ({"currency": "DOGE"[:3]}, "currency", "There are no reports in DOG"),
        ({"jurisdiction": "DE", "wash_sale": True}, "washSale", "Germany has no wash sale rule to choose"),
        ({"year": 2025, "per_wallet": False}, "perWallet", "United States counts each wallet apart"),
    ],
)
async def test_what_the_law_refuses_is_said_beside_its_field(filer: Filer, wanted: dict, field: str, said: str) -> None:
    reply = await filer.ask(**wanted)
    assert reply.status == 422
    assert list(reply.error["details"]) == [field] and said in reply.error["details"][field]
    assert (await filer.client.get("/v1/tax/reports")).data["items"] == []


async def test_nobody_elses_report_is_there_and_a_smaller_plan_has_none(filer: Filer) -> None:
    report = await filer.made()
    other = filer.api.client_of(await filer.api.new_user("pro"))
    at = f"/v1/tax/reports/{report['id']}"
    for method, path in (
        ("GET", at), ("GET", f"{at}/files/report.json"), ("POST", f"{at}/cancel"), ("POST", f"{at}/regenerate"),
        ("DELETE", at), ("GET", f"/v1/tax/audit-trail?report={report['id']}"),
        ("GET", f"/v1/tax/audit-trail?report={report['id']}&format=csv"),
    ):  # fmt: skip
        assert (await other.send(method, path)).status == 404, path
    assert (await other.get("/v1/tax/reports")).data["items"] == []
    starter = filer.api.client_of(await filer.api.new_user("starter"))
    reply = await starter.post("/v1/tax/reports", json={"year": 2023})
    assert (reply.status, reply.error["details"]["upgradeTo"]) == (403, "pro")
    assert (await filer.read(report["id"]))["state"] == "done"


async def test_a_deleted_report_is_gone_with_its_files(filer: Filer) -> None:
    report = await filer.made()
    assert (await filer.client.send("DELETE", f"/v1/tax/reports/{report['id']}")).data == {"id": report["id"]}
    assert (await filer.client.get(f"/v1/tax/reports/{report['id']}")).status == 404
    assert (await filer.client.get(f"/v1/tax/reports/{report['id']}/files/report.json")).status == 404


async def test_the_hidden_file_of_digests_is_not_for_download(filer: Filer) -> None:
    report = await filer.made()
    assert not any(each["name"].startswith("_") for each in report["files"])
    assert (await filer.client.get(f"/v1/tax/reports/{report['id']}/files/_inputs")).status == 404


async def test_without_transactions_it_says_what_to_do(filer: Filer) -> None:
    user = await filer.api.new_user("pro")
    empty = Filer(filer.api, filer.worker, user, filer.api.client_of(user))
    report = await empty.made()
    assert report["state"] == "failed" and report["message"].startswith("There are no transactions yet.")


async def test_only_a_pdf_may_be_shown_in_a_page_and_only_in_ours(filer: Filer) -> None:
    report = await filer.made(format="pdf")
    names = {each["name"]: each["mediaType"] for each in report["files"]}
    assert set(names.values()) == {"application/pdf", "application/json"}
    pdf = next(name for name, kind in names.items() if kind == "application/pdf")
    at = f"/v1/tax/reports/{report['id']}/files/"
    shown = await filer.client.get(f"{at}{pdf}?inline=true")
    assert shown.content.startswith(b"%PDF-") and shown.headers["Content-Disposition"].startswith("inline")
    assert shown.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in shown.headers["Content-Security-Policy"]
    for path in (f"{at}{pdf}", f"{at}report.json?inline=true"):
        kept = await filer.client.get(path)
        assert kept.headers["Content-Disposition"].startswith("attachment")
        assert kept.headers["X-Frame-Options"] == "DENY"
        assert "frame-ancestors 'none'" in kept.headers["Content-Security-Policy"]


async def test_each_format_has_its_files(filer: Filer) -> None:
    kinds = {}
    for form in ("json", "csv", "all"):
        report = await filer.made(format=form)
        kinds[form] = {each["mediaType"] for each in report["files"]}
    assert kinds["json"] == {"application/json"}
    assert kinds["csv"] == {"application/json", "text/csv"}
    assert kinds["all"] == {"application/json", "text/csv", "application/pdf", "application/zip"}
