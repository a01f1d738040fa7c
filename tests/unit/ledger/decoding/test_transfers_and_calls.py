"""What nobody explains: transfers, calls, failed transactions, allowances; and wrapping."""

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import NATIVE_UNKNOWN
from backend.ledger.events import Approval
from tests.unit.ledger.decoding.build import (
    APPROVAL,
    DAI,
    DEPOSIT,
    FAKE,
    FEE,
    FRIEND,
    ME,
    NFT_TRANSFER,
    NOBODY,
    ROUTER,
    STRANGER,
    USDC,
    WETH,
    WITHDRAWAL,
    Make,
    story,
    with_contracts,
)

PERMIT2 = "0x000000000022d473030f116ddee9f6b43ac78ba3"
FOR_ALL = "ApprovalForAll(address indexed owner, address indexed operator, bool approved)"
PERMIT = (
    "Permit(address indexed owner, address indexed token, address indexed spender, uint160 amount, uint48 expiration, "
    "uint48 nonce)"
)


def test_a_plain_transfer_and_its_fee() -> None:
    (event,) = Make(recipient=FRIEND, value_wei=10, method=None).events()
    assert story([event]) == [("transfer", [(NATIVE_TOKEN, -10)])]
    assert (event.fee_wei, event.counterparty, event.method, event.number) == (FEE, FRIEND, None, 0)
    (received,) = Make(recipient=FRIEND, value_wei=10).events(wallet=FRIEND)
    assert (received.legs[0].amount_raw, received.fee_wei, received.counterparty) == (10, 0, ME)


def test_transfers_are_one_event_for_each_other_side() -> None:
    make = Make().moved(USDC, FRIEND, ME, 5).moved(DAI, STRANGER, ME, 6).moved(DAI, FRIEND, ME, 7)
    events = make.moved(DAI, NOBODY, ME, 8).events()
    assert story(events) == [
        ("transfer", [(USDC, 5), (DAI, 7)]),
        ("transfer", [(DAI, 6)]),
        ("transfer", [(DAI, 8)]),
    ]
    assert [event.counterparty for event in events] == [FRIEND, STRANGER, None]


def test_what_a_wallet_sends_itself_neither_came_nor_went() -> None:
    (event,) = Make(recipient=ME, value_wei=3).moved(USDC, ME, ME, 5).events()
    assert (str(event.kind), event.legs, event.fee_wei) == ("call", (), FEE)


def test_a_failed_transaction_is_a_call_that_cost_its_fee() -> None:
    failed = Make(succeeded=False, value_wei=5).moved(USDC, ME, FRIEND, 5)
    (event,) = failed.events()
    assert (str(event.kind), event.legs, event.fee_wei, event.succeeded) == ("call", (), FEE, False)
    assert failed.events(wallet=FRIEND) == []


def test_what_does_not_concern_a_wallet_is_no_event() -> None:
    assert Make().moved(USDC, ME, STRANGER, 5).events(wallet=FRIEND) == []
    assert Make(sender=STRANGER).moved(FAKE, ME, FRIEND, 0).events() == []  # poisoning of the history


def test_a_call_says_whose_contract_it_was() -> None:
    (event,) = Make(recipient=ROUTER).events(with_contracts({ROUTER: ("1inch", "router")}))
    assert (str(event.kind), event.counterparty, event.protocol) == ("call", ROUTER, "1inch")


def test_an_nft_is_a_leg_of_one() -> None:
    events = Make().log(FAKE, NFT_TRANSFER, FRIEND, ME, 77).events()
    assert story(events) == [("transfer", [(FAKE, 1, "#77")])]


def test_an_approval_by_itself() -> None:
    (event,) = Make(recipient=USDC).log(USDC, APPROVAL, ME, ROUTER, 2**256 - 1).events()
    assert (str(event.kind), event.counterparty) == ("approve", ROUTER)
    assert event.approvals == (Approval(token=USDC, spender=ROUTER, amount_raw=2**256 - 1),)


def test_allowances_are_those_at_the_end_and_stand_with_the_first_event() -> None:
    make = Make().log(USDC, APPROVAL, ME, ROUTER, 9).moved(USDC, ME, FRIEND, 9).log(USDC, APPROVAL, ME, ROUTER, 0)
    first, second = make.moved(DAI, ROUTER, ME, 1).log(USDC, APPROVAL, FRIEND, ROUTER, 4).events()
    assert first.approvals == (Approval(token=USDC, spender=ROUTER, amount_raw=0),)
    assert second.approvals == ()


def test_approvals_of_collections_and_by_permit2() -> None:
    make = Make(sender=STRANGER).log(FAKE, FOR_ALL, ME, ROUTER, True).log(DAI, FOR_ALL, ME, ROUTER, False)
    make.log(FAKE, "Approval(address indexed o, address indexed s, uint256 indexed id)", ME, FRIEND, 4)
    make.log(PERMIT2, PERMIT, ME, USDC, ROUTER, 100, 5, 0).log(STRANGER, PERMIT, ME, USDC, FRIEND, 100, 5, 0)
    (event,) = make.events()
    assert event.approvals == (
        Approval(token=FAKE, spender=ROUTER, amount_raw=None),
        Approval(token=DAI, spender=ROUTER, amount_raw=0),
        Approval(token=FAKE, spender=FRIEND, amount_raw=1, token_id=4),
        Approval(token=USDC, spender=ROUTER, amount_raw=100),
    )
    assert (event.fee_wei, event.counterparty) == (0, None)


def test_wrap_and_unwrap() -> None:
    wrap = Make(recipient=WETH, value_wei=7).log(WETH, DEPOSIT, ME, 7).events()
    assert story(wrap) == [("wrap", [(NATIVE_TOKEN, -7), (WETH, 7)])]
    unwrap = Make(recipient=WETH).log(WETH, WITHDRAWAL, ME, 7).moved(NATIVE_TOKEN, WETH, ME, 7).events()
    assert story(unwrap) == [("wrap", [(NATIVE_TOKEN, 7), (WETH, -7)])]
    assert unwrap[0].problem is None


def test_wraps_by_transfer_logs_alone_and_without_traces() -> None:
    minted = Make(recipient=WETH, value_wei=7).moved(WETH, NOBODY, ME, 7).events()
    assert story(minted) == [("wrap", [(NATIVE_TOKEN, -7), (WETH, 7)])]
    seen = Make(recipient=WETH, native_is_known=False).log(WETH, WITHDRAWAL, ME, 7).events()
    assert story(seen) == [("wrap", [(NATIVE_TOKEN, 7), (WETH, -7)])]
    (burned,) = Make(recipient=WETH, native_is_known=False).moved(WETH, ME, NOBODY, 7).events()
    assert (story([burned]), burned.problem) == ([("wrap", [(WETH, -7)])], NATIVE_UNKNOWN)


def test_a_wrap_needs_equal_amounts() -> None:
    make = Make(recipient=WETH, value_wei=8).log(WETH, DEPOSIT, ME, 7)
    assert {str(event.kind) for event in make.events()} == {"transfer"}
