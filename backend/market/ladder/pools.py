"""The pools of followed chains: what the follower's price book stored, with its liquidity floor and its path.

What a price book takes for exactly one dollar is no evidence of anything: such an answer says so, and comes last.
"""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from sqlalchemy.exc import SQLAlchemyError

from backend.chain.events import NATIVE_TOKEN
from backend.core.clock import from_unix, now_seconds
from backend.core.db import Database
from backend.core.money import engine_decimal
from backend.core.settings import DEMO_CHAIN_ID, Settings
from backend.market.engine.grid import Observation, Step, instants
from backend.market.ladder import repository
from backend.market.ladder.anchored import Anchored
from backend.market.ladder.port import Answer, Key
from backend.market.ladder.problems import SourceUnreachableError

STALE_SECONDS = 600
DEEP_USD = Decimal(1_000_000)
_ASSUMED = Decimal("0.5")
_LEAST, _MOST = Decimal("0.6"), Decimal("0.95")


class Pools:
    """Implements PriceSource and HistorySource from `price_readings`."""

    name = "pools"
    fresh_seconds = STALE_SECONDS
    keep_seconds = 0
    batch_size = 1_000

    def __init__(self, settings: Settings, database: Database) -> None:
        self._anchored = Anchored(settings)
        self._database = database
        self.label = "Demo market" if settings.is_demo_chain else "On-chain pools"

    def covers(self, key: Key) -> bool:
        """True for the chains that this product follows and that have anchors."""
        return self._anchored.anchors(key.chain_id) is not None

    async def prices(self, keys: Sequence[Key], *, until: int | None = None) -> dict[Key, Answer]:
        """Return the newest reading of each asset (up to `until`), at most a day old.

        Raises SourceError when the store is away.
        """
        upto = from_unix(now_seconds() if until is None else until)
        found: dict[Key, Answer] = {}
        try:
            async with self._database.unit_of_work() as session:
                for chain_id in sorted({key.chain_id for key in keys}):
                    tokens = {self._token(key): key for key in keys if key.chain_id == chain_id}
                    by_token = await repository.newest_readings(
                        session, chain_id, sorted(tokens), upto - timedelta(days=1), upto
                    )
                    for key in (key for key in keys if key.chain_id == chain_id):
                        row = by_token.get(self._token(key))
                        if row is not None:
                            found[key] = self._answer(key, row)
        except (SQLAlchemyError, OSError) as error:
            raise SourceUnreachableError(f"the store of readings: {type(error).__name__}") from None
        return found

    async def history(self, key: Key, start: int, end: int, step: Step) -> list[Observation]:
        """Return the last reading before each instant, none further before it than the step tolerates."""
        if not self.covers(key):
            return []
        return list((await self.readings(key, instants(start, end, step), step.tolerance_seconds)).values())

    async def readings(self, key: Key, ats: Sequence[int], width_seconds: int) -> dict[int, Observation]:
        """Return the last reading at or before each moment (Unix seconds) that has one. Raises SourceError."""
        try:
            async with self._database.unit_of_work() as session:
                rows = await repository.readings_at(
                    session, key.chain_id, self._token(key), [from_unix(at) for at in ats], width_seconds
                )
        except (SQLAlchemyError, OSError) as error:
            raise SourceUnreachableError(f"the store of readings: {type(error).__name__}") from None
        return {
            int(row.taken_at.timestamp()): Observation(int(row.observed_at.timestamp()), engine_decimal(row.price_usd))
            for row in rows
        }

    def is_assumed(self, key: Key) -> bool:
        """True for a stablecoin that the price book takes as exactly one dollar."""
        anchors = self._anchored.anchors(key.chain_id)
        return anchors is not None and key.token in anchors.anchors.stablecoins

    def _answer(self, key: Key, row: repository.NewestReading) -> Answer:
        is_assumed = self.is_assumed(key)
        # On the demo chain that dollar is what everything is counted in: it is not merely assumed there.
        confidence = _MOST if key.chain_id == DEMO_CHAIN_ID and is_assumed else _ASSUMED
        if not is_assumed:
            depth = min(Decimal(1), (row.liquidity_usd or Decimal(0)) / DEEP_USD)
            confidence = _LEAST + (_MOST - _LEAST) * depth
        return Answer(
            price_usd=engine_decimal(row.price_usd),
            taken_at=int(row.taken_at.timestamp()),
            confidence=confidence.quantize(Decimal("0.0001")),
            detail=row.source,
            is_evidence=not is_assumed,
        )

    def _token(self, key: Key) -> str:
        if key.token != NATIVE_TOKEN:
            return key.token
        anchors = self._anchored.anchors(key.chain_id)
        return anchors.anchors.wrapped_native if anchors is not None else key.token
