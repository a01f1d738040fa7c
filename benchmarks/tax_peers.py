"""The peers of the tax engine on the same ledger: rp2 and BittyTax from their releases, in an environment of their own.

The environment is made once in `var/` (their requirements would change the product's). Measured are their engines
only, as ours; their results are compared with ours to the cent (BittyTax rounds every disposal to pence).
"""

import csv
import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from xml.sax.saxutils import escape

from backend.core.settings import ROOT
from backend.tax.engine.events import Kind, TaxEvent
from benchmarks.harness import say

RELEASES = {"rp2": "rp2==1.7.2", "bittytax": "bittytax==0.6.0"}
NAMES = {"rp2": "rp2 1.7.2", "bittytax": "BittyTax 0.6.0"}
HOME = ROOT / "var" / "bench-peers"
PLACES = -8
_TIMEOUT_SECONDS = 900
_HEADS = {
    "in": ["timestamp", "asset", "exchange", "holder", "type", "spot", "crypto_in", "fiat_fee"],
    "out": ["timestamp", "asset", "exchange", "holder", "type", "spot", "crypto_out", "crypto_fee"],
    "intra": ["timestamp", "asset", "from", "from_holder", "to", "to_holder", "spot", "sent", "received"],
}
_CONTENT = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.2">'
    "<office:body><office:spreadsheet>{}</office:spreadsheet></office:body></office:document-content>"
)
_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.2">'
    '<manifest:file-entry manifest:full-path="/" manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/></manifest:manifest>'
)
_INI = """[general]
assets = {assets}
exchanges = {venues}
holders = Bob
[in_header]
timestamp = 0
asset = 1
exchange = 2
holder = 3
transaction_type = 4
spot_price = 5
crypto_in = 6
fiat_fee = 7
[out_header]
timestamp = 0
asset = 1
exchange = 2
holder = 3
transaction_type = 4
spot_price = 5
crypto_out_no_fee = 6
crypto_fee = 7
[intra_header]
timestamp = 0
asset = 1
from_exchange = 2
from_holder = 3
to_exchange = 4
to_holder = 5
spot_price = 6
crypto_sent = 7
crypto_received = 8
"""


def peer_python() -> Path:
    """Return the interpreter of the peers' environment; it is made if it is not there."""
    python = HOME / "venv" / "bin" / "python"
    marker = HOME / "installed"
    if not marker.exists() or marker.read_text() != "\n".join(RELEASES.values()):
        say("tax: making the peers' environment")
        venv.create(HOME / "venv", with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *RELEASES.values()], check=True, stdout=sys.stderr)
        marker.write_text("\n".join(RELEASES.values()))
    return python


def measure_peer(peer: str, events: Sequence[TaxEvent], method: str = "fifo") -> dict[str, float]:
    """Return a peer's engine seconds, cost and proceeds on a ledger (rp2: by a method; BittyTax: the UK's rules)."""
    work = HOME / peer
    work.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("tax_peer_engine.py")
    if peer == "rp2":
        write_rp2(events, work)
        arguments = ["-m", method, "-o", str(work / "out"), "-p", "x_", str(work / "in.ini"), str(work / "in.ods")]
    else:
        write_bittytax(events, work / "in.csv")
        conf = work / ".bittytax" / "bittytax.conf"
        conf.parent.mkdir(exist_ok=True)
        conf.write_text("data_source_fiat: []\ndata_source_crypto: []\n")  # no prices are asked for: all are given
        arguments = [str(work / "in.csv"), "--nopdf", "--summary"]
    done = subprocess.run(
        [str(peer_python()), str(script), peer, *arguments],
        cwd=work,
        env={**os.environ, "HOME": str(work), "PYTHONPATH": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
        text=True,
        timeout=_TIMEOUT_SECONDS,
    )
    return json.loads(done.stdout.splitlines()[-1])


def _row(event: TaxEvent) -> tuple[str, Decimal, Decimal, Decimal]:
    """Return asset, units, price of one and fee."""
    leg = (event.into or event.out)[0]
    units = Decimal(leg.amount_raw).scaleb(PLACES)
    price = ((leg.value or Decimal(0)) / units).quantize(Decimal("0.01"))
    return leg.asset, units, price, sum((fee.value or Decimal(0) for fee in event.fees), Decimal(0))


def write_rp2(events: Sequence[TaxEvent], folder: Path) -> None:
    """Write rp2's spreadsheet and configuration."""
    tables: dict[str, dict[str, list[list[str | Decimal]]]] = {}
    for event in events:
        asset, units, price, fee = _row(event)
        mine = tables.setdefault(asset, {"in": [], "out": [], "intra": []})
        at, wallet = event.at.strftime("%Y-%m-%d %H:%M:%S+00:00"), event.wallet
        if event.kind is Kind.TRANSFER:
            mine["intra"].append([at, asset, wallet, "Bob", event.to_wallet or "", "Bob", price, units, units])
        elif event.kind is Kind.SELL:
            mine["out"].append([at, asset, wallet, "Bob", "sell", price, units, Decimal(0)])
        else:
            kind = "buy" if event.kind is Kind.BUY else "staking"
            mine["in"].append([at, asset, wallet, "Bob", kind, price, units, fee])
    sheets = []
    for asset, mine in tables.items():
        rows = []
        for name, lines in mine.items():
            if lines:
                rows += [
                    _line([name.upper()]),
                    _line(_HEADS[name]),
                    *map(_line, lines),
                    _line(["TABLE END"]),
                    _line([]),
                ]
        columns = '<table:table-column table:number-columns-repeated="10"/>'
        sheets.append(f'<table:table table:name="{asset}">{columns}{"".join(rows)}</table:table>')
    with zipfile.ZipFile(folder / "in.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet", zipfile.ZIP_STORED)
        archive.writestr("content.xml", _CONTENT.format("".join(sheets)), zipfile.ZIP_DEFLATED)
        archive.writestr("META-INF/manifest.xml", _MANIFEST, zipfile.ZIP_DEFLATED)
    venues = sorted({event.wallet for event in events})
    (folder / "in.ini").write_text(_INI.format(assets=", ".join(tables), venues=", ".join(venues)))


def _line(cells: Iterable[str | Decimal]) -> str:
    shown = [_cell(each) for each in cells]
    return f"<table:table-row>{''.join(shown)}{'<table:table-cell/>' * (10 - len(shown))}</table:table-row>"


def _cell(value: str | Decimal) -> str:
    if isinstance(value, Decimal):
        return (
            f'<table:table-cell office:value-type="float" office:value="{value}"><text:p>{value}</text:p>'
            "</table:table-cell>"
        )
    return f'<table:table-cell office:value-type="string"><text:p>{escape(value)}</text:p></table:table-cell>'


def write_bittytax(events: Sequence[TaxEvent], path: Path) -> None:
    """Write BittyTax's own CSV form."""
    columns = [
        "Type",
        "Buy Quantity",
        "Buy Asset",
        "Buy Value in GBP",
        "Sell Quantity",
        "Sell Asset",
        "Sell Value in GBP",
    ]
    columns += ["Fee Quantity", "Fee Asset", "Fee Value in GBP", "Wallet", "Timestamp", "Note"]
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for event in events:
            asset, units, price, fee = _row(event)
            at, worth = event.at.strftime("%Y-%m-%dT%H:%M:%S UTC"), units * price
            fees = (fee, "GBP", fee) if fee else ("", "", "")
            if event.kind is Kind.BUY:
                writer.writerow(["Trade", units, asset, "", worth, "GBP", "", *fees, event.wallet, at, ""])
            elif event.kind is Kind.SELL:
                writer.writerow(["Trade", worth, "GBP", "", units, asset, "", *fees, event.wallet, at, ""])
            elif event.kind is Kind.INCOME:
                writer.writerow(["Staking", units, asset, worth, "", "", "", "", "", "", event.wallet, at, ""])
            else:
                writer.writerow(["Withdrawal", "", "", "", units, asset, "", "", "", "", event.wallet, at, ""])
                writer.writerow(["Deposit", units, asset, "", "", "", "", "", "", "", event.to_wallet, at, ""])
