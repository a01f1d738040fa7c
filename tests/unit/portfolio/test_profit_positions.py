"""What positions cost: only what was put into each, whatever else of the same tokens is held."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.ledger.events import Coverage, Kind
from backend.portfolio.profit.counting import count
from backend.portfolio.profit.past import Past
from backend.portfolio.reading import TokenFacts
from backend.portfolio.snapshots.records import AssetPart, ChainPart, HeldIn, Snapshot, make_snapshot
from tests.unit.ledger.made import MINE, NATIVE, SHARES, START, A, B, event, leg

NFTS, POOL, STAKING = "0x" + "0d" * 20, "0x" + "0e" * 20, "0x" + "0f" * 20
USER = UUID(int=1)
WHOLE = Coverage(
    wallet=MINE,
    chain_id=1,
    from_block=0,
    to_block=99,
    to_block_at=START,
    native_is_known=True,
    reached_start=True,
    source="chain",
    checked_at=START,
)
CAME = event(1, Kind.TRANSFER, leg(A, 30, 10), leg(B, 3_000, 1), counterparty=STAKING)


def part(token: str, amount: int, price: int, protocol: str | None = None, **names: Any) -> AssetPart:
    kind = "staked" if "contract" in names else "lp"
    return AssetPart(
        chain_id=1,
        token=token,
        wallet=MINE,
        symbol=None,
        decimals=0,
        amount_raw=amount,
        price_usd=Decimal(price),
        price_source="test",
        price_taken_at=START,
        value_usd=Decimal(amount * price),
        protocol=protocol,
        position=HeldIn(kind=kind, role="principal", identifiers=names) if protocol else None,
    )


def snapshot(*parts: AssetPart) -> Snapshot:
    chain = ChainPart(chain_id=1, value_usd=None, block_number=50, block_hash="0x1", taken_at=START, state="fresh")
    return make_snapshot(USER, START, [chain], parts, is_complete=True)


def past(*events: Any) -> Past:
    facts = {(1, token): TokenFacts(None, 0) for token in (A, B, SHARES, NATIVE)}
    return Past(frozenset({MINE}), events, [WHOLE], facts)


def test_the_tokens_a_position_is_made_of_are_not_its_receipts() -> None:
    put_in = event(
        2,
        Kind.LP_ADD,
        leg(A, -10, 10),
        leg(B, -100, 1),
        leg(NFTS, 1, role="receipt", token_id=13),
        protocol="Uniswap V3",
        identifiers={"pool": POOL, "token_id": "13"},
    )
    named = {"token_id": "13", "token0": A, "token1": B, "pool": POOL}
    standing = snapshot(
        part(A, 20, 11),
        part(B, 2_900, 1),
        part(A, 9, 11, "Uniswap V3", **named),
        part(B, 111, 1, "Uniswap V3", **named),
    )
    found = count(standing, past(CAME, put_in), START).totals
    (position,) = found.positions
    assert (position.cost_usd, position.value_usd, position.unrealised_usd) == (200, 210, 10)
    assert found.cost.usd == 20 * 10 + 2_900 + 200
    assert found.unrealised.usd == 20 + 10


def test_what_is_staked_costs_nothing_of_what_lies_in_the_wallet() -> None:
    shares = event(2, Kind.TRANSFER, leg(SHARES, 10, 5), counterparty=STAKING)
    staked = event(
        3,
        Kind.STAKE,
        leg(SHARES, -4, 5),
        protocol="Staking rewards",
        identifiers={"pool": SHARES, "contract": STAKING},
    )
    standing = snapshot(
        part(A, 12, 3, "Uniswap V2", pool=SHARES), part(A, 8, 3, "Staking rewards", contract=STAKING, pool=SHARES)
    )
    found = count(standing, past(shares, staked), START).totals
    costs = {each.protocol: each.cost_usd for each in found.positions}
    assert costs == {"Uniswap V2": 30, "Staking rewards": 20}
