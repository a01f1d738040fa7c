"""A busy chain for the whole path: 1.25 million rules of all kinds in PostgreSQL, and events as a follower emits them.

Rules: 1,050,000 on prices, 190,000 on whale transfers of one token, 10,000 on watched wallets; of 25,000 users. One in
ten cools down for 5 minutes, one in fifty fires once, one in ten has a webhook. Events: seven transfers to three
readings.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import orjson
import psycopg

from backend.chain.events import Event, PriceUpdate, TokenTransfer, encode_entry
from backend.core.ids import new_id
from backend.core.money import engine_decimal
from backend.core.redis import events_stream, make_redis
from benchmarks.market_model import CHAIN_ID, SPREAD, TOKENS, MarketModel, token_address

RULES = 1_250_000
USERS = 25_000
WHALES, WATCHERS = 190_000, 10_000
TAKEN_AT = 1_700_000_000
_MOMENT = b"f" * 64  # stands for the moment of emission until it is known
_IN_APP = [{"type": "in_app"}]


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading moves a price by exp(normal(0, step)); a transfer is worth exp(normal(ln median, sigma)) dollars."""

    step: float
    median_usd: float
    sigma: float


DENSE = Sample(step=0.0004, median_usd=800.0, sigma=1.6)  # about one alert an event
# About one alert for ten events, as the source document has it: 100,000 events and 10,000 notifications a minute.
DOCUMENT = Sample(step=0.00008, median_usd=800.0, sigma=1.3)


def wallet(number: int) -> str:
    """Return the made-up address of wallet `number`."""
    return f"0x{number + 0xB0000000:040x}"


def fill(admin_url: str, chains: Sequence[int] = (CHAIN_ID,), hook_url: str = "https://example.com/hook") -> None:
    """COPY users and rules into a migrated database; the rules are of these chains in turn."""
    actions = ('[{"type": "in_app"}]', orjson.dumps([*_IN_APP, {"type": "webhook", "destination": hook_url}]).decode())
    random = np.random.default_rng(11)
    model = MarketModel()
    users = [new_id() for _ in range(USERS)]
    url = admin_url.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("set app.bulk_load = 'on'")
        cursor.execute("set synchronous_commit = off")
        with cursor.copy("copy premium_users (id, email, tier) from stdin") as copy:
            for user in users:
                copy.write_row((user, f"{user}@example.com", "enterprise"))
        columns = "id, user_id, name, type, conditions, actions, frequency, cooldown_seconds"
        with cursor.copy(f"copy alert_rules ({columns}) from stdin") as copy:
            owners = random.integers(0, USERS, RULES).tolist()
            dice = random.random((RULES, 3)).tolist()
            for (kind, conditions), owner, (hook, once, cool) in zip(
                _rules(model, random, chains), owners, dice, strict=True
            ):
                frequency = "once" if once < 0.02 else "recurring"
                copy.write_row((
                    new_id(), users[owner], "A rule", kind, orjson.dumps(conditions).decode(), actions[hook < 0.1],
                    frequency, 300 if cool < 0.1 and frequency == "recurring" else 0,
                ))  # fmt: skip
        connection.commit()
        connection.autocommit = True
        cursor.execute("vacuum analyze alert_rules")


def _rules(model: MarketModel, random: np.random.Generator, chains: Sequence[int]) -> Iterator[tuple[str, list[dict]]]:
    tokens = random.choice(TOKENS, RULES, p=model.popularity).tolist()
    spread = np.exp(random.normal(0, SPREAD, RULES)).tolist()
    above = (random.random(RULES) < 0.5).tolist()
    large = np.exp(random.uniform(np.log(1e5), np.log(1e8), RULES)).tolist()
    for n in range(RULES):
        place = [
            {"field": "chain", "operator": "eq", "value": chains[n % len(chains)]},
            {"field": "token", "operator": "eq", "value": token_address(tokens[n])},
        ]
        if n < WATCHERS:
            yield "whale", [{"field": "wallet", "operator": "eq", "value": wallet(n)}]
        elif n < WATCHERS + WHALES:
            yield "whale", [{"field": "value_usd", "operator": "gte", "value": int(large[n])}, *place]
        else:
            threshold = float(f"{model.start_price[tokens[n]] * spread[n]:.6g}")
            test = "gt" if above[n] else "lt"
            yield "price", [*place, {"field": "price_usd", "operator": test, "value": threshold}]


class EventSource:
    """Draws events without end. The block's hash holds the moment of emission in nanoseconds, to be read back.

    `sample` says how far prices move and how much is transferred, and so how many alerts an event makes.
    """

    def __init__(self, seed: int = 5, chain_id: int = CHAIN_ID, sample: "Sample | None" = None) -> None:
        self._chain_id = chain_id
        self._sample = sample or DENSE
        self._random = np.random.default_rng(seed)
        self._model = MarketModel()
        self._price = self._model.start_price.tolist()
        self._shown: dict[int, Decimal] = {}
        self._number = 0

    def draw(self, count: int) -> list[tuple]:
        """Return the random parts of `count` events."""
        random = self._random
        return list(
            zip(
                random.choice(TOKENS, count, p=self._model.popularity).tolist(),
                (random.random(count) < 0.3).tolist(),
                np.exp(random.normal(0, self._sample.step, count)).tolist(),
                np.exp(random.normal(np.log(self._sample.median_usd), self._sample.sigma, count)).tolist(),
                random.integers(0, 5_000_000, count).tolist(),
                strict=True,
            )
        )

    def entry(self, count: int) -> bytes:
        """Return the next events as a stream entry has them, the moment still to be put in."""
        return encode_entry(self.events(self.draw(count)), 0.0)["e"]

    def events(self, drawn: list[tuple]) -> list[Event]:
        """Return the drawn events."""
        self._number += 1
        block_hash = f"0x{_MOMENT.decode()}"
        common = {
            "chain_id": self._chain_id, "block_number": self._number, "block_hash": block_hash,
            "taken_at": TAKEN_AT + self._number // 100,
        }  # fmt: skip
        return [self._event(n, block_hash, common, *each) for n, each in enumerate(drawn)]

    def _event(self, n, block_hash, common, token, is_price, step, usd, who) -> Event:
        if is_price:
            before = self._shown.get(token) or engine_decimal(Decimal(self._price[token]))
            self._price[token] *= step
            now = self._shown[token] = engine_decimal(Decimal(self._price[token]))
            return PriceUpdate(
                id=f"{self._chain_id}:{block_hash}:price:{n}", token=token_address(token), symbol="TKN", price_usd=now,
                previous_price_usd=before, source="Uniswap V3 WETH/USDC 0.05% pool 0x1234…abcd", **common,
            )  # fmt: skip
        value = Decimal(f"{usd:.2f}")
        return TokenTransfer(
            id=f"{self._chain_id}:{block_hash}:{n}", tx_hash=block_hash, log_index=n, token=token_address(token),
            sender=wallet(who), recipient=wallet(who + 1), amount_raw=int(usd * 1e18), symbol="TKN",
            amount=Decimal(f"{usd:.6f}"), value_usd=value, price_source="Uniswap V3 WETH/USDC 0.05%", **common,
        )  # fmt: skip


async def emit(
    redis_url: str, per_second: float, seconds: float, seed: int, chain_id: int = CHAIN_ID, sample: Sample = DENSE
) -> tuple[int, float]:
    """Emit events at a steady rate, an entry every 5 ms (or when one is due); return how many, and the worst lag."""
    redis = make_redis(redis_url)
    source = EventSource(seed, chain_id, sample)
    every = max(0.005, 1 / per_second)
    per_entry = max(1, round(per_second * every))
    every = per_entry / per_second
    entries = int(seconds / every)
    # Drawn and encoded beforehand: the producer must not take the processor time of what is measured.
    encoded = [source.entry(per_entry) for _ in range(entries)]
    stream = events_stream(chain_id)
    begin = time.perf_counter()
    lag = 0.0
    for n, packed in enumerate(encoded):
        due = begin + n * every
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        lag = max(lag, -wait)
        # What is emitted late counts from when it was due: a producer held up must not flatter the figures.
        moment = b"%064x" % (time.time_ns() - int(max(0.0, -wait) * 1e9))
        entry = {"e": packed.replace(_MOMENT, moment), "at": repr(time.time()).encode()}
        await redis.xadd(stream, entry, maxlen=20_000, approximate=True)  # type: ignore[arg-type]
    await redis.aclose()
    return entries * per_entry, lag
