"""Transactions made by hand: logs encoded with eth-abi, which the decoders do not use."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from backend.chain.blocks import Log
from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.decode import decode
from backend.ledger.events import Event, Leg
from backend.ledger.transactions import Facts, Movement, PoolFacts, Transaction

NOBODY = "0x" + "0" * 40
TX, BLOCK = "0x" + "ab" * 32, "0x" + "cd" * 32
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
FEE = 21_000 * 10**9


def place(number: int) -> str:
    """An address that is easy to tell from others."""
    return f"0x{number:040x}"


ME, FRIEND, STRANGER, ROUTER = place(0xA11CE), place(0xB0B), place(0xBAD), place(0x7007)
WETH, USDC, DAI, FAKE, FAKE2 = place(0xE7), place(0xC0), place(0xDA1), place(0xFA4E), place(0xFA4E2)
V2_PAIR, V3_POOL, DAI_POOL, FAKE_PAIR = place(0x42), place(0x43), place(0x44), place(0x45)


def pool(protocol: str, token0: str, token1: str) -> PoolFacts:
    """A pool that a factory vouches for."""
    return PoolFacts(protocol=protocol, token0=token0, token1=token1)


FACTS = Facts(
    wrapped_native=frozenset({WETH}),
    pools={
        V2_PAIR: pool("Uniswap V2", WETH, USDC),
        V3_POOL: pool("Uniswap V3", USDC, WETH),
        DAI_POOL: pool("Uniswap V3", DAI, WETH),
    },
    contracts={},
)

TRANSFER = "Transfer(address indexed from, address indexed to, uint256 value)"
NFT_TRANSFER = "Transfer(address indexed from, address indexed to, uint256 indexed id)"
SINGLE = "TransferSingle(address indexed o, address indexed from, address indexed to, uint256 id, uint256 value)"
BATCH = "TransferBatch(address indexed o, address indexed from, address indexed to, uint256[] ids, uint256[] values)"
APPROVAL = "Approval(address indexed owner, address indexed spender, uint256 value)"
DEPOSIT, WITHDRAWAL = "Deposit(address indexed dst, uint256 wad)", "Withdrawal(address indexed src, uint256 wad)"
V2_SWAP = "Swap(address indexed s, uint256 a, uint256 b, uint256 c, uint256 d, address indexed to)"
V3_SWAP = "Swap(address indexed s, address indexed r, int256 a, int256 b, uint160 p, uint128 l, int24 t)"


@dataclass
class Make:
    """A transaction under construction: every method adds to it and returns it."""

    sender: str = ME
    recipient: str | None = STRANGER
    value_wei: int = 0
    method: str | None = "0x12345678"
    succeeded: bool = True
    native_is_known: bool = True
    logs: list[Log] = field(default_factory=list)
    inner: list[Movement] = field(default_factory=list)

    def log(self, address: str, declaration: str, *values: Any) -> "Make":
        """A contract logs an event, e.g. `log(USDC, TRANSFER, ME, FRIEND, 5)`."""
        name, _, inside = declaration.rstrip(")").partition("(")
        parts = [part.split() for part in inside.split(",")]
        types = [part[0] for part in parts]
        topics = ["0x" + keccak(text=f"{name}({','.join(types)})").hex()]
        plain: list[tuple[str, Any]] = []
        for part, value in zip(parts, values, strict=True):
            if "indexed" in part:
                topics.append("0x" + encode([part[0]], [value]).hex())
            else:
                plain.append((part[0], value))
        data = encode([kind for kind, _ in plain], [value for _, value in plain])
        self.logs.append(Log(address, tuple(topics), data, TX, len(self.logs), 99, BLOCK))
        return self

    def moved(self, token: str, sender: str, recipient: str, amount: int) -> "Make":
        """A token moves, or with NATIVE_TOKEN the chain's own currency inside of a call."""
        if token == NATIVE_TOKEN:
            self.inner.append(Movement(token=token, sender=sender, recipient=recipient, amount_raw=amount))
            return self
        return self.log(token, TRANSFER, sender, recipient, amount)

    def transaction(self) -> Transaction:
        """The transaction, its value among its native movements."""
        native = list(self.inner) if self.native_is_known else []
        if self.value_wei and self.recipient:
            sent = Movement(token=NATIVE_TOKEN, sender=self.sender, recipient=self.recipient, amount_raw=self.value_wei)
            native.insert(0, sent)
        return Transaction(
            chain_id=1,
            hash=TX,
            block_number=99,
            block_hash=BLOCK,
            index=3,
            happened_at=AT,
            sender=self.sender,
            recipient=self.recipient,
            value_wei=self.value_wei,
            method=self.method,
            fee_wei=FEE,
            succeeded=self.succeeded,
            logs=tuple(self.logs),
            native=tuple(native),
            native_is_known=self.native_is_known,
        )

    def events(self, facts: Facts = FACTS, wallet: str = ME) -> list[Event]:
        """The wallet's events, checked for what holds always."""
        tx = self.transaction()
        events = decode(tx, wallet, facts)
        assert_sound(tx, wallet, facts, events)
        return events


def with_contracts(contracts: Mapping[str, tuple[str, str]]) -> Facts:
    """FACTS with contracts that somebody vouches for."""
    return Facts(wrapped_native=FACTS.wrapped_native, pools=FACTS.pools, contracts=contracts)


def assert_sound(tx: Transaction, wallet: str, facts: Facts, events: list[Event]) -> None:
    """Legs sum to the movements by asset, exactly; numbers count; the fee is paid once, by who sent it."""
    # Imported here: the tests of movements check them against another way of counting.
    from backend.ledger.decoding.movements import movements_of

    assert sums(leg for event in events for leg in event.legs) == moved_by(movements_of(tx, facts), wallet)
    assert all(leg.amount_raw for event in events for leg in event.legs)
    assert [event.number for event in events] == list(range(len(events)))
    assert len({event.id for event in events}) == len(events)
    fees = [event.fee_wei for event in events]
    assert fees == ([tx.fee_wei] + [0] * (len(events) - 1) if tx.sender == wallet else [0] * len(events))


def sums(legs: Any) -> dict[tuple[str, int | None], int]:
    """Amounts by asset, without those that are zero."""
    total: dict[tuple[str, int | None], int] = {}
    for leg in legs:
        total[leg.token, leg.token_id] = total.get((leg.token, leg.token_id), 0) + leg.amount_raw
    return {asset: amount for asset, amount in total.items() if amount}


def moved_by(movements: Any, wallet: str) -> dict[tuple[str, int | None], int]:
    """What movements changed of a wallet's balances."""
    total: dict[tuple[str, int | None], int] = {}
    for each in movements:
        signed = each.amount_raw * ((each.recipient == wallet) - (each.sender == wallet))
        total[each.token, each.token_id] = total.get((each.token, each.token_id), 0) + signed
    return {asset: amount for asset, amount in total.items() if amount}


def story(events: list[Event]) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """Events as kind and legs: token, amount, the role where it is not the principal, the id where there is one."""
    return [(str(event.kind), [_told(leg) for leg in event.legs]) for event in events]


def _told(leg: Leg) -> tuple[Any, ...]:
    told: tuple[Any, ...] = (leg.token, leg.amount_raw)
    told += () if leg.role == "principal" else (leg.role,)
    return told + (() if leg.token_id is None else (f"#{leg.token_id}",))
