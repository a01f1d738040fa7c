"""Aave V3: supply, withdraw, borrow, repay, liquidation. The pool is a contract for `aave_v3_pool`.

Events: https://github.com/aave/aave-v3-core/blob/master/contracts/interfaces/IPool.sol and IScaledBalanceToken.sol.
aTokens and debt tokens are those that log a Mint or Burn of the wallet with the pool's amount; those logs also say how
much interest was credited since the last time, which is in their Transfer already: a reward for aTokens. What of the
wallet is debt stays a receipt as a whole.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from backend.chain.blocks import Log
from backend.ledger.decoding.base import Case, Finding, Trade
from backend.ledger.decoding.base import Decoder as Port
from backend.ledger.decoding.movements import NOBODY
from backend.ledger.decoding.purse import Piece, netted
from backend.ledger.decoding.shapes import Shape
from backend.ledger.decoding.sides import got, paid, problem_of
from backend.ledger.events import Kind, Leg

POOL = "aave_v3_pool"
ROUNDING_RAW = 2  # newer versions round a token's amount to the pool's favour
_SUPPLY = Shape(
    "Supply(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, "
    "uint16 indexed referralCode)"
)
_WITHDRAW = Shape("Withdraw(address indexed reserve, address indexed user, address indexed to, uint256 amount)")
_BORROW = Shape(
    "Borrow(address indexed reserve, address user, address indexed onBehalfOf, uint256 amount, uint8 interestRateMode, "
    "uint256 borrowRate, uint16 indexed referralCode)"
)
_REPAY = Shape(
    "Repay(address indexed reserve, address indexed user, address indexed repayer, uint256 amount, bool useATokens)"
)
_LIQUIDATION = Shape(
    "LiquidationCall(address indexed collateralAsset, address indexed debtAsset, address indexed user, "
    "uint256 debtToCover, uint256 liquidatedCollateralAmount, address liquidator, bool receiveAToken)"
)
_MINT = Shape(
    "Mint(address indexed caller, address indexed onBehalfOf, uint256 value, uint256 balanceIncrease, uint256 index)"
)
_BURN = Shape(
    "Burn(address indexed from, address indexed target, uint256 value, uint256 balanceIncrease, uint256 index)"
)


class Decoder(Port):
    """Implements the port."""

    topics = frozenset(each.topic for each in (_SUPPLY, _WITHDRAW, _BORROW, _REPAY, _LIQUIDATION))
    purposes = frozenset({POOL})

    def find(self, case: Case) -> Sequence[Finding]:
        """Return what the wallet did with the pool, in the order of its logs, and liquidations of the wallet."""
        readers = ((_SUPPLY, _supplied), (_WITHDRAW, _withdrawn), (_BORROW, _borrowed), (_REPAY, _repaid))
        logs = [(log, values, read) for shape, read in readers for log, values in case.logs(shape, POOL)]
        found = [read(case, log, values) for log, values, read in sorted(logs, key=lambda each: each[0].log_index)]
        found += [_liquidated(case, log, values) for log, values in case.logs(_LIQUIDATION, POOL)]
        return [finding for finding in found if finding is not None]

    def trades(self, case: Case) -> Sequence[Trade]:
        """Return what a liquidator paid for collateral."""
        return [
            Trade(
                venue=log.address,
                protocol=case.protocol(log.address) or "",
                token_in=debt,
                token_out=collateral,
                log_index=log.log_index,
            )
            for log, (collateral, debt, _, _, _, liquidator, receives_atoken) in case.logs(_LIQUIDATION, POOL)
            if liquidator == case.wallet and not receives_atoken
        ]


def _supplied(case: Case, log: Log, values: tuple[Any, ...]) -> Finding | None:
    reserve, _, for_whom, amount, _ = values
    receipt = _receipt(case, amount) if for_whom == case.wallet else None
    given = case.purse.one(False, amount, case.forms(reserve))
    if receipt is None or given is None:
        return None
    return _finding(case, Kind.SUPPLY, log, [case.purse.take(given), *_with_interest(case, receipt)])


def _withdrawn(case: Case, log: Log, values: tuple[Any, ...]) -> Finding | None:
    """By the wallet itself, or by a gateway that the wallet gave its aTokens for the chain's own currency."""
    reserve, user, to, amount = values
    through = case.purse.one(False, amount, others={user}) if user != case.wallet else None
    receipt = _receipt(case, -amount) if user == case.wallet else through
    if receipt is None:
        return None
    others = {to} if through else {each.sender for each in case.movements if each.token == reserve} | {to}
    side = got(case, reserve, amount, others)
    if not side.legs and not side.is_hidden:
        return None
    taken = case.purse.take_all([receipt], "receipt") if through else _with_interest(case, receipt)
    return _finding(case, Kind.WITHDRAW, log, [*side.legs, *taken], problem_of(side))


def _borrowed(case: Case, log: Log, values: tuple[Any, ...]) -> Finding | None:
    reserve, user, for_whom, amount, *_ = values
    debt = _receipt(case, amount) if for_whom == case.wallet else None
    if debt is None:
        return None
    side = got(case, reserve, amount, {user, *(each.sender for each in case.movements if each.token == reserve)})
    if not side.legs and not side.is_hidden:
        return None
    return _finding(case, Kind.BORROW, log, [*side.legs, case.purse.take(debt, "receipt")], problem_of(side))


def _repaid(case: Case, log: Log, values: tuple[Any, ...]) -> Finding | None:
    """With the reserve or, `with_atokens`, with what the wallet has supplied of it."""
    reserve, user, _, amount, with_atokens = values
    debt = _receipt(case, -amount) if user == case.wallet else None
    if debt is None:
        return None
    legs = [case.purse.take(debt, "receipt")]
    problem = None
    if with_atokens:
        supplied = _receipt(case, -amount)
        given = _with_interest(case, supplied) if supplied else []
    else:
        into = next(
            (each.recipient for each in case.movements if (each.token, each.amount_raw) == (reserve, amount)), ""
        )
        side = paid(case, reserve, amount, into)
        given, problem = side.legs, problem_of(side)
    # Debt that somebody else pays back is a gift: it goes, and nothing of the wallet's.
    return _finding(case, Kind.REPAY, log, [*given, *legs], problem)


def _liquidated(case: Case, log: Log, values: tuple[Any, ...]) -> Finding | None:
    """What of the wallet's was seized, and the debt that is gone for it."""
    _, _, user, debt_raw, seized_raw, liquidator, _ = values
    if user != case.wallet:
        return None
    legs: list[Leg] = []
    for change in (-debt_raw, -seized_raw):
        receipt = _receipt(case, change)
        legs += _with_interest(case, receipt) if receipt else []
    passed_on = case.purse.one(False, seized_raw, others={liquidator})
    legs += case.purse.take_all([passed_on], "receipt") if passed_on else []
    return _finding(case, Kind.LIQUIDATION, log, legs) if legs else None


def _receipt(case: Case, change_raw: int) -> Piece | None:
    """Return the mint or burn of a scaled token that changed what the wallet put in or owes by so much."""
    for token, value, interest, is_mint in _scaled(case):
        change = value - interest if is_mint else -(value + interest)
        if abs(change - change_raw) <= ROUNDING_RAW:
            piece = case.purse.one(is_mint, value, {token}, {NOBODY})
            if piece is not None:
                return piece
    return None


def _with_interest(case: Case, receipt: Piece) -> list[Leg]:
    for token, value, interest, is_mint in _scaled(case):
        if (token, value, is_mint) == (receipt.token, receipt.left_raw, receipt.is_in):
            return case.purse.take_with_interest(receipt, interest)
    return [case.purse.take(receipt, "receipt")]


def _scaled(case: Case) -> Iterable[tuple[str, int, int, bool]]:
    """Yield token, Transfer's amount, interest in it, and whether it is a mint, of the wallet's scaled balances."""
    for shape, at in ((_MINT, 1), (_BURN, 0)):
        for log, values in case.logs(shape):
            if values[at] == case.wallet:
                yield log.address, values[2], values[3], shape is _MINT


def _finding(case: Case, kind: Kind, log: Log, legs: list[Leg], problem: str | None = None) -> Finding:
    return Finding(
        kind=kind,
        legs=netted(legs),
        log_index=log.log_index,
        protocol=case.protocol(log.address),
        counterparty=log.address,
        identifiers={"pool": log.address},
        problem=problem,
    )
