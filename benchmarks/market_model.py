"""A seeded population of price rules and a market that moves: 5,000 tokens, popularity by Zipf with exponent 0.8."""

from collections.abc import Iterator
from decimal import Decimal

import numpy as np

from backend.alerts.engine.conditions import PriceConditions
from backend.chain.events import PriceUpdate
from backend.core.money import engine_decimal

CHAIN_ID = 1
TOKENS = 5_000
SPREAD = 0.20  # thresholds lie around a token's price like exp(normal(0, SPREAD))
STEP = 0.004  # one reading moves a price by exp(normal(0, STEP))


def token_address(number: int) -> str:
    """Return the made-up address of token `number`."""
    return f"0x{number + 0xA0000:040x}"


class MarketModel:
    """Draws rules and readings from one seed; everything is reproducible."""

    def __init__(self, seed: int = 7) -> None:
        self._random = np.random.default_rng(seed)
        weights = 1 / np.arange(1, TOKENS + 1) ** 0.8
        self.popularity = weights / weights.sum()
        self.start_price = np.exp(self._random.uniform(np.log(1e-4), np.log(5e4), TOKENS))

    def rules(self, count: int) -> Iterator[tuple[bytes, int, PriceConditions]]:
        """Yield (id, version, conditions) of `count` rules, half above and half below."""
        tokens = self._random.choice(TOKENS, count, p=self.popularity)
        thresholds = self.start_price[tokens] * np.exp(self._random.normal(0, SPREAD, count))
        above = self._random.random(count) < 0.5
        ids = self._random.bytes(16 * count)
        for n, (token, threshold, up) in enumerate(
            zip(tokens.tolist(), thresholds.tolist(), above.tolist(), strict=True)
        ):
            # Six significant digits, as people write them.
            conditions = PriceConditions(
                CHAIN_ID, token_address(token), "gt" if up else "lt", Decimal(f"{threshold:.6g}")
            )
            yield ids[16 * n : 16 * n + 16], 1, conditions

    def readings(self, count: int) -> list[PriceUpdate]:
        """Return `count` readings, each continuing from the token's last one."""
        tokens = self._random.choice(TOKENS, count, p=self.popularity).tolist()
        steps = np.exp(self._random.normal(0, STEP, count)).tolist()
        price = self.start_price.tolist()
        shown: dict[int, Decimal] = {}
        events = []
        for n, (token, step) in enumerate(zip(tokens, steps, strict=True)):
            before = shown.get(token) or engine_decimal(Decimal(price[token]))
            price[token] *= step
            now = shown[token] = engine_decimal(Decimal(price[token]))
            events.append(
                PriceUpdate(
                    id=f"1:0x{n:x}:price:{token}",
                    chain_id=CHAIN_ID,
                    block_number=n,
                    block_hash=f"0x{n:064x}",
                    taken_at=1_700_000_000 + n // 100,
                    token=token_address(token),
                    symbol=None,
                    price_usd=now,
                    previous_price_usd=before,
                    source="model",
                )
            )
        return events
