"""Bytecode of the demo market's contracts: Uniswap's and WETH9 from their npm packages, our own from `artifacts/`."""

import json
import re
from functools import cache
from pathlib import Path

from backend.core.errors import UnavailableError
from backend.demo.anvil import CONTRACTS_DIR, NODE_MODULES

_V2_PERIPHERY = NODE_MODULES / "@uniswap/v2-periphery/build"
_V3_CORE = NODE_MODULES / "@uniswap/v3-core/artifacts/contracts"
_V3_PERIPHERY = NODE_MODULES / "@uniswap/v3-periphery/artifacts/contracts"
_SOURCES: dict[str, Path] = {
    "WETH9": _V2_PERIPHERY / "WETH9.json",
    "UniswapV2Factory": NODE_MODULES / "@uniswap/v2-core/build/UniswapV2Factory.json",
    "UniswapV2Router02": _V2_PERIPHERY / "UniswapV2Router02.json",
    "UniswapV3Factory": _V3_CORE / "UniswapV3Factory.sol/UniswapV3Factory.json",
    "SwapRouter": _V3_PERIPHERY / "SwapRouter.sol/SwapRouter.json",
    "NonfungiblePositionManager": _V3_PERIPHERY / "NonfungiblePositionManager.sol/NonfungiblePositionManager.json",
    "QuoterV2": _V3_PERIPHERY / "lens/QuoterV2.sol/QuoterV2.json",
    "DemoToken": CONTRACTS_DIR / "artifacts/DemoToken.json",
    "BlockLoad": CONTRACTS_DIR / "artifacts/BlockLoad.json",
}
_MULTICALL3_SOURCE = NODE_MODULES / "viem/_cjs/constants/contracts.js"
_MULTICALL3_CONSTRUCTOR_BYTES = 32


@cache
def creation_code(name: str) -> str:
    """Return the creation bytecode of a contract as hex without 0x, ready for its ABI-encoded arguments.

    Raises UnavailableError when the npm packages are not installed, KeyError for a name not in the list.
    """
    artifact = json.loads(_read(_SOURCES[name]))
    return str(artifact["bytecode"]).removeprefix("0x")


@cache
def multicall3_runtime() -> str:
    """Return Multicall3's deployed bytecode as 0x-hex, as the npm package viem carries it.

    It has the ABI of the contract at 0xcA11… on public chains but is not byte for byte the same build.
    """
    found = re.search(r"multicall3Bytecode = '0x([0-9a-f]+)'", _read(_MULTICALL3_SOURCE))
    if found is None:
        raise UnavailableError(f"{_MULTICALL3_SOURCE} no longer holds Multicall3; the pinned viem is 2.57.20")
    return "0x" + found.group(1)[2 * _MULTICALL3_CONSTRUCTOR_BYTES :]


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError as error:
        raise UnavailableError(
            f"{path.name} is not installed: run `npm ci --omit=dev --ignore-scripts` in {CONTRACTS_DIR}"
        ) from error
