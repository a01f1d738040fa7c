"""Logs into typed events, by fixed layout: 32-byte words at known places, no ABI machinery on the hot path.

A log that does not have the exact shape of its signature (indexed count, data length, zero padding of addresses) is
somebody else's and gives nothing; no log can make decoding fail. Transfers inside a transaction that move the chain's
own currency by contract calls leave no log and are not seen.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from backend.chain.blocks import Block, Log
from backend.chain.events import NATIVE_TOKEN, Event, LiquidityChange, PoolSwap, TokenApproval, TokenTransfer

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
APPROVAL = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"
V2_SWAP = "0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822"
V2_MINT = "0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f"
V2_BURN = "0xdccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496"
V2_SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
V3_SWAP = "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"
V3_MINT = "0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde"
V3_BURN = "0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c"
V3_COLLECT = "0x70935338e69775456a85ddef226c395fb668b63fa0115f5f20610b388e6ca9c0"
V3_INITIALIZE = "0x98636036cb66a9c19a37435efc1e90142190214e8abeb821bdba3f2990dd4c95"

V2, V3 = "uniswap_v2", "uniswap_v3"
_ADDRESS_PADDING = "0x" + "0" * 24
_HALF = 1 << 255
_FULL = 1 << 256


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolChange:
    """What one log did to a pool's state. Absolute values replace, `delta` values add; None leaves as is.

    `tick_range` set means that `delta_liquidity` counts only if the current tick is within it.
    """

    pool: str
    kind: str
    reserve0: int | None = None
    reserve1: int | None = None
    sqrt_price_x96: int | None = None
    liquidity: int | None = None
    tick: int | None = None
    delta_liquidity: int = 0
    tick_range: tuple[int, int] | None = None
    delta_balance0: int = 0
    delta_balance1: int = 0


@dataclass(slots=True)
class Decoded:
    """A block's events in their order of emission, and what its logs did to pools, in log order."""

    events: list[Event] = field(default_factory=list)
    pool_changes: list[PoolChange] = field(default_factory=list)


class _Malformed(Exception):
    """The log is not what its first topic promises."""


def decode_block(chain_id: int, block: Block) -> Decoded:
    """Return everything we understand of a block: native transfers by transaction order, then logs by index."""
    decoded = Decoded()
    header = block.header
    for transaction in block.transactions:
        if transaction.recipient is None:
            continue
        decoded.events.append(
            TokenTransfer(
                id=f"{chain_id}:{header.hash}:tx{transaction.index}",
                chain_id=chain_id,
                block_number=header.number,
                block_hash=header.hash,
                taken_at=header.taken_at,
                tx_hash=transaction.hash,
                log_index=None,
                token=NATIVE_TOKEN,
                sender=transaction.sender,
                recipient=transaction.recipient,
                amount_raw=transaction.value_wei,
            )
        )
    decode_logs(chain_id, header.taken_at, block.logs, decoded)
    return decoded


def decode_logs(chain_id: int, taken_at: int, logs: Iterable[Log], into: Decoded) -> Decoded:
    """Decode logs of blocks of one time into `into`, which is returned."""
    for log in logs:
        decoder = _DECODERS.get(log.topics[0]) if log.topics else None
        if decoder is None:
            continue
        try:
            event, change = decoder(log, _Common(chain_id, taken_at))
        except _Malformed:
            continue
        if event is not None:
            into.events.append(event)
        if change is not None:
            into.pool_changes.append(change)
    return into


@dataclass(frozen=True, slots=True)
class _Common:
    chain_id: int
    taken_at: int

    def of(self, log: Log) -> dict[str, object]:
        return {
            "id": f"{self.chain_id}:{log.block_hash}:{log.log_index}",
            "chain_id": self.chain_id,
            "block_number": log.block_number,
            "block_hash": log.block_hash,
            "taken_at": self.taken_at,
            "tx_hash": log.tx_hash,
            "log_index": log.log_index,
        }


_Result = tuple[Event | None, PoolChange | None]


def _shape(log: Log, topics: int, words: int) -> None:
    if len(log.topics) != topics or len(log.data) != 32 * words:
        raise _Malformed


def _uint(log: Log, word: int, bits: int = 256) -> int:
    value = int.from_bytes(log.data[32 * word : 32 * word + 32], "big")
    if bits < 256 and value >> bits:
        raise _Malformed
    return value


def _int(log: Log, word: int, bits: int = 256) -> int:
    return _signed(int.from_bytes(log.data[32 * word : 32 * word + 32], "big"), bits)


def _signed(value: int, bits: int) -> int:
    signed = value - _FULL if value >= _HALF else value
    if bits < 256 and not -(1 << (bits - 1)) <= signed < 1 << (bits - 1):
        raise _Malformed
    return signed


def _topic_address(log: Log, index: int) -> str:
    topic = log.topics[index]
    if not topic.startswith(_ADDRESS_PADDING):
        raise _Malformed
    return "0x" + topic[26:]


def _topic_tick(log: Log, index: int) -> int:
    return _signed(int(log.topics[index][2:], 16), 24)


def _transfer(log: Log, common: _Common) -> _Result:
    """ERC-20; an ERC-721 transfer has the id as a fourth topic and no data."""
    _shape(log, 3, 1)
    event = TokenTransfer(
        **common.of(log),  # type: ignore[arg-type]
        token=log.address,
        sender=_topic_address(log, 1),
        recipient=_topic_address(log, 2),
        amount_raw=_uint(log, 0),
    )
    return event, None


def _approval(log: Log, common: _Common) -> _Result:
    """ERC-20; an ERC-721 approval has the id as a fourth topic and is no amount."""
    _shape(log, 3, 1)
    event = TokenApproval(
        **common.of(log),  # type: ignore[arg-type]
        token=log.address,
        owner=_topic_address(log, 1),
        spender=_topic_address(log, 2),
        amount_raw=_uint(log, 0),
    )
    return event, None


def _v2_swap(log: Log, common: _Common) -> _Result:
    _shape(log, 3, 4)
    event = PoolSwap(
        **common.of(log),  # type: ignore[arg-type]
        pool=log.address,
        protocol=V2,
        sender=_topic_address(log, 1),
        recipient=_topic_address(log, 2),
        amount0_raw=_uint(log, 0) - _uint(log, 2),
        amount1_raw=_uint(log, 1) - _uint(log, 3),
    )
    return event, None


def _liquidity(log: Log, common: _Common, protocol: str, added: bool, owner: str, amounts: tuple[int, int]) -> Event:
    return LiquidityChange(
        **common.of(log),  # type: ignore[arg-type]
        pool=log.address,
        protocol=protocol,
        added=added,
        owner=owner,
        amount0_raw=amounts[0],
        amount1_raw=amounts[1],
    )


def _v2_mint(log: Log, common: _Common) -> _Result:
    _shape(log, 2, 2)
    return _liquidity(log, common, V2, True, _topic_address(log, 1), (_uint(log, 0), _uint(log, 1))), None


def _v2_burn(log: Log, common: _Common) -> _Result:
    _shape(log, 3, 2)
    _topic_address(log, 1)
    return _liquidity(log, common, V2, False, _topic_address(log, 2), (_uint(log, 0), _uint(log, 1))), None


def _v2_sync(log: Log, common: _Common) -> _Result:
    _shape(log, 1, 2)
    return None, PoolChange(pool=log.address, kind=V2, reserve0=_uint(log, 0, 112), reserve1=_uint(log, 1, 112))


def _v3_swap(log: Log, common: _Common) -> _Result:
    _shape(log, 3, 5)
    amount0, amount1 = _int(log, 0), _int(log, 1)
    sqrt_price, liquidity, tick = _uint(log, 2, 160), _uint(log, 3, 128), _int(log, 4, 24)
    event = PoolSwap(
        **common.of(log),  # type: ignore[arg-type]
        pool=log.address,
        protocol=V3,
        sender=_topic_address(log, 1),
        recipient=_topic_address(log, 2),
        amount0_raw=amount0,
        amount1_raw=amount1,
        sqrt_price_x96=sqrt_price,
        liquidity=liquidity,
        tick=tick,
    )
    change = PoolChange(
        pool=log.address,
        kind=V3,
        sqrt_price_x96=sqrt_price,
        liquidity=liquidity,
        tick=tick,
        delta_balance0=amount0,
        delta_balance1=amount1,
    )
    return event, change


def _v3_mint(log: Log, common: _Common) -> _Result:
    _shape(log, 4, 4)
    if log.data[:12] != bytes(12):
        raise _Malformed
    owner, lower, upper = _topic_address(log, 1), _topic_tick(log, 2), _topic_tick(log, 3)
    liquidity, amounts = _uint(log, 1, 128), (_uint(log, 2), _uint(log, 3))
    change = PoolChange(
        pool=log.address,
        kind=V3,
        delta_liquidity=liquidity,
        tick_range=(lower, upper),
        delta_balance0=amounts[0],
        delta_balance1=amounts[1],
    )
    return _liquidity(log, common, V3, True, owner, amounts), change


def _v3_burn(log: Log, common: _Common) -> _Result:
    """Takes liquidity out of the range; the tokens stay in the pool until they are collected."""
    _shape(log, 4, 3)
    owner, lower, upper = _topic_address(log, 1), _topic_tick(log, 2), _topic_tick(log, 3)
    liquidity, amounts = _uint(log, 0, 128), (_uint(log, 1), _uint(log, 2))
    change = PoolChange(pool=log.address, kind=V3, delta_liquidity=-liquidity, tick_range=(lower, upper))
    return _liquidity(log, common, V3, False, owner, amounts), change


def _v3_collect(log: Log, common: _Common) -> _Result:
    _shape(log, 4, 3)
    return None, PoolChange(
        pool=log.address, kind=V3, delta_balance0=-_uint(log, 1, 128), delta_balance1=-_uint(log, 2, 128)
    )


def _v3_initialize(log: Log, common: _Common) -> _Result:
    _shape(log, 1, 2)
    return None, PoolChange(
        pool=log.address, kind=V3, sqrt_price_x96=_uint(log, 0, 160), liquidity=0, tick=_int(log, 1, 24)
    )


_DECODERS: dict[str, Callable[[Log, _Common], _Result]] = {
    TRANSFER: _transfer,
    APPROVAL: _approval,
    V2_SWAP: _v2_swap,
    V2_MINT: _v2_mint,
    V2_BURN: _v2_burn,
    V2_SYNC: _v2_sync,
    V3_SWAP: _v3_swap,
    V3_MINT: _v3_mint,
    V3_BURN: _v3_burn,
    V3_COLLECT: _v3_collect,
    V3_INITIALIZE: _v3_initialize,
}
