"""What can be made to happen in the demo market now: for trying alerts out, and for browser tests.

From the shell, against the running demo market (prints the hash of the transaction that caused it):

    python -m backend.demo.causes liquidity_removed          the guest takes 9 % of UNI-WETH-V2 out
    python -m backend.demo.causes ownership_changed          of `watched.ownable` in addresses.json
    python -m backend.demo.causes implementation_changed     of `watched.vault`
    python -m backend.demo.causes proposal_created           … vote_cast, proposal_canceled, proposal_executed
    python -m backend.demo.causes oracle_deviation           the WETH feed says 7 % less than the pools
    python -m backend.demo.causes oracle_back                … and the pools' price again
    python -m backend.demo.causes gas_spike                  ten blocks as full as they get
    python -m backend.demo.causes volume_spike               $60M of DAI traded there and back

From code: `await cause(rpc_url, market, "ownership_changed")`. All act from the account `guest` (docs/demo-market.md).
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from backend.core.errors import UnavailableError
from backend.core.settings import get_settings
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses, DemoWatched, load_addresses
from backend.demo.calldata import call_data, decode_words
from backend.demo.rpc import Rpc
from backend.demo.swaps import load_transaction, swap_transaction
from backend.demo.transactions import Transaction
from backend.demo.watched import CALL_GAS, FEED_DECIMALS, liquidity_of

GUEST = ACCOUNTS["guest"]
GOVERNANCE_GAS = 700_000
LIQUIDITY_GAS = 500_000
NEVER = 2**63
FULL_BLOCKS = 10
FULL_BLOCK_GAS = 28_000_000
URGENT_WEI = 20 * 10**9
VOLUME_POOL = "USDC-DAI-V3-500"
VOLUME_USD, VOLUME_TRIPS = 10_000_000, 3
BACK_SHARE = 0.98  # of the dollars spent: what they bought is a little less than that
PATIENCE_SECONDS = 120.0
_CALLS = "address[],uint256[],bytes[],bytes32"


class Proposal:
    """A proposal to grant some votes' worth of budget, told apart by its title."""

    def __init__(self, watched: DemoWatched, title: str) -> None:
        self.governor = watched.governor
        self.description = f"# {title}\n\nThe timelock approves the spending of up to 1,000 DGOV by the treasury."
        approve = bytes.fromhex(call_data("approve(address,uint256)", ACCOUNTS["treasury"], 1_000 * 10**18)[2:])
        self.calls = ([watched.votes], [0], [approve])
        hashed = keccak(text=self.description)
        self.id = int.from_bytes(
            keccak(encode(["address[]", "uint256[]", "bytes[]", "bytes32"], [*self.calls, hashed])), "big"
        )
        self._hash = hashed

    def propose(self, sender: str) -> Transaction:
        """Return the proposal itself."""
        data = call_data("propose(address[],uint256[],bytes[],string)", *self.calls, self.description)
        return Transaction(sender, self.governor, data, GOVERNANCE_GAS)

    def vote(self, sender: str, support: int = 1, reason: str = "") -> Transaction:
        """Return a vote: 0 against, 1 for, 2 abstain. Fails on chain before the voting begins."""
        data = call_data("castVoteWithReason(uint256,uint8,string)", self.id, support, reason)
        return Transaction(sender, self.governor, data, GOVERNANCE_GAS)

    def step(self, name: str, sender: str) -> Transaction:
        """Return one of queue, execute and cancel."""
        return Transaction(
            sender, self.governor, call_data(f"{name}({_CALLS})", *self.calls, self._hash), GOVERNANCE_GAS
        )


async def cause(rpc_url: str, market: DemoAddresses, name: str) -> str:
    """Make it happen and return the hash of the transaction that did, once a block holds it.

    `name` is one of CAUSES. Raises KeyError for another, UnavailableError when the chain or a contract refuses.
    """
    run = _CAUSES[name]
    async with Rpc(rpc_url) as rpc, asyncio.timeout(PATIENCE_SECONDS):
        return await run(rpc, market)


async def _done(rpc: Rpc, transaction: Transaction) -> str:
    sent = await rpc.call("eth_sendTransaction", transaction.params())
    receipt = None
    while receipt is None:
        await asyncio.sleep(0.1)
        receipt = await rpc.call("eth_getTransactionReceipt", sent)
    if int(receipt["status"], 16) != 1:
        raise UnavailableError(f"The transaction {sent} failed on the demo chain")
    return sent


def _watched(market: DemoAddresses) -> DemoWatched:
    if market.watched is None:
        raise UnavailableError("This demo market was deployed without contracts to watch; start the product once")
    return market.watched


async def _view(rpc: Rpc, address: str, signature: str, types: list[str], sender: str | None = None) -> tuple:
    call = {"to": address, "data": call_data(signature), **({"from": sender} if sender else {})}
    return decode_words(types, await rpc.call("eth_call", call, "latest"))


def act(keyring: str, sender: str, target: str, data: str) -> Transaction:
    """Return a call of `target` by a keyring, asked for by one of its keys."""
    calldata = call_data("act(address,bytes)", target, bytes.fromhex(data[2:]))
    return Transaction(sender, keyring, calldata, CALL_GAS)


async def change_owner(rpc: Rpc, market: DemoAddresses, sender: str) -> Transaction:
    """Return the transfer of the owned contract from one keyring to the other."""
    watched = _watched(market)
    (owner,) = await _view(rpc, watched.ownable, "owner()", ["address"])
    ours, others = watched.keyrings if owner.lower() == watched.keyrings[0].lower() else watched.keyrings[::-1]
    return act(ours, sender, watched.ownable, call_data("transferOwnership(address)", others))


async def upgrade(rpc: Rpc, market: DemoAddresses, sender: str) -> Transaction:
    """Return the upgrade of the vault to its other version (or back)."""
    watched = _watched(market)
    (version,) = await _view(rpc, watched.vault, "version()", ["uint256"])
    data = call_data("upgradeTo(address)", watched.vault_versions[version % 2])
    return act(watched.keyrings[0], sender, watched.vault, data)


async def remove_liquidity(rpc: Rpc, market: DemoAddresses, pool: str, sender: str, share: float) -> Transaction:
    """Return the removal of a share (0 to 1) of what the sender has in a V2 pool."""
    place = market.pools[pool]
    amount = await liquidity_of(rpc, place.address, sender) * round(share * 10_000) // 10_000
    signature = "removeLiquidity(address,address,uint256,uint256,uint256,address,uint256)"
    data = call_data(signature, place.token0, place.token1, amount, 0, 0, sender, NEVER)
    return Transaction(sender, market.routers.uniswap_v2, data, LIQUIDITY_GAS)


def report(market: DemoAddresses, symbol: str, price_usd: float, sender: str) -> Transaction:
    """Return a feed's next answer."""
    data = call_data("report(int256)", int(price_usd * 10**FEED_DECIMALS))
    return Transaction(sender, market.feeds[symbol], data, CALL_GAS)


async def _pool_price(rpc: Rpc, market: DemoAddresses) -> float:
    """Return what the deepest pool says one WETH is worth in USDC."""
    pool = market.pools["WETH-USDC-V3-500"]
    sqrt_price, *_ = await _view(rpc, pool.address, "slot0()", ["uint160", "int24"])
    ratio = (sqrt_price / 2**96) ** 2 * 10**12
    return ratio if pool.token0 == market.wrapped_native else 10**24 / ratio


async def _propose(rpc: Rpc, market: DemoAddresses) -> tuple[Proposal, str]:
    proposal = Proposal(_watched(market), f"Grant a budget ({await _number(rpc)})")
    return proposal, await _done(rpc, proposal.propose(GUEST))


async def _number(rpc: Rpc) -> int:
    """Return what no proposal of the guest's was told apart by before."""
    return int(await rpc.call("eth_getTransactionCount", GUEST, "pending"), 16)


async def _state(rpc: Rpc, proposal: Proposal, wanted: int) -> None:
    """Wait for a proposal to be in a state: 1 active, 4 succeeded, 5 queued."""
    call = {"to": proposal.governor, "data": call_data("state(uint256)", proposal.id)}
    state = None
    while state != wanted:
        await asyncio.sleep(0.25)
        (state,) = decode_words(["uint8"], await rpc.call("eth_call", call, "latest"))


async def _proposal_created(rpc: Rpc, market: DemoAddresses) -> str:
    return (await _propose(rpc, market))[1]


async def _vote_cast(rpc: Rpc, market: DemoAddresses) -> str:
    proposal, _ = await _propose(rpc, market)
    await _state(rpc, proposal, 1)
    return await _done(rpc, proposal.vote(GUEST, reason="The budget is needed."))


async def _proposal_canceled(rpc: Rpc, market: DemoAddresses) -> str:
    """A proposal may be taken back by whoever made it until its voting begins: one block later."""
    proposal = Proposal(_watched(market), f"A mistake ({await _number(rpc)})")
    await rpc.call("eth_sendTransaction", proposal.propose(GUEST).params())
    return await _done(rpc, proposal.step("cancel", GUEST))


async def _proposal_queued(rpc: Rpc, market: DemoAddresses) -> str:
    return (await _queue(rpc, market))[1]


async def _queue(rpc: Rpc, market: DemoAddresses) -> tuple[Proposal, str]:
    proposal, _ = await _propose(rpc, market)
    await _state(rpc, proposal, 1)
    await _done(rpc, proposal.vote(GUEST))
    await _state(rpc, proposal, 4)
    return proposal, await _done(rpc, proposal.step("queue", GUEST))


async def _proposal_executed(rpc: Rpc, market: DemoAddresses) -> str:
    proposal, _ = await _queue(rpc, market)
    return await _done(rpc, proposal.step("execute", GUEST))


async def _liquidity_removed(rpc: Rpc, market: DemoAddresses) -> str:
    return await _done(rpc, await remove_liquidity(rpc, market, "UNI-WETH-V2", GUEST, 0.9))


async def _ownership_changed(rpc: Rpc, market: DemoAddresses) -> str:
    return await _done(rpc, await change_owner(rpc, market, GUEST))


async def _implementation_changed(rpc: Rpc, market: DemoAddresses) -> str:
    return await _done(rpc, await upgrade(rpc, market, GUEST))


async def _oracle_deviation(rpc: Rpc, market: DemoAddresses) -> str:
    return await _done(rpc, report(market, "WETH", await _pool_price(rpc, market) * 0.93, GUEST))


async def _oracle_back(rpc: Rpc, market: DemoAddresses) -> str:
    return await _done(rpc, report(market, "WETH", await _pool_price(rpc, market), GUEST))


async def _gas_spike(rpc: Rpc, market: DemoAddresses) -> str:
    load = load_transaction(market, GUEST, FULL_BLOCK_GAS, tip_wei=URGENT_WEI)
    for _ in range(FULL_BLOCKS - 1):
        await rpc.call("eth_sendTransaction", load.params())
    return await _done(rpc, load)


async def _volume_spike(rpc: Rpc, market: DemoAddresses) -> str:
    sent = ""
    for _ in range(VOLUME_TRIPS):
        there, back = (int(VOLUME_USD * part) for part in (1, BACK_SHARE))
        units = {"USDC": there * 10**6, "DAI": back * 10**18}
        for token in ("USDC", "DAI"):
            sent = await _done(rpc, swap_transaction(market, GUEST, [VOLUME_POOL], token, units[token]))
    return sent


_CAUSES: dict[str, Callable[[Rpc, DemoAddresses], Awaitable[str]]] = {
    "liquidity_removed": _liquidity_removed,
    "ownership_changed": _ownership_changed,
    "implementation_changed": _implementation_changed,
    "proposal_created": _proposal_created,
    "vote_cast": _vote_cast,
    "proposal_queued": _proposal_queued,
    "proposal_executed": _proposal_executed,
    "proposal_canceled": _proposal_canceled,
    "oracle_deviation": _oracle_deviation,
    "oracle_back": _oracle_back,
    "gas_spike": _gas_spike,
    "volume_spike": _volume_spike,
}
CAUSES = tuple(_CAUSES)


def main(arguments: list[str] | None = None) -> None:
    """Make one thing happen on the running demo market and print the transaction's hash."""
    parser = argparse.ArgumentParser(prog="python -m backend.demo.causes", description="Make something happen")
    parser.add_argument("name", choices=CAUSES)
    name = parser.parse_args(arguments).name
    settings = get_settings()
    market = load_addresses(settings.demo_addresses_file)
    sent = asyncio.run(cause(f"http://127.0.0.1:{settings.demo_chain_port}", market, name))
    sys.stdout.write(sent + "\n")


if __name__ == "__main__":
    main()
