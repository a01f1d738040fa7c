"""Every kind of rule the whole way: made over REST, its event in the stream, its alert in the history over REST."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
from redis.asyncio import Redis
from sqlalchemy import text

from backend.alerts.schedules.service import expire_rules, publish_due
from backend.alerts.service import publish_events
from backend.chain.events import (
    BlockOrphaned,
    Event,
    Occurrence,
    PriceUpdate,
    Reading,
    TokenTransfer,
    encode_entry,
)
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.formats import iso
from backend.core.redis import events_stream
from backend.worker import alerts as worker
from tests.integration.api.conftest import Api, Client

CHAIN = 31337
TOKEN, POOL, WALLET, OTHER = ("0x" + letter * 40 for letter in "abcd")
_blocks = count(1_000)
_start = int(time.time())


class Market:
    """Emits events of the demo chain as the follower does."""

    def __init__(self, redis: Redis, database: Database) -> None:
        self.redis = redis
        self.database = database
        self.entries = count(1)
        self.last: dict[str, tuple[Decimal, int]] = {}

    def block(self) -> dict[str, Any]:
        number = next(_blocks)
        return {
            "chain_id": CHAIN,
            "block_number": number,
            "block_hash": f"0x{number:064x}",
            "taken_at": _start + number,
        }

    async def emit(self, *events: Event) -> None:
        await self.redis.xadd(
            events_stream(CHAIN), encode_entry(list(events), time.time()), id=f"{next(self.entries)}-1"
        )  # type: ignore[arg-type]

    async def reading(self, metric: str, subject: str, value: str, changes: dict | None = None, **more: Any) -> Reading:
        """Store and emit a reading."""
        block, before = self.block(), self.last.get(metric + subject)
        self.last[metric + subject] = (Decimal(value), block["taken_at"])
        event = Reading(
            id=f"{CHAIN}:{block['block_hash']}:r:{metric}:{subject}", metric=metric, subject=subject,
            value=Decimal(value), previous_value=before[0] if before else None,
            previous_taken_at=before[1] if before else None, source="test", changes=changes or {}, **block, **more,
        )  # fmt: skip
        async with self.database.unit_of_work() as session:
            at = {"at": block["taken_at"]}
            await session.execute(text("select ensure_month_partition('metric_readings', to_timestamp(:at))"), at)
            await session.execute(
                text(
                    "insert into metric_readings (chain_id, metric, subject, taken_at, block_hash, block_number, value,"
                    " source) values (:chain_id, :metric, :subject, to_timestamp(:taken_at), :block_hash,"
                    " :block_number, :value, 'test')"
                ),
                {**block, "metric": metric, "subject": subject, "value": Decimal(value)},
            )
        await self.emit(event)
        return event

    async def price(self, value: str, changes: dict | None = None) -> PriceUpdate:
        block, before = self.block(), self.last.get("price")
        self.last["price"] = (Decimal(value), block["taken_at"])
        event = PriceUpdate(
            id=f"{CHAIN}:{block['block_hash']}:price:{TOKEN}", token=TOKEN, symbol="AAA", price_usd=Decimal(value),
            previous_price_usd=before[0] if before else None, source="test", changes=changes or {}, **block,
        )  # fmt: skip
        await self.emit(event)
        return event

    async def occurs(self, topic: str, subject: str, value: str | None = None, **details: str) -> Occurrence:
        block = self.block()
        event = Occurrence(
            id=f"{CHAIN}:{block['block_hash']}:1:{topic}", topic=topic, subject=subject, source="test", log_index=1,
            value=None if value is None else Decimal(value), tx_hash=f"0x{1:064x}", details=details, **block,
        )  # fmt: skip
        await self.emit(event)
        return event

    async def transfer(self, sender: str, recipient: str, usd: str) -> TokenTransfer:
        block = self.block()
        event = TokenTransfer(
            id=f"{CHAIN}:{block['block_hash']}:0", tx_hash=f"0x{2:064x}", log_index=0, token=TOKEN, sender=sender,
            recipient=recipient, amount_raw=1, symbol="AAA", amount=Decimal(usd), value_usd=Decimal(usd), **block,
        )  # fmt: skip
        await self.emit(event)
        return event


@pytest.fixture
async def market(api: Api, redis: Redis) -> AsyncIterator[Market]:
    """The chain's stream, and the alert worker at work on it."""
    database = Database(api.settings.worker_database_url, pool_size=2)
    task = asyncio.create_task(worker.run(api.settings))
    try:
        yield Market(redis, database)
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await database.close()


async def made(client: Client, kind: str, conditions: Any, **more: Any) -> dict[str, Any]:
    """Make a rule and wait until the worker knows it."""
    reply = await client.post("/v1/alerts/rules", json={"name": kind, "type": kind, "conditions": conditions, **more})
    assert reply.status == 201, reply.content
    await asyncio.sleep(1.0)
    return reply.data


async def history(client: Client, rule: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """Wait for that many alerts of a rule, and a moment more, so that one too many would be there."""
    deadline = time.monotonic() + 15
    while True:
        items = (await client.get(f"/v1/alerts/history?ruleId={rule['id']}")).data["items"]
        if len(items) >= number or time.monotonic() > deadline:
            await asyncio.sleep(0.5)
            items = (await client.get(f"/v1/alerts/history?ruleId={rule['id']}")).data["items"]
            assert len(items) == number, [each["message"] for each in items]
            return items
        await asyncio.sleep(0.1)


async def test_gas_volume_and_protocol_readings(api: Api, market: Market) -> None:
    client = api.client_of(await api.new_user())
    gas = await made(client, "gas", {"chain": CHAIN, "base_fee_gwei": {"lt": 20}})
    jump = await made(client, "gas", [
        {"field": "chain", "operator": "eq", "value": CHAIN}, {"field": "change_pct", "operator": "gte", "value": 50},
    ])  # fmt: skip
    volume = await made(client, "price", {"chain": CHAIN, "token": TOKEN, "volume_ratio": 3})
    drop = await made(client, "protocol_risk", {
        "signal": "tvl_drop", "chain": CHAIN, "protocol": "Uniswap V3", "drop_pct": 20, "window_seconds": 86400,
    })  # fmt: skip
    apart = await made(
        client, "protocol_risk", {"signal": "oracle_deviation", "chain": CHAIN, "token": TOKEN, "deviation_pct": 2}
    )
    assert gas["description"] == "The base fee on Demo market falls below 20 gwei"
    assert drop["description"].startswith("The value locked of uniswap-v3 on Demo market falls by at least 20% within")
    for value, change in (("25", (None, "0")), ("19.5", ("0", "-22")), ("40", ("-22", "60")), ("41", ("60", "64"))):
        before, now = change
        changes = {600: (None if before is None else Decimal(before), Decimal(now))}
        await market.reading("gas.base_fee_gwei", "", value, changes)
    for value in ("1", "4", "5"):
        await market.reading("market.volume_ratio", TOKEN, value, label="AAA")
    for before, now in ((None, "-5"), ("-5", "-21"), ("-21", "-30")):
        changes = {86400: (None if before is None else Decimal(before), Decimal(now))}
        await market.reading("protocol.tvl_usd", "uniswap-v3", "1000000", changes, label="Uniswap V3")
    for value in ("0.5", "2", "3"):
        await market.reading("oracle.deviation_pct", TOKEN, value)
    assert (await history(client, gas, 1))[0]["message"] == (
        "The base fee on Demo market fell below 20 gwei: now 19.5 gwei"
    )
    assert "rose 60.00% within 10 minutes" in (await history(client, jump, 1))[0]["message"]
    assert (await history(client, volume, 1))[0]["message"] == (
        "AAA on Demo market was traded 4 times as much as in the day before"
    )
    assert "Uniswap V3 on Demo market fell 21.00% within" in (await history(client, drop, 1))[0]["message"]
    assert (await history(client, apart, 1))[0]["type"] == "protocol_risk"


async def test_what_happens_to_contracts_pools_and_proposals(api: Api, market: Market) -> None:
    client = api.client_of(await api.new_user())
    removed = await made(client, "protocol_risk", {
        "signal": "liquidity_removed", "chain": CHAIN, "pool": POOL, "value_usd": 1000, "share_pct": 10,
    })  # fmt: skip
    owner = await made(client, "protocol_risk", {"signal": "ownership_changed", "chain": CHAIN, "contract": POOL})
    voted = await made(client, "governance", {"chain": CHAIN, "governor": OTHER, "step": ["proposal_created"]})
    await market.occurs("pool.liquidity_removed", POOL, "5000", sharePct="9.9")
    await market.occurs("pool.liquidity_removed", POOL, sharePct="50")
    await market.occurs("pool.liquidity_removed", OTHER, "5000", sharePct="50")
    await market.occurs("pool.liquidity_removed", POOL, "1000", sharePct="10")
    await market.occurs("contract.ownership_changed", POOL, previousOwner=WALLET, newOwner=OTHER)
    await market.occurs("governance.vote_cast", OTHER, proposalId="7", title="More")
    await market.occurs("governance.proposal_created", OTHER, proposalId="7", title="More <b>yield</b>")
    assert "($1,000.00)" in (await history(client, removed, 1))[0]["message"]
    assert (await history(client, owner, 1))[0]["message"].startswith("The owner changed of 0xbbbb…bbbb on Demo market")
    (alert,) = await history(client, voted, 1)
    assert alert["message"].startswith("New proposal 7 “More <b>yield</b>” at 0xdddd…dddd on Demo market · tx 0x")


async def test_watched_wallets_with_thresholds_of_their_own_and_own_transfers_left_out(
    api: Api, market: Market
) -> None:
    client = api.client_of(await api.new_user())
    rule = await made(client, "whale", {
        "chain": CHAIN, "wallet": [WALLET], "wallet_usd": {OTHER: 5000}, "ignore_own": True,
    })  # fmt: skip
    assert {each["field"] for each in rule["conditions"]} >= {"wallet_usd", "ignore_own"}
    await market.transfer(WALLET, OTHER, "90000")
    await market.transfer(OTHER, POOL, "4999")
    large = await market.transfer(OTHER, POOL, "5000")
    any_ = await market.transfer(POOL, WALLET, "1")
    assert {each["eventId"] for each in await history(client, rule, 2)} == {large.id, any_.id}


async def test_trees_of_conditions_and_rules_that_repeat(api: Api, market: Market) -> None:
    client = api.client_of(await api.new_user())
    tree = {"all": [
        {"type": "price", "conditions": {"chain": CHAIN, "token": TOKEN, "above": 3000}, "within": 120},
        {"not": {"type": "gas", "conditions": {"chain": CHAIN, "base_fee_gwei": {"gte": 20}}, "within": 120}},
    ]}  # fmt: skip
    await market.price("2900")
    await market.reading("gas.base_fee_gwei", "", "30")
    both = await made(client, "multi", tree)
    above = {"chain": CHAIN, "token": TOKEN, "above": 3000}
    standing = await made(client, "price", above, trigger="level", cooldownSeconds=3600)
    assert both["description"] == (
        "0xaaaa…aaaa on Demo market rises above $3,000 (read within 2 minutes) and not (The base fee on Demo market"
        " reaches 20 gwei (read within 2 minutes))"
    )
    await market.price("3100")
    low = await market.reading("gas.base_fee_gwei", "", "15")
    await market.price("3200")
    (alert,) = await history(client, both, 1)
    assert (alert["eventId"], alert["type"]) == (low.id, "multi")
    assert alert["message"] == "Your 2 conditions came true: The base fee on Demo market is 15 gwei"
    (first,) = await history(client, standing, 1)
    block = {name: first[key] for name, key in (("block_hash", "blockHash"), ("block_number", "blockNumber"))}
    orphaned = BlockOrphaned(id="gone", chain_id=CHAIN, taken_at=_start, **block)
    await market.emit(orphaned)
    await market.price("3300")
    items = await history(client, standing, 2)
    assert [each["withdrawnAt"] is None for each in items] == [True, False]
    assert "is at or above $3,000" in items[0]["message"]


async def test_hysteresis_hours_expiry_and_snooze(api: Api, market: Market) -> None:
    client = api.client_of(await api.new_user())
    low = {"chain": CHAIN, "base_fee_gwei": {"lt": 20}}
    now, far = utc_now(), timedelta(days=2)
    calm = await made(client, "gas", low, hysteresisPct=10)
    day = (now + timedelta(days=3)).isoweekday()
    hours = {"days": [day], "from": "00:00", "to": "24:00", "timeZone": "UTC"}
    asleep = await made(client, "gas", low, activeHours=hours)
    over = await made(client, "gas", low, expiresAt=iso(now + timedelta(seconds=60)))
    snoozed = await made(client, "gas", low)
    reply = await client.post(f"/v1/alerts/rules/{snoozed['id']}/snooze", json={"until": iso(now + far)})
    assert reply.data["snoozedUntil"] == iso(now + far)
    assert (asleep["activeHours"], calm["hysteresisPct"]) == (hours, 10)
    await asyncio.sleep(1)
    for value in ("21", "19", "21.9", "19.5", "22", "18"):  # 22 is 10% above 20
        await market.reading("gas.base_fee_gwei", "", value)
    assert {each["event"]["value"] for each in await history(client, calm, 2)} == {"19", "18"}
    for rule in (asleep, over, snoozed):
        await history(client, rule, 0)
    woken = await client.post(f"/v1/alerts/rules/{snoozed['id']}/snooze", json={"until": None})
    assert woken.data["snoozedUntil"] is None
    async with api.admin.unit_of_work() as session:
        await session.execute(
            text("update alert_rules set expires_at = now() - interval '1 hour' where id = :id"), {"id": over["id"]}
        )
    await expire_rules(market.database)
    assert (await client.get(f"/v1/alerts/rules/{over['id']}")).data["enabled"] is False


async def test_schedules_and_chained_rules(api: Api, market: Market) -> None:
    client = api.client_of(await api.new_user())
    clock = await made(client, "schedule", {"cron": "*/5 * * * *", "time_zone": "Europe/Berlin"})
    after = await made(client, "chained", {"rule": clock["id"]})
    last = await made(client, "chained", {"rule": after["id"]})
    async with api.admin.unit_of_work() as session:
        await session.execute(
            text("update alert_rules set next_due_at = date_trunc('minute', now()) where id = :id"), {"id": clock["id"]}
        )
    assert await publish_due(market.database) >= 1
    await publish_due(market.database)  # it is not due again
    assert "as scheduled by */5 * * * *" in (await history(client, clock, 1))[0]["message"]
    assert (await history(client, after, 1))[0]["message"].startswith("“schedule” fired: It is ")
    (alert,) = await history(client, last, 1)
    assert alert["event"]["details"]["path"] == f"{clock['id']},{after['id']}"
    reply = await client.send(
        "PUT", f"/v1/alerts/rules/{clock['id']}", json={"type": "chained", "conditions": {"rule": last["id"]}}
    )
    assert reply.error["details"] == {"rule": "These rules would set each other off without end."}


async def test_portfolio_readings_of_ones_own_only(api: Api, market: Market) -> None:
    user, other = await api.new_user(), await api.new_user()
    mine = await made(api.client_of(user), "portfolio", {"measure": "value", "value": {"lt": 1000}})
    theirs = await made(api.client_of(other), "portfolio", [
        {"field": "measure", "operator": "eq", "value": "asset"},
        {"field": "part", "operator": "eq", "value": "1:0xaa"},
        {"field": "change_pct", "operator": "lte", "value": -5},
    ])  # fmt: skip

    def worth(metric: str, subject: str, now: str, before: str, changes: dict | None = None) -> Reading:
        return Reading(
            id=f"0::{subject}:{metric}:{now}", chain_id=0, block_number=0, block_hash="", taken_at=_start,
            metric=metric, subject=subject, value=Decimal(now), previous_value=Decimal(before),
            previous_taken_at=_start - 60, source="test", changes=changes or {},
        )  # fmt: skip

    async with market.database.unit_of_work() as session:
        fell = {86400: (Decimal(0), Decimal(-6))}
        await publish_events(session, [
            worth("portfolio.value_usd", str(user.id), "999", "1001"),
            worth("portfolio.value_usd", str(other.id), "999", "1001"),
            worth("portfolio.asset_usd", f"{other.id}/1:0xaa", "10", "11", fell),
        ])  # fmt: skip
    assert (await history(api.client_of(user), mine, 1))[0]["message"] == (
        "The value of your portfolio fell below $1,000.00: now $999.00"
    )
    assert "1:0xaa fell 6.00% within" in (await history(api.client_of(other), theirs, 1))[0]["message"]


async def test_what_is_refused_says_which_field(api: Api) -> None:
    client = api.client_of(await api.new_user())
    kinds = (await client.get("/v1/alerts/kinds")).data
    assert [kind["name"] for kind in kinds][:3] == ["price", "whale", "gas"] and len(kinds) == 9
    assert all(
        {"name", "label", "input", "required", "operators", "choices"} <= set(f) for k in kinds for f in k["fields"]
    )
    gas = {"chain": CHAIN, "base_fee_gwei": 20}
    cases: list[tuple[str, Any, dict[str, Any], set[str]]] = [
        ("gas", {"base_fee_gwei": 20000}, {}, {"chain", "base_fee_gwei"}),
        ("gas", {**gas, "change_pct": 5}, {}, {"change_pct"}),
        ("protocol_risk", {"signal": "tvl_drop", "chain": CHAIN, "score": 5}, {}, {"score", "protocol", "drop_pct"}),
        ("governance", {"chain": CHAIN, "governor": "0x12", "step": "sung"}, {}, {"governor", "step"}),
        ("schedule", {"cron": "* * *", "time_zone": "Mars/Olympus"}, {}, {"cron", "time_zone"}),
        ("schedule", {"cron": "0 0 30 2 *"}, {}, {"cron"}),
        ("schedule", {"cron": "R R * * *"}, {}, {"cron"}),
        ("chained", {"rule": "01a2142f-0dba-77a4-9e61-10140d9bc864"}, {}, {"rule"}),
        ("portfolio", {"measure": "roi", "change_pct": -5}, {}, {"change_pct"}),
        ("multi", {"all": [{"type": "gas", "conditions": {"chain": CHAIN}}, {"any": []}]}, {},
         {"all[0].conditions.base_fee_gwei", "all[1].any"}),
        ("multi", {"any": [{"type": "schedule", "conditions": {"cron": "0 9 * * *"}, "within": 60}]}, {},
         {"any[0].within"}),
        ("gas", gas, {"trigger": "level"}, {"cooldownSeconds"}),
        ("schedule", {"cron": "0 9 * * *"}, {"trigger": "level", "cooldownSeconds": 60}, {"trigger"}),
        ("gas", {"chain": CHAIN, "change_pct": 5}, {"hysteresisPct": 5}, {"hysteresisPct"}),
        ("gas", gas, {"expiresAt": "2020-01-01T00:00:00Z"}, {"expiresAt"}),
    ]  # fmt: skip
    for kind, conditions, options, fields in cases:
        rule = {"name": "n", "type": kind, "conditions": conditions, **options}
        reply = await client.post("/v1/alerts/rules", json=rule)
        assert (reply.status, set(reply.error["details"])) == (422, fields), (kind, conditions, reply.content)
