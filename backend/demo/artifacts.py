"""Bytecode of the demo market's contracts: Uniswap's, WETH9 and OpenZeppelin's from npm, the rest from `artifacts/`."""

import json
from functools import cache
from pathlib import Path

from backend.core.errors import UnavailableError
from backend.demo.anvil import CONTRACTS_DIR, NODE_MODULES

_V2_PERIPHERY = NODE_MODULES / "@uniswap/v2-periphery/build"
_V3_CORE = NODE_MODULES / "@uniswap/v3-core/artifacts/contracts"
_V3_PERIPHERY = NODE_MODULES / "@uniswap/v3-periphery/artifacts/contracts"
_OPENZEPPELIN = NODE_MODULES / "@openzeppelin/contracts/build/contracts"
_OWN = ("BlockLoad", "DemoFeed", "DemoGovernor", "DemoKeyring", "DemoToken", "DemoVault", "DemoVotes")
_SOURCES: dict[str, Path] = {
    "WETH9": _V2_PERIPHERY / "WETH9.json",
    "UniswapV2Factory": NODE_MODULES / "@uniswap/v2-core/build/UniswapV2Factory.json",
    "UniswapV2Router02": _V2_PERIPHERY / "UniswapV2Router02.json",
    "UniswapV3Factory": _V3_CORE / "UniswapV3Factory.sol/UniswapV3Factory.json",
    "SwapRouter": _V3_PERIPHERY / "SwapRouter.sol/SwapRouter.json",
    "NonfungiblePositionManager": _V3_PERIPHERY / "NonfungiblePositionManager.sol/NonfungiblePositionManager.json",
    "QuoterV2": _V3_PERIPHERY / "lens/QuoterV2.sol/QuoterV2.json",
    "ProxyAdmin": _OPENZEPPELIN / "ProxyAdmin.json",
    "TransparentUpgradeableProxy": _OPENZEPPELIN / "TransparentUpgradeableProxy.json",
    **{name: CONTRACTS_DIR / f"artifacts/{name}.json" for name in (*_OWN, "TimelockController")},
}


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
    return str(json.loads(_read(CONTRACTS_DIR / "artifacts/Multicall3.json"))["deployedBytecode"])


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError as error:
        raise UnavailableError(
            f"{path.name} is not installed: run `npm ci --omit=dev --ignore-scripts` in {CONTRACTS_DIR}"
        ) from error
