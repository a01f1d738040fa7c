"""Lido: staking, the wrapped form, and the queue of withdrawals.

Events: https://docs.lido.fi/contracts/lido, https://docs.lido.fi/contracts/wsteth (wrapping logs nothing of its own),
https://docs.lido.fi/contracts/withdrawal-queue-erc721. stETH grows without Transfers: its balance is more than the sum
of its movements.
"""

from collections.abc import Sequence

from backend.chain.blocks import Log
from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.base import Case, Finding
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.movements import NOBODY
from backend.ledger.decoding.shapes import Shape
from backend.ledger.decoding.sides import got, problem_of
from backend.ledger.events import Kind, Leg

STETH, WSTETH, QUEUE = "steth", "wsteth", "withdrawal_queue"
_SUBMITTED = Shape("Submitted(address indexed sender, uint256 amount, address referral)")
_REQUESTED = Shape(
    "WithdrawalRequested(uint256 indexed requestId, address indexed requestor, address indexed owner, "
    "uint256 amountOfStETH, uint256 amountOfShares)"
)
_CLAIMED = Shape(
    "WithdrawalClaimed(uint256 indexed requestId, address indexed owner, address indexed receiver, uint256 amountOfETH)"
)
_TRANSFER = Shape("Transfer(address indexed from, address indexed to, uint256 value)")


class Decoder(Port):
    """Implements the port."""

    topics = frozenset({_SUBMITTED.topic, _REQUESTED.topic, _CLAIMED.topic, _TRANSFER.topic})
    purposes = frozenset({STETH, WSTETH, QUEUE})

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet staked, wrapped, asked back, and got back."""
        found = [_staked(case, log, sender, amount) for log, (sender, amount, _) in case.logs(_SUBMITTED, STETH)]
        found += [
            _asked(case, log, request, amount) for log, (request, _, _, amount, _) in case.logs(_REQUESTED, QUEUE)
        ]
        found += [_got_back(case, log, request, amount) for log, (request, _, _, amount) in case.logs(_CLAIMED, QUEUE)]
        found.append(_wrapped(case))
        return [finding for finding in found if finding is not None]


def _staked(case: Case, log: Log, sender: str, amount: int) -> Finding | None:
    """By sending to stETH, or to wstETH, which stakes and wraps at once."""
    purpose = {case.wallet: STETH}.get(sender, case.purpose(sender))
    minted = case.purse.ins(lambda piece: case.purpose(piece.token) == purpose and piece.other == NOBODY)
    given = case.purse.one(False, amount, {NATIVE_TOKEN})
    if given is None or not minted or purpose not in (STETH, WSTETH):
        return None
    return _finding(case, Kind.STAKE, log, [case.purse.take(given), case.purse.take(minted[0], "receipt")])


def _asked(case: Case, log: Log, request: int, amount: int) -> Finding | None:
    token = case.purse.ins(lambda piece: piece.token == log.address and piece.movement.token_id == request)
    given = case.purse.outs(
        lambda piece: (
            piece.other == log.address
            and case.purpose(piece.token) in (STETH, WSTETH)
            and (piece.left_raw == amount or case.purpose(piece.token) == WSTETH)
        )
    )
    if not token or not given:
        return None
    legs = [*case.purse.take_all(given[:1], "receipt"), *case.purse.take_all(token, "receipt")]
    return _finding(case, Kind.UNSTAKE, log, legs, request)


def _got_back(case: Case, log: Log, request: int, amount: int) -> Finding | None:
    token = case.purse.outs(lambda piece: piece.token == log.address and piece.movement.token_id == request)
    side = got(case, min(case.wrapped_native, default=NATIVE_TOKEN), amount, {log.address})
    if not token and not side.legs:
        return None
    legs = [*side.legs, *case.purse.take_all(token, "receipt")]
    return _finding(case, Kind.UNSTAKE, log, legs, request, problem_of(side))


def _wrapped(case: Case) -> Finding | None:
    """Return stETH against wstETH: one goes to or comes from the contract that mints or burns the other."""
    for wrapped in case.purse.all():
        if case.purpose(wrapped.token) != WSTETH or wrapped.other != NOBODY:
            continue
        others = case.purse.outs() if wrapped.is_in else case.purse.ins()
        plain = [each for each in others if case.purpose(each.token) == STETH and each.other == wrapped.token]
        if plain:
            legs = case.purse.take_all([plain[0], wrapped], "receipt")
            return Finding(
                kind=Kind.WRAP,
                legs=tuple(legs),
                log_index=wrapped.movement.log_index or 0,
                protocol=case.protocol(wrapped.token),
                counterparty=wrapped.token,
            )
    return None


def _finding(
    case: Case, kind: Kind, log: Log, legs: list[Leg], request: int | None = None, problem: str | None = None
) -> Finding:
    return Finding(
        kind=kind,
        legs=tuple(legs),
        log_index=log.log_index,
        protocol=case.protocol(log.address),
        counterparty=log.address,
        identifiers=None if request is None else {"request_id": str(request)},
        problem=problem,
    )
