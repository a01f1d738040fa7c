"""The price book: every trusted pool of a chain, and what each token is worth in US dollars because of them.

A token's price is that of its deepest path to an anchor: directly against a US-dollar stablecoin (taken as exactly $1),
or against the wrapped native token, whose price comes from its deepest pool against a stablecoin. A path is as deep as
its thinnest pool. Depth counts concentrated liquidity, up to ten times what the pool holds; pools that really hold less
than the floor are not believed at all. The pool in use stays in use until another is clearly
deeper, so that two pools of like depth do not make the price jump back and forth.
"""

from dataclasses import dataclass
from decimal import Decimal, localcontext

from backend.core.formats import address as short_address
from backend.core.money import PRICE_QUANTUM, engine_decimal, plain
from backend.market.engine.pools import WIDE, Change, PoolSpec, PoolState, liquidity_usd, other_side, price_in_other

LIQUIDITY_FLOOR_USD = Decimal(10_000)
SWITCH_FACTOR = Decimal("1.25")
SOURCE_LENGTH = 120
_CENT = Decimal("0.01")
_LARGEST_USD = Decimal(10) ** 40


@dataclass(frozen=True, slots=True)
class Anchors:
    """Where prices come from: the wrapped native token, and stablecoins that are taken as exactly one dollar."""

    wrapped_native: str
    stablecoins: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """One token's price: at most 15 significant digits and 18 places. `path` is empty for a stablecoin anchor."""

    token: str
    price_usd: Decimal
    liquidity_usd: Decimal | None
    path: tuple[PoolSpec, ...]


class PriceBook:
    """Pools in, prices out. Every method is deterministic."""

    def __init__(self, anchors: Anchors, floor_usd: Decimal = LIQUIDITY_FLOOR_USD) -> None:
        self.anchors = anchors
        self._floor_usd = floor_usd
        self._pools: dict[str, tuple[PoolSpec, PoolState]] = {}
        self._in_use: dict[str, str] = {}

    def is_useful(self, token0: str, token1: str) -> bool:
        """True when a pool of these tokens can price one of them: a side must be an anchor."""
        anchors = {self.anchors.wrapped_native, *self.anchors.stablecoins}
        return token0 != token1 and bool({token0, token1} & anchors)

    def put(self, spec: PoolSpec, state: PoolState) -> None:
        """Add a trusted pool, or replace its state."""
        self._pools[spec.address] = (spec, state)

    def apply(self, pool: str, change: Change) -> bool:
        """Apply what a log did; return False for a pool that is not in the book."""
        known = self._pools.get(pool)
        if known is None:
            return False
        self._pools[pool] = (known[0], known[1].after(change))
        return True

    def __contains__(self, pool: str) -> bool:
        return pool in self._pools

    def pools(self) -> dict[str, tuple[PoolSpec, PoolState]]:
        """Return every pool with its state, by address."""
        return self._pools

    def prices(self) -> dict[str, Price]:
        """Return the price of every token that has one now."""
        prices = {
            stable: Price(stable, Decimal(1), None, ()) for stable in self.anchors.stablecoins if self._trades(stable)
        }
        stables = {stable: Decimal(1) for stable in self.anchors.stablecoins}
        by_token: dict[str, list[tuple[PoolSpec, PoolState, str]]] = {}
        for spec, state in self._pools.values():
            if not state.is_usable():
                continue
            for token in (spec.token0, spec.token1):
                quote = other_side(spec, token)
                if token not in stables and (quote in stables or quote == self.anchors.wrapped_native):
                    by_token.setdefault(token, []).append((spec, state, quote))
        native = self._best(self.anchors.wrapped_native, by_token.pop(self.anchors.wrapped_native, []), stables, None)
        if native is not None:
            prices[native.token] = native
        for token, candidates in by_token.items():
            price = self._best(token, candidates, stables, native)
            if price is not None:
                prices[token] = price
        return prices

    def _trades(self, stable: str) -> bool:
        return any(stable in (spec.token0, spec.token1) for spec, _ in self._pools.values())

    def _best(
        self,
        token: str,
        candidates: list[tuple[PoolSpec, PoolState, str]],
        stables: dict[str, Decimal],
        native: Price | None,
    ) -> Price | None:
        options: dict[str, tuple[Decimal, Price]] = {}
        for spec, state, quote in candidates:
            via = native if quote not in stables else None
            if quote not in stables and via is None:
                continue
            quote_price = stables[quote] if via is None else via.price_usd
            option = _option(token, spec, state, quote, quote_price, via)
            held = liquidity_usd(spec, state, quote, quote_price, concentration=1)
            if option is not None and held >= self._floor_usd:
                options[spec.address] = option
        if not options:
            self._in_use.pop(token, None)
            return None
        chosen = max(options, key=lambda address: (options[address][0], address))
        current = self._in_use.get(token)
        if current in options and options[chosen][0] <= options[current][0] * SWITCH_FACTOR:
            chosen = current
        self._in_use[token] = chosen
        return options[chosen][1]


def _option(
    token: str, spec: PoolSpec, state: PoolState, quote: str, quote_price_usd: Decimal, via: Price | None
) -> tuple[Decimal, Price] | None:
    """Return a path's depth and price, None when the price is too small or too large to be kept."""
    depth = liquidity_usd(spec, state, quote, quote_price_usd)
    if via is not None and via.liquidity_usd is not None:
        depth = min(depth, via.liquidity_usd)
    with localcontext(WIDE):
        exact = price_in_other(spec, state, token) * quote_price_usd
        if not PRICE_QUANTUM <= exact < _LARGEST_USD or depth >= _LARGEST_USD:
            return None
        price = engine_decimal(engine_decimal(exact).quantize(PRICE_QUANTUM))
        depth = depth.quantize(_CENT)
    return depth, Price(token, price, depth, (spec, *(via.path if via else ())))


def describe_source(price: Price, symbols: dict[str, str | None]) -> str:
    """Return where a price is from, for people: `Uniswap V3 WETH/USDC 0.05% pool 0x1234…abcd`."""

    def name(token: str) -> str:
        return (symbols.get(token) or short_address(token))[:11]

    if not price.path:
        return f"{name(price.token)} taken as exactly $1"
    first = price.path[0]
    parts = [_pool_name(first, price.token, name) + f" pool {short_address(first.address)}"]
    token = price.token
    for spec in price.path:
        token = other_side(spec, token)
    if len(price.path) > 1:
        parts.append(f"via {_pool_name(price.path[1], other_side(first, price.token), name)}")
    parts.append(f"({name(token)} = $1)")
    return " ".join(parts)[:SOURCE_LENGTH]


def _pool_name(spec: PoolSpec, token: str, name) -> str:
    fee = plain((Decimal(spec.fee_ppm) / 10_000).normalize())
    return f"{spec.protocol} {name(token)}/{name(other_side(spec, token))} {fee}%"
