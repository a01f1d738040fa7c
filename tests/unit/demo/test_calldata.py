"""ABI encoding, contract addresses and the gas of the load contract."""

import pytest
import rlp
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from backend.demo.accounts import ACCOUNTS
from backend.demo.addresses import ByVersion, DemoAddresses, DemoPool, DemoToken
from backend.demo.calldata import call_data, decode_words, multicall_data, multicall_results
from backend.demo.swaps import swap_transaction
from backend.demo.transactions import created_address

WETH, USDC, UNI = (f"0x{digit * 40}" for digit in "123")


def market() -> DemoAddresses:
    both = ByVersion(uniswap_v2="0x" + "a" * 40, uniswap_v3="0x" + "b" * 40)
    return DemoAddresses(
        chain_id=31337,
        deployed_at_block=3,
        tokens={
            s: DemoToken(address=a, decimals=18, symbol=s)
            for s, a in zip(("WETH", "USDC", "UNI"), (WETH, USDC, UNI), strict=True)
        },
        pools={
            "WETH-USDC-V2": DemoPool(address=WETH, kind="uniswap_v2", token0=WETH, token1=USDC, fee_ppm=3_000),
            "UNI-WETH-V2": DemoPool(address=WETH, kind="uniswap_v2", token0=WETH, token1=UNI, fee_ppm=3_000),
            "WETH-USDC-V3-500": DemoPool(address=WETH, kind="uniswap_v3", token0=WETH, token1=USDC, fee_ppm=500),
        },
        factories=both,
        routers=both,
        position_manager=WETH,
        quoter_v2=WETH,
        multicall3=WETH,
        block_load=WETH,
        wrapped_native=WETH,
        usd_stablecoin=USDC,
        accounts=dict(ACCOUNTS),
    )


def test_known_selectors() -> None:
    assert call_data("transfer(address,uint256)", WETH, 1).startswith("0xa9059cbb")
    assert call_data("exactInput((bytes,address,uint256,uint256,uint256))", (b"", WETH, 1, 2, 3))[:10] == "0xc04b8d59"
    assert call_data("aggregate3((address,bool,bytes)[])", [])[:10] == "0x82ad56cb"
    assert call_data("deposit()") == "0xd0e30db0"


def test_multicall_round_trip() -> None:
    data = multicall_data([(WETH, "0x0902f1ac"), (USDC, "0x3850c7bd")])
    ((first, second),) = decode_words(["(address,bool,bytes)[]"], "0x" + data[10:])
    assert first == (WETH, False, bytes.fromhex("0902f1ac"))
    assert second[0] == USDC
    assert multicall_results("0x" + "00" * 31 + "20" + "00" * 32) == []


@pytest.mark.parametrize(
    ("nonce", "address"),
    [
        (0, "0x5FbDB2315678afecb367f032d93F642f64180aa3"),
        (1, "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"),
        (5, "0x5FC8d32690cc91D4c39d9d3abcBD16989F875707"),
    ],
)
def test_contract_addresses_follow_from_sender_and_nonce(nonce: int, address: str) -> None:
    assert created_address(ACCOUNTS["treasury"], nonce) == address


@given(st.integers(0, 2**40))
def test_contract_addresses_agree_with_rlp(nonce: int) -> None:
    sender = ACCOUNTS["treasury"]
    expected = keccak(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:].hex()
    assert created_address(sender, nonce)[2:].lower() == expected


def test_a_route_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not trade"):
        swap_transaction(market(), WETH, ["WETH-USDC-V2"], "UNI", 1)
    with pytest.raises(ValueError, match="one version"):
        swap_transaction(market(), WETH, ["UNI-WETH-V2", "WETH-USDC-V3-500"], "UNI", 1)
    with pytest.raises(ValueError, match="only WETH"):
        swap_transaction(market(), WETH, ["WETH-USDC-V2"], "USDC", 1, native_in=True)


def test_a_two_hop_swap_names_the_whole_path() -> None:
    transaction = swap_transaction(market(), WETH, ["UNI-WETH-V2", "WETH-USDC-V2"], "UNI", 7, 5, deadline=9)
    amount_in, min_out, path, to, deadline = decode_words(
        ["uint256", "uint256", "address[]", "address", "uint256"], "0x" + transaction.data[10:]
    )
    assert (amount_in, min_out, path, to, deadline) == (7, 5, (UNI, WETH, USDC), WETH, 9)
