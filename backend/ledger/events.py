"""What happened to a wallet: the events of the one ledger, which the portfolio and tax both read.

A transaction on a chain, seen by one wallet, comes to one or more events. Amounts are integers in smallest units;
what comes in is positive, what goes out negative. Nothing here is an opinion on taxes: whose wallet the other side
is, and what an event means for a place's rules, is decided where it is read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal
from uuid import UUID


class Kind(StrEnum):
    """What an event is."""

    TRANSFER = "transfer"  # something came or went, and nothing else says why
    SWAP = "swap"
    LP_ADD = "lp_add"
    LP_REMOVE = "lp_remove"
    SUPPLY = "supply"  # to a lending market or a vault
    WITHDRAW = "withdraw"
    BORROW = "borrow"
    REPAY = "repay"
    LIQUIDATION = "liquidation"
    STAKE = "stake"
    UNSTAKE = "unstake"
    CLAIM = "claim"  # rewards, and fees of an LP position
    BRIDGE = "bridge"
    WRAP = "wrap"  # and unwrap: the signs of the legs say which
    APPROVE = "approve"
    CALL = "call"  # paid for, and nothing else of this wallet's moved; failed transactions too


LegRole = Literal["principal", "receipt", "reward"]
Source = Literal["chain", "explorer", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """An amount of one asset that came (positive) or went (negative).

    `token` is a lower-case address or NATIVE_TOKEN. `token_id` is that of an ERC-721 or ERC-1155 token. A `receipt`
    stands for a claim on a protocol (LP tokens, aTokens, vault shares); a `reward` was earned. `counterparty` is the
    other side of the movement, None when it was minted, burned or is unknown. The price is that of one whole unit
    as of `priced_at`, None when no source knows it.
    """

    token: str
    amount_raw: int
    token_id: int | None = None
    role: LegRole = "principal"
    counterparty: str | None = None
    log_index: int | None = None
    price_usd: Decimal | None = None
    price_source: str | None = None
    priced_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An allowance that was given: `amount_raw` None is every token of a collection (ApprovalForAll)."""

    token: str
    spender: str
    amount_raw: int | None
    token_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened to a wallet on a chain.

    `number` counts the events of the wallet in the transaction from 0. `protocol` is the decoder's name for who was
    on the other side, None when nobody knows. `identifiers` name a position (`pool`, `token_id`, ...). `fee_wei` is
    what the wallet paid for the transaction in the chain's own currency: on one event of the transaction only, 0
    where another account paid, None when it is unknown. With a `problem` something about it is unknown, and what is
    shown is not all.
    """

    id: UUID
    wallet: str
    chain_id: int
    kind: Kind
    happened_at: datetime
    block_number: int
    block_hash: str
    tx_hash: str
    tx_index: int
    number: int
    source: Source
    legs: tuple[Leg, ...] = ()
    approvals: tuple[Approval, ...] = ()
    protocol: str | None = None
    counterparty: str | None = None
    identifiers: Mapping[str, str] | None = None
    method: str | None = None
    fee_wei: int | None = None
    fee_price_usd: Decimal | None = None
    succeeded: bool = True
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What of a wallet's history on a chain the ledger holds: every block from `from_block` to `to_block`.

    Where `to_block` is below `from_block` nothing was read yet, and `problem` may say why.

    `native_is_known`: movements of the chain's own currency inside of calls are among the events. Where it is False
    a balance of that currency need not be the sum of its legs. `reached_start`: there is nothing before `from_block`.
    """

    wallet: str
    chain_id: int
    from_block: int
    to_block: int
    to_block_at: datetime | None
    native_is_known: bool
    reached_start: bool
    source: Source
    checked_at: datetime
    problem: str | None = None
