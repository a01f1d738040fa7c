"""The port of protocol plug-ins: what a position is, what a plug-in is asked, and what it may read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, Protocol

from backend.chain.blocks import Header
from backend.chain.multicall import Read

Kind = Literal["lp", "supply", "borrow", "vault", "staked"]
Deployment = Mapping[str, str]  # what a contract is for (as in addresses.json) to its lower-case address
NOT_SAID = "The protocol's contract did not say this as of the block."


@dataclass(frozen=True, slots=True)
class Part:
    """An amount of one token in its smallest units: negative is owed, None is unknown."""

    token: str
    amount_raw: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """What a wallet has in a protocol as of one block; `parts` are the tokens that it stands for.

    `fees` are earned and not collected (of what is staked: rewards), and not among the parts. `receipts` are the tokens
    of the wallet that this position explains, with the smallest units of each: whoever counts the position does not
    count those too.
    `health_factor` is that of the whole account (liquidation below 1); None where there is no debt or it is unknown.
    `identifiers` name it (`pool`, `token_id`, ...). With a `problem` something is unknown, which is never zero.
    """

    chain_id: int
    protocol: str
    kind: Kind
    wallet: str
    block_number: int
    block_hash: str
    parts: tuple[Part, ...]
    fees: tuple[Part, ...] = ()
    receipts: Mapping[str, int] | None = None
    health_factor: Decimal | None = None
    identifiers: Mapping[str, str] | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Wallet:
    """A lower-case address, the tokens found for it, and which of those nobody vouches for (the spam filter's)."""

    address: str
    tokens: tuple[str, ...] = ()
    suspect: frozenset[str] = frozenset()


class BlockReader(Protocol):
    """Reads contracts of one chain as of one block."""

    @property
    def chain_id(self) -> int:
        """The chain."""
        ...

    async def read(self, reads: Sequence[Read]) -> list[bytes | None]:
        """Return what each view call returned, None where the contract reverted. Raises RpcError."""
        ...


class ProtocolPlugin(Protocol):
    """One protocol."""

    name: str

    def is_on(self, chain_id: int) -> bool:
        """Return whether there may be positions on a chain."""
        ...

    def contracts(self, chain_id: int) -> frozenset[str]:
        """Return the protocol's own contracts on a chain, as far as they are known by address: none of them is spam."""
        ...

    async def positions(self, reader: BlockReader, wallets: Sequence[Wallet], block: Header) -> list[Position]:
        """Return the positions of wallets as of the reader's block. Raises RpcError when the chain cannot be read."""
        ...


@dataclass(frozen=True, slots=True)
class Places:
    """Where a protocol's contracts are by chain, with the source of that; `everywhere` when it needs none."""

    source: str
    as_of: str
    chains: Mapping[int, tuple[Deployment, ...]]
    everywhere: bool = False

    def on(self, chain_id: int) -> tuple[Deployment, ...]:
        """Return the deployments on a chain."""
        return self.chains.get(chain_id, ())


class PlacedPlugin:
    """What plug-ins share whose protocol stands in known places: a chain without any has no positions."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def is_on(self, chain_id: int) -> bool:
        """Return whether the protocol's contracts are on the chain."""
        return bool(self._places.on(chain_id))

    def contracts(self, chain_id: int) -> frozenset[str]:
        """Return the addresses that the protocol has on the chain."""
        return frozenset(place for deployment in self._places.on(chain_id) for place in deployment.values())
