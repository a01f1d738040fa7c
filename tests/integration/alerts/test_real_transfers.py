"""The 4,116 ERC-20 transfer calls of 26 real mainnet blocks (2020-2022), through stream, worker and database.

What fires must equal an independent count with pandas and whole numbers. How the data are read:

- Calls that failed (27) moved nothing and are left out on both sides.
- Amounts are known for the tokens whose decimals stand below; for all others they are unknown, and no threshold may
  match them. That takes care of NFTs too: `transferFrom` of an ERC-721 has the selector of ERC-20's, its "amount" is a
  token id, and no NFT is among the tokens below. Rules on wallets without a threshold do count such a transfer.
- Only four blocks of the set carry their time; those between are interpolated, those outside reckoned with 13.2 s a
  block. It decides which hour's price is taken, in the replay and in the count alike.
- Prices are the hour's opening price on Binance (USDT taken as a dollar); before 2021-04-04 there are none, so values
  are unknown there and only token amounts can fire.
"""

import gzip
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import orjson
import pandas as pd
import pytest

from backend.alerts import service
from backend.alerts.schemas import HistoryFilter
from backend.chain.events import EVENTS_PER_ENTRY, TokenTransfer
from backend.core.money import token_amount, value_usd
from tests.integration.alerts.world import World

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"
TRANSFERS = DATA / "mev_tx" / "derived_erc20_transfer_calls.csv"
pytestmark = pytest.mark.skipif(not TRANSFERS.exists(), reason=f"the real transfers are not at {TRANSFERS}")

# address: (symbol, decimals, price series; "" for USDT itself, None for a token without a series)
TOKENS: dict[str, tuple[str, int, str | None]] = {
    "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2": ("WETH", 18, "ETH"),
    "0xdac17f958d2ee523a2206206994597c13d831ec7": ("USDT", 6, ""),
    "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48": ("USDC", 6, "USDC"),
    "0x6b175474e89094c44da98b954eedeac495271d0f": ("DAI", 18, None),
    "0x514910771af9ca656af840dff83e8264ecf986ca": ("LINK", 18, "LINK"),
    "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599": ("WBTC", 8, "BTC"),
    "0x1f9840a85d5af5bf1d1762f925bdaddc4201f984": ("UNI", 18, "UNI"),
    "0x6b3595068778dd592e39a122f4f5a5cf09c90fe2": ("SUSHI", 18, "SUSHI"),
    "0x7d1afa7b718fb893db30a3abc0cfc608aacfebb0": ("MATIC", 18, "MATIC"),
    "0xd533a949740bb3306d119cc777fa900ba034cd52": ("CRV", 18, "CRV"),
    "0x0bc529c00c6401aef6d220be8c6ea1667f6ad93e": ("YFI", 18, "YFI"),
    "0x7fc66500c84a76ad7e9c93437bfc5ac33e2ddae9": ("AAVE", 18, "AAVE"),
    "0x95ad61b0a150d79219dcf64e1e6cc01f0b64c4ce": ("SHIB", 18, None),
}
BY_SYMBOL = {symbol: address for address, (symbol, _, _) in TOKENS.items()}
SECONDS_PER_BLOCK = 13.2


def read_transfers() -> pd.DataFrame:
    """Return the successful calls in order, with whole amounts, block hash and time."""
    calls = pd.read_csv(TRANSFERS, dtype=str, keep_default_na=False)
    assert len(calls) == 4116
    calls = calls[calls["call_error"] == ""].reset_index(drop=True)
    calls["block"] = calls["block"].astype(int)
    calls["amount_raw"] = [int(text) for text in calls["amount_raw"]]
    blocks = {}
    for path in sorted((DATA / "mev_tx" / "mev_inspect_blocks").glob("*.json.gz")):
        block = orjson.loads(gzip.decompress(path.read_bytes()))
        blocks[block["block_number"]] = (block["traces"][0]["block_hash"], block.get("block_timestamp"))
    known = pd.Series({number: float(time) for number, (_, time) in blocks.items() if time})
    times = {number: int(interpolated(known, number)) for number in blocks}
    calls["block_hash"] = [blocks[number][0] for number in calls["block"]]
    calls["taken_at"] = [times[number] for number in calls["block"]]
    return calls


def interpolated(known: pd.Series, number: int) -> float:
    """Return a block's time from those that are known."""
    before, after = known[known.index <= number], known[known.index >= number]
    if before.empty or after.empty:
        nearest = known.index[0] if before.empty else known.index[-1]
        return known[nearest] + (number - nearest) * SECONDS_PER_BLOCK
    a, b = before.index[-1], after.index[0]
    return known[a] if a == b else known[a] + (known[b] - known[a]) * (number - a) / (b - a)


def read_prices(calls: pd.DataFrame) -> list[str | None]:
    """Return each call's price as the exchange wrote it, None where there is none."""
    series = {
        name: pd.read_csv(DATA / "ohlcv" / "binance_hourly" / f"{name}USDT_1h.csv.gz", dtype=str).set_index("date")[
            "open"
        ]
        for name in sorted({name for _, _, name in TOKENS.values() if name})
    }
    first = pd.Timestamp("2021-04-04 20:00:00")
    prices: list[str | None] = []
    for token, taken_at in zip(calls["token"], calls["taken_at"], strict=True):
        _, _, name = TOKENS.get(token, ("", 0, None))
        hour = pd.Timestamp(taken_at, unit="s").floor("h")
        if name is None or hour < first:
            prices.append(None)
        elif name == "":
            prices.append("1")
        else:
            prices.append(series[name].get(str(hour)))
    return prices


def events_of(calls: pd.DataFrame, prices: list[str | None]) -> list[TokenTransfer]:
    """Return the calls as the follower would emit them."""
    events = []
    places = calls.groupby("block").cumcount()
    for row, place, price in zip(calls.itertuples(), places, prices, strict=True):
        symbol, decimals, _ = TOKENS.get(row.token, (None, None, None))
        amount = None if decimals is None else token_amount(row.amount_raw, decimals)
        value = None if amount is None or price is None else value_usd(amount, Decimal(price))
        events.append(
            TokenTransfer(
                id=f"1:{row.block_hash}:{place}", chain_id=1, block_number=row.block, block_hash=row.block_hash,
                taken_at=row.taken_at, tx_hash=row.tx_hash, log_index=place, token=row.token, sender=row._7,
                recipient=row.to, amount_raw=row.amount_raw, symbol=symbol, amount=amount, value_usd=value,
                price_source=None if price is None else "Binance, hour's open",
            )
        )  # fmt: skip
    return events


def cooled(times: list[int], seconds: int) -> list[bool]:
    """Return which of ascending times count when each alert is followed by a pause."""
    counted, last = [], None
    for time in times:
        counted.append(last is None or time - last >= seconds)
        last = time if counted[-1] else last
    return counted


async def test_what_fires_on_real_transfers_equals_an_independent_count(make_world, make_user):
    calls = read_transfers()
    prices = read_prices(calls)
    world: World = make_world()
    world.chain_id = 1
    world.settings = world.settings.model_copy(update={"chains": {1: ["http://127.0.0.1:9"]}})
    user = await make_user()

    # The count: whole numbers and fractions, no code of ours.
    decimals = calls["token"].map(lambda token: TOKENS[token][1] if token in TOKENS else None)
    units = [
        None if pd.isna(d) else Fraction(raw, 10 ** int(d))
        for raw, d in zip(calls["amount_raw"], decimals, strict=True)
    ]
    usd = [None if u is None or p is None else u * Fraction(p) for u, p in zip(units, prices, strict=True)]
    calls["units"], calls["usd"] = pd.Series(units, dtype=object), pd.Series(usd, dtype=object)

    def at_least(column: str, threshold: float) -> pd.Series:
        return calls[column].map(lambda value: value is not None and value >= threshold)

    busiest = calls["from"].value_counts().index[:3].tolist()
    receivers = calls["to"].value_counts().index[:2].tolist()
    weth, usdt, shib, dai = (BY_SYMBOL[symbol] for symbol in ("WETH", "USDT", "SHIB", "DAI"))
    everything = pd.Series(True, index=calls.index)
    wanted: list[tuple[dict, pd.Series]] = [
        *(({"value_usd": t}, at_least("usd", t)) for t in (1_000, 10_000, 50_000, 100_000, 1_000_000)),
        ({"value_usd": 10_000, "token": [weth, usdt]}, at_least("usd", 10_000) & calls["token"].isin([weth, usdt])),
        *(({"amount": t, "token": weth}, at_least("units", t) & (calls["token"] == weth)) for t in (1, 10, 100)),
        ({"amount": 50_000, "token": usdt}, at_least("units", 50_000) & (calls["token"] == usdt)),
        ({"amount": 10**9, "token": shib}, at_least("units", 10**9) & (calls["token"] == shib)),
        ({"amount": 5_000, "token": dai}, at_least("units", 5_000) & (calls["token"] == dai)),
        ({"amount": 10, "value_usd": 30_000, "token": weth},
         at_least("units", 10) & at_least("usd", 30_000) & (calls["token"] == weth)),
        ({"wallet": busiest, "direction": "out"}, calls["from"].isin(busiest)),
        ({"wallet": receivers, "direction": "in", "value_usd": 1_000},
         calls["to"].isin(receivers) & at_least("usd", 1_000)),
        ({"wallet": busiest + receivers},
         calls["from"].isin(busiest + receivers) | calls["to"].isin(busiest + receivers)),
        ({"wallet": busiest, "token": usdt, "amount": 100},
         (calls["from"].isin(busiest) | calls["to"].isin(busiest)) & (calls["token"] == usdt) & at_least("units", 100)),
        ({"value_usd": 1_000, "chain": 8453}, ~everything),
    ]  # fmt: skip
    expected: dict = {}
    for conditions, hits in wanted:
        rule = await world.rule(user, conditions={"chain": 1, "value_usd": None, **conditions})
        expected[rule.id] = calls.index[hits].tolist()
    for days in (1, 30):
        rule = await world.rule(user, cooldown_seconds=days * 86_400, conditions={"value_usd": 10_000})
        hits = calls[at_least("usd", 10_000)]
        expected[rule.id] = hits.index[cooled(hits["taken_at"].tolist(), days * 86_400)].tolist()
    once = await world.rule(user, frequency="once", conditions={"value_usd": 50_000})
    expected[once.id] = calls.index[at_least("usd", 50_000)].tolist()[:1]

    events = events_of(calls, prices)
    async with world.working():
        for _, block in calls.groupby("block", sort=True):
            mine = [events[place] for place in block.index]
            for start in range(0, len(mine), EVENTS_PER_ENTRY):
                await world.emit(*mine[start : start + EVENTS_PER_ENTRY])
        await world.quiet(60)
    async with world.app.unit_of_work(user.id) as session:
        exported = [c async for c in service.export_history(session, user, HistoryFilter(), "json")]
    stored: dict = {rule_id: [] for rule_id in expected}
    place_of = {event.id: place for place, event in enumerate(events)}
    for alert in orjson.loads(b"".join(exported)):
        stored[type(once.id)(alert["ruleId"])].append(place_of[alert["eventId"]])
    for rule_id, places in expected.items():
        assert sorted(stored[rule_id]) == places
    assert sum(map(len, expected.values())) > 3_000
    assert sum(len(places) > 0 for places in expected.values()) >= 18
