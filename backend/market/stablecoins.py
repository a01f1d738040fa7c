"""Which tokens are meant to be worth a dollar: `stablecoins.json`, each with its issuer's own page as source.

That a token stands here says what it is for, not what it costs: its price comes from the market as any other's.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from backend.core.settings import DEMO_CHAIN_ID
from backend.market.anchors import market_anchors

FILE = Path(__file__).with_name("stablecoins.json")


def stablecoins(chain_id: int, demo_addresses_file: Path) -> frozenset[str]:
    """Return the lower-case addresses of a chain's stablecoins: those of the list, and those that anchor its prices.

    The demo chain's stand in the demo market's file, none before it is deployed. Raises KeyError or ValueError when
    that file is not what the demo market writes.
    """
    anchors = market_anchors(chain_id, demo_addresses_file)
    found = set(anchors.anchors.stablecoins) if anchors else set()
    if chain_id != DEMO_CHAIN_ID:
        return frozenset(found | _listed().get(chain_id, frozenset()))
    try:
        demo = orjson.loads(demo_addresses_file.read_bytes())
    except FileNotFoundError:
        return frozenset()
    return frozenset(found | {_at(demo, key).lower() for key in _file()["demo"]})


@cache
def _listed() -> Mapping[int, frozenset[str]]:
    by_chain: dict[int, set[str]] = {}
    for token in _file()["tokens"]:
        for chain_id, address in token["contracts"].items():
            by_chain.setdefault(int(chain_id), set()).add(address.lower())
    return {chain_id: frozenset(addresses) for chain_id, addresses in by_chain.items()}


@cache
def _file() -> dict[str, Any]:
    return orjson.loads(FILE.read_bytes())


def _at(demo: Any, key: str) -> str:
    for name in key.split("."):
        demo = demo[name]
    return str(demo)
