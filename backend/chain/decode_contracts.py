"""Logs that say that something happened to a contract, whoever's it is: by topic and exact layout, as in `decode`.

- Ownership: `OwnershipTransferred` of OpenZeppelin's Ownable (and its many likes).
- Implementation: `Upgraded`, `AdminChanged`, `BeaconUpgraded` of ERC-1967 (https://eips.ethereum.org/EIPS/eip-1967,
  "Events"). Older proxies do not index the implementation: both layouts are understood.
- Governance: OpenZeppelin's `IGovernor` 4.x and 5.x, whose ProposalCreated, VoteCast, ProposalQueued, ProposalExecuted
  and ProposalCanceled have the signatures of Compound's `GovernorBravoEvents`.

Any contract may log these: a reading of what it said, not of what is true. Texts in them are untrusted.
"""

from collections.abc import Callable, Iterable

from backend.chain.blocks import Header, Log
from backend.chain.events import Occurrence

OWNERSHIP_TRANSFERRED = "0x8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0"
UPGRADED = "0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b"
ADMIN_CHANGED = "0x7e644d79422f17c01e4894b5f4f588d331ebfa28653d42ae832dc59e38c9798f"
BEACON_UPGRADED = "0x1cf3b03a6cf19fa2baba4df148e9dcabedea7f8a5c07840e207e5c089be95d3e"
PROPOSAL_CREATED = "0x7d84a6263ae0d98d3329bd7b46bb4e8d6f98cd35a7adb45c274c8b7fd5ebd5e0"
VOTE_CAST = "0xb8e138887d0aa13bab447e82de9d5c1777041ecd21ca36ba824ff1e6c07ddda4"
VOTE_CAST_WITH_PARAMS = "0xe2babfbac5889a709b63bb7f598b324e08bc5a4fb9ec647fb3cbc9ec07eb8712"
PROPOSAL_QUEUED = "0x9a2e42fd6722813d69113e7d0079d3d940171428df7373df9c7f7617cfda2892"
PROPOSAL_EXECUTED = "0x712ae1383f79ac853f8d882153778e0260ef8f03b504e2866e0593e04d2b291f"
PROPOSAL_CANCELED = "0x789cf55be980739dad1d0699b93b58e806b51c9d96619bfa8fe0a28abaa7b30c"
CREATED = "governance.proposal_created"
TITLE_LENGTH = 200
REASON_LENGTH = 300
_ADDRESS_PADDING = "0x" + "0" * 24
_SUPPORT = {0: "against", 1: "for", 2: "abstain"}
_Details = dict[str, str]


class _Malformed(Exception):
    """The log is not what its first topic promises."""


def decode_occurrences(chain_id: int, header: Header, logs: Iterable[Log]) -> list[Occurrence]:
    """Return what a block's logs say happened to contracts, by index. No log can make this fail."""
    found: list[Occurrence] = []
    for log in logs:
        decoder = _DECODERS.get(log.topics[0]) if log.topics else None
        if decoder is None:
            continue
        topic, decode = decoder
        try:
            details = decode(log)
        except _Malformed:
            continue
        found.append(
            Occurrence(
                id=f"{chain_id}:{log.block_hash}:{log.log_index}:{topic}",
                chain_id=chain_id,
                block_number=log.block_number,
                block_hash=log.block_hash,
                taken_at=header.taken_at,
                topic=topic,
                subject=log.address,
                source="log of the contract",
                tx_hash=log.tx_hash,
                log_index=log.log_index,
                details=details,
            )
        )
    return found


def plain_text(raw: bytes | str, longest: int) -> str:
    """Return untrusted text on one line: without control characters, at most `longest` characters."""
    text = raw.decode(errors="replace") if isinstance(raw, bytes) else raw
    return "".join(character if character.isprintable() else " " for character in text).strip()[:longest].strip()


def title_of(description: bytes) -> str:
    """Return a proposal's title: the first line of its description that is not empty, without Markdown's `#`."""
    for line in description.decode(errors="replace").splitlines():
        if title := plain_text(line.lstrip("# \t"), TITLE_LENGTH):
            return title
    return ""


def _shape(log: Log, topics: int, words: int) -> None:
    if len(log.topics) != topics or len(log.data) != 32 * words:
        raise _Malformed


def _word(log: Log, word: int) -> int:
    if len(log.data) < 32 * word + 32:
        raise _Malformed
    return int.from_bytes(log.data[32 * word : 32 * word + 32], "big")


def _address(log: Log, word: int) -> str:
    value = _word(log, word)
    if value >> 160:
        raise _Malformed
    return f"0x{value:040x}"


def _topic_address(log: Log, index: int) -> str:
    topic = log.topics[index]
    if not topic.startswith(_ADDRESS_PADDING):
        raise _Malformed
    return "0x" + topic[26:]


def _text(log: Log, word: int) -> bytes:
    """Return the bytes of a string whose offset stands in a word."""
    offset = _word(log, word)
    if offset % 32 or offset + 32 > len(log.data):
        raise _Malformed
    length = int.from_bytes(log.data[offset : offset + 32], "big")
    if offset + 32 + length > len(log.data):
        raise _Malformed
    return log.data[offset + 32 : offset + 32 + length]


def _ownership(log: Log) -> _Details:
    _shape(log, 3, 0)
    return {"previousOwner": _topic_address(log, 1), "newOwner": _topic_address(log, 2)}


def _one_address(log: Log) -> str:
    """Return the only argument, indexed or not."""
    if len(log.topics) == 2:
        _shape(log, 2, 0)
        return _topic_address(log, 1)
    _shape(log, 1, 1)
    return _address(log, 0)


def _upgraded(log: Log) -> _Details:
    return {"change": "implementation", "implementation": _one_address(log)}


def _beacon(log: Log) -> _Details:
    return {"change": "beacon", "beacon": _one_address(log)}


def _admin(log: Log) -> _Details:
    _shape(log, 1, 2)
    return {"change": "admin", "previousAdmin": _address(log, 0), "newAdmin": _address(log, 1)}


def _created(log: Log) -> _Details:
    if len(log.topics) != 1:
        raise _Malformed
    return {
        "proposalId": str(_word(log, 0)),
        "title": title_of(_text(log, 8)),
        "proposer": _address(log, 1),
        "voteStart": str(_word(log, 6)),
        "voteEnd": str(_word(log, 7)),
    }


def _vote(log: Log) -> _Details:
    if len(log.topics) != 2:
        raise _Malformed
    support = _word(log, 1)
    return {
        "proposalId": str(_word(log, 0)),
        "voter": _topic_address(log, 1),
        "support": _SUPPORT.get(support, str(support)),
        "weight": str(_word(log, 2)),
        "reason": plain_text(_text(log, 3), REASON_LENGTH),
    }


def _queued(log: Log) -> _Details:
    _shape(log, 1, 2)
    return {"proposalId": str(_word(log, 0)), "eta": str(_word(log, 1))}


def _proposal(log: Log) -> _Details:
    _shape(log, 1, 1)
    return {"proposalId": str(_word(log, 0))}


_CODE = "contract.implementation_changed"
_DECODERS: dict[str, tuple[str, Callable[[Log], _Details]]] = {
    OWNERSHIP_TRANSFERRED: ("contract.ownership_changed", _ownership),
    UPGRADED: (_CODE, _upgraded),
    ADMIN_CHANGED: (_CODE, _admin),
    BEACON_UPGRADED: (_CODE, _beacon),
    PROPOSAL_CREATED: (CREATED, _created),
    VOTE_CAST: ("governance.vote_cast", _vote),
    VOTE_CAST_WITH_PARAMS: ("governance.vote_cast", _vote),
    PROPOSAL_QUEUED: ("governance.queued", _queued),
    PROPOSAL_EXECUTED: ("governance.executed", _proposal),
    PROPOSAL_CANCELED: ("governance.canceled", _proposal),
}
