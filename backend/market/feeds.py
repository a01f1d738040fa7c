"""Reference prices: Chainlink's feeds (`AggregatorV3Interface`, in US dollars), which pool prices are compared with.

A feed's address is that of its proxy, as https://docs.chain.link/data-feeds/price-feeds/addresses lists it; the
contract behind it, which logs `AnswerUpdated`, is asked for at run time. `heartbeat_seconds` is how old an answer gets
at most, by that list. The demo chain's feeds come from its `addresses.json`.
"""

from dataclasses import dataclass
from pathlib import Path

import orjson

from backend.core.settings import DEMO_CHAIN_ID


@dataclass(frozen=True, slots=True)
class Feed:
    """One token's reference price."""

    token: str
    address: str
    name: str
    heartbeat_seconds: int


_HOUR, _DAY = 3_600, 86_400
_WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
_KNOWN: dict[int, tuple[Feed, ...]] = {
    1: (
        Feed(_WETH, "0x5f4ec3df9cbd43714fe2740f5e3616155c5b8419", "ETH / USD", _HOUR),
        Feed(
            "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599",
            "0xf4030086522a5beea4988f8ca5b36dbc97bee88c",
            "BTC / USD",
            _HOUR,
        ),
        Feed(
            "0x6b175474e89094c44da98b954eedeac495271d0f",
            "0xaed0c38402a5d19df6e4c03f4e2dced6e29c1ee9",
            "DAI / USD",
            _HOUR,
        ),
        Feed(
            "0x514910771af9ca656af840dff83e8264ecf986ca",
            "0x2c1d072e956affc0d435cb7ac38ef18d24d9127c",
            "LINK / USD",
            _HOUR,
        ),
        Feed(
            "0x1f9840a85d5af5bf1d1762f925bdaddc4201f984",
            "0x553303d460ee0afb37edff9be42922d8ff63220e",
            "UNI / USD",
            _HOUR,
        ),
    ),
    10: (
        Feed(
            "0x4200000000000000000000000000000000000006",
            "0x13e3ee699d1909e989722e753853ae30b17e08c5",
            "ETH / USD",
            1_200,
        ),
    ),
    137: (
        Feed(
            "0x0d500b1d8e8ef31e21c99d1db9a6444d3adf1270",
            "0xab594600376ec9fd91f8e885dadf0ce036862de0",
            "POL / USD",
            60,
        ),
    ),
    8453: (
        Feed(
            "0x4200000000000000000000000000000000000006",
            "0x71041dddad3595f9ced3dccfbe3d1f4b0a16bb70",
            "ETH / USD",
            1_200,
        ),
    ),
    42161: (
        Feed(
            "0x82af49447d8a07e3bd95bd0d56f35241523fbab1",
            "0x639fe6ab55c921f74e7fac1ee960c0b6293ba612",
            "ETH / USD",
            _DAY,
        ),
    ),
}


def market_feeds(chain_id: int, demo_addresses_file: Path) -> tuple[Feed, ...]:
    """Return a chain's reference feeds; none for a chain without, or a demo market that was deployed without.

    Raises KeyError or ValueError when the demo's file is not what the demo market writes.
    """
    if chain_id != DEMO_CHAIN_ID:
        return _KNOWN.get(chain_id, ())
    try:
        demo = orjson.loads(demo_addresses_file.read_bytes())
    except FileNotFoundError:
        return ()
    return tuple(
        Feed(demo["tokens"][symbol]["address"].lower(), address.lower(), f"{symbol} / USD", _HOUR)
        for symbol, address in sorted(demo.get("feeds", {}).items())
    )
