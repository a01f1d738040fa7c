"""What no decoder explains: transfers as they are, and allowances that were given."""

from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import Case, Finding
from backend.ledger.decoding.movements import NOBODY
from backend.ledger.decoding.purse import Piece
from backend.ledger.decoding.shapes import Shape
from backend.ledger.events import Approval, Kind

PERMIT2 = "0x000000000022d473030f116ddee9f6b43ac78ba3"  # the same on every chain: docs.uniswap.org, Permit2 deployments
_ERC20 = Shape("Approval(address indexed owner, address indexed spender, uint256 value)")
_ERC721 = Shape("Approval(address indexed owner, address indexed approved, uint256 indexed tokenId)")
_FOR_ALL = Shape("ApprovalForAll(address indexed owner, address indexed operator, bool approved)")
_PERMIT2_APPROVAL = Shape(
    "Approval(address indexed owner, address indexed token, address indexed spender, uint160 amount, uint48 expiration)"
)
_PERMIT2_PERMIT = Shape(
    "Permit(address indexed owner, address indexed token, address indexed spender, uint160 amount, uint48 expiration, "
    "uint48 nonce)"
)
_PERMIT2_LOCKDOWN = Shape("Lockdown(address indexed owner, address token, address spender)")
APPROVAL_TOPICS = frozenset(
    shape.topic for shape in (_ERC20, _FOR_ALL, _PERMIT2_APPROVAL, _PERMIT2_PERMIT, _PERMIT2_LOCKDOWN)
)


def transfers(case: Case) -> list[Finding]:
    """Return what is left as transfers, one for each other side, in order; what was minted or burned has none."""
    by_other: dict[str, list[Piece]] = {}
    for piece in case.purse.all():
        by_other.setdefault(piece.other, []).append(piece)
    return [
        Finding(
            kind=Kind.TRANSFER,
            legs=tuple(case.purse.take_all(pieces)),
            log_index=-1 if pieces[0].movement.log_index is None else pieces[0].movement.log_index,
            protocol=case.protocol(other),
            counterparty=None if other == NOBODY else other,
        )
        for other, pieces in by_other.items()
    ]


def approvals(case: Case) -> tuple[Approval, ...]:
    """Return the allowances of the wallet as the transaction left them, the last word on each."""
    given: dict[tuple[str, str, int | None], tuple[int, Approval]] = {}
    said = [*_of_tokens(case), *_of_permit2(case)]
    for log_index, approval in sorted(said, key=lambda each: each[0]):
        given[approval.token, approval.spender, approval.token_id] = (log_index, approval)
    return tuple(approval for _, approval in sorted(given.values(), key=lambda each: each[0]))


def _of_tokens(case: Case) -> list[tuple[int, Approval]]:
    found = [
        (log.log_index, Approval(token=log.address, spender=spender, amount_raw=amount))
        for log, (owner, spender, amount) in case.logs(_ERC20)
        if owner == case.wallet
    ]
    for log, (owner, spender, token_id) in case.logs(_ERC721):
        if owner == case.wallet and spender != NOBODY:  # nobody: the token was passed on, or the approval taken back
            found.append((log.log_index, Approval(token=log.address, spender=spender, amount_raw=1, token_id=token_id)))
    for log, (owner, operator, is_given) in case.logs(_FOR_ALL):
        if owner == case.wallet:
            amount = None if is_given else 0
            found.append((log.log_index, Approval(token=log.address, spender=operator, amount_raw=amount)))
    return found


def _of_permit2(case: Case) -> list[tuple[int, Approval]]:
    """An allowance given to a spender through Permit2, whose logs name the token."""
    found: list[tuple[int, Approval]] = []
    for shape in (_PERMIT2_APPROVAL, _PERMIT2_PERMIT):
        for log, values in case.logs(shape):
            if log.address == PERMIT2 and values[0] == case.wallet:
                found.append((log.log_index, Approval(token=values[1], spender=values[2], amount_raw=values[3])))
    for log, (owner, token, spender) in case.logs(_PERMIT2_LOCKDOWN):
        if log.address == PERMIT2 and owner == case.wallet:
            found.append((log.log_index, Approval(token=token, spender=spender, amount_raw=0)))
    return [each for each in found if each[1].token != NATIVE_TOKEN]
