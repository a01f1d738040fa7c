"""Contracts of the demo market to which things happen: price feeds, an upgradeable vault, an owner, a governor."""

from backend.demo import plan
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import DemoAddresses, DemoWatched
from backend.demo.calldata import MAX_UINT256, call_data, decode_words
from backend.demo.rpc import Rpc
from backend.demo.transactions import Creations, Transaction, send_and_mine

FEED_SYMBOLS = ("WETH", "WBTC", "UNI", "DAI")
FEED_DECIMALS = 8
VOTES_EACH = 1_000 * 10**18
CALL_GAS = 200_000
GUEST_POOLS = ("WETH-USDC-V2", "UNI-WETH-V2")
GUEST_SHARE = 10  # the treasury's liquidity divided by this is the guest's
_NOBODY = "0x" + "00" * 20


async def deploy_watched(rpc: Rpc, market: DemoAddresses) -> DemoAddresses:
    """Deploy the contracts and return the market with them. Raises UnavailableError when a transaction fails."""
    treasury, guest = ACCOUNTS["treasury"], ACCOUNTS["guest"]
    made = Creations(treasury, int(await rpc.call("eth_getTransactionCount", treasury, "pending"), 16))
    keys = [treasury, guest]
    keyrings = tuple(made.create("DemoKeyring", ["address[]"], [keys]) for _ in range(2))
    versions = tuple(made.create("DemoVault", ["uint256"], [number]) for number in (1, 2))
    proxy = ["address", "address", "bytes"]
    vault = made.create("TransparentUpgradeableProxy", proxy, [versions[0], keyrings[0], b""])
    ownable = made.create("ProxyAdmin")
    feeds = {
        symbol: made.create("DemoFeed", ["string", "address[]"], [f"{symbol} / USD", keys]) for symbol in FEED_SYMBOLS
    }
    holders = [ACCOUNTS[name] for name in ("treasury", "guest", "whale", "whale_2")]
    votes = made.create("DemoVotes", ["address[]", "uint256"], [holders, VOTES_EACH])
    # The timelock must name the governor, and the governor the timelock: one address is known beforehand.
    governor = made.address(len(made.transactions) + 1)
    roles = ["uint256", "address[]", "address[]", "address"]
    timelock = made.create("TimelockController", roles, [0, [governor], [_NOBODY], _NOBODY])
    assert made.create("DemoGovernor", ["address", "address"], [votes, timelock]) == governor
    await send_and_mine(rpc, made.transactions)

    setting_up = [Transaction(treasury, ownable, call_data("transferOwnership(address)", keyrings[0]), CALL_GAS)]
    for symbol, feed in feeds.items():
        answer = int(plan.TOKENS[symbol].price_usd * 10**FEED_DECIMALS)
        setting_up.append(Transaction(treasury, feed, call_data("report(int256)", answer), CALL_GAS))
    setting_up += await _shares(rpc, market)
    await send_and_mine(rpc, setting_up)
    watched = DemoWatched(
        vault=vault,
        vault_versions=(versions[0], versions[1]),
        ownable=ownable,
        keyrings=(keyrings[0], keyrings[1]),
        governor=governor,
        votes=votes,
        timelock=timelock,
    )
    return market.model_copy(update={"feeds": feeds, "watched": watched})


async def _shares(rpc: Rpc, market: DemoAddresses) -> list[Transaction]:
    """Return what gives the guest some of the liquidity, and lets the router take it back out of the pools."""
    treasury, guest = ACCOUNTS["treasury"], ACCOUNTS["guest"]
    approve = call_data("approve(address,uint256)", market.routers.uniswap_v2, MAX_UINT256)
    transactions: list[Transaction] = []
    for name, pool in market.pools.items():
        if pool.kind != "uniswap_v2":
            continue
        transactions.append(Transaction(treasury, pool.address, approve, CALL_GAS))
        if name in GUEST_POOLS:
            share = await liquidity_of(rpc, pool.address, treasury) // GUEST_SHARE
            transfer = call_data("transfer(address,uint256)", guest, share)
            transactions.append(Transaction(treasury, pool.address, transfer, CALL_GAS))
            transactions.append(Transaction(guest, pool.address, approve, CALL_GAS))
    return transactions


async def liquidity_of(rpc: Rpc, pool: str, owner: str) -> int:
    """Return how many of a V2 pool's shares somebody has."""
    data = call_data("balanceOf(address)", owner)
    (held,) = decode_words(["uint256"], await rpc.call("eth_call", {"to": pool, "data": data}, "latest"))
    return held
