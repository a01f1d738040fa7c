"""Exports as CSV and JSON, in chunks: memory stays bounded however much there is."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

import orjson

from backend.core.formats import iso
from backend.core.money import plain
from backend.core.sheets import csv_file
from backend.ledger.service import Event
from backend.portfolio.exporting import rows
from backend.portfolio.exporting.content import Content, TokenKey
from backend.portfolio.overview import asset_list
from backend.portfolio.reading import TokenFacts
from backend.portfolio.schemas import AssetList

Pages = AsyncIterator[tuple[list[Event], Mapping[TokenKey, TokenFacts]]]
MOST_ASSETS = 100_000
COLUMNS = {
    "assets": rows.ASSET_COLUMNS,
    "history": rows.HISTORY_COLUMNS,
    "report": rows.REPORT_COLUMNS,
    "activity": rows.ACTIVITY_COLUMNS,
}


def holdings(content: Content) -> AssetList:
    """Return every holding of the export's snapshot, the most valuable first."""
    return asset_list(content.snapshot, None, None, 1, MOST_ASSETS)


def as_csv(content: Content, pages: Pages) -> AsyncIterator[bytes]:
    """Return the CSV file of an export; `pages` are the events of its activity."""
    return csv_file(COLUMNS[content.what], _rows(content, pages))


async def _rows(content: Content, pages: Pages) -> AsyncIterator[rows.Row]:
    if content.what == "activity":
        async for events, facts in pages:
            for row in rows.activity_rows(events, facts):
                yield row
        return
    for row in _few_rows(content):
        yield row


def _few_rows(content: Content) -> Iterable[rows.Row]:
    if content.what == "assets":
        return rows.asset_rows(holdings(content).items)
    if content.what == "history":
        return rows.history_rows(content.history) if content.history is not None else ()
    return report_rows(content)


def report_rows(content: Content) -> list[rows.Row]:
    """Return the figures of a report: the worth now, and how it did."""
    found: list[rows.Row] = []
    if content.snapshot is not None:
        taken, as_of = content.snapshot, iso(content.snapshot.taken_at)
        complete = "yes" if taken.is_complete else "no: it is the worth of what is known"
        found.append(("Total value", plain(taken.total_value_usd), "USD", as_of, rows.TOTAL_SOURCE))
        found.append(("Complete", complete, "", as_of, rows.TOTAL_SOURCE))
    if content.performance is not None:
        found += rows.figure_rows(content.performance)
        found += [("Note", problem, "", "", content.performance.source) for problem in content.performance.problems]
    return found


async def as_json(content: Content, pages: Pages) -> AsyncIterator[bytes]:
    """Yield the JSON file of an export: what it is, as of when, and the same rows with the API's names."""
    yield orjson.dumps(_head(content))[:-1]
    if content.snapshot is not None:
        yield b',"assets":' + holdings(content).model_dump_json(by_alias=True).encode()
    if content.history is not None:
        yield b',"history":' + content.history.model_dump_json(by_alias=True).encode()
    if content.performance is not None:
        yield b',"performance":' + content.performance.model_dump_json(by_alias=True).encode()
    if content.what in ("activity", "report"):
        yield b',"coverage":' + orjson.dumps(_coverage(content)) + b',"activity":['
        first = True
        async for events, facts in pages:
            lines = [_line(row) for row in rows.activity_rows(events, facts)]
            if lines:
                yield (b"" if first else b",") + b",".join(lines)
                first = False
        yield b"]"
    yield b"}\n"


def _head(content: Content) -> dict[str, object]:
    return {
        "export": content.what,
        "range": content.range,
        "madeAt": iso(content.made_at),
        "isDemo": content.is_demo,
    }


def _coverage(content: Content) -> Sequence[dict[str, object]]:
    return [
        {
            "wallet": each.wallet,
            "chainId": each.chain_id,
            "fromBlock": each.from_block,
            "toBlock": each.to_block,
            "toBlockAt": iso(each.to_block_at) or None,
            "reachedStart": each.reached_start,
            "nativeIsKnown": each.native_is_known,
            "source": each.source,
            "problem": each.problem,
        }
        for each in content.coverage
    ]


def _line(row: rows.Row) -> bytes:
    """Return a row as an object. Large integers stand as text: a JSON number would lose their digits."""
    values = (str(value) if isinstance(value, int) and not isinstance(value, bool) else value for value in row)
    return orjson.dumps(dict(zip(rows.ACTIVITY_COLUMNS, values, strict=True)), default=str)
