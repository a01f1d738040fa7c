"""Lido, staking contracts, claims."""

from backend.chain.events import NATIVE_TOKEN
from tests.unit.ledger.decoding.build import (
    DAI,
    FAKE,
    FRIEND,
    ME,
    NFT_TRANSFER,
    NOBODY,
    STRANGER,
    USDC,
    V2_PAIR,
    Make,
    place,
    with_contracts,
)
from tests.unit.ledger.decoding.case import Case

ETH = NATIVE_TOKEN
STETH, WSTETH, QUEUE, FARM, DROP, TREASURY = (place(0xBB00 + number) for number in range(6))
LIDO = with_contracts(
    {STETH: ("Lido", "steth"), WSTETH: ("Lido", "wsteth"), QUEUE: ("Lido", "withdrawal_queue")},
)
SUBMITTED = "Submitted(address indexed sender, uint256 amount, address referral)"
REQUESTED = (
    "WithdrawalRequested(uint256 indexed requestId, address indexed requestor, address indexed owner, uint256 a, "
    "uint256 s)"
)
CLAIMED = "WithdrawalClaimed(uint256 indexed requestId, address indexed owner, address indexed receiver, uint256 a)"
STAKED, WITHDRAWN = "Staked(address indexed user, uint256 amount)", "Withdrawn(address indexed user, uint256 amount)"
PAID = "RewardPaid(address indexed user, uint256 reward)"
MERKLE = "Claimed(uint256 index, address account, uint256 amount)"
AAVE_REWARDS = (
    "RewardsClaimed(address indexed user, address indexed reward, address indexed to, address claimer, uint256 amount)"
)

CASES = [
    Case(
        "lido stake",
        Make(recipient=STETH, value_wei=100).log(STETH, SUBMITTED, ME, 100, NOBODY).moved(STETH, NOBODY, ME, 99),
        [("stake", [(ETH, -100), (STETH, 99, "receipt")])],
        LIDO,
        {"protocol": "Lido"},
    ),
    Case(
        "lido stake by the wrapped token",
        Make(recipient=WSTETH, value_wei=100)
        .moved(ETH, WSTETH, STETH, 100)
        .log(STETH, SUBMITTED, WSTETH, 100, NOBODY)
        .moved(STETH, NOBODY, WSTETH, 100)
        .moved(WSTETH, NOBODY, ME, 85),
        [("stake", [(ETH, -100), (WSTETH, 85, "receipt")])],
        LIDO,
    ),
    Case(
        "lido wrap",
        Make(recipient=WSTETH).moved(WSTETH, NOBODY, ME, 85).moved(STETH, ME, WSTETH, 100),
        [("wrap", [(STETH, -100, "receipt"), (WSTETH, 85, "receipt")])],
        LIDO,
    ),
    Case(
        "lido unwrap",
        Make(recipient=WSTETH).moved(WSTETH, ME, NOBODY, 85).moved(STETH, WSTETH, ME, 100),
        [("wrap", [(STETH, 100, "receipt"), (WSTETH, -85, "receipt")])],
        LIDO,
    ),
    Case(
        "lido withdrawal asked",
        Make(recipient=QUEUE)
        .moved(STETH, ME, QUEUE, 100)
        .log(QUEUE, REQUESTED, 5, ME, ME, 100, 90)
        .log(QUEUE, NFT_TRANSFER, NOBODY, ME, 5),
        [("unstake", [(STETH, -100, "receipt"), (QUEUE, 1, "receipt", "#5")])],
        LIDO,
        {"identifiers": {"request_id": "5"}},
    ),
    Case(
        "lido withdrawal got, of two",
        Make(recipient=QUEUE)
        .log(QUEUE, NFT_TRANSFER, ME, FRIEND, 6)
        .log(QUEUE, NFT_TRANSFER, ME, NOBODY, 5)
        .moved(ETH, QUEUE, ME, 100)
        .log(QUEUE, CLAIMED, 5, ME, ME, 100),
        [("transfer", [(QUEUE, -1, "#6")]), ("unstake", [(ETH, 100), (QUEUE, -1, "receipt", "#5")])],
        LIDO,
    ),
    Case(
        "lido withdrawal got",
        Make(recipient=QUEUE)
        .log(QUEUE, NFT_TRANSFER, ME, NOBODY, 5)
        .moved(ETH, QUEUE, ME, 100)
        .log(QUEUE, CLAIMED, 5, ME, ME, 100),
        [("unstake", [(ETH, 100), (QUEUE, -1, "receipt", "#5")])],
        LIDO,
    ),
    Case(
        "staked",
        Make(recipient=FARM).moved(DAI, ME, FARM, 10).log(FARM, STAKED, ME, 10),
        [("stake", [(DAI, -10)])],
        says={"protocol": None, "identifiers": {"contract": FARM}, "counterparty": FARM},
    ),
    Case(
        "shares of a pool staked, in a contract that is known",
        Make(recipient=FARM).moved(V2_PAIR, ME, FARM, 10).log(FARM, STAKED, ME, 10),
        [("stake", [(V2_PAIR, -10)])],
        with_contracts({FARM: ("Staking rewards", "staking_rewards")}),
        {"protocol": "Staking rewards", "identifiers": {"contract": FARM, "pool": V2_PAIR}},
    ),
    Case(
        "unstaked with the reward",
        Make(recipient=FARM)
        .moved(DAI, FARM, ME, 10)
        .log(FARM, WITHDRAWN, ME, 10)
        .moved(USDC, FARM, ME, 3)
        .log(FARM, PAID, ME, 3),
        [("unstake", [(DAI, 10)]), ("claim", [(USDC, 3, "reward")])],
    ),
    Case(
        "a farm that says another amount",
        Make(recipient=FARM).moved(DAI, ME, FARM, 10).log(FARM, STAKED, ME, 11),
        [("transfer", [(DAI, -10)])],
    ),
    Case(
        "a stranger's farm that pays worthless tokens",
        Make(sender=STRANGER).moved(FAKE, FARM, ME, 3).log(FARM, PAID, ME, 3),
        [("transfer", [(FAKE, 3)])],
    ),
    Case(
        "airdrop claimed by proof",
        Make(recipient=DROP).moved(DAI, DROP, ME, 40).log(DROP, MERKLE, 3, ME, 40),
        [("claim", [(DAI, 40, "reward")])],
        says={"counterparty": DROP},
    ),
    Case(
        "rewards that a treasury pays",
        Make(recipient=DROP).moved(DAI, TREASURY, ME, 40).log(DROP, AAVE_REWARDS, ME, DAI, ME, ME, 40),
        [("claim", [(DAI, 40, "reward")])],
    ),
    Case(
        "rewards of another",
        Make(recipient=DROP).moved(DAI, TREASURY, ME, 40).log(DROP, AAVE_REWARDS, ME, DAI, FRIEND, ME, 40),
        [("transfer", [(DAI, 40)])],
    ),
    Case(
        "a claim that a stranger logs for tokens that nobody asked for",
        Make(sender=STRANGER).moved(FAKE, DROP, ME, 40).log(DROP, MERKLE, 3, ME, 40),
        [("transfer", [(FAKE, 40)])],
    ),
]
