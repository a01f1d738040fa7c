"""Transactions into a wallet's events, a second: a history of transfers, swaps, liquidity and lending in one process.

The peer reads the same logs with eth-abi, as web3.py does, and does nothing else: no movements, no events.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from eth_abi.abi import decode as abi_decode
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from backend.chain.blocks import Log
from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.decode import decode
from backend.ledger.transactions import Facts, Movement, PoolFacts, Transaction
from benchmarks.harness import report, stopwatch

COUNT = 50_000
ROUNDS = 3
TARGET_PER_S = 5_000
TRANSFER = ("Transfer", ("address", "address"), ("uint256",))
APPROVAL = ("Approval", ("address", "address"), ("uint256",))
DEPOSIT = ("Deposit", ("address",), ("uint256",))
V2_SWAP = ("Swap", ("address", "address"), ("uint256",) * 4)
V3_SWAP = ("Swap", ("address", "address"), ("int256", "int256", "uint160", "uint128", "int24"))
SYNC = ("Sync", (), ("uint112", "uint112"))
SUPPLY = ("Supply", ("address", "address", "uint16"), ("address", "uint256"))
MINT = ("Mint", ("address", "address"), ("uint256", "uint256", "uint256"))
V2_MINT = ("Mint", ("address",), ("uint256", "uint256"))
ORDERS = {  # of the types in the declaration, where indexed ones are not the first
    "Swap": {4: "address,uint256,uint256,uint256,uint256,address"},
    "Supply": {2: "address,address,address,uint256,uint16"},
}
Shape = tuple[str, Sequence[str], Sequence[str]]


def place(number: int) -> str:
    """Return an address."""
    return f"0x{number:040x}"


ME, FRIEND, ROUTER, AAVE, A_USDC = (place(number) for number in range(0x100, 0x105))
WETH, USDC, V2_PAIR, V3_POOL, NOBODY = place(0xE), place(0xC), place(0x42), place(0x43), place(0)
FACTS = Facts(
    wrapped_native=frozenset({WETH}),
    pools={
        V2_PAIR: PoolFacts(protocol="Uniswap V2", token0=USDC, token1=WETH),
        V3_POOL: PoolFacts(protocol="Uniswap V3", token0=USDC, token1=WETH),
    },
    contracts={AAVE: ("Aave V3", "aave_v3_pool"), ROUTER: ("1inch", "router")},
)
Entry = tuple[str, Shape, Sequence[Any], Sequence[Any]]


def _topic(shape: Shape) -> str:
    name, indexed, plain = shape
    types = ORDERS.get(name, {}).get(len(plain)) or ",".join((*indexed, *plain))
    return "0x" + keccak(text=f"{name}({types})").hex()


def _log(index: int, entry: Entry) -> Log:
    address, shape, indexed, plain = entry
    topics = [_topic(shape), *("0x" + encode([k], [v]).hex() for k, v in zip(shape[1], indexed, strict=True))]
    return Log(address, tuple(topics), encode(shape[2], plain), "0x" + "ab" * 32, index, 1, "0x" + "cd" * 32)


def _histories() -> list[tuple[list[Entry], int, list[tuple[str, str, int]]]]:
    """Return logs, value and inner native movements of each kind of transaction, as their contracts make them."""
    return [
        ([], 5, []),
        ([(USDC, TRANSFER, (ME, FRIEND), (7,))], 0, []),
        ([(USDC, TRANSFER, (FRIEND, ME), (7,))], 0, []),
        ([(USDC, APPROVAL, (ME, ROUTER), (2**256 - 1,))], 0, []),
        (
            [
                (WETH, DEPOSIT, (ROUTER,), (9,)),
                (WETH, TRANSFER, (ROUTER, V2_PAIR), (9,)),
                (USDC, TRANSFER, (V2_PAIR, ME), (27_000,)),
                (V2_PAIR, SYNC, (), (10**9, 10**9)),
                (V2_PAIR, V2_SWAP, (ROUTER, ME), (0, 9, 27_000, 0)),
            ],
            9,
            [(ROUTER, WETH, 9)],
        ),
        (
            [
                (WETH, TRANSFER, (V3_POOL, ME), (9,)),
                (USDC, TRANSFER, (ME, V3_POOL), (27_000,)),
                (V3_POOL, V3_SWAP, (ROUTER, ME), (27_000, -9, 1, 1, 1)),
            ],
            0,
            [],
        ),
        (
            [
                (USDC, TRANSFER, (ME, V2_PAIR), (27_000,)),
                (WETH, TRANSFER, (ME, V2_PAIR), (9,)),
                (V2_PAIR, TRANSFER, (NOBODY, ME), (400,)),
                (V2_PAIR, SYNC, (), (10**9, 10**9)),
                (V2_PAIR, V2_MINT, (ROUTER,), (27_000, 9)),
            ],
            0,
            [],
        ),
        (
            [
                (USDC, TRANSFER, (ME, A_USDC), (100,)),
                (A_USDC, TRANSFER, (NOBODY, ME), (102,)),
                (A_USDC, MINT, (ME, ME), (102, 2, 1)),
                (AAVE, SUPPLY, (USDC, ME, 0), (ME, 100)),
            ],
            0,
            [],
        ),
    ]


def _transactions() -> list[Transaction]:
    made: list[Transaction] = []
    at, numbers = datetime(2026, 1, 1, tzinfo=UTC), count()
    kinds = [
        (tuple(_log(index, entry) for index, entry in enumerate(entries)), value, inner)
        for entries, value, inner in _histories()
    ]
    while len(made) < COUNT:
        for logs, value, inner in kinds:
            moved = ([(ME, ROUTER, value)] if value else []) + inner
            made.append(
                Transaction(
                    chain_id=1,
                    hash=f"0x{next(numbers):064x}",
                    block_number=1,
                    block_hash="0x" + "cd" * 32,
                    index=0,
                    happened_at=at,
                    sender=ME,
                    recipient=ROUTER,
                    value_wei=value,
                    method="0x12345678",
                    fee_wei=21_000,
                    succeeded=True,
                    logs=logs,
                    native=tuple(
                        Movement(token=NATIVE_TOKEN, sender=a, recipient=b, amount_raw=amount) for a, b, amount in moved
                    ),
                    native_is_known=True,
                )
            )
    return made[:COUNT]


def _read_only(transactions: Sequence[Transaction], shapes: dict[str, Shape]) -> int:
    read = 0
    for tx in transactions:
        for log in tx.logs:
            _, indexed, plain = shapes[log.topics[0]]
            for kind, topic in zip(indexed, log.topics[1:], strict=True):
                abi_decode([kind], bytes.fromhex(topic[2:]))
            abi_decode(plain, log.data)
            read += 1
    return read


def main() -> None:
    """Measure both, the best of three rounds."""
    transactions = _transactions()
    shapes = {_topic(entry[1]): entry[1] for entries, _, _ in _histories() for entry in entries}
    best, peer = float("inf"), float("inf")
    events = 0
    for _ in range(ROUNDS):
        with stopwatch() as spent:
            events = sum(len(decode(tx, ME, FACTS)) for tx in transactions)
        best = min(best, spent[0])
        with stopwatch() as spent:
            logs = _read_only(transactions, shapes)
        peer = min(peer, spent[0])
    report(
        "decoding.transactions_per_s",
        COUNT / best,
        "transactions/s",
        "eth-abi reading the same logs, nothing else",
        COUNT / peer,
        transactions=COUNT,
        logs=logs,
        events=events,
        target=TARGET_PER_S,
        meets=COUNT / best >= TARGET_PER_S,
    )
