"""Imports from a real chain: to the unit what the balances say, resumable, put right after reorganisations."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from backend.chain.events import NATIVE_TOKEN
from backend.core.db import Database
from backend.demo.accounts import ACCOUNTS
from backend.demo.swaps import swap_transaction, transfer_transaction
from backend.ledger import service
from backend.ledger.events import Coverage, Event, Kind
from backend.ledger.importing import importer, node
from tests.doubles.rpc_proxy import Fault, RpcProxy
from tests.integration.ledger.conftest import Import, NewUser, Traded, sums_of

DEMO = ACCOUNTS["demo_trading"].lower()
WHALE = ACCOUNTS["whale"].lower()


async def events(database: Database, user_id: UUID, *wallets: str) -> list[Event]:
    async with database.unit_of_work(user_id) as session:
        return await service.events_of(session, user_id, service.Wanted(wallets=wallets))


async def covered(database: Database, user_id: UUID, wallet: str = DEMO) -> Coverage:
    async with database.unit_of_work(user_id) as session:
        (found,) = await service.coverage_of(session, user_id, [wallet])
        return found


def assert_agrees(traded: Traded, wallet: str, found: list[Event], after: int, until: int) -> None:
    changes = sums_of(found, after, until)
    for token in (NATIVE_TOKEN, *traded.tokens):
        before, now = (traded.balances[block][wallet, token] for block in (after, until))
        assert changes.get(token, 0) == now - before, (wallet, token, after, until)


async def test_legs_and_fees_are_what_the_balances_changed_by(
    traded: Traded, imported: Import, new_user: NewUser, app_database: Database
):
    user = await new_user()
    assert await imported(user, *traded.wallets)
    blocks = sorted(traded.balances)
    kinds = set()
    for wallet in traded.wallets:
        found = await events(app_database, user, wallet)
        kinds |= {event.kind for event in found}
        assert len({event.id for event in found}) == len(found)
        assert_agrees(traded, wallet, found, blocks[0], blocks[-1])
        for _ in range(15):
            after, until = sorted(traded.draw.sample(blocks, 2))
            assert_agrees(traded, wallet, found, after, until)
    assert {Kind.SWAP, Kind.TRANSFER, Kind.CALL} <= kinds
    everything = await events(app_database, user)
    assert any(not event.succeeded and event.fee_wei for event in everything)
    # Somebody took ether out of a swap: a call inside of the transaction, which no log tells of.
    assert any(leg.token == NATIVE_TOKEN and leg.amount_raw > 0 for event in everything for leg in event.legs)
    for wallet in traded.wallets:
        known = await covered(app_database, user, wallet)
        assert (known.from_block, known.to_block, known.problem) == (0, blocks[-1], None)
        assert known.native_is_known and known.reached_start and known.source == "chain" and known.to_block_at


async def test_again_changes_nothing_and_what_is_new_is_added(
    traded: Traded, imported: Import, new_user: NewUser, app_database: Database
):
    user, other = await new_user(), await new_user()
    assert await imported(user, DEMO) and await imported(other, DEMO)
    first = await events(app_database, user)
    assert first and not await imported(user, DEMO)
    assert await events(app_database, user) == first == await events(app_database, other)
    await traded.go_on(3)
    await traded.send(transfer_transaction(traded.market.addresses, WHALE, DEMO, "USDC", 7))
    assert await imported(user, DEMO)
    now = await events(app_database, user)
    assert now[: len(first)] == first and now[-1].legs[0].amount_raw == 7
    assert await events(app_database, other) == first


async def test_it_goes_on_where_it_was_broken_off(
    traded: Traded,
    imported: Import,
    new_user: NewUser,
    app_database: Database,
    monkeypatch: pytest.MonkeyPatch,
):
    user, whole = await new_user(), await new_user()
    monkeypatch.setattr(node, "MOST_BLOCKS", 4)
    monkeypatch.setattr(node.Learned, "__init__", _four_blocks)
    stored = importer.Importer._store
    steps = 0

    async def dies_after_two(self: Any, *values: Any) -> Any:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise _KilledError
        return await stored(self, *values)

    with monkeypatch.context() as patch:
        patch.setattr(importer.Importer, "_store", dies_after_two)
        with pytest.raises(_KilledError):
            await imported(user, DEMO)
    known = await covered(app_database, user)
    assert (known.from_block, known.to_block) == (0, 7)
    assert await imported(user, DEMO)
    await imported(whole, DEMO)
    assert await events(app_database, user) == await events(app_database, whole) != []
    assert (await covered(app_database, user)).to_block == max(traded.balances)
    # Without time it stores nothing, and says nothing wrong.
    late = await new_user()
    assert not await imported(late, DEMO, seconds=-1)
    known = await covered(app_database, late)
    assert known.to_block < known.from_block and known.problem is None


class _KilledError(BaseException):
    """The process is gone."""


def _four_blocks(self: node.Learned) -> None:
    self.blocks = self.traced_blocks = 4
    self.has_traces = True


async def test_a_reorganisation_is_put_right(
    traded: Traded, imported: Import, new_user: NewUser, app_database: Database
):
    user = await new_user()
    addresses, anvil = traded.market.addresses, traded.market.anvil
    snapshot = await anvil.call("evm_snapshot")
    await traded.send(transfer_transaction(addresses, DEMO, WHALE, "USDC", 5))
    await traded.send(transfer_transaction(addresses, DEMO, WHALE, "USDC", 6))
    await imported(user, DEMO)
    assert [event.legs[0].amount_raw for event in (await events(app_database, user))[-2:]] == [-5, -6]
    await anvil.call("evm_revert", snapshot)
    await anvil.mine()
    last = await traded.send(transfer_transaction(addresses, DEMO, WHALE, "USDC", 9))
    assert await imported(user, DEMO)
    found = await events(app_database, user)
    assert found[-1].legs[0].amount_raw == -9 and not any(leg.amount_raw in (-5, -6) for e in found for leg in e.legs)
    assert_agrees(traded, DEMO, found, min(traded.balances), last)


async def test_without_traces_ether_inside_of_calls_is_unknown_and_everything_else_agrees(
    traded: Traded, imported: Import, new_user: NewUser, app_database: Database, proxy: RpcProxy
):
    user = await new_user()
    addresses = traded.market.addresses
    before = max(traded.balances)
    last = await traded.send(
        swap_transaction(addresses, DEMO, ["WETH-USDC-V2"], "USDC", 10**9, native_out=True),
        transfer_transaction(addresses, WHALE, DEMO, "DAI", 3),
    )
    await imported(user, DEMO, url=proxy.url)
    known = await covered(app_database, user)
    assert not known.native_is_known and known.problem is None and known.to_block == last
    found = await events(app_database, user)
    changes = sums_of(found, before, last)
    usdc = addresses.tokens["USDC"].address.lower()
    assert changes[usdc] == -(10**9) and changes[addresses.tokens["DAI"].address.lower()] == 3
    assert any(event.problem for event in found if event.block_number == last)
    # What it sent itself is found by its nonce, plain transfers of ether and failed transactions too, with their fees.
    whole = await new_user()
    await imported(whole, *traded.wallets)
    for wallet in traded.wallets:
        await imported(user, wallet, url=proxy.url)
        sent = [event for event in await events(app_database, whole, wallet) if event.fee_wei]
        ours = {(event.tx_hash, event.fee_wei) for event in await events(app_database, user, wallet) if event.fee_wei}
        assert ours == {(event.tx_hash, event.fee_wei) for event in sent}


async def test_where_the_state_of_then_is_gone_only_what_left_a_log_is_found(
    traded: Traded, imported: Import, new_user: NewUser, app_database: Database
):
    async def forgetful(call: dict[str, Any]) -> None:
        if call["method"].startswith("trace_") or call["method"] == "eth_getTransactionCount":
            call["method"] = "no_such_method"

    user = await new_user()
    addresses = traded.market.addresses
    last = await traded.send(
        transfer_transaction(addresses, DEMO, WHALE, "ETH", 5), transfer_transaction(addresses, DEMO, WHALE, "DAI", 6)
    )
    async with RpcProxy(traded.market.anvil.url, before=forgetful).running() as plain:
        await imported(user, DEMO, url=plain.url)
    found = [event for event in await events(app_database, user) if event.block_number == last]
    assert [event.legs[0].amount_raw for event in found] == [-6]
    known = await covered(app_database, user)
    assert known.problem is None and not known.native_is_known


@pytest.fixture
async def proxy(traded: Traded):
    """A node in front of the market's that has no traces."""

    async def no_traces(call: dict[str, Any]) -> None:
        if call["method"].startswith("trace_"):
            call["method"] = "no_such_method"

    double = RpcProxy(traded.market.anvil.url, before=no_traces)
    async with double.running() as running:
        yield running


@pytest.mark.parametrize("fault", [Fault.STALL, Fault.HTML, Fault.BROKEN_JSON, Fault.SERVER_ERROR, Fault.WRONG_BLOCK])
async def test_a_provider_that_breaks_leaves_what_was_read_and_the_reason(
    traded: Traded,
    imported: Import,
    new_user: NewUser,
    app_database: Database,
    proxy: RpcProxy,
    fault: Fault,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(node, "STEP_SECONDS", 1.0)
    monkeypatch.setattr("backend.ledger.importing.whole.BUDGET_SECONDS", 1.0)
    monkeypatch.setattr("backend.ledger.importing.importer.HEAD_SECONDS", 1.0)
    user = await new_user()
    await imported(user, DEMO, url=proxy.url)
    first, known = await events(app_database, user), await covered(app_database, user)
    await traded.send(transfer_transaction(traded.market.addresses, WHALE, DEMO, "USDC", 7))
    proxy.fault = fault
    assert not await imported(user, DEMO, url=proxy.url)
    assert await events(app_database, user) == first
    broken = await covered(app_database, user)
    assert broken.problem and (broken.from_block, broken.to_block) == (known.from_block, known.to_block)
    proxy.fault = Fault.NONE
    assert await imported(user, DEMO, url=proxy.url)
    assert (await covered(app_database, user)).problem is None


async def test_a_transaction_that_a_provider_leaves_out_takes_nothing_away(
    traded: Traded, imported: Import, new_user: NewUser, app_database: Database
):
    user = await new_user()
    await imported(user, DEMO)
    first, hidden = await events(app_database, user), ""

    async def leave_out(call: dict[str, Any]) -> None:
        if call["method"] == "eth_getTransactionReceipt" and call["params"] == [hidden]:
            call["params"] = ["0x" + "00" * 32]

    hidden = first[-1].tx_hash
    async with RpcProxy(traded.market.anvil.url, before=leave_out).running() as lying:
        assert not await imported(user, DEMO, url=lying.url)
    assert await events(app_database, user) == first
    broken = await covered(app_database, user)
    assert broken.problem and f"{first[-1].block_number:,}" in broken.problem


async def test_newer_decoders_read_what_older_ones_made(
    traded: Traded,
    imported: Import,
    new_user: NewUser,
    app_database: Database,
    worker_database: Database,
    monkeypatch: pytest.MonkeyPatch,
):
    user = await new_user()
    monkeypatch.setattr(importer, "decode", lambda tx, wallet, facts: [importer._not_understood(tx, wallet)])
    await imported(user, DEMO)
    # They are final: only that they are outdated has them read again.
    await traded.market.anvil.mine(blocks=130)
    await imported(user, DEMO)
    monkeypatch.undo()
    assert not await imported(user, DEMO)
    assert {event.kind for event in await events(app_database, user)} == {Kind.CALL}
    before = await events(app_database, user)
    monkeypatch.setattr(importer, "DECODER_VERSION", importer.DECODER_VERSION + 1)
    assert await imported(user, DEMO)
    other = await new_user()
    await imported(other, DEMO)
    now = await events(app_database, user)
    assert now == await events(app_database, other) != before
    assert not await imported(user, DEMO)


async def test_a_wallet_that_is_removed_meanwhile_leaves_nothing(
    traded: Traded, imported: Import, new_user: NewUser, worker_database: Database, monkeypatch: pytest.MonkeyPatch
):
    user = await new_user()
    read = importer.Importer._read

    async def removed_meanwhile(self: Any, *values: Any) -> Any:
        found = await read(self, *values)
        async with worker_database.unit_of_work() as session:
            await service.forget_wallet(session, user, DEMO)
        return found

    monkeypatch.setattr(importer.Importer, "_read", removed_meanwhile)
    assert not await imported(user, DEMO)
    assert await events(worker_database, user) == []
    async with worker_database.unit_of_work() as session:
        assert await service.coverage_of(session, user) == []


async def test_a_chain_that_was_thrown_away_takes_its_events_along(
    traded: Traded,
    imported: Import,
    new_user: NewUser,
    app_database: Database,
    make_market: Callable[..., Any],
):
    user = await new_user()
    await imported(user, DEMO)
    assert await events(app_database, user)
    another = make_market()
    await another.anvil.mine()
    await another.anvil.mine([transfer_transaction(another.addresses, WHALE, DEMO, "USDC", 8)])
    assert await imported(user, DEMO, url=another.anvil.url)
    assert [event.legs[0].amount_raw for event in (await events(app_database, user))[-1:]] == [8]
    assert (await covered(app_database, user)).to_block == (await another.anvil.head())[0]
