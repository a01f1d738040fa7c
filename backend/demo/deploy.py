"""Deploys the demo market once: contracts, pools with liquidity, and funds for everybody who acts in it.

All transactions of a stage are handed to the node in one batch with explicit nonces and mined at once, so that a fresh
chain with 2-second blocks is ready in about a second.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog

from backend.core.errors import UnavailableError
from backend.demo import plan
from backend.demo.aave import deploy_aave
from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import ByVersion, DemoAddresses, DemoToken, load_addresses, save_addresses
from backend.demo.anvil import BLOCK_GAS_LIMIT
from backend.demo.artifacts import multicall3_runtime
from backend.demo.earning import give_earning
from backend.demo.funding import DEMO_ROLES, fund_demo_accounts, gifts, leaves, stock
from backend.demo.liquidity import deployed_pools, pool_transactions
from backend.demo.positions import give_positions
from backend.demo.rpc import Rpc
from backend.demo.transactions import Creations, Transaction, send_and_mine
from backend.demo.watched import deploy_watched

MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
DEPLOY_BLOCK_GAS_LIMIT = 500_000_000
STARTING_BASE_FEE_WEI = 12 * 10**9
TREASURY_WEI = 10_000_000 * 10**18
_NO_DESCRIPTOR = "0x" + "00" * 20
Addition = Callable[[Rpc, DemoAddresses], Awaitable[DemoAddresses]]

log = structlog.stdlib.get_logger(__name__)


async def deploy_market(rpc_url: str, addresses_file: Path, *, with_demo_accounts: bool = True) -> DemoAddresses:
    """Make sure that the market exists on the chain at `rpc_url` and that `addresses_file` says where.

    Does nothing when it is there already; deploys anew when the chain is fresh, whatever the file says. Without the
    demo accounts these hold nothing yet: a later call gives them what they have, at prices that are known by then.
    Raises UnavailableError when the chain does not answer or a deployment transaction fails.
    """
    async with Rpc(rpc_url) as rpc:
        existing = await existing_market(rpc, addresses_file)
        if existing is not None and not _lacking(existing, with_demo_accounts):
            return existing
        await rpc.call("evm_setBlockGasLimit", hex(DEPLOY_BLOCK_GAS_LIMIT))
        try:
            addresses = existing or await _deploy(rpc)
            for add in _lacking(addresses, with_demo_accounts):
                addresses = await add(rpc, addresses)
        finally:
            await rpc.call("evm_setBlockGasLimit", hex(BLOCK_GAS_LIMIT))
        await rpc.call("evm_mine")
        if existing is None:
            block = int(await rpc.call("eth_blockNumber"), 16) - 1
            addresses = addresses.model_copy(update={"deployed_at_block": block})
        save_addresses(addresses_file, addresses)
        log.info("demo market deployed", block=addresses.deployed_at_block, pools=len(addresses.pools))
        return addresses


def _lacking(market: DemoAddresses, with_demo_accounts: bool) -> list[Addition]:
    """Return what a market does not have yet, in the order in which one builds on the other."""
    additions: list[tuple[object | None, Addition]] = [(market.watched, deploy_watched), (market.aave, deploy_aave)]
    if with_demo_accounts:
        additions += [
            (market.position_token_id, fund_demo_accounts),
            (market.position_token_id, give_positions),
            (market.earning, give_earning),
        ]
    return [add for there, add in additions if there is None]


async def existing_market(rpc: Rpc, addresses_file: Path) -> DemoAddresses | None:
    """Return the addresses in the file when this chain has code at every one of them, else None."""
    try:
        addresses = load_addresses(addresses_file)
    except UnavailableError:
        return None
    codes = await rpc.all([("eth_chainId", ()), *(("eth_getCode", (item, "latest")) for item in addresses.contracts())])
    same_chain = int(codes[0], 16) == addresses.chain_id
    return addresses if same_chain and all(code != "0x" for code in codes[1:]) else None


async def _deploy(rpc: Rpc) -> DemoAddresses:
    """Deploy everything in three stages: contracts; approvals, balances and pools; then look the pools up."""
    treasury = ACCOUNTS["treasury"]
    nonce = int(await rpc.call("eth_getTransactionCount", treasury, "pending"), 16)
    ether = {role: plan.planned_balance(role, plan.NATIVE) for role in ACCOUNTS}
    ether |= {"treasury": TREASURY_WEI, **dict.fromkeys(DEMO_ROLES, 0)}
    await rpc.all(
        [
            *(("anvil_setBalance", (ACCOUNTS[role], hex(amount))) for role, amount in ether.items()),
            ("anvil_setNextBlockBaseFeePerGas", (hex(STARTING_BASE_FEE_WEI),)),
            ("anvil_setCode", (MULTICALL3, multicall3_runtime())),
        ]
    )
    creations, contracts = _contract_transactions(treasury, nonce)
    await send_and_mine(rpc, creations)

    tokens = {symbol: contracts[symbol] for symbol in plan.TOKENS}
    roles = [role for role in ACCOUNTS if role not in ("treasury", *DEMO_ROLES)]
    own = leaves(tokens, (contracts["Router02"], contracts["PositionManager"]), ["treasury"])
    others = leaves(tokens, (contracts["Router02"], contracts["SwapRouter"]), roles)
    await send_and_mine(rpc, [*stock(tokens), *gifts(tokens, roles), *own, *others])
    await send_and_mine(rpc, pool_transactions(tokens, contracts["Router02"], contracts["PositionManager"]))
    pools = await deployed_pools(rpc, tokens, contracts["V2Factory"], contracts["V3Factory"])
    chain_id, block = await rpc.all([("eth_chainId", ()), ("eth_blockNumber", ())])
    return DemoAddresses(
        chain_id=int(chain_id, 16),
        deployed_at_block=int(block, 16),
        tokens={
            symbol: DemoToken(address=address, decimals=plan.TOKENS[symbol].decimals, symbol=symbol)
            for symbol, address in tokens.items()
        },
        pools=pools,
        factories=ByVersion(uniswap_v2=contracts["V2Factory"], uniswap_v3=contracts["V3Factory"]),
        routers=ByVersion(uniswap_v2=contracts["Router02"], uniswap_v3=contracts["SwapRouter"]),
        position_manager=contracts["PositionManager"],
        quoter_v2=contracts["QuoterV2"],
        multicall3=MULTICALL3,
        block_load=contracts["BlockLoad"],
        wrapped_native=tokens["WETH"],
        usd_stablecoin=tokens["USDC"],
        accounts=dict(ACCOUNTS),
    )


def _contract_transactions(treasury: str, first_nonce: int) -> tuple[list[Transaction], dict[str, str]]:
    """Return the creations in nonce order and the address that each name will have."""
    creations = Creations(treasury, first_nonce)
    addresses: dict[str, str] = {}

    def create(name: str, contract: str, types: Sequence[str] = (), arguments: Sequence[object] = ()) -> str:
        addresses[name] = creations.create(contract, types, arguments)
        return addresses[name]

    weth = create("WETH", "WETH9")
    for token in plan.TOKENS.values():
        if token.symbol != "WETH":
            create(token.symbol, "DemoToken", ["string", "string", "uint8"], [token.name, token.symbol, token.decimals])
    v2_factory = create("V2Factory", "UniswapV2Factory", ["address"], [treasury])
    create("Router02", "UniswapV2Router02", ["address", "address"], [v2_factory, weth])
    v3_factory = create("V3Factory", "UniswapV3Factory")
    create("SwapRouter", "SwapRouter", ["address", "address"], [v3_factory, weth])
    create(
        "PositionManager",
        "NonfungiblePositionManager",
        ["address", "address", "address"],
        [v3_factory, weth, _NO_DESCRIPTOR],
    )
    create("QuoterV2", "QuoterV2", ["address", "address"], [v3_factory, weth])
    create("BlockLoad", "BlockLoad")
    return creations.transactions, addresses
