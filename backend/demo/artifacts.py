"""Bytecode of the demo market's contracts: Uniswap's, Aave's, WETH9 and OpenZeppelin's from npm, the rest from
`artifacts/`.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from backend.core.errors import UnavailableError
from backend.demo.anvil import CONTRACTS_DIR, NODE_MODULES

_V2_PERIPHERY = NODE_MODULES / "@uniswap/v2-periphery/build"
_V3_CORE = NODE_MODULES / "@uniswap/v3-core/artifacts/contracts"
_V3_PERIPHERY = NODE_MODULES / "@uniswap/v3-periphery/artifacts/contracts"
_OPENZEPPELIN = NODE_MODULES / "@openzeppelin/contracts/build/contracts"
_AAVE = NODE_MODULES / "@aave/core-v3/artifacts/contracts"
_AAVE_LOGIC = ("BorrowLogic", "BridgeLogic", "ConfiguratorLogic", "EModeLogic", "FlashLoanLogic", "LiquidationLogic")
_OWN = (
    *("BlockLoad", "DemoFeed", "DemoGovernor", "DemoKeyring", "DemoPriceSource", "DemoSavings", "DemoStaking"),
    *("DemoToken", "DemoVault", "DemoVotes"),
)
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
    **{
        name: _AAVE / f"protocol/{folder}/{name}.sol/{name}.json"
        for folder, names in (
            ("libraries/logic", (*_AAVE_LOGIC, "PoolLogic", "SupplyLogic")),
            ("configuration", ("ACLManager", "PoolAddressesProvider")),
            ("pool", ("DefaultReserveInterestRateStrategy", "Pool", "PoolConfigurator")),
            ("tokenization", ("AToken", "StableDebtToken", "VariableDebtToken")),
        )
        for name in names
    },
    "AaveOracle": _AAVE / "misc/AaveOracle.sol/AaveOracle.json",
    "AaveProtocolDataProvider": _AAVE / "misc/AaveProtocolDataProvider.sol/AaveProtocolDataProvider.json",
    **{name: CONTRACTS_DIR / f"artifacts/{name}.json" for name in (*_OWN, "TimelockController")},
}


def creation_code(name: str, libraries: Mapping[str, str] | None = None) -> str:
    """Return the creation bytecode of a contract as hex without 0x, ready for its ABI-encoded arguments.

    `libraries` are the addresses of those that it links to, by name. Raises UnavailableError when the npm packages are
    not installed, KeyError for a name not in the list or a library that is missing.
    """
    code, places = _artifact(name)
    for library, starts in places:
        address = (libraries or {})[library].removeprefix("0x").lower()
        for start in starts:
            code = code[: 2 * start] + address + code[2 * start + 40 :]
    return code


@cache
def _artifact(name: str) -> tuple[str, tuple[tuple[str, tuple[int, ...]], ...]]:
    """Return a contract's bytecode, and at which bytes the address of each library goes."""
    artifact = json.loads(_read(_SOURCES[name]))
    places = tuple(
        (library, tuple(place["start"] for place in found))
        for libraries in artifact.get("linkReferences", {}).values()
        for library, found in libraries.items()
    )
    return str(artifact["bytecode"]).removeprefix("0x"), places


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
