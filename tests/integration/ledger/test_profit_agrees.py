"""Profit and loss by the ledger is what balances and prices say, on the demo market with real swaps of a wallet."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from backend.chain.events import NATIVE_TOKEN
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.accounts import ACCOUNTS
from backend.demo.rpc import Rpc
from backend.demo.swaps import swap_transaction, transfer_transaction
from backend.ledger import service
from backend.ledger.events import Event, Kind, Leg
from backend.portfolio.profit.counting import count
from backend.portfolio.profit.past import Past
from backend.portfolio.reading import TokenFacts
from backend.portfolio.snapshots.records import AssetPart, ChainPart, make_snapshot
from tests.integration.chain.harness import Market
from tests.integration.ledger.conftest import Import, NewUser, Traded

WALLET = ACCOUNTS["demo_trading"].lower()
STRANGER = ACCOUNTS["guest"]
NOW = datetime(2026, 5, 20, 12, 30, tzinfo=UTC)


async def test_gains_are_worth_at_the_end_less_worth_at_the_start_and_what_came(
    market: Market, imported: Import, new_user: NewUser, app_database: Database
) -> None:
    traded, addresses = Traded(market), market.addresses
    usdc, weth, uni = (addresses.tokens[name].address.lower() for name in ("USDC", "WETH", "UNI"))
    decimals = {usdc: 6, weth: 18, uni: 18, NATIVE_TOKEN: 18}
    async with Rpc(market.anvil.url) as rpc:
        start = await traded.note(rpc)
    blocks = [
        await traded.send(swap_transaction(addresses, WALLET, ["WETH-USDC-V2"], "USDC", 4_000 * 10**6, 0)),
        await traded.send(swap_transaction(addresses, WALLET, ["WETH-USDC-V2"], "USDC", 1_000 * 10**6, 0)),
        await traded.send(transfer_transaction(addresses, STRANGER, WALLET, "USDC", 250 * 10**6)),
        await traded.send(swap_transaction(addresses, WALLET, ["WETH-USDC-V2"], "WETH", 10**17, 0)),
        await traded.send(transfer_transaction(addresses, WALLET, STRANGER, "WETH", 10**16)),
        await traded.send(swap_transaction(addresses, WALLET, ["WETH-USDC-V2"], "WETH", 2 * 10**17, 0)),
    ]
    end = blocks[-1]
    user = await new_user()
    assert await imported(user, WALLET)
    async with app_database.unit_of_work(user) as session:
        found = await service.events_of(session, user, service.Wanted(wallets=[WALLET]))
        coverage = await service.coverage_of(session, user)
    events = [event for event in found if event.block_number > start]
    assert [event.kind for event in events].count(Kind.SWAP) == 4

    def price(token: str, block: int) -> Decimal:
        """What a whole unit costs as of a block: a price that moves."""
        if token == usdc:
            return Decimal(1)
        return Decimal(10) if token == uni else 3_500 + Decimal(block - start) * 25

    def worth(block: int) -> Decimal:
        held = traded.balances[block]
        return sum(
            (Decimal(held[WALLET, token]).scaleb(-places) * price(token, block) for token, places in decimals.items()),
            Decimal(0),
        )

    def priced(event: Event) -> Event:
        legs = tuple(replace(leg, price_usd=price(leg.token, event.block_number)) for leg in event.legs)
        return replace(event, legs=legs, fee_price_usd=price(NATIVE_TOKEN, event.block_number))

    opening = [
        Leg(token=token, amount_raw=traded.balances[start][WALLET, token], price_usd=price(token, start))
        for token in decimals
        if traded.balances[start][WALLET, token]
    ]
    first = replace(events[0], id=new_id(), kind=Kind.TRANSFER, legs=tuple(opening), fee_wei=0, block_number=start)
    first = replace(first, happened_at=events[0].happened_at.replace(year=2020))
    facts = {(DEMO_CHAIN_ID, token): TokenFacts(None, places) for token, places in decimals.items()}
    past = Past(frozenset({WALLET}), [first, *map(priced, events)], coverage, facts)
    parts = [
        AssetPart(
            chain_id=DEMO_CHAIN_ID,
            token=token,
            wallet=WALLET,
            symbol=None,
            decimals=places,
            amount_raw=traded.balances[end][WALLET, token],
            price_usd=price(token, end),
            price_source="test",
            price_taken_at=NOW,
            value_usd=Decimal(traded.balances[end][WALLET, token]).scaleb(-places) * price(token, end),
        )
        for token, places in decimals.items()
        if traded.balances[end][WALLET, token]
    ]
    chain = ChainPart(
        chain_id=DEMO_CHAIN_ID,
        value_usd=None,
        block_number=end,
        block_hash="0x1",
        taken_at=NOW,
        state="fresh",
    )
    made = count(make_snapshot(user, NOW, [chain], parts, is_complete=True), past, NOW).totals
    came = 250 * price(usdc, blocks[2]) - Decimal("0.01") * price(weth, blocks[4])
    gained = worth(end) - worth(start) - came
    counted = made.realised.usd + made.unrealised.usd + made.income.usd - made.fees.usd + made.left_with_transfers.usd
    assert (made.realised.unknown, made.unrealised.unknown, made.fees.unknown) == (0, 0, 0)
    assert made.fees.usd > 0
    assert abs(counted - gained) < Decimal("1e-12")
