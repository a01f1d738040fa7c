"""What contracts say happens to them, against logs made by eth-abi; and that no log can break it."""

from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from backend.chain import decode_contracts as decoding
from backend.chain.blocks import Header, Log
from backend.chain.decode_contracts import decode_occurrences, plain_text, title_of

HEADER = Header(7, "0x" + "ab" * 32, "0x" + "cd" * 32, 1_700_000_000, 10**9, 1, 30_000_000, True)
ONE, TWO = "0x" + "11" * 20, "0x" + "22" * 20
SIGNATURES = {
    "OwnershipTransferred(address,address)": decoding.OWNERSHIP_TRANSFERRED,
    "Upgraded(address)": decoding.UPGRADED,
    "AdminChanged(address,address)": decoding.ADMIN_CHANGED,
    "BeaconUpgraded(address)": decoding.BEACON_UPGRADED,
    "ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)": (
        decoding.PROPOSAL_CREATED
    ),
    "VoteCast(address,uint256,uint8,uint256,string)": decoding.VOTE_CAST,
    "VoteCastWithParams(address,uint256,uint8,uint256,string,bytes)": decoding.VOTE_CAST_WITH_PARAMS,
    "ProposalQueued(uint256,uint256)": decoding.PROPOSAL_QUEUED,
    "ProposalExecuted(uint256)": decoding.PROPOSAL_EXECUTED,
    "ProposalCanceled(uint256)": decoding.PROPOSAL_CANCELED,
}


def word(address: str) -> str:
    return "0x" + "0" * 24 + address[2:]


def log(topics: list[str], data: bytes = b"", index: int = 3) -> Log:
    return Log("0x" + "aa" * 20, tuple(topics), data, "0x" + "ee" * 32, index, 7, HEADER.hash)


def details(topics: list[str], data: bytes = b"") -> tuple[str, dict[str, str]] | None:
    found = decode_occurrences(1, HEADER, [log(topics, data)])
    if not found:
        return None
    (each,) = found
    assert each.id == f"1:{HEADER.hash}:3:{each.topic}" and each.subject == "0x" + "aa" * 20
    return each.topic, each.details


def test_the_topics_are_the_hashes_of_the_signatures() -> None:
    assert {signature: "0x" + keccak(text=signature).hex() for signature in SIGNATURES} == SIGNATURES


def test_owners_and_implementations() -> None:
    assert details([decoding.OWNERSHIP_TRANSFERRED, word(ONE), word(TWO)]) == (
        "contract.ownership_changed",
        {"previousOwner": ONE, "newOwner": TWO},
    )
    code = "contract.implementation_changed"
    upgraded = (code, {"change": "implementation", "implementation": ONE})
    assert details([decoding.UPGRADED, word(ONE)]) == upgraded
    assert details([decoding.UPGRADED], encode(["address"], [ONE])) == upgraded
    assert details([decoding.BEACON_UPGRADED, word(TWO)]) == (code, {"change": "beacon", "beacon": TWO})
    assert details([decoding.ADMIN_CHANGED], encode(["address"] * 2, [ONE, TWO])) == (
        code,
        {"change": "admin", "previousAdmin": ONE, "newAdmin": TWO},
    )


def created(description: str) -> bytes:
    types = ["uint256", "address", "address[]", "uint256[]", "string[]", "bytes[]", "uint256", "uint256", "string"]
    return encode(types, [2**255 + 5, ONE, [TWO], [0], [""], [b"\x01\x02"], 100, 200, description])


def test_proposals_and_votes() -> None:
    number = str(2**255 + 5)
    assert details([decoding.PROPOSAL_CREATED], created("\n# Raise the fee\u202e \x00now\nBecause.")) == (
        "governance.proposal_created",
        {"proposalId": number, "title": "Raise the fee   now", "proposer": ONE, "voteStart": "100", "voteEnd": "200"},
    )
    vote = encode(["uint256", "uint8", "uint256", "string"], [2**255 + 5, 1, 10**21, "I agree"])
    with_params = encode(["uint256", "uint8", "uint256", "string", "bytes"], [5, 7, 1, "", b"x"])
    expected = {"proposalId": number, "voter": ONE, "support": "for", "weight": str(10**21), "reason": "I agree"}
    assert details([decoding.VOTE_CAST, word(ONE)], vote) == ("governance.vote_cast", expected)
    found = details([decoding.VOTE_CAST_WITH_PARAMS, word(TWO)], with_params)
    assert found == (
        "governance.vote_cast",
        {"proposalId": "5", "voter": TWO, "support": "7", "weight": "1", "reason": ""},
    )
    assert details([decoding.PROPOSAL_QUEUED], encode(["uint256"] * 2, [5, 9])) == (
        "governance.queued",
        {"proposalId": "5", "eta": "9"},
    )
    for topic, name in ((decoding.PROPOSAL_EXECUTED, "executed"), (decoding.PROPOSAL_CANCELED, "canceled")):
        assert details([topic], encode(["uint256"], [5])) == (f"governance.{name}", {"proposalId": "5"})


def test_titles_are_one_short_line_of_plain_text() -> None:
    assert title_of(b"") == title_of(b"##\n \n") == ""
    assert title_of(b"<b>" + b"x" * 500) == "<b>" + "x" * 197
    assert plain_text(b"\xff\xfe ok", 10) == "\ufffd\ufffd ok"


topic = st.one_of(
    st.sampled_from(sorted(SIGNATURES.values())), st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex())
)


@given(st.lists(topic, max_size=4), st.one_of(st.binary(max_size=700), st.just(created("x")[:300])))
def test_no_log_breaks_it(topics: list[str], data: bytes) -> None:
    for found in decode_occurrences(1, HEADER, [log(topics, data)]):
        assert all(isinstance(value, str) and "\0" not in value for value in found.details.values())
