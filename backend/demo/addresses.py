"""`var/demo/addresses.json`: what was deployed where, by name. Scripts may rely on its keys.

    chain_id            31337
    deployed_at_block   first block in which everything below works
    tokens              symbol -> {address, decimals, symbol}: WETH, USDC, DAI, WBTC, UNI
    pools               name -> {address, kind, token0, token1, fee_ppm}; kind is uniswap_v2 or uniswap_v3, token0 and
                        token1 are addresses; names are like WETH-USDC-V2 and WETH-USDC-V3-500
    factories, routers  {uniswap_v2, uniswap_v3}: Router02 and SwapRouter
    position_manager    NonfungiblePositionManager
    quoter_v2           QuoterV2
    multicall3          0xcA11bde05977b3631167028862bE2a173976CA11
    block_load          the contract that stands for the rest of the network (see docs/demo-market.md)
    wrapped_native      the address of WETH
    usd_stablecoin      the address of USDC
    feeds               symbol -> address of its reference price feed
    watched             {vault, vault_versions, ownable, keyrings, governor, votes, timelock}: contracts to which
                        things happen; null in a market that was deployed before there were any
    position_token_id   the demo account's first V3 position (it has V2 shares too); null in a market that has none yet
    aave                {pool, addresses_provider, configurator, oracle, data_provider} of Aave V3; null in a market
                        that has none yet
    earning             {savings, staking}: an ERC-4626 vault of DAI and a contract in which LP tokens of WETH-DAI-V2
                        are staked for UNI; null in a market that has none yet
    accounts            role -> address: demo and demo_trading are the demo user's wallets, guest is for trades by hand

Addresses are checksummed.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from backend.core.errors import UnavailableError
from backend.demo.plan import PoolKind


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class DemoToken(_Frozen):
    """One token of the demo market."""

    address: str
    decimals: int
    symbol: str


class DemoPool(_Frozen):
    """One pool; token0 and token1 are addresses in the order of the contract."""

    address: str
    kind: PoolKind
    token0: str
    token1: str
    fee_ppm: int


class ByVersion(_Frozen):
    """One address for each version of Uniswap."""

    uniswap_v2: str
    uniswap_v3: str


class DemoWatched(_Frozen):
    """Contracts to which things happen: an upgradeable vault, an owned contract, a governor.

    `keyrings` are their owners and admins, each with the treasury's and the guest's key; the first is the vault's.
    """

    vault: str
    vault_versions: tuple[str, str]
    ownable: str
    keyrings: tuple[str, str]
    governor: str
    votes: str
    timelock: str


class DemoAave(_Frozen):
    """Aave V3: its proxies and what they ask."""

    pool: str
    addresses_provider: str
    configurator: str
    oracle: str
    data_provider: str


class DemoEarning(_Frozen):
    """Where tokens are put to earn: a savings vault, and a staking contract."""

    savings: str
    staking: str


class DemoAddresses(_Frozen):
    """The whole file; see the module for what each key means."""

    chain_id: int
    deployed_at_block: int
    tokens: dict[str, DemoToken]
    pools: dict[str, DemoPool]
    factories: ByVersion
    routers: ByVersion
    position_manager: str
    quoter_v2: str
    multicall3: str
    block_load: str
    wrapped_native: str
    usd_stablecoin: str
    accounts: dict[str, str]
    feeds: dict[str, str] = {}
    watched: DemoWatched | None = None
    position_token_id: int | None = None
    aave: DemoAave | None = None
    earning: DemoEarning | None = None

    def symbol_of(self, address: str) -> str:
        """Return the symbol of a token's address. Raises KeyError when it is none of the market's."""
        for token in self.tokens.values():
            if token.address.lower() == address.lower():
                return token.symbol
        raise KeyError(address)

    def contracts(self) -> list[str]:
        """Return every address at which a deployed market has code."""
        return [
            *(token.address for token in self.tokens.values()),
            *(pool.address for pool in self.pools.values()),
            *(self.factories.uniswap_v2, self.factories.uniswap_v3),
            *(self.routers.uniswap_v2, self.routers.uniswap_v3),
            *(self.position_manager, self.quoter_v2, self.multicall3, self.block_load),
            *self.feeds.values(),
            *((self.watched.vault, self.watched.ownable, self.watched.governor) if self.watched else ()),
            *((self.aave.pool, self.aave.oracle) if self.aave else ()),
            *((self.earning.savings, self.earning.staking) if self.earning else ()),
        ]


def load_addresses(path: Path) -> DemoAddresses:
    """Return the addresses of the demo market.

    Raises UnavailableError when the market was never deployed or the file cannot be read.
    """
    try:
        return DemoAddresses.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise UnavailableError(f"The demo market is not deployed: {path} does not exist") from error
    except ValidationError as error:
        raise UnavailableError(f"{path} is not a list of demo addresses; delete it and start again") from error


def save_addresses(path: Path, addresses: DemoAddresses) -> None:
    """Write the file in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".writing")
    temporary.write_text(addresses.model_dump_json(indent=2) + "\n")
    temporary.replace(path)
