"""Everything that a transaction moved between accounts: tokens by their logs, the chain's own currency by calls.

What a token's contract logs is taken as true of that token, and of nothing else: a worthless token may say that
anybody moved any amount of it. Amounts of zero are left out: they move nothing, and are used to poison histories.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from backend.chain.blocks import Log
from backend.chain.events import NATIVE_TOKEN
from backend.ledger.decoding.shapes import Shape, uints_at
from backend.ledger.transactions import Facts, Movement, Transaction

NOBODY = "0x" + "0" * 40
_ERC20 = Shape("Transfer(address indexed from, address indexed to, uint256 value)")
_ERC721 = Shape("Transfer(address indexed from, address indexed to, uint256 indexed tokenId)")
_SINGLE = Shape(
    "TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)"
)
_BATCH = Shape(
    "TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values)"
)
_DEPOSIT = Shape("Deposit(address indexed dst, uint256 wad)")
_WITHDRAWAL = Shape("Withdrawal(address indexed src, uint256 wad)")


def movements_of(tx: Transaction, facts: Facts) -> tuple[Movement, ...]:
    """Return every movement of a transaction, the chain's own currency first, then by log; none when it failed.

    WETH9 logs no Transfer when it wraps: its Deposit and Withdrawal are a mint and a burn then (newer wrapped
    currencies log both, which counts once). Where movements inside of calls are unknown, those two logs also say what
    was paid in and out, because WETH9 takes from and gives to the account that they name.
    """
    if not tx.succeeded:
        return ()
    native = [each for each in tx.native if each.amount_raw > 0]
    tokens = [movement for log in tx.logs for movement in _of_log(log)]
    wrapped = list(_wrapped(tx.logs, facts.wrapped_native))
    if wrapped and not tx.native_is_known:
        native += _without([_paid(each) for each in wrapped], native)
    tokens += _without(wrapped, tokens)
    return (*native, *sorted(tokens, key=lambda each: each.log_index or 0))


def _of_log(log: Log) -> Iterator[Movement]:
    topic = log.topics[0] if log.topics else None
    if topic == _ERC20.topic:
        if len(log.topics) == 3:
            values = _ERC20.read(log)
            if values is not None and values[2]:
                yield _movement(log, values[0], values[1], values[2])
        elif (values := _ERC721.read(log)) is not None:
            yield _movement(log, values[0], values[1], 1, values[2])
    elif topic == _SINGLE.topic:
        if (values := _SINGLE.read(log)) is not None and values[4]:
            yield _movement(log, values[1], values[2], values[4], values[3])
    elif topic == _BATCH.topic and (values := _BATCH.read(log)) is not None:
        ids, amounts = uints_at(log.data, values[3]), uints_at(log.data, values[4])
        if ids is not None and amounts is not None and len(ids) == len(amounts):
            for token_id, amount in zip(ids, amounts, strict=True):
                if amount:
                    yield _movement(log, values[1], values[2], amount, token_id)


def _movement(log: Log, sender: str, recipient: str, amount: int, token_id: int | None = None) -> Movement:
    return Movement(
        token=log.address,
        sender=sender,
        recipient=recipient,
        amount_raw=amount,
        token_id=token_id,
        log_index=log.log_index,
    )


def _wrapped(logs: Iterable[Log], wrapped_native: frozenset[str]) -> Iterator[Movement]:
    for log in logs:
        if log.address not in wrapped_native:
            continue
        if (values := _DEPOSIT.read(log)) is not None and values[1]:
            yield _movement(log, NOBODY, values[0], values[1])
        elif (values := _WITHDRAWAL.read(log)) is not None and values[1]:
            yield _movement(log, values[0], NOBODY, values[1])


def _paid(wrapped: Movement) -> Movement:
    """Return what of the chain's own currency moved against a mint or burn of its wrapped form."""
    is_mint = wrapped.sender == NOBODY
    return Movement(
        token=NATIVE_TOKEN,
        sender=wrapped.recipient if is_mint else wrapped.token,
        recipient=wrapped.token if is_mint else wrapped.sender,
        amount_raw=wrapped.amount_raw,
    )


def _without(candidates: Iterable[Movement], known: Iterable[Movement]) -> list[Movement]:
    """Return the candidates that are not among the known ones, each known one counting once."""
    seen = Counter(_what(each) for each in known)
    left: list[Movement] = []
    for each in candidates:
        if seen[_what(each)]:
            seen[_what(each)] -= 1
        else:
            left.append(each)
    return left


def _what(each: Movement) -> tuple[str, str, str, int]:
    return each.token, each.sender, each.recipient, each.amount_raw
