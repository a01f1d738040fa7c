"""What the follower reads of a block beside prices: fees, volume, value locked, deviations, and what occurred.

Everything emitted is read back from what was stored with the block, so that a block emitted again says the same again.
Formulas: docs/readings.md.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from backend.chain.blocks import Header, Log
from backend.chain.decode_contracts import CREATED, decode_occurrences
from backend.chain.events import Event, LiquidityChange, Occurrence, PoolSwap
from backend.chain.follow.ports import ChainReader
from backend.core.clock import from_unix
from backend.core.formats import address as short_address
from backend.core.money import PRICE_QUANTUM, engine_decimal, plain, token_amount
from backend.market import readings_repository as repository
from backend.market.engine.pools import WIDE, PoolSpec
from backend.market.engine.tvl import Holdings, add_up, change_percent_in_tokens, protocol_id, worth_usd
from backend.market.engine.volume import REACH_MINUTES, TokenVolume
from backend.market.feeds import Feed
from backend.market.metrics import BASE_FEE, DEVIATION, LIQUIDITY_REMOVED, RATIO, TVL, VOLUME
from backend.market.oracle import Oracle
from backend.market.pricing import ChainPricing
from backend.market.stored_readings import events_of_block, holdings_of_state, state_of_holdings

HEARTBEAT_SECONDS = 60
TVL_MOVED_PERCENT = Decimal("0.1")
MOST_USD = Decimal(10) ** 13
_SOURCE, _LABEL = 200, 128
_Row = dict[str, Any]


class ChainReadings:
    """Readings of one chain, block by block. Implements `backend.chain.follow.ports.Readings`."""

    def __init__(self, chain: ChainReader, pricing: ChainPricing | None, feeds: Iterable[Feed] = ()) -> None:
        self._chain = chain
        self._pricing = pricing
        self._oracle = Oracle(chain, feeds if pricing is not None else ())
        self._volumes: dict[str, TokenVolume] = {}
        self._ratios: dict[str, tuple[int, Decimal]] = {}
        self._tvl: dict[str, tuple[int, Holdings]] = {}
        self._swept_minute = 0
        self._held: dict[str, tuple[int, int] | None] = {}
        self._rows: list[_Row] = []
        self._occurred: list[Occurrence] = []
        self._month = ""
        self._observed = ""

    async def start(self, session: AsyncSession, at: Header) -> None:
        """Forget everything and start as of this block, from the stored readings. Call after the pricing's."""
        self._volumes, self._ratios, self._tvl, self._swept_minute = {}, {}, {}, 0
        self._rows, self._occurred, self._observed = [], [], ""
        if self._pricing is None:
            return
        chain_id = self._chain.chain_id
        specs = [spec for spec, _ in self._pricing.pools().values()]
        tokens = sorted({token for spec in specs for token in (spec.token0, spec.token1)})
        for token, first in (await repository.first_taken_at(session, chain_id, VOLUME, tokens)).items():
            self._volumes[token] = TokenVolume(int(first.timestamp()) // 60)
        since = from_unix(at.taken_at // 60 * 60) - timedelta(minutes=REACH_MINUTES)
        for token, minute, usd in await repository.sums_by_minute(session, chain_id, VOLUME, tokens, since, at.number):
            self._volumes[token].add(minute, usd)
        for token, row in (await repository.newest_of_metric(session, chain_id, RATIO, tokens, at.number)).items():
            self._ratios[token] = (int(row["taken_at"].timestamp()), engine_decimal(row["value"]))
        protocols = sorted({protocol_id(spec.protocol) for spec in specs})
        for name, row in (await repository.newest_of_metric(session, chain_id, TVL, protocols, at.number)).items():
            self._tvl[name] = (int(row["taken_at"].timestamp()), holdings_of_state(row["state"]))
        await self._oracle.start(at.number, at.taken_at)

    def before(self, events: Sequence[Event]) -> None:
        """Note what pools held before the next block takes out of them. Call before the pricing observes it."""
        self._held = {}
        if self._pricing is None:
            return
        for event in events:
            if isinstance(event, LiquidityChange) and not event.added:
                pool = self._pricing.pool(event.pool)
                self._held[event.pool] = pool[1] if pool is not None else None

    async def observe(self, header: Header, logs: Sequence[Log], events: Sequence[Event]) -> int:
        """Take in the next block, after the pricing did; return how many readings and occurrences will be emitted."""
        self._rows, self._observed = [], header.hash
        self._occurred = decode_occurrences(self._chain.chain_id, header, logs)
        if header.base_fee_wei is not None:
            fee = token_amount(header.base_fee_wei, 9)
            self._read(BASE_FEE, "", fee, "base fee in the block's header")
        if self._pricing is not None:
            self._observe_volume(self._pricing, header, events)
            self._observe_removals(self._pricing, header, events)
            await self._observe_deviation(self._pricing, header, logs)
            await self._observe_tvl(self._pricing, header, events)
        return sum(row["metric"] != VOLUME for row in self._rows) + len(self._occurred)

    def _read(
        self,
        metric: str,
        subject: str,
        value: Decimal,
        source: str,
        label: str | None = None,
        details: dict[str, str] | None = None,
        state: dict[str, list[str]] | None = None,
    ) -> Decimal:
        kept = storable(value)
        self._rows.append(
            {
                "metric": metric,
                "subject": subject,
                "value": format(kept, "f"),
                "source": source[:_SOURCE],
                "label": label and label[:_LABEL],
                "details": details or {},
                "state": state,
            }
        )
        return kept

    def _symbol(self, token: str) -> str | None:
        known = self._chain.token(token)
        return known.symbol if known else None

    def _worth(self, token: str, decimals: int, amount_raw: int, taken_at: int) -> Decimal | None:
        """Return what an amount is worth in US dollars, None when that is unknown or not to be believed."""
        assert self._pricing is not None
        price = self._pricing.value(token, taken_at)
        if price is None:
            return None
        with localcontext(WIDE):
            worth = token_amount(abs(amount_raw), decimals) * price.price_usd
        return worth if worth <= MOST_USD else None

    def _observe_volume(self, pricing: ChainPricing, header: Header, events: Sequence[Event]) -> None:
        minute = header.taken_at // 60
        traded: dict[str, Decimal] = {}
        for event in events:
            if not isinstance(event, PoolSwap) or (known := pricing.pool(event.pool)) is None:
                continue
            for token, decimals, amount in _sides(known[0], event.amount0_raw, event.amount1_raw):
                worth = self._worth(token, decimals, amount, header.taken_at)
                if worth is not None:
                    with localcontext(WIDE):
                        traded[token] = traded.get(token, Decimal(0)) + worth
        for token, usd in sorted(traded.items()):
            kept = self._read(VOLUME, token, usd, "swaps in trusted pools", self._symbol(token))
            self._volumes.setdefault(token, TokenVolume()).add(minute, kept)
        # Once a minute everybody's: without swaps a ratio falls.
        looked_at = self._volumes.keys() if minute != self._swept_minute else traded.keys()
        self._swept_minute = minute
        for token in sorted(looked_at):
            ratio = self._volumes[token].ratio(minute)
            last = self._ratios.get(token)
            if ratio is None or (last is not None and storable(ratio) == last[1]):
                continue
            if token in traded or last is None or header.taken_at - last[0] >= HEARTBEAT_SECONDS:
                source = "last hour's volume in trusted pools / mean hour of the 24 hours before"
                self._ratios[token] = (
                    header.taken_at,
                    self._read(RATIO, token, ratio, source, self._symbol(token)),
                )

    def _observe_removals(self, pricing: ChainPricing, header: Header, events: Sequence[Event]) -> None:
        for event in events:
            if not isinstance(event, LiquidityChange) or event.added or not (event.amount0_raw or event.amount1_raw):
                continue
            known = pricing.pool(event.pool)
            if known is None:
                continue
            spec, _ = known
            taken = self._both(spec, event.amount0_raw, event.amount1_raw, header.taken_at)
            held_raw = self._held.get(event.pool)
            held = None if held_raw is None else self._both(spec, *held_raw, header.taken_at)
            share = None
            if taken is not None and held:
                with localcontext(WIDE):
                    share = engine_decimal(taken / held * 100)
            details = {
                "protocol": spec.protocol,
                "token0": spec.token0,
                "token1": spec.token1,
                "amount0Raw": str(event.amount0_raw),
                "amount1Raw": str(event.amount1_raw),
                "owner": event.owner,
            }
            if share is not None:
                details["sharePct"] = plain(share)
            name0, name1 = (self._symbol(token) or short_address(token) for token in (spec.token0, spec.token1))
            self._occurred.append(
                Occurrence(
                    id=f"{event.chain_id}:{event.block_hash}:{event.log_index}:{LIQUIDITY_REMOVED}",
                    chain_id=event.chain_id,
                    block_number=event.block_number,
                    block_hash=event.block_hash,
                    taken_at=event.taken_at,
                    topic=LIQUIDITY_REMOVED,
                    subject=event.pool,
                    value=None if taken is None else storable(taken),
                    label=f"{spec.protocol} {name0}/{name1}"[:_LABEL],
                    source="Burn log of the pool, at the prices of its block",
                    tx_hash=event.tx_hash,
                    log_index=event.log_index,
                    details=details,
                )
            )

    def _both(self, spec: PoolSpec, amount0: int, amount1: int, taken_at: int) -> Decimal | None:
        total = Decimal(0)
        for token, decimals, amount in _sides(spec, amount0, amount1):
            worth = self._worth(token, decimals, amount, taken_at)
            if worth is None:
                return None
            with localcontext(WIDE):
                total += worth
        return total

    async def _observe_deviation(self, pricing: ChainPricing, header: Header, logs: Sequence[Log]) -> None:
        answered = await self._oracle.observe(header.number, header.taken_at, logs)
        fresh = pricing.fresh()
        for token, answer in sorted(self._oracle.answers().items()):
            price = pricing.value(token, header.taken_at)
            if price is None or (token not in answered and token not in fresh) or answer.is_late(header.taken_at):
                continue
            with localcontext(WIDE):
                deviation = abs(price.price_usd / answer.price_usd - 1) * 100
            details = {
                "priceUsd": plain(price.price_usd),
                "referenceUsd": plain(answer.price_usd),
                "feed": answer.feed.address,
                "answeredAt": str(answer.answered_at),
            }
            source = f"{price.source} against Chainlink feed {answer.feed.name} {short_address(answer.feed.address)}"
            self._read(DEVIATION, token, deviation, source, self._symbol(token), details)

    async def _observe_tvl(self, pricing: ChainPricing, header: Header, events: Sequence[Event]) -> None:
        touched = {
            protocol_id(known[0].protocol)
            for event in events
            if isinstance(event, LiquidityChange) and (known := pricing.pool(event.pool)) is not None
        }
        due = {
            name for name, (taken_at, _) in self._tvl.items() if header.taken_at - taken_at >= HEARTBEAT_SECONDS
        } | touched
        if not due and self._tvl and header.number % 16:
            return  # only now and then look whether there is a protocol that has no reading yet
        pools: dict[str, list[tuple[PoolSpec, tuple[int, int] | None]]] = defaultdict(list)
        for spec, held in pricing.pools().values():
            pools[protocol_id(spec.protocol)].append((spec, held))
        for name, members in sorted(pools.items()):
            last = self._tvl.get(name)
            if last is not None and name not in due:
                continue
            holdings = self._holdings(members, header.taken_at)
            if holdings is None:
                continue
            if last is not None and header.taken_at - last[0] < HEARTBEAT_SECONDS:
                moved = change_percent_in_tokens(last[1], holdings)
                if moved is not None and abs(moved) < TVL_MOVED_PERCENT:
                    continue
            self._tvl[name] = (header.taken_at, holdings)
            label = members[0][0].protocol
            source = f"holdings of {len(members)} {label} pools at their prices"
            details = {"pools": str(len(members))}
            self._read(TVL, name, worth_usd(holdings), source, label, details, state_of_holdings(holdings))

    def _holdings(
        self, members: Sequence[tuple[PoolSpec, tuple[int, int] | None]], taken_at: int
    ) -> dict[str, tuple[Decimal, Decimal]] | None:
        """Return what pools hold of tokens with a price, None while one of them is unknown or nothing has a price."""
        assert self._pricing is not None
        parts: list[tuple[str, Decimal, Decimal]] = []
        for spec, held in members:
            if held is None:
                return None
            for token, decimals, amount in _sides(spec, *held):
                price = self._pricing.value(token, taken_at)
                if price is not None:
                    parts.append((token, token_amount(amount, decimals), price.price_usd))
        return add_up(parts) if parts else None

    async def store(self, session: AsyncSession, header: Header) -> None:
        """Write the readings and occurrences of the block just observed."""
        if not self._rows and not self._occurred:
            return
        taken_at = from_unix(header.taken_at)
        month = taken_at.strftime("%Y-%m")
        if month != self._month:
            await repository.ensure_partitions(session, taken_at)
            self._month = month
        block = {
            "chain_id": self._chain.chain_id,
            "taken_at": taken_at,
            "block_hash": header.hash,
            "block_number": header.number,
        }
        await repository.insert_readings(session, block, self._rows)
        await repository.insert_occurrences(session, block, await self._titled(session))

    async def _titled(self, session: AsyncSession) -> list[_Row]:
        """Return the occurrences' rows; votes and ends of proposals get the title that the proposal was made with."""
        created = {
            (each.subject, each.details["proposalId"]): each.details["title"]
            for each in self._occurred
            if each.topic == CREATED
        }
        wanted = {
            (each.subject, each.details["proposalId"])
            for each in self._occurred
            if "proposalId" in each.details and "title" not in each.details
        }
        titles = created
        if unknown := sorted(wanted - created.keys()):
            titles = created | await repository.proposal_titles(session, self._chain.chain_id, CREATED, unknown)
        rows: list[_Row] = []
        for each in self._occurred:
            details = dict(each.details)
            if (proposal := (each.subject, details.get("proposalId", ""))) in wanted and titles.get(proposal):
                details["title"] = titles[proposal]
            rows.append(
                {
                    "topic": each.topic,
                    "subject": each.subject,
                    "log_index": each.log_index,
                    "tx_hash": each.tx_hash,
                    "value": None if each.value is None else format(each.value, "f"),
                    "source": each.source[:_SOURCE],
                    "label": each.label,
                    "details": details,
                }
            )
        return rows

    async def events(self, session: AsyncSession, header: Header) -> list[Event]:
        """Return the readings and occurrences of a stored block, as they are emitted."""
        is_newest = header.hash == self._observed
        occurred = not is_newest or bool(self._occurred)
        if is_newest and not occurred and not self._rows:
            return []
        return await events_of_block(session, self._chain.chain_id, header, with_occurrences=occurred)

    async def withdraw(self, session: AsyncSession, block_hashes: list[str]) -> None:
        """Delete what was read in orphaned blocks."""
        await repository.delete_of_blocks(session, self._chain.chain_id, block_hashes)


def storable(value: Decimal) -> Decimal:
    """Return a value as it is stored: at most 15 significant digits and 18 places."""
    with localcontext(WIDE):
        return engine_decimal(engine_decimal(value).quantize(PRICE_QUANTUM))


def _sides(spec: PoolSpec, amount0: int, amount1: int) -> tuple[tuple[str, int, int], tuple[str, int, int]]:
    return (spec.token0, spec.decimals0, amount0), (spec.token1, spec.decimals1, amount1)
