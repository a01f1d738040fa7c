"""Positions of a chain's wallets, as of the block that the balances were read at; and what they are worth in parts."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from backend.chain.rpc.errors import AllProvidersDownError, RpcError
from backend.chain.rpc.pool import RpcPool
from backend.core.logging import get_logger
from backend.portfolio.balances.sheet import ChainBalances
from backend.portfolio.protocols.base import Part, Position, ProtocolPlugin, Wallet
from backend.portfolio.protocols.reader import CHAIN_SECONDS, read_positions
from backend.portfolio.protocols.registry import plugins

log = get_logger(__name__)
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ChainPositions:
    """Positions by wallet; with a `problem` none of them is known."""

    by_wallet: Mapping[str, Sequence[Position]] = field(default_factory=dict)
    problem: str | None = None

    def tokens(self) -> set[str]:
        """Return every token that a position stands for."""
        return {part.token for found in self.by_wallet.values() for position in found for part, _ in parts_of(position)}


def shared_plugins(demo_addresses_file: Path) -> Sequence[ProtocolPlugin]:
    """Return this process's plug-ins, which remember what they found out; new ones for a new demo market."""
    try:
        changed = demo_addresses_file.stat().st_mtime_ns
    except FileNotFoundError:
        changed = 0
    return _plugins(demo_addresses_file, changed)


@lru_cache(maxsize=4)
def _plugins(demo_addresses_file: Path, changed: int) -> Sequence[ProtocolPlugin]:
    return plugins(demo_addresses_file)


def contracts_of(known: Iterable[ProtocolPlugin], chain_ids: Iterable[int]) -> set[tuple[int, str]]:
    """Return the protocols' contracts that are known by address, as (chain, address)."""
    chains = list(chain_ids)
    return {(chain_id, place) for plugin in known for chain_id in chains for place in plugin.contracts(chain_id)}


async def positions_of(
    rpc: RpcPool,
    known: Sequence[ProtocolPlugin],
    sheet: ChainBalances,
    suspect: Iterable[Pair],
    multicall3: str | None,
    budget_seconds: float = CHAIN_SECONDS,
) -> ChainPositions:
    """Return the positions of a sheet's wallets as of its block. Never raises: what cannot be read says why.

    `suspect` are pairs that the sheet does not have, since nobody vouches for the token: it may be a pool's even so.
    """
    if sheet.block is None or not any(plugin.is_on(rpc.chain_id) for plugin in known):
        return ChainPositions()
    wallets = _wallets(sheet, suspect)
    try:
        _, found = await read_positions(rpc, known, wallets, multicall3, sheet.block, budget_seconds)
    except (RpcError, AllProvidersDownError) as error:
        log.warning("positions not read", chain_id=rpc.chain_id, wallets=len(wallets), reason=error.message[:200])
        return ChainPositions(problem=f"Positions in protocols could not be read: {error.message}")
    by_wallet: dict[str, list[Position]] = defaultdict(list)
    for position in found:
        by_wallet[position.wallet].append(position)
    return ChainPositions(by_wallet)


def _wallets(sheet: ChainBalances, suspect: Iterable[Pair]) -> list[Wallet]:
    """Return each wallet with the tokens that it has (or may have)."""
    tokens: dict[str, dict[str, None]] = {wallet: {} for wallet in sheet.pairs.wallets}
    unvouched: dict[str, set[str]] = defaultdict(set)
    for place, amount in enumerate(sheet.amounts):
        if amount != 0:
            wallet, token = sheet.pairs.pair(place)
            tokens[wallet][token] = None
    for wallet, token in suspect:
        if token not in tokens.setdefault(wallet, {}):
            tokens[wallet][token] = None
            unvouched[wallet].add(token)
    return [Wallet(wallet, tuple(found), frozenset(unvouched[wallet])) for wallet, found in tokens.items()]


def parts_of(position: Position) -> Iterator[tuple[Part, str]]:
    """Yield the parts of a position with what they are: principal, fees, rewards or debt; empty ones are left out."""
    earned = "rewards" if position.kind == "staked" else "fees"
    for part in position.parts:
        if part.amount_raw != 0:
            yield part, "debt" if position.kind == "borrow" else "principal"
    for part in position.fees:
        if part.amount_raw != 0:
            yield part, earned
