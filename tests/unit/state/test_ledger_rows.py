"""Events in words, and the filters of their page."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.chain.events import NATIVE_TOKEN
from backend.core.clock import utc_now
from backend.core.settings import DEMO_CHAIN_ID
from backend.ledger.events import Kind
from backend.portfolio.activity.schemas import ActivityRead, ApprovalRead, CoverageRead, LegRead
from state.ledger_rows import coverage_note, coverage_rows, ledger_row
from state.portfolio_activity_state import View, view_of

WALLET, OTHER, TOKEN = "0x" + "11" * 20, "0x" + "22" * 20, "0x" + "33" * 20
AT = datetime(2026, 5, 20, 12, tzinfo=UTC)


def leg(amount: str | None, symbol: str | None = "USDC", **more: Any) -> LegRead:
    raw = "-5" if amount is None else str(int(Decimal(amount).scaleb(6)))
    values: dict[str, Any] = {
        "token": TOKEN,
        "symbol": symbol,
        "decimals": None if amount is None else 6,
        "token_id": None,
        "amount_raw": raw,
        "amount": None if amount is None else Decimal(amount),
        "role": "principal",
        "counterparty": OTHER,
        "log_index": 4,
        "price_usd": Decimal(1),
        "price_source": "pool",
        "priced_at": AT,
        "value_usd": None if amount is None else Decimal(amount),
        **more,
    }
    return LegRead(**values)


def event(*legs: LegRead, kind: Kind = Kind.SWAP, **more: Any) -> ActivityRead:
    values: dict[str, Any] = {
        "id": UUID(int=1),
        "wallet": WALLET,
        "wallet_name": "Trading",
        "chain_id": DEMO_CHAIN_ID,
        "chain": "Demo market",
        "kind": kind,
        "happened_at": AT,
        "block_number": 1234,
        "block_hash": "0xaa",
        "tx_hash": "0x" + "ab" * 32,
        "tx_url": None,
        "tx_index": 0,
        "number": 0,
        "source": "chain",
        "protocol": "Uniswap V2",
        "counterparty": None,
        "identifiers": None,
        "method": None,
        "succeeded": True,
        "legs": list(legs),
        "approvals": [],
        "fee_wei": "2000000000000000",
        "fee_usd": Decimal(7),
        "came_usd": Decimal(3500),
        "went_usd": Decimal(3501),
        "problem": None,
        **more,
    }
    return ActivityRead(**values)


def test_a_swap_says_what_went_what_came_and_the_fee():
    row = ledger_row(event(leg("-3501"), leg("1", "WETH")))
    assert (row.went, row.came) == ("\u22123,501 USDC", "+1 WETH")
    assert row.moved == "\u22123,501 USDC \u2192 +1 WETH"
    assert (row.value, row.fee, row.fee_usd) == ("$3,500.00", "0.002 ETH", "$7.00")
    assert (row.kind_label, row.status, row.block) == ("Swap", "Done", "1,234")
    assert row.legs[0].way == "to" and row.legs[1].way == "from" and row.legs[1].where == "log 4"


def test_a_transfer_is_called_by_its_way():
    assert ledger_row(event(leg("5"), kind=Kind.TRANSFER)).kind_label == "Received"
    assert ledger_row(event(leg("-5"), kind=Kind.TRANSFER)).kind_label == "Sent"
    assert ledger_row(event(kind=Kind.TRANSFER)).kind_label == "Transfer"


def test_what_is_unknown_is_a_dash_and_no_zero():
    row = ledger_row(event(leg(None, None, price_usd=None), came_usd=None, went_usd=None, fee_wei=None, fee_usd=None))
    assert (
        row.went == "\u2014 0x3333\u20263333"
        and row.value == "\u2014"
        and (row.fee, row.fee_usd) == ("\u2014", "\u2014")
    )
    assert row.legs[0].price == "" and row.legs[0].exact.startswith("-5 ")
    paid_by_another = ledger_row(event(leg("5"), fee_wei="0", fee_usd=Decimal(0)))
    assert (paid_by_another.fee, paid_by_another.fee_usd) == ("", "")


def test_a_receipt_is_not_counted_beside_what_it_stands_for():
    share = leg("100", "vUSDC", role="receipt", value_usd=None)
    supplied = ledger_row(event(leg("-100"), share, kind=Kind.SUPPLY, came_usd=Decimal(0), went_usd=Decimal(100)))
    assert (supplied.value, supplied.came) == ("$100.00", "+100 vUSDC")
    borrowed = ledger_row(event(leg("100"), share, kind=Kind.BORROW, came_usd=Decimal(100), went_usd=Decimal(0)))
    assert borrowed.value == "$100.00"
    assert ledger_row(event(share, came_usd=Decimal(0), went_usd=Decimal(0))).value == "\u2014"


def test_failures_and_gaps_are_said():
    assert ledger_row(event(succeeded=False)).status == "Failed"
    row = ledger_row(event(leg("-5"), problem="What came back is unknown."))
    assert (row.status, row.status_tone, row.why) == ("Incomplete", "warn", "What came back is unknown.")


def test_many_legs_numbered_tokens_and_hostile_names():
    assert ledger_row(event(leg("1"), leg("2"), leg("3"), leg("4"))).came == "+1 USDC, +2 USDC and 2 more"
    nft = leg("0.000001", "APE", token_id="7", log_index=2, counterparty=None)
    assert ledger_row(event(nft)).came == "+APE no. 7" and ledger_row(event(nft)).legs[0].way == "newly minted"
    assert "\u202e" not in ledger_row(event(leg("1", "US\u202eDC"))).came
    ether = leg("1", None, token=NATIVE_TOKEN, log_index=None)
    assert ledger_row(event(ether)).came == "+1 ETH" and ledger_row(event(ether)).legs[0].where == "by a call"


@pytest.mark.parametrize(
    ("amount", "token_id", "begins"),
    [
        (str(2**256 - 1), None, "Any amount of USDC"),
        ("5", None, "Some USDC"),
        ("0", None, "No USDC"),
        (None, None, "All USDC"),
        ("1", "9", "USDC no. 9"),
    ],
)
def test_allowances_in_words(amount: str | None, token_id: str | None, begins: str):
    given_ = ApprovalRead(token=TOKEN, symbol="USDC", spender=OTHER, amount_raw=amount, token_id=token_id)
    (line,) = ledger_row(event(kind=Kind.APPROVE, approvals=[given_])).approvals
    assert line.startswith(begins)


def covered(**more: Any) -> CoverageRead:
    values: dict[str, Any] = {
        "wallet": WALLET,
        "wallet_name": None,
        "chain_id": DEMO_CHAIN_ID,
        "chain": "Demo market",
        "state": "read",
        "from_block": 5,
        "to_block": 1000,
        "to_block_at": AT,
        "reached_start": False,
        "native_is_known": True,
        "source": "chain",
        "checked_at": AT,
        "problem": None,
        **more,
    }
    return CoverageRead(**values)


def test_coverage_is_said_honestly():
    unread = covered(state="reading", from_block=None, to_block=None, to_block_at=None, native_is_known=False)
    failing = covered(state="failing", problem="The chain's providers do not answer.")
    plain, whole = covered(native_is_known=False), covered(reached_start=True, from_block=0)
    rows = coverage_rows([whole, plain, unread, failing])
    assert [row.state for row in rows] == ["failing", "reading", "read", "read"]
    assert rows[0].notes == ["The chain's providers do not answer."]
    assert rows[1].text == "Nothing read yet" and rows[1].notes == []
    assert rows[2].text == "Complete since the first block, up to block 1,000" and rows[2].notes == []
    assert rows[3].text == "Complete since block 5, up to block 1,000" and "ETH inside of calls" in rows[3].notes[0]
    assert coverage_note([whole, failing]) == "Read up to the newest block: 1 of 2"
    assert coverage_note([]) == "No wallet was looked through yet."


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


def test_the_address_keeps_the_filters():
    view = View(WALLET, "31337", TOKEN, "swap", "Uniswap V2", "2026-01-02", "2026-02-03")
    assert view_of(query_of(view.address())) == view
    wanted = view.wanted(AT)
    assert wanted.until == datetime(2026, 2, 4, tzinfo=UTC) and list(wanted.kinds) == [Kind.SWAP]
    assert View().wanted(AT).until == AT


NAMES = st.sampled_from(["wallet", "chain", "token", "kind", "protocol", "from", "to"])
ODD = st.sampled_from(["9999-12-31", "0001-01-01", "\u00b2", "99999999999999999999", "-1", "0", "0x", "nan"])


@given(st.dictionaries(NAMES, st.text(max_size=70) | ODD))
def test_any_address_is_survived(query: dict[str, str]):
    view = view_of(query)
    assert view_of(query_of(view.address())) == view
    view.wanted(utc_now()).conditions()
