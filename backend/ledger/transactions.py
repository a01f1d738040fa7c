"""A transaction as the decoders see it, whatever it was read from."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from backend.chain.blocks import Log


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """An amount of an asset from one account to another; the zero address mints and burns.

    `log_index` is None for the chain's own currency, which moves by calls. `amount_raw` is positive (1 for ERC-721).
    """

    token: str
    sender: str
    recipient: str
    amount_raw: int
    token_id: int | None = None
    log_index: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One transaction with everything that is known of it, addresses in lower case.

    `recipient` is None when it creates a contract. `method` is the selector (`0x` and 8 digits), None for a plain
    transfer. `fee_wei` is what its sender paid, None when unknown. `native` are movements of the chain's own currency;
    without `native_is_known` only that of the transaction itself is among them. `logs` are all of the transaction.
    """

    chain_id: int
    hash: str
    block_number: int
    block_hash: str
    index: int
    happened_at: datetime
    sender: str
    recipient: str | None
    value_wei: int
    method: str | None
    fee_wei: int | None
    succeeded: bool
    logs: tuple[Log, ...]
    native: tuple[Movement, ...]
    native_is_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """What a pool's contract said it is: its tokens in its order."""

    protocol: str
    token0: str
    token1: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a chain's contracts beside the transaction, by lower-case address."""

    wrapped_native: frozenset[str] = frozenset()
    pools: Mapping[str, PoolFacts] | None = None
    contracts: Mapping[str, tuple[str, str]] | None = None  # address -> (protocol, what the contract is for)
