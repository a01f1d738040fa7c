"""In which order the sources count, by kind of asset. The order decides only among answers that are equally usable."""

from backend.chain.events import NATIVE_TOKEN
from backend.core.settings import DEMO_CHAIN_ID
from backend.market.anchors import supported_chains
from backend.market.ladder.port import Key

POOLS, CHAINLINK, DEFILLAMA, COINGECKO = "pools", "chainlink", "defillama", "coingecko"

# Currencies and what is traded everywhere: averages over many markets first, then what one chain says.
_CURRENCY = (DEFILLAMA, COINGECKO, CHAINLINK, POOLS)
# Tokens of a chain: the pools are where they are traded.
_TOKEN = (DEFILLAMA, COINGECKO, POOLS, CHAINLINK)
# The demo market has its own prices and its own feeds, and nothing else.
_DEMO = (POOLS, CHAINLINK)


def rung(source: str, key: Key) -> int:
    """Return the place of a source in the order for an asset; 0 is first, what is in no order comes last."""
    order = _order(key)
    return order.index(source) if source in order else len(order)


def _order(key: Key) -> tuple[str, ...]:
    if key.chain_id == DEMO_CHAIN_ID:
        return _DEMO
    if key.token == NATIVE_TOKEN or key.chain_id not in supported_chains():
        return _CURRENCY
    return _TOKEN
