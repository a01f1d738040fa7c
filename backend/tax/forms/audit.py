"""The audit archive: all files of a year, every disposal in words, the figures as data, hashes of the files. Pure."""

import io
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson

from backend.tax.engine.calculate import ENGINE_VERSION
from backend.tax.engine.explain import explain, plain, tokens
from backend.tax.engine.jurisdictions.base import YearResult
from backend.tax.engine.results import Disposal
from backend.tax.forms.records import ZIP, Artefact
from backend.tax.forms.year import TaxYear

DATA_NAME = "year.json"
_FIXED = (1980, 1, 1, 0, 0, 0)  # the earliest that a ZIP knows: dates would make each archive another one


def archive(year: TaxYear, files: Sequence[Artefact], data: bytes) -> Artefact:
    """Return the archive of a year with its data (`year_json`). The same input gives the same bytes."""
    inside = [
        *((file.name, file.content) for file in files),
        ("explanations.txt", _explanations(year)),
        (DATA_NAME, data),
    ]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as packed:
        for name, content in [("README.txt", _readme(year, files, inside)), *inside]:
            about = zipfile.ZipInfo(name, _FIXED)
            about.compress_type = zipfile.ZIP_DEFLATED
            about.external_attr = 0o644 << 16
            packed.writestr(about, content)
    return Artefact("audit.zip", f"Everything of {year.label} for an audit", ZIP, out.getvalue())


def year_json(year: TaxYear) -> bytes:
    """Return the year as data: settings, figures rounded and exact, every disposal with its lots, income, unknowns."""
    settings = year.book.settings
    missing = sorted(
        ((each.event_id, each.asset, each.reason, _text(each.proceeds)) for each in year.done.outcome.missing()),
        key=lambda each: each[:3],
    )
    data = {
        "jurisdiction": settings.jurisdiction, "year": year.year, "label": year.label, "currency": year.currency,
        "engine_version": ENGINE_VERSION, "input_hash": year.fingerprint, "book_version": year.book.version,
        "transactions": year.book.transactions, "open_issues": len(year.book.issues),
        "settings": {
            "methods": {str(since): method.value for since, method in sorted(settings.methods.items())},
            "per_wallet": settings.per_wallet, "timezone": year.done.timezone, "wash_sales": settings.wash_sales,
            "liquidity_is_disposal": settings.liquidity_is_disposal,
            "lending_is_disposal": settings.lending_is_disposal,
            "excluded_wallets": sorted(settings.excluded_wallets),
            "filed_separately": year.year in settings.separate_years,
        },
        "figures": _figures(year.rounded.result, year.rounded.exact),
        "carried_in": {name: _text(amount) for name, amount in sorted(year.rounded.carried_in.items())},
        "carried": {name: _text(amount) for name, amount in sorted(year.rounded.result.carried.items())},
        "notes": list(year.rounded.result.notes), "unknown": year.rounded.result.unknown,
        "disposals": [
            _disposal(year, *pair)
            for pair in zip(year.rounded.exact_disposals, year.rounded.disposals, strict=True)
        ],
        "income": [
            {"event": each.event_id, "kind": each.kind.value, "asset": each.asset, "at": each.at.isoformat(),
             "amount": tokens(each.amount_raw, year.book.places.get(each.asset, 18)), "value": _text(each.value)}
            for each in year.rounded.incomes
        ],
        "missing": [
            {"event": event, "asset": asset, "reason": reason, "proceeds": proceeds} for event, asset, reason,
            proceeds in missing
        ],
    }  # fmt: skip
    return orjson.dumps(data, option=orjson.OPT_INDENT_2)


def _figures(rounded: YearResult, exact: YearResult) -> list[dict[str, Any]]:
    return [
        {"name": one.name, "title": one.title, "amount": _text(one.amount), "exact": _text(other.amount)}
        for one, other in zip(rounded.figures, exact.figures, strict=True)
    ]


def _disposal(year: TaxYear, exact: Disposal, rounded: Disposal) -> dict[str, Any]:
    places = year.book.places.get(exact.asset, 18)
    return {
        "events": list(exact.event_ids), "kind": exact.kind.value, "asset": exact.asset, "wallet": exact.wallet,
        "at": exact.at.isoformat(), "day": exact.day.isoformat(), "amount": tokens(exact.amount_raw, places),
        "is_taxable": exact.is_taxable, "proceeds": _text(rounded.proceeds), "cost": _text(rounded.cost),
        "gain": _text(rounded.allowed_gain), "disallowed": _text(rounded.disallowed),
        "exact_gain": _text(exact.allowed_gain),
        "lots": [
            {
                "lot": part.lot.id if part.lot else None, "rule": part.rule.value,
                "acquired": part.lot.day.isoformat() if part.lot else None, "amount": tokens(part.amount_raw, places),
                "proceeds": _text(part.proceeds), "cost": _text(part.cost),
                "term": year.done.rules.term(part, exact.day),
            }
            for part in exact.parts
        ],
    }  # fmt: skip


def _explanations(year: TaxYear) -> bytes:
    parts = [f"{year.done.rules.name}, {year.label}: every disposal in words. Amounts in {year.currency}, not rounded."]
    for number, disposal in enumerate(year.rounded.exact_disposals, 1):
        lines = explain(year.done, disposal, year.book.places, currency=year.currency)
        parts.append("\n".join([f"{number}. Event {', '.join(disposal.event_ids)}", *(f"   {line}" for line in lines)]))
    return ("\n\n".join(parts) + "\n").encode()


def _readme(year: TaxYear, files: Sequence[Artefact], inside: Sequence[tuple[str, bytes]]) -> bytes:
    titles = {file.name: file.title for file in files}
    titles |= {"explanations.txt": "Every disposal in words, with formulas", DATA_NAME: "The year as data"}
    lines = [
        f"Tax records of {year.label}, {year.done.rules.name}. Amounts in {year.currency}.",
        f"Engine {ENGINE_VERSION}; input hash {year.fingerprint}; book version {year.book.version}.",
        f"Made of {year.book.transactions:,} transactions; {len(year.book.issues):,} open issues when it was made.",
        "",
        "Rounding: lines are rounded with the remainder carried on, so that totals do not drift. A line's gain is its",
        "rounded proceeds less its rounded cost and with its rounded adjustment. Every total in every file is a sum of",
        "these lines.",
        "What nobody knows is in no total: it is listed by itself.",
        "Computed after published rules, no tax advice.",
        "",
        "SHA-256                                                           File",
    ]  # fmt: skip
    lines += [f"{sha256(content).hexdigest()}  {name}: {titles[name]}" for name, content in inside]
    return ("\n".join(lines) + "\n").encode()


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)
