"""The port of decoders: what one is given, and what it finds."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from backend.chain.blocks import Log
from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.movements import movements_of
from backend.ledger.decoding.purse import Purse
from backend.ledger.decoding.shapes import Shape
from backend.ledger.events import Kind, Leg
from backend.ledger.transactions import Facts, Movement, PoolFacts, Transaction

NATIVE_UNKNOWN = (
    "What came back in the chain's own currency is unknown: the provider has no traces of movements inside of calls."
)
ENTRY_POINT = "entry_point"  # what a contract is for: user operations of ERC-4337
_USER_OPERATION = Shape(
    "UserOperationEvent(bytes32 indexed userOpHash, address indexed sender, address indexed paymaster, "
    "uint256 nonce, bool success, uint256 actualGasCost, uint256 actualGasUsed)"
)


class Stage(IntEnum):
    """When a decoder has its turn: those that know exact amounts before those that go by the shape of the rest."""

    EXACT = 0
    SHAPE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a decoder says of a part of the wallet's movements; `log_index` orders the events of a transaction."""

    kind: Kind
    legs: tuple[Leg, ...]
    log_index: int
    protocol: str | None = None
    counterparty: str | None = None
    identifiers: Mapping[str, str] | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """A swap that a contract which is vouched for says it made: evidence for `swaps`, and not a leg by itself."""

    venue: str
    protocol: str
    token_in: str
    token_out: str
    log_index: int


class Case:
    """One transaction, seen by one wallet: what happened, what is known of contracts, and what is not explained yet.

    `acts` says that the transaction is the wallet's own doing: it sent it, it is a smart account that was called (as
    a Safe is), or it is the sender of a user operation in it. What strangers do in the name of a wallet is believed
    less: see docs/ledger.md.
    """

    def __init__(self, tx: Transaction, wallet: str, facts: Facts) -> None:
        self.tx = tx
        self.wallet = wallet
        self.pools: Mapping[str, PoolFacts] = facts.pools or {}
        self.wrapped_native = facts.wrapped_native
        self.movements: tuple[Movement, ...] = movements_of(tx, facts)
        self.purse = Purse(self.movements, wallet)
        self._contracts = facts.contracts or {}
        self._logs: dict[str, list[Log]] = {}
        for log in tx.logs:
            if log.topics:
                self._logs.setdefault(log.topics[0], []).append(log)
        self.acts = tx.sender == wallet or tx.recipient == wallet or self._is_operation()

    @property
    def topics(self) -> Iterable[str]:
        """The first topics of the transaction's logs."""
        return self._logs.keys()

    def logs(self, shape: Shape, purpose: str | None = None) -> list[tuple[Log, tuple[Any, ...]]]:
        """Return the logs of a shape with their values, of contracts for a purpose when one is given."""
        logs = self._logs.get(shape.topic)
        if logs is None:
            return []
        believed = [log for log in logs if purpose is None or self.purpose(log.address) == purpose]
        return [(log, values) for log in believed if (values := shape.read(log)) is not None]

    def purpose(self, address: str | None) -> str | None:
        """Return what a contract is for, None for one that nobody vouches for."""
        known = self._contracts.get(address) if address else None
        return known[1] if known else None

    def protocol(self, address: str | None) -> str | None:
        """Return whose a contract is, None for one that nobody vouches for."""
        known = self._contracts.get(address) if address else None
        return known[0] if known else None

    def forms(self, token: str) -> frozenset[str]:
        """Return a token, and with the wrapped form of the chain's own currency that currency too."""
        return frozenset((token, NATIVE_TOKEN)) if token in self.wrapped_native else frozenset((token,))

    def _is_operation(self) -> bool:
        return any(values[1] == self.wallet for _, values in self.logs(_USER_OPERATION, ENTRY_POINT))


class Decoder:
    """One protocol.

    `topics` are those that it looks at: without one of them in the logs it is not asked. `purposes` are what contracts
    are for (`Facts.contracts`) that it believes.
    """

    stage = Stage.EXACT
    topics: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what it explains, with legs that it took from the case's purse."""
        return ()

    def trades(self, case: Case) -> Sequence[Trade]:
        """Return the swaps of contracts that are vouched for."""
        return ()
