"""A soak: transfers and trades on a real chain, reorganisations, and every process killed with SIGKILL again and again.

In the end each qualifying event of the canonical chain has exactly one alert that counts, told to the webhook (under
the same id when it had to be sent twice), and what was orphaned is withdrawn. What qualifies is counted from the node's
own logs. Clients of the web process, which is killed too, know exactly the alerts that count, each once.

    python -m tests.soak.soak --seconds 600 --seed 1
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from backend.accounts.refresh.service import open_program_session
from backend.accounts.schemas import CurrentUser
from backend.accounts.service import issue_access_token
from backend.accounts.signing_keys.service import SigningKeys
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.redis import EVENTS_GROUP, events_stream, make_redis
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.trade import swap_exact_eth_for_tokens, transfer_erc20, whale_swap
from tests.integration.chain.harness import TRANSFER_TOPIC, wait_for_head
from tests.soak.clients import Client, faults
from tests.soak.site import PROCESSES, Site, running_site

BLOCK_SECONDS = 0.75
TRANSFERS_A_BLOCK = 30
LARGE_USD, LARGEST_USD = 1_000, 3_000  # few and small enough for the sender to last
LIVE_USD = 2_000  # few enough for the clients' user to be told of all of them, by the plan
CLIENTS = 3
CLIENTS_SETTLE_SECONDS = 20.0
SETTLE_SECONDS = 120.0
_RULE = text("""
insert into alert_rules (id, user_id, name, type, conditions, actions)
values (:id, :user, 'Soak', 'whale', cast(:conditions as jsonb), cast(:actions as jsonb))
""")


@dataclass
class Outcome:
    """What a soak came to. `missing` and `extra` are (rule, event id) pairs."""

    seconds: float
    events: int = 0
    blocks: int = 0
    reorganisations: int = 0
    kills: dict[str, int] = field(default_factory=dict)
    expected: int = 0
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    withdrawn: int = 0
    untold: int = 0
    told_twice: int = 0
    repeats: int = 0
    dead: int = 0
    live_expected: int = 0
    live_missing: list[str] = field(default_factory=list)
    live_wrong: list[str] = field(default_factory=list)
    connections: int = 0
    resumed: int = 0
    replayed: int = 0
    reloads: int = 0
    reads: int = 0
    reads_refused: int = 0

    @property
    def is_clean(self) -> bool:
        """Whether every qualifying event was alerted exactly once and told."""
        live = self.live_missing or self.live_wrong
        return not (self.missing or self.extra or self.untold or self.told_twice or self.dead or live)


async def run(directory: Path, seconds: float, seed: int) -> Outcome:
    """Soak for some seconds, let everything settle, and count."""
    chance, outcome = random.Random(seed), Outcome(seconds)
    async with running_site(directory) as site:
        admin = Database(site.postgres.server.urls().admin, 2)
        rules = await _make_rules(site, admin)
        clients, following = await _make_clients(site, admin, rules)
        loading = asyncio.create_task(_load(site, chance, seconds, outcome))
        killing = asyncio.create_task(_kill(site, clients, random.Random(seed + 1), seconds, outcome))
        await asyncio.gather(loading, killing)
        outcome.kills |= site.kills
        await _settle(site, admin)
        await _count(site, admin, rules, outcome)
        await _count_live(admin, rules["live"], clients, outcome)
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
        await admin.close()
    return outcome


async def _make_user(admin: Database) -> CurrentUser:
    user = CurrentUser(new_id(), f"{new_id()}@example.com", "enterprise")
    async with admin.unit_of_work() as session:
        await session.execute(
            text("insert into premium_users (id, email, tier) values (:id, :email, 'enterprise')"),
            {"id": user.id, "email": user.email},
        )
    return user


async def _make_rules(site: Site, admin: Database) -> dict[str, UUID]:
    """Make a user with a rule for large transfers and one for whatever touches a wallet; both tell a webhook."""
    user = await _make_user(admin)
    wallet = site.market.addresses.tokens["UNI"].address.lower()
    watched = [{"field": "wallet", "operator": "eq", "value": wallet}]
    hook = [{"type": "webhook", "destination": f"{site.receiver.url}/ok"}]
    return {
        "large": await _make_rule(admin, user, _larger_than(site, LARGE_USD), hook),
        "watched": await _make_rule(admin, user, watched, hook),
    }


def _larger_than(site: Site, usd: int) -> list[dict[str, Any]]:
    usdc = site.market.addresses.tokens["USDC"].address.lower()
    return [
        {"field": "value_usd", "operator": "gte", "value": usd},
        {"field": "token", "operator": "eq", "value": usdc},
    ]


async def _make_rule(
    admin: Database, user: CurrentUser, conditions: list[dict[str, Any]], actions: list[dict[str, Any]]
) -> UUID:
    chain = {"field": "chain", "operator": "eq", "value": DEMO_CHAIN_ID}
    values = {"id": new_id(), "user": user.id, "actions": orjson.dumps(actions).decode()}
    async with admin.unit_of_work() as session:
        await session.execute(_RULE, {**values, "conditions": orjson.dumps([*conditions, chain]).decode()})
    return values["id"]


async def _make_clients(
    site: Site, admin: Database, rules: dict[str, UUID]
) -> tuple[list[Client], list[asyncio.Task[None]]]:
    """Make another user with a rule for larger transfers, and clients that follow it."""
    user = await _make_user(admin)
    rules["live"] = await _make_rule(admin, user, _larger_than(site, LIVE_USD), [{"type": "in_app"}])
    web = Database(site.settings.database_url, 2)
    async with web.unit_of_work(user.id) as session:
        grant = await open_program_session(session, user, "soak", "127.0.0.1")
    token = issue_access_token(user, grant.session_id, await SigningKeys(web).current())
    await web.close()
    clients = [Client(site.web_url, token) for _ in range(CLIENTS)]
    return clients, [asyncio.create_task(client.run()) for client in clients]


async def _load(site: Site, chance: random.Random, seconds: float, outcome: Outcome) -> None:
    """Mine blocks of transfers and trades; drop the newest blocks now and then."""
    admin = Database(site.postgres.server.urls().admin, 1)
    anvil, addresses, end = site.market.anvil, site.market.addresses, time.monotonic() + seconds
    recipients = [addresses.tokens[name].address for name in ("UNI", "DAI", "WBTC")]
    reorganise_at = time.monotonic() + 15
    while time.monotonic() < end:
        began = time.monotonic()
        transactions = [
            transfer_erc20(
                addresses,
                "USDC",
                int(min(8 * chance.paretovariate(0.6), LARGEST_USD) * 10**6),
                chance.choice(recipients),
            )
            for _ in range(TRANSFERS_A_BLOCK)
        ]
        if chance.random() < 0.2:
            transactions.append(whale_swap(addresses, chance.randint(10_000, 90_000)))
            transactions.append(swap_exact_eth_for_tokens(addresses, "UNI", 10**18))
        await anvil.mine(transactions)
        outcome.blocks += 1
        if time.monotonic() >= reorganise_at:
            if chance.random() < 0.7:
                await _told_so_far(site, admin)
            await anvil.call("anvil_reorg", chance.randint(1, 3), [])
            outcome.reorganisations += 1
            reorganise_at = time.monotonic() + chance.uniform(10, 25)
        await asyncio.sleep(max(0.0, BLOCK_SECONDS - (time.monotonic() - began)))
    await admin.close()


async def _told_so_far(site: Site, admin: Database) -> None:
    """Wait some seconds for everything to be told, so that what is dropped next was, when nothing is killed then."""
    redis = make_redis(site.settings.redis_url)
    with suppress(SQLAlchemyError, RedisError, OSError, AssertionError):
        await wait_for_head(site.market, admin, redis, 10)
        async with asyncio.timeout(5):
            while not await _is_quiet(admin, redis):
                await asyncio.sleep(0.1)
    await redis.aclose()


async def _kill(site: Site, clients: list[Client], chance: random.Random, seconds: float, outcome: Outcome) -> None:
    """Kill a process every few seconds: mostly one of ours, at times Redis or PostgreSQL; start it again soon.

    The web process only while it serves: one that has not begun yet has nothing to lose.
    """
    end = time.monotonic() + seconds
    await asyncio.sleep(5)
    while time.monotonic() < end:
        victim = chance.choices((*PROCESSES, "redis", "postgres"), weights=(4, 4, 4, 2, 4, 1, 1))[0]
        if not site.kills["web"] and time.monotonic() > end - seconds * 2 / 3:
            victim = "web"  # once at least
        if victim == "web" and not any(client.is_connected for client in clients):
            victim = "alerts"
        if victim == "postgres":
            site.postgres.kill()
            await asyncio.sleep(chance.uniform(0.1, 1.0))
            await asyncio.to_thread(site.postgres.start)
            outcome.kills["postgres"] = outcome.kills.get("postgres", 0) + 1
        elif victim == "redis":
            site.redis.kill()
            await asyncio.sleep(chance.uniform(0.1, 1.0))
            await asyncio.to_thread(site.start_redis)
        else:
            site.processes[victim].kill()
            await asyncio.sleep(chance.uniform(0.0, 1.5))
            site.processes[victim].start()
        await asyncio.sleep(chance.uniform(1.0, 5.0))


async def _settle(site: Site, admin: Database) -> None:
    """Wait until the chain is followed to its head, every entry is processed and every message is sent or dead."""
    redis = make_redis(site.settings.redis_url)
    await wait_for_head(site.market, admin, redis, SETTLE_SECONDS)
    deadline = time.monotonic() + SETTLE_SECONDS
    while not await _is_quiet(admin, redis):
        assert time.monotonic() < deadline, "entries or messages are still waiting"
        await asyncio.sleep(0.25)
    await redis.aclose()


async def _is_quiet(admin: Database, redis: Redis) -> bool:
    stream = events_stream(DEMO_CHAIN_ID)
    try:
        last = (await redis.xrevrange(stream, count=1))[0][0]
        groups = [group for group in await redis.xinfo_groups(stream) if group["name"] == EVENTS_GROUP.encode()]
    except (RedisError, IndexError):
        return False
    if not groups or groups[0]["last-delivered-id"] != last or groups[0]["pending"]:
        return False
    async with admin.unit_of_work() as session:
        waiting = "select count(*) from notification_outbox where status not in ('sent', 'dead')"
        return (await session.execute(text(waiting))).scalar_one() == 0


async def _count(site: Site, admin: Database, rules: dict[str, UUID], outcome: Outcome) -> None:
    wanted, events = await _qualifying(site, rules)
    async with admin.unit_of_work() as session:
        query = "select id, alert_rule_id, event_id, withdrawn_at is not null, suppressed from alert_history"
        rows = (await session.execute(text(query))).all()
        dead = "select count(*) from notification_outbox where status = 'dead'"
        outcome.dead = (await session.execute(text(dead))).scalar_one()
    counting = Counter((str(rule), event) for _, rule, event, withdrawn, _ in rows if not withdrawn)
    outcome.events, outcome.expected, outcome.withdrawn = events, len(wanted), sum(1 for row in rows if row[3])
    outcome.missing = sorted(f"{rule} {event}" for rule, event in wanted - counting.keys())
    outcome.extra = sorted(f"{rule} {event}" for rule, event in counting.keys() - wanted)
    outcome.extra += [f"{rule} {event} x{times}" for (rule, event), times in counting.items() if times > 1]
    told: dict[tuple[str, str], set[str]] = {}
    posts = [(orjson.loads(one.body), one.headers["X-Webhook-ID"]) for one in site.receiver.of("/ok")]
    for body, message_id in posts:
        if "alertId" in body["data"]:
            told.setdefault((body["type"], body["data"]["alertId"]), set()).add(message_id)
    outcome.repeats = len(posts) - len({message_id for _, message_id in posts})
    loud = {str(row[0]) for row in rows if not row[3] and not row[4] and row[1] != rules["live"]}
    outcome.untold = sum(1 for alert in loud if ("alert.triggered", alert) not in told)
    again = {str(row[0]) for row in rows if row[3]}
    outcome.told_twice = sum(
        1 for (kind, alert), ids in told.items() if kind == "alert.triggered" and len(ids) > 1 and alert not in again
    )


async def _count_live(admin: Database, rule: UUID, clients: list[Client], outcome: Outcome) -> None:
    """Compare what the clients know with what counts, as soon as they had time to read."""
    async with admin.unit_of_work() as session:
        query = "select id, event_id from alert_history where alert_rule_id = :rule and withdrawn_at is null"
        rows = await session.execute(text(f"{query} and not suppressed"), {"rule": rule})
        expected: dict[UUID, str] = {row.id: row.event_id for row in rows}
    deadline = time.monotonic() + CLIENTS_SETTLE_SECONDS
    while True:
        outcome.live_missing, outcome.live_wrong = faults(clients, expected)
        if not (outcome.live_missing or outcome.live_wrong) or time.monotonic() > deadline:
            break
        await asyncio.sleep(0.25)
    outcome.live_expected = len(expected)
    seen = [client.seen for client in clients]
    outcome.connections, outcome.resumed = sum(each.connections for each in seen), sum(each.resumed for each in seen)
    outcome.replayed, outcome.reloads = sum(each.replayed for each in seen), sum(each.reloads for each in seen)
    outcome.reads = sum(each.reads[200] for each in seen)
    outcome.reads_refused = sum(each.reads.total() for each in seen) - outcome.reads


async def _qualifying(site: Site, rules: dict[str, UUID]) -> tuple[set[tuple[str, str]], int]:
    """Return which (rule, event id) must have an alert, by the node's logs alone, and how many transfers there are."""
    anvil, tokens = site.market.anvil, site.market.addresses.tokens
    last, _ = await anvil.head()
    usdc, wallet = tokens["USDC"].address.lower(), tokens["UNI"].address.lower()
    wanted, events = set(), 0
    for first in range(site.market.addresses.deployed_at_block + 1, last + 1, 100):
        for entry in await anvil.logs(first, min(first + 99, last)):
            if entry["topics"][0] != TRANSFER_TOPIC or len(entry["topics"]) != 3:
                continue
            events += 1
            event_id = f"{DEMO_CHAIN_ID}:{entry['blockHash']}:{int(entry['logIndex'], 16)}"
            sides = {"0x" + topic[-40:] for topic in entry["topics"][1:]}
            if entry["address"].lower() == usdc:
                usd = int(entry["data"], 16) // 10**6
                least = (("large", LARGE_USD), ("live", LIVE_USD))
                wanted |= {(str(rules[name]), event_id) for name, value in least if usd >= value}
            if wallet in sides:
                wanted.add((str(rules["watched"]), event_id))
    return wanted, events


def main() -> int:
    """Soak from the command line; returns 0 when every event was alerted exactly once."""
    parser = argparse.ArgumentParser(description="Kill everything at random under load, then count")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="premium-soak-") as name:
        outcome = asyncio.run(run(Path(name), options.seconds, options.seed))
    sys.stdout.write(json.dumps({**asdict(outcome), "clean": outcome.is_clean}, indent=1) + "\n")
    return 0 if outcome.is_clean else 1


if __name__ == "__main__":
    sys.exit(main())
