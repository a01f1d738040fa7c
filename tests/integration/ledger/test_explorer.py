"""History from an explorer with Etherscan's API: complete, in pages, and honest about what it refuses."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.core.db import Database
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.accounts import ACCOUNTS
from backend.demo.swaps import transfer_transaction
from backend.ledger.importing import explorer as explorer_way
from tests.doubles.explorer import ExplorerDouble, Fault
from tests.doubles.rpc_proxy import RpcProxy
from tests.integration.ledger.conftest import Import, NewUser, Traded
from tests.integration.ledger.test_importing import assert_agrees, covered, events

DEMO = ACCOUNTS["demo_trading"].lower()


@pytest.fixture
async def explorer(traded: Traded) -> AsyncIterator[ExplorerDouble]:
    double = ExplorerDouble(DEMO_CHAIN_ID)
    await double.index(traded.market.anvil.url, min(traded.balances))
    async with double.running() as running:
        yield running


@pytest.fixture
async def plain_node(traded: Traded) -> AsyncIterator[RpcProxy]:
    """A node that neither has traces nor looks for logs: what is known of the wallet comes from the explorer."""

    async def nothing(call: dict[str, Any]) -> None:
        if call["method"].startswith("trace_") or call["method"] == "eth_getLogs":
            call["method"] = "no_such_method"

    async with RpcProxy(traded.market.anvil.url, before=nothing).running() as running:
        yield running


def settings(explorer: ExplorerDouble, **more: Any) -> dict[str, Any]:
    return {
        "explorer_api_key": explorer.key,
        "explorer_api_url": explorer.url,
        "explorer_requests_per_second": 500.0,
        "explorer_timeout_seconds": 0.5,
        **more,
    }


async def test_what_an_explorer_lists_agrees_with_the_balances(
    traded: Traded,
    imported: Import,
    new_user: NewUser,
    app_database: Database,
    explorer: ExplorerDouble,
    plain_node: RpcProxy,
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(explorer_way, "PAGE", 3)  # many pages
    monkeypatch.setattr(explorer_way, "THROTTLE_SECONDS", 0.05)
    explorer.fault = Fault.RATE_LIMIT
    user, by_node = await new_user(), await new_user()
    assert await imported(user, *traded.wallets[:6], url=plain_node.url, **settings(explorer))
    blocks = sorted(traded.balances)
    for wallet in traded.wallets[:6]:
        found = await events(app_database, user, wallet)
        assert_agrees(traded, wallet, found, blocks[0], blocks[-1])
        assert {event.source for event in found} <= {"explorer"}
        known = await covered(app_database, user, wallet)
        assert (known.from_block, known.to_block, known.source) == (0, blocks[-1], "explorer")
        assert known.reached_start and known.native_is_known and known.problem is None
    assert explorer.limited == 2
    # What a node with traces finds is the same.
    await imported(by_node, DEMO)
    ours = [event for event in await events(app_database, by_node, DEMO) if event.block_number >= blocks[0]]
    theirs = [event for event in await events(app_database, user, DEMO) if event.block_number >= blocks[0]]
    assert [(event.id, event.kind, event.legs) for event in ours] == [(e.id, e.kind, e.legs) for e in theirs]


@pytest.mark.parametrize(
    "fault", [each for each in Fault if each not in (Fault.NONE, Fault.RATE_LIMIT, Fault.UNKNOWN_CHAIN)]
)
async def test_an_explorer_that_breaks_changes_nothing(
    traded: Traded,
    imported: Import,
    new_user: NewUser,
    app_database: Database,
    explorer: ExplorerDouble,
    plain_node: RpcProxy,
    fault: Fault,
):
    user = await new_user()
    explorer.fault = fault
    assert not await imported(user, DEMO, url=plain_node.url, **settings(explorer))
    broken = await covered(app_database, user)
    assert broken.problem and "explorer" in broken.problem and broken.to_block < broken.from_block
    assert explorer.key not in broken.problem


async def test_a_chain_that_the_explorer_does_not_have_is_read_from_its_nodes(
    traded: Traded, imported: Import, new_user: NewUser, app_database: Database, explorer: ExplorerDouble
):
    user = await new_user()
    explorer.fault = Fault.UNKNOWN_CHAIN
    assert await imported(user, DEMO, **settings(explorer))
    known = await covered(app_database, user)
    assert (known.source, known.problem, known.to_block) == ("chain", None, max(traded.balances))
    asked = sum(explorer.asked.values())
    await traded.send(transfer_transaction(traded.market.addresses, ACCOUNTS["whale"], DEMO, "USDC", 7))
    assert await imported(user, DEMO, **settings(explorer))
    assert sum(explorer.asked.values()) == asked, "it is asked again tomorrow"
