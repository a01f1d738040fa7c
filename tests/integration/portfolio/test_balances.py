"""Balances in three ways against the node's own answer to each single question."""

import asyncio
import random
from collections.abc import Callable

import pytest

from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import MULTICALL3
from backend.chain.rpc.pool import RpcPool
from backend.core.settings import DEMO_CHAIN_ID
from backend.demo.accounts import ACCOUNTS
from backend.demo.rpc import Rpc
from backend.demo.transactions import Transaction
from backend.portfolio.balances import checker, ways
from backend.portfolio.balances.pairs import Pairs
from backend.portfolio.balances.reader import read_balances, read_chain
from tests.doubles.rpc_proxy import Fault, RpcProxy
from tests.doubles.tokens import deploy_tokens, mint, rebase, transfer
from tests.integration.chain.harness import Anvil

WALLETS = [address.lower() for address in ACCOUNTS.values()]
PRECOMPILE = "0x" + "2".rjust(40, "0")
NOBODY = "0x" + "ab" * 20
GOOD = ("PlainToken", "FeeToken", "RebasingToken", "WordToken", "HeavyToken", "LongToken", "EndlessToken")
BAD = {
    "RevertingToken": checker.REVERTED,
    "BurningToken": checker.USED_UP,
    "SilentToken": checker.NO_NUMBER,
    "ShortToken": checker.NO_NUMBER,
}
WAYS = {
    "checker": (Fault.NONE, MULTICALL3),
    "multicall": (Fault.NO_OVERRIDES, MULTICALL3),
    "single": (Fault.NO_OVERRIDES, None),
}


async def asked_singly(anvil: Anvil, wallet: str, token: str, block: int) -> int | None:
    """The balance as the node says it to one plain question, None when it says none."""
    if token == NATIVE_TOKEN:
        return int(await anvil.call("eth_getBalance", wallet, hex(block)), 16)
    data = "0x70a08231" + wallet[2:].rjust(64, "0")
    async with Rpc(anvil.url) as rpc:
        (answer,) = await rpc.batch([("eth_call", [{"to": token, "data": data, "gas": hex(600_000)}, hex(block)])])
    if not isinstance(answer, str) or len(answer) < 66:
        return None
    return int(answer[2:66], 16)


@pytest.fixture(scope="module")
async def tokens(anvil: Anvil) -> dict[str, str]:
    """Every kind of token, with balances where it has some."""
    names = [*GOOD, *BAD, "PickyToken"]
    arguments = {"PlainToken": ("PLAIN", 18)}
    async with Rpc(anvil.url) as rpc:
        made = await deploy_tokens(rpc, [(name, arguments.get(name, ())) for name in names])
        zero, wide = await deploy_tokens(rpc, [("PlainToken", ("ZERO", 0)), ("PlainToken", ("WIDE", 36))])
    found = {**dict(zip(names, made, strict=True)), "ZERO": zero, "WIDE": wide}
    amounts = {"PlainToken": 10**18, "FeeToken": 10**20, "RebasingToken": 10**9, "ZERO": 3, "WIDE": 5 * 10**36}
    for name, amount in amounts.items():
        await anvil.mine([mint(found[name], wallet, amount * (place + 1)) for place, wallet in enumerate(WALLETS)])
    return found


@pytest.mark.parametrize("way", WAYS)
async def test_five_hundred_random_balances_are_those_of_single_questions(
    anvil: Anvil, proxy: RpcProxy, tokens: dict[str, str], make_pool: Callable[..., RpcPool], way: str
):
    proxy.fault, multicall3 = WAYS[way]
    chance = random.Random(way)
    pool = make_pool(proxy.url)
    wanted = Pairs.every([*WALLETS, NOBODY], [NATIVE_TOKEN, *tokens.values(), PRECOMPILE, NOBODY])
    checked = 0
    movable = [tokens[name] for name in ("PlainToken", "FeeToken", "RebasingToken", "ZERO", "WIDE")]
    for _ in range(25):
        moves = [
            transfer(*(chance.choice(WALLETS), chance.choice(movable), chance.choice(WALLETS)), chance.randint(0, 2))
            for _ in range(12)
        ]
        native = Transaction(
            ACCOUNTS["guest"].lower(), chance.choice(WALLETS), "0x", 30_000, value_wei=chance.randint(1, 9)
        )
        await anvil.mine([*moves, native, rebase(tokens["RebasingToken"], chance.randint(10**17, 10**19))])
        sheet = await read_chain(pool, wanted, multicall3)
        assert sheet.block is not None and (sheet.block.number, sheet.block.hash) == await anvil.head()
        balances = list(sheet)
        for place in chance.sample(range(len(wanted)), 20):
            found = balances[place]
            wallet, token = wanted.pair(place)
            assert (found.wallet, found.asset.token, found.block_hash) == (wallet, token, sheet.block.hash)
            expected = await asked_singly(anvil, wallet, token, sheet.block.number)
            if token == PRECOMPILE:  # a function of the EVM, which answers 32 bytes to anything
                expected = None
            assert (found.amount_raw, found.problem is None) == (expected, expected is not None), (wallet, token)
            checked += 1
    assert checked == 500
    assert proxy.asked["eth_getBalance"] == 0 or way == "single"


@pytest.mark.parametrize("way", WAYS)
async def test_what_a_bad_token_does_stays_with_it(
    proxy: RpcProxy, tokens: dict[str, str], make_pool: Callable[..., RpcPool], way: str
):
    proxy.fault, multicall3 = WAYS[way]
    wanted = Pairs.every(WALLETS, [*tokens.values(), PRECOMPILE, NOBODY])
    sheet = await read_chain(make_pool(proxy.url), wanted, multicall3, 20)
    names = {address: name for name, address in tokens.items()}
    for balance in sheet:
        name = names.get(balance.asset.token)
        if name == "PickyToken":
            assert balance.amount_raw == (7 if int(balance.wallet, 16) % 2 == 0 else None)
        elif name in BAD:
            assert balance.amount_raw is None and balance.problem
            if way == "checker":
                assert balance.problem == checker.PROBLEMS[BAD[name]]
        elif name is None:
            assert balance.amount_raw is None
            assert balance.problem in (checker.PROBLEMS[checker.NO_CONTRACT], checker.PROBLEMS[checker.NO_NUMBER])
        else:
            assert balance.amount_raw is not None and balance.problem is None, name
    by_name = {(names.get(b.asset.token), b.wallet): b.amount_raw for b in sheet}
    wallet = WALLETS[4]
    assert by_name["LongToken", wallet] == 42
    assert by_name["EndlessToken", wallet] == 2**256 - 1
    assert by_name["HeavyToken", wallet] == int(wallet, 16)
    assert by_name["WordToken", wallet] == int(wallet, 16) % 1000


async def test_many_tokens_that_burn_gas_leave_the_others_readable(
    anvil: Anvil, proxy: RpcProxy, tokens: dict[str, str], make_pool: Callable[..., RpcPool]
):
    """A hundred of them need 50 million gas, and the node gives 30 million a call: the rest is asked again."""
    async with Rpc(anvil.url) as rpc:
        burning = await deploy_tokens(rpc, [("BurningToken", ())] * 100)
    wanted = Pairs.of([(wallet, token) for wallet in WALLETS[:2] for token in [*burning, tokens["WIDE"], NATIVE_TOKEN]])
    sheet = await read_chain(make_pool(proxy.url), wanted, MULTICALL3, 20)
    for balance in sheet:
        assert (balance.amount_raw is None) == (balance.asset.token in burning)
        assert balance.problem == (checker.PROBLEMS[checker.USED_UP] if balance.amount_raw is None else None)
    assert set(proxy.asked) == {"eth_chainId", "eth_getBlockByNumber", "eth_call"}


@pytest.mark.parametrize("fault", [Fault.NO_OVERRIDES, Fault.OVERRIDES_IGNORED])
async def test_a_provider_without_overrides_is_asked_through_multicall(
    proxy: RpcProxy, tokens: dict[str, str], make_pool: Callable[..., RpcPool], fault: Fault
):
    proxy.fault = fault
    pool = make_pool(proxy.url)
    wanted = Pairs.every(WALLETS, [NATIVE_TOKEN, tokens["PlainToken"]])
    for _ in range(2):
        proxy.asked.clear()
        sheet = await read_chain(pool, wanted, MULTICALL3)
        assert None not in sheet.amounts and pool.providers[0].takes_code_override is False
    assert proxy.asked["eth_call"] == 1, "it is not tried again"


async def test_a_chain_without_multicall_is_asked_in_batches(
    proxy: RpcProxy, tokens: dict[str, str], make_pool: Callable[..., RpcPool]
):
    proxy.fault = Fault.NO_OVERRIDES
    wanted = Pairs.every(WALLETS, [NATIVE_TOKEN, tokens["PlainToken"], tokens["BurningToken"]])
    for multicall3 in (None, NOBODY):  # none that is known, and none at the address that is
        proxy.asked.clear()
        sheet = await read_chain(make_pool(proxy.url), wanted, multicall3)
        assert proxy.asked["eth_getBalance"] == len(WALLETS)
        assert [b.amount_raw is None for b in sheet] == [b.asset.token == tokens["BurningToken"] for b in sheet]


async def test_a_reorganisation_after_the_pin_has_everything_read_again(
    anvil: Anvil, proxy: RpcProxy, tokens: dict[str, str], make_pool: Callable[..., RpcPool]
):
    token, wallet = tokens["ZERO"], WALLETS[0]
    await anvil.mine([mint(token, wallet, 5)])
    moved = []

    async def reorganise(call: dict) -> None:
        if call["method"] == "eth_call" and not moved:
            moved.append(True)
            other = mint(token, wallet, 1_000).params()
            await anvil.call("anvil_reorg", 1, [[other, 0]])

    pool = make_pool(proxy.url)
    assert (await read_chain(pool, Pairs.of([(wallet, token)]), MULTICALL3)).block is not None
    dropped = await anvil.head()
    proxy.before = reorganise
    sheet = await read_chain(pool, Pairs.of([(wallet, token)]), MULTICALL3)
    assert moved and sheet.block is not None
    assert (sheet.block.number, sheet.block.hash) == await anvil.head() != dropped
    assert sheet.amounts == [await asked_singly(anvil, wallet, token, sheet.block.number)]


async def test_a_chain_that_does_not_come_to_rest_is_unknown(
    anvil: Anvil, proxy: RpcProxy, tokens: dict[str, str], make_pool: Callable[..., RpcPool]
):
    async def reorganise(call: dict) -> None:
        if call["method"] == "eth_call":
            await anvil.call("anvil_reorg", 1, [])

    await anvil.mine(blocks=5)
    proxy.before = reorganise
    sheet = await read_chain(make_pool(proxy.url), Pairs.of([(WALLETS[0], tokens["ZERO"])]), MULTICALL3)
    assert sheet.amounts == [None] and sheet.block is None
    assert [b.problem for b in sheet] == ["The chain reorganised while its balances were read."]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.STALL, "The chain's providers did not answer in time."),
        (Fault.SERVER_ERROR, "The chain's providers cannot be reached."),
        (Fault.THROTTLE, "The chain's providers ask us to slow down."),
        (Fault.HTML, "The chain's providers gave no usable answer."),
        (Fault.WRONG_CHAIN, "The chain's providers contradict themselves."),
    ],
)
async def test_a_failing_chain_is_unknown_with_the_reason_and_holds_up_no_other(
    anvil: Anvil, proxy: RpcProxy, tokens: dict[str, str], make_pool: Callable[..., RpcPool], fault: Fault, words: str
):
    proxy.fault = fault
    pairs = Pairs.of([(WALLETS[0], tokens["ZERO"]), (WALLETS[1], NATIVE_TOKEN)])
    pools = {1: make_pool(proxy.url), 2: make_pool(anvil.url)}
    found = await read_balances(pools, {1: pairs, 2: pairs}, {1: MULTICALL3, 2: MULTICALL3}, chain_seconds=1.5)
    failing, sound = found.values()
    assert failing.amounts == [None, None] and {b.problem for b in failing} == {words}
    assert None not in sound.amounts


async def test_the_second_provider_stands_in_whole(
    anvil: Anvil, proxy: RpcProxy, tokens: dict[str, str], make_pool: Callable[..., RpcPool]
):
    proxy.fault = Fault.STALL
    wanted = Pairs.every(WALLETS, [tokens["ZERO"]])
    sheet = await read_chain(make_pool(proxy.url, anvil.url), wanted, MULTICALL3)
    assert None not in sheet.amounts and sheet.chain_id == DEMO_CHAIN_ID


async def test_what_came_in_time_stays_when_the_rest_did_not(
    anvil: Anvil,
    proxy: RpcProxy,
    tokens: dict[str, str],
    make_pool: Callable[..., RpcPool],
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(ways, "CHECKER_PAIRS", len(WALLETS))
    slow = tokens["WIDE"][2:]

    async def hold_up(call: dict) -> None:
        if call["method"] == "eth_call" and slow in call["params"][0]["data"]:
            await asyncio.sleep(3600)

    proxy.before = hold_up
    wanted = Pairs.every(WALLETS, [tokens["ZERO"], tokens["WIDE"]])
    sheet = await read_chain(make_pool(proxy.url), wanted, MULTICALL3, 1.5)
    assert sheet.block is not None
    for balance in sheet:
        assert (balance.amount_raw is None) == (balance.asset.token == tokens["WIDE"])
        assert balance.problem == (ways.NO_TIME if balance.amount_raw is None else None)


async def test_a_chain_that_halted_is_read_as_of_its_last_block(
    anvil: Anvil, tokens: dict[str, str], make_pool: Callable[..., RpcPool]
):
    pool, wanted = make_pool(anvil.url), Pairs.of([(WALLETS[0], tokens["ZERO"])])
    first, second = await read_chain(pool, wanted, MULTICALL3), await read_chain(pool, wanted, MULTICALL3)
    assert first.block == second.block and first.amounts == second.amounts
