"""Which prices are asked for, and in which money they come back."""

import pytest

from backend.chain.events import NATIVE_TOKEN
from backend.market.assets import known_assets
from backend.market.ladder.port import Key
from backend.tax.optimisation.pricing import keys_of

USDC, NFT = "0x" + "a" * 40, "0x" + "b" * 40
KNOWN = known_assets(
    {10: ("ETH", 18), 1: ("ETH", 18)},
    {},
    [(10, "0x" + "d" * 40, "USDC", 6), (1, USDC, "USDC", 6), (5, USDC, "USDC", 6)],
)


@pytest.mark.parametrize(
    ("asset", "keys"),
    [
        ("USDC", [Key(1, USDC), Key(5, USDC)]),
        ("ETH", [Key(0, "ethereum"), Key(1, NATIVE_TOKEN), Key(10, NATIVE_TOKEN)]),
        ("BTC", [Key(0, "bitcoin")]),
        (f"1:{USDC}", [Key(1, USDC)]),
        (f"1:{NFT}:77", [Key(1, NFT)]),
        ("fiat:EUR", []),
        ("NOBODYKNOWS", []),
        ("lp:position:1", []),
    ],
)
def test_an_asset_is_asked_for_by_its_surest_keys(asset: str, keys: list[Key]) -> None:
    assert keys_of(asset, KNOWN) == keys
