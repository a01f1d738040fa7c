"""Where each chain's prices start: wrapped native token, dollar stablecoins, factories whose pools are believed.

Stablecoins are taken as exactly $1, and every source text says so. A chain that is not here has no prices: they are
shown as unknown. The demo chain's anchors come from its own `addresses.json`.
"""

from dataclasses import dataclass
from pathlib import Path

import orjson

from backend.chain.decode import V2, V3
from backend.chain.pools import Factory
from backend.core.settings import DEMO_CHAIN_ID
from backend.market.engine.book import Anchors


@dataclass(frozen=True, slots=True)
class MarketAnchors:
    """A chain's anchors; `tokens` are looked for in the factories at start, so that they have prices at once.

    `first_block` is where following starts; None: near the head.
    """

    anchors: Anchors
    factories: tuple[Factory, ...]
    tokens: tuple[str, ...] = ()
    first_block: int | None = None


_ETHEREUM_V2 = Factory("0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f", V2, "Uniswap V2")
_UNISWAP_V3 = Factory("0x1f98431c8ad98523631ae4a59f267346ea31f984", V3, "Uniswap V3")

_KNOWN: dict[int, MarketAnchors] = {
    1: MarketAnchors(
        Anchors(
            "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2",
            ("0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48", "0xdac17f958d2ee523a2206206994597c13d831ec7"),
        ),
        (_ETHEREUM_V2, _UNISWAP_V3),
        (
            "0x6b175474e89094c44da98b954eedeac495271d0f",  # DAI
            "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599",  # WBTC
            "0x1f9840a85d5af5bf1d1762f925bdaddc4201f984",  # UNI
            "0x514910771af9ca656af840dff83e8264ecf986ca",  # LINK
        ),
    ),
    10: MarketAnchors(
        Anchors(
            "0x4200000000000000000000000000000000000006",
            ("0x0b2c639c533813f4aa9d7837caf62653d097ff85", "0x94b008aa00579c1307b0ef2c499ad98a8ce58e58"),
        ),
        (_UNISWAP_V3,),
    ),
    56: MarketAnchors(
        Anchors(
            "0xbb4cdb9cbd36b01bd1cbaebf2de08d9173bc095c",
            ("0x55d398326f99059ff775485246999027b3197955", "0x8ac76a51cc950d9822d68b83fe1ad97b32cd580d"),
        ),
        (
            Factory("0xdb1d10011ad0ff90774d0c6bb92e5c5c8b4461f7", V3, "Uniswap V3"),
            Factory("0xca143ce32fe78f1f7019d7d551a6402fc5350c73", V2, "PancakeSwap V2", 2_500),
        ),
    ),
    137: MarketAnchors(
        Anchors(
            "0x0d500b1d8e8ef31e21c99d1db9a6444d3adf1270",
            ("0x3c499c542cef5e3811e1192ce70d8cc03d5c3359", "0xc2132d05d31c914a87c6611c10748aeb04b58e8f"),
        ),
        (_UNISWAP_V3,),
    ),
    8453: MarketAnchors(
        Anchors("0x4200000000000000000000000000000000000006", ("0x833589fcd6edb6e08f4c7c32d4f71b54bda02913",)),
        (
            Factory("0x33128a8fc17869897dce68ed026d694621f6fdfd", V3, "Uniswap V3"),
            Factory("0x8909dc15e40173ff4699343b6eb8132c65e18ec6", V2, "Uniswap V2"),
        ),
    ),
    42161: MarketAnchors(
        Anchors(
            "0x82af49447d8a07e3bd95bd0d56f35241523fbab1",
            ("0xaf88d065e77c8cc2239327c5edb3a432268e5831", "0xfd086bc7cd5c481dcc9c85ebe478a1c0b69fcbb9"),
        ),
        (_UNISWAP_V3,),
    ),
}


def market_anchors(chain_id: int, demo_addresses_file: Path) -> MarketAnchors | None:
    """Return the anchors of a chain, None when there are none (or the demo market is not deployed yet).

    Raises KeyError or ValueError when the demo's file is not what the demo market writes.
    """
    if chain_id != DEMO_CHAIN_ID:
        return _KNOWN.get(chain_id)
    try:
        demo = orjson.loads(demo_addresses_file.read_bytes())
    except FileNotFoundError:
        return None
    return MarketAnchors(
        Anchors(demo["wrapped_native"].lower(), (demo["usd_stablecoin"].lower(),)),
        (
            Factory(demo["factories"]["uniswap_v2"].lower(), V2, "Uniswap V2"),
            Factory(demo["factories"]["uniswap_v3"].lower(), V3, "Uniswap V3"),
        ),
        tuple(sorted(token["address"].lower() for token in demo["tokens"].values())),
        first_block=demo["deployed_at_block"] + 1,
    )


def supported_chains() -> tuple[int, ...]:
    """Return the ids of the mainnets that have prices."""
    return tuple(_KNOWN)
