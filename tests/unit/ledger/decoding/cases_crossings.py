"""Bridges, both ends; orders that a solver settles; venues of one contract for all pools."""

from backend.chain.events import NATIVE_TOKEN
from tests.unit.ledger.decoding.build import (
    DAI,
    FAKE,
    FRIEND,
    ME,
    NOBODY,
    STRANGER,
    USDC,
    WETH,
    Make,
    place,
    with_contracts,
)
from tests.unit.ledger.decoding.case import Case

ETH = NATIVE_TOKEN
SPOKE, STARGATE, OFT, HOP, OP, GATEWAY, INBOX, OUTBOX, ARB_SYS, COW = (place(0xCC00 + number) for number in range(10))
V4, UNIVERSAL, VAULT = place(0xCCF2), place(0xCCF3), place(0xCCF4)
BRIDGE, HOP_WRAPPER = place(0xCCF0), place(0xCCF1)
FACTS = with_contracts(
    {
        SPOKE: ("Across", "across_spoke_pool"),
        STARGATE: ("Stargate V2", "stargate_pool"),
        HOP: ("Hop", "hop_bridge"),
        OP: ("OP Stack bridge", "op_standard_bridge"),
        GATEWAY: ("Arbitrum bridge", "arbitrum_gateway"),
        INBOX: ("Arbitrum bridge", "arbitrum_inbox"),
        OUTBOX: ("Arbitrum bridge", "arbitrum_outbox"),
        ARB_SYS: ("Arbitrum bridge", "arb_sys"),
        COW: ("CoW Protocol", "cow_settlement"),
        V4: ("Uniswap V4", "router"),
        VAULT: ("Balancer V2", "balancer_vault"),
    }
)
GUID = bytes(range(32))


def deposited(name: str, account: str, number: str) -> str:
    return (
        f"{name}({account} it, {account} ot, uint256 ia, uint256 oa, uint256 indexed dest, {number} indexed id, "
        f"uint32 q, uint32 f, uint32 e, {account} indexed depositor, {account} recipient, {account} x, bytes message)"
    )


V3_DEPOSITED = deposited("V3FundsDeposited", "address", "uint32")
DEPOSITED = deposited("FundsDeposited", "bytes32", "uint256")
FILLED = (
    "FilledRelay(bytes32 it, bytes32 ot, uint256 ia, uint256 oa, uint256 rc, uint256 indexed oc, uint256 indexed id, "
    "uint32 f, uint32 e, bytes32 x, bytes32 indexed relayer, bytes32 depositor, bytes32 recipient, bytes32 h, "
    "bytes32 ur, bytes32 uh, uint256 ua, uint8 ft)"
)
SENT = "OFTSent(bytes32 indexed guid, uint32 dstEid, address indexed from, uint256 sent, uint256 received)"
RECEIVED = "OFTReceived(bytes32 indexed guid, uint32 srcEid, address indexed to, uint256 received)"
HOP_SENT = (
    "TransferSent(bytes32 indexed id, uint256 indexed c, address indexed r, uint256 amount, bytes32 n, uint256 b, "
    "uint256 i, uint256 m, uint256 d)"
)
HOP_TO_L2 = (
    "TransferSentToL2(uint256 indexed c, address indexed r, uint256 amount, uint256 m, uint256 d, address indexed l, "
    "uint256 fee)"
)
BONDED = "WithdrawalBonded(bytes32 indexed transferId, uint256 amount)"
OP_ETH = "(address indexed from, address indexed to, uint256 amount, bytes extraData)"
OP_TOKEN = "(address indexed a, address indexed b, address indexed from, address to, uint256 amount, bytes extraData)"
ARB_OUT = "DepositInitiated(address t, address indexed f, address indexed to, uint256 indexed n, uint256 a)"
ARB_BACK = (
    "WithdrawalInitiated(address t, address indexed f, address indexed to, uint256 indexed id, uint256 e, uint256 a)"
)
ARB_GOT = "WithdrawalFinalized(address t, address indexed f, address indexed to, uint256 indexed e, uint256 a)"
EXECUTED = "OutBoxTransactionExecuted(address indexed to, address indexed s, uint256 indexed z, uint256 i)"
MESSAGE = "InboxMessageDelivered(uint256 indexed messageNum, bytes data)"
TO_L1 = (
    "L2ToL1Tx(address caller, address indexed d, uint256 indexed h, uint256 indexed position, uint256 b, uint256 e, "
    "uint256 t, uint256 callvalue, bytes data)"
)
BALANCER = "Swap(bytes32 indexed id, address indexed i, address indexed o, uint256 a, uint256 b)"
TRADE = (
    "Trade(address indexed owner, address sellToken, address buyToken, uint256 sellAmount, uint256 buyAmount, "
    "uint256 feeAmount, bytes orderUid)"
)


def b32(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])


def across_fill(make: Make) -> Make:
    """Its last tuple is of fixed length: its words stand in line, though the topic is that of a tuple."""
    tokens, people = [b32(USDC), b32(WETH)], [b32(STRANGER), b32(FRIEND), b32(ME)]
    make.log(
        SPOKE, FILLED, *tokens, 101, 100, 1, 10, 77, 1, 1, bytes(32), *people, bytes(32), b32(ME), bytes(32), 100, 0
    )
    log = make.logs[-1]
    topic = "0x44b559f101f8fbcc8a0ea43fa91a05a729a5ea6e14a7c75aa750374690137208"
    make.logs[-1] = type(log)(
        log.address, (topic, *log.topics[1:]), log.data, log.tx_hash, log.log_index, 99, log.block_hash
    )
    return make


def settled(make: Make, bought: str = DAI) -> Make:
    make.moved(USDC, ME, COW, 1_000).moved(FAKE, STRANGER, ME, 10**30).moved(bought, COW, ME, 999)
    return make.log(COW, TRADE, ME, USDC, bought, 1_000, 999, 0, b"order")


CASES = [
    Case(
        "across deposit",
        Make(recipient=SPOKE)
        .moved(USDC, ME, SPOKE, 101)
        .log(SPOKE, V3_DEPOSITED, USDC, WETH, 101, 100, 10, 77, 1, 1, 1, ME, ME, NOBODY, b""),
        [("bridge", [(USDC, -101)])],
        FACTS,
        {"protocol": "Across", "identifiers": {"origin_chain_id": "1", "deposit_id": "77"}},
    ),
    Case(
        "across deposit of ether in the newer form",
        Make(recipient=SPOKE, value_wei=101)
        .log(WETH, "Deposit(address indexed dst, uint256 wad)", SPOKE, 101)
        .log(SPOKE, DEPOSITED, b32(WETH), b32(WETH), 101, 100, 10, 2**100, 1, 1, 1, b32(ME), b32(ME), bytes(32), b"x"),
        [("bridge", [(ETH, -101)])],
        FACTS,
        {"identifiers": {"origin_chain_id": "1", "deposit_id": str(2**100)}},
    ),
    Case(
        "across fill",
        across_fill(Make(sender=STRANGER, recipient=SPOKE).moved(ETH, SPOKE, ME, 100)),
        [("bridge", [(ETH, 100)])],
        FACTS,
        {"identifiers": {"origin_chain_id": "10", "deposit_id": "77"}, "fee_wei": 0},
    ),
    Case(
        "a spoke pool that nobody knows",
        Make(recipient=OFT)
        .moved(USDC, ME, OFT, 101)
        .log(OFT, V3_DEPOSITED, USDC, WETH, 101, 100, 10, 77, 1, 1, 1, ME, ME, NOBODY, b""),
        [("transfer", [(USDC, -101)])],
        FACTS,
    ),
    Case(
        "stargate sends ether, the message costs extra",
        Make(recipient=STARGATE, value_wei=105).log(STARGATE, SENT, GUID, 30110, ME, 100, 99),
        [("transfer", [(ETH, -5)]), ("bridge", [(ETH, -100)])],
        FACTS,
    ),
    Case(
        "a token that burns itself to cross",
        Make(recipient=OFT).moved(OFT, ME, NOBODY, 50).log(OFT, SENT, GUID, 30110, ME, 50, 50),
        [("bridge", [(OFT, -50)])],
        FACTS,
        {"protocol": None, "identifiers": {"guid": "0x" + GUID.hex()}},
    ),
    Case(
        "stargate delivers",
        Make(sender=STRANGER).moved(USDC, STARGATE, ME, 99).log(STARGATE, RECEIVED, GUID, 30101, ME, 99),
        [("bridge", [(USDC, 99)])],
        FACTS,
        {"identifiers": {"guid": "0x" + GUID.hex()}},
    ),
    Case(
        "a token of a stranger says that it came from afar",
        Make(sender=STRANGER).moved(OFT, NOBODY, ME, 99).log(OFT, RECEIVED, GUID, 30101, ME, 99),
        [("transfer", [(OFT, 99)])],
        FACTS,
    ),
    Case(
        "hop between second layers, by a pool",
        Make(recipient=HOP_WRAPPER)
        .moved(USDC, ME, HOP_WRAPPER, 100)
        .log(HOP, HOP_SENT, GUID, 10, ME, 98, GUID, 1, 1, 1, 1),
        [("bridge", [(USDC, -100)])],
        FACTS,
        {"identifiers": {"transfer_id": "0x" + GUID.hex()}},
    ),
    Case(
        "hop from the first layer",
        Make(recipient=HOP).moved(USDC, ME, HOP, 100).log(HOP, HOP_TO_L2, 10, ME, 100, 1, 1, NOBODY, 0),
        [("bridge", [(USDC, -100)])],
        FACTS,
        {"identifiers": None},
    ),
    Case(
        "hop delivers",
        Make(sender=STRANGER, recipient=HOP).moved(USDC, HOP, ME, 97).log(HOP, BONDED, GUID, 98),
        [("bridge", [(USDC, 97)])],
        FACTS,
        {"identifiers": {"transfer_id": "0x" + GUID.hex()}},
    ),
    Case(
        "ether to an OP chain, logged twice",
        Make(recipient=OP, value_wei=9)
        .log(OP, "ETHDepositInitiated" + OP_ETH, ME, ME, 9, b"")
        .log(OP, "ETHBridgeInitiated" + OP_ETH, ME, ME, 9, b""),
        [("bridge", [(ETH, -9)])],
        FACTS,
        {"protocol": "OP Stack bridge"},
    ),
    Case(
        "a token back to the first layer, and its arrival",
        Make(recipient=OP)
        .moved(USDC, ME, NOBODY, 9)
        .log(OP, "WithdrawalInitiated" + OP_TOKEN, DAI, USDC, ME, ME, 9, b""),
        [("bridge", [(USDC, -9)])],
        FACTS,
    ),
    Case(
        "a token that comes from an OP chain",
        Make(recipient=OP).moved(USDC, OP, ME, 9).log(OP, "ERC20BridgeFinalized" + OP_TOKEN, USDC, DAI, ME, ME, 9, b""),
        [("bridge", [(USDC, 9)])],
        FACTS,
    ),
    Case(
        "a token to Arbitrum, its message paid",
        Make(recipient=GATEWAY, value_wei=2).moved(USDC, ME, GATEWAY, 9).log(GATEWAY, ARB_OUT, USDC, ME, ME, 5, 9),
        [("transfer", [(ETH, -2)]), ("bridge", [(USDC, -9)])],
        FACTS,
    ),
    Case(
        "ether to Arbitrum",
        Make(recipient=INBOX, value_wei=9).log(INBOX, MESSAGE, 5, b""),
        [("bridge", [(ETH, -9)])],
        FACTS,
    ),
    Case(
        "a token back from Arbitrum",
        Make(recipient=GATEWAY).moved(USDC, ME, NOBODY, 9).log(GATEWAY, ARB_BACK, DAI, ME, ME, 44, 0, 9),
        [("bridge", [(USDC, -9)])],
        FACTS,
        {"identifiers": {"position": "44"}},
    ),
    Case(
        "a token back from Arbitrum arrives",
        Make(recipient=OUTBOX)
        .log(OUTBOX, EXECUTED, GATEWAY, STRANGER, 0, 44)
        .moved(USDC, GATEWAY, ME, 9)
        .log(GATEWAY, ARB_GOT, USDC, ME, ME, 0, 9),
        [("bridge", [(USDC, 9)])],
        FACTS,
        {"identifiers": {"position": "44"}},
    ),
    Case(
        "ether back from Arbitrum",
        Make(recipient=ARB_SYS, value_wei=9).log(ARB_SYS, TO_L1, ME, ME, 1, 45, 1, 1, 1, 9, b""),
        [("bridge", [(ETH, -9)])],
        FACTS,
        {"identifiers": {"position": "45"}},
    ),
    Case(
        "ether back from Arbitrum arrives",
        Make(recipient=OUTBOX).log(OUTBOX, EXECUTED, ME, ME, 0, 45).moved(ETH, BRIDGE, ME, 9),
        [("bridge", [(ETH, 9)])],
        FACTS,
        {"identifiers": {"position": "45"}},
    ),
    Case(
        "an order that a solver settles, and a spam token",
        settled(Make(sender=STRANGER, recipient=COW)),
        [("transfer", [(FAKE, 10**30)]), ("swap", [(USDC, -1_000), (DAI, 999)])],
        FACTS,
        {"fee_wei": 0},
    ),
    Case(
        "ether for a token in V4, by a router that nobody knows",
        Make(recipient=UNIVERSAL, value_wei=9).moved(ETH, UNIVERSAL, V4, 9).moved(USDC, V4, ME, 27_000),
        [("swap", [(ETH, -9), (USDC, 27_000)])],
        FACTS,
        {"protocol": "Uniswap V4"},
    ),
    Case(
        "a token for ether in V4, and a spam token",
        Make(recipient=UNIVERSAL).moved(USDC, ME, V4, 27_000).moved(ETH, V4, ME, 9).moved(FAKE, STRANGER, ME, 5),
        [("swap", [(ETH, 9), (USDC, -27_000)]), ("transfer", [(FAKE, 5)])],
        FACTS,
    ),
    Case(
        "liquidity out of V4 is no swap",
        Make(recipient=UNIVERSAL).moved(USDC, V4, ME, 27_000).moved(ETH, V4, ME, 9),
        [("transfer", [(ETH, 9), (USDC, 27_000)])],
        FACTS,
    ),
    Case(
        "two pools of Balancer's vault",
        Make(recipient=VAULT)
        .log(VAULT, BALANCER, GUID, USDC, DAI, 100, 99)
        .log(VAULT, BALANCER, GUID, DAI, WETH, 99, 1)
        .moved(USDC, ME, VAULT, 100)
        .moved(WETH, VAULT, ME, 1),
        [("swap", [(USDC, -100), (WETH, 1)])],
        FACTS,
        {"protocol": "Balancer V2"},
    ),
    Case(
        "somebody else's order of the same amounts",
        Make(sender=STRANGER, recipient=COW)
        .moved(USDC, ME, COW, 1_000)
        .moved(DAI, COW, ME, 999)
        .log(COW, TRADE, FRIEND, USDC, DAI, 1_000, 999, 0, b"order"),
        [("transfer", [(USDC, -1_000), (DAI, 999)])],
        FACTS,
    ),
    Case(
        "a settlement that nobody knows",
        settled(Make(sender=STRANGER, recipient=COW)),
        [("transfer", [(USDC, -1_000), (DAI, 999)]), ("transfer", [(FAKE, 10**30)])],
    ),
    Case(
        "an order that buys ether, without traces",
        settled(Make(sender=STRANGER, recipient=COW, native_is_known=False), ETH),
        [("transfer", [(FAKE, 10**30)]), ("swap", [(USDC, -1_000)])],
        FACTS,
    ),
]
