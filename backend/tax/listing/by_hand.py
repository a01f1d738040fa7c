"""Transactions that a user writes by hand, checked: what they say fits their kind. Pure but for the clock."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

from backend.core.clock import utc_now
from backend.core.errors import InvalidInputError
from backend.core.formats import address as short_address
from backend.core.ids import new_id
from backend.market.fiat.service import CURRENCIES
from backend.tax.listing.editing import worth_by_user
from backend.tax.listing.schemas import LegWrite, TaxTransactionAdd, WorthWrite
from backend.tax.transactions import FIAT_PREFIX, TaxLeg, TaxTransaction, TransactionKind, is_fiat

EARLIEST = datetime(2009, 1, 3, tzinfo=UTC)  # Bitcoin's first block


def asset_title(asset: str) -> str:
    """Return an asset for people."""
    if is_fiat(asset):
        return asset.removeprefix(FIAT_PREFIX)
    if ":" not in asset:
        return asset
    chain, token, *piece = asset.split(":")
    return f"{short_address(token)}{f' #{piece[0]}' if piece else ''} on chain {chain}"


def made_by_hand(wanted: TaxTransactionAdd, id_: UUID | None = None) -> TaxTransaction:
    """Return the transaction that a user wrote, of a new id or of one before. Raises InvalidInputError by field."""
    problems = _problems(wanted)
    if problems:
        raise InvalidInputError("Some values cannot be accepted.", problems)
    return TaxTransaction(
        id=id_ or new_id(),
        source="manual",
        happened_at=wanted.happened_at.astimezone(UTC),
        kind=wanted.kind,
        wallet=wanted.wallet,
        to_wallet=wanted.to_wallet,
        legs=tuple(_leg(each.asset, each.amount, each.worth) for each in wanted.legs),
        fees=tuple(_leg(each.asset, each.amount, each.worth) for each in wanted.fees),
        income=wanted.income,
        tx_hash=wanted.tx_hash.lower() if wanted.tx_hash else None,
        basis=worth_by_user(wanted.basis) if wanted.basis else None,
        acquired_at=wanted.acquired_at.astimezone(UTC) if wanted.acquired_at else None,
        note=wanted.note,
    )


def _problems(wanted: TaxTransactionAdd) -> dict[str, str]:
    problems = {}
    if not EARLIEST <= wanted.happened_at <= utc_now():
        problems["happenedAt"] = "It must be in the past, and not before 3 January 2009."
    if wanted.acquired_at is not None and not EARLIEST <= wanted.acquired_at <= wanted.happened_at:
        problems["acquiredAt"] = "It cannot have been acquired after this happened."
    if wanted.kind is TransactionKind.FEE and not wanted.fees:
        problems["fees"] = "Say what was paid."
    if wanted.kind is not TransactionKind.FEE:
        problems |= _legs_problem(wanted.kind, wanted.legs)
    if wanted.kind is TransactionKind.TRANSFER and (wanted.to_wallet or wanted.wallet) == wanted.wallet:
        problems["toWallet"] = "Say to which other wallet or account it went."
    each_worth = [each.worth for each in (*wanted.legs, *wanted.fees)] + [wanted.basis]
    currencies = {each.currency for each in each_worth if each is not None}
    currencies |= {
        each.asset.upper().removeprefix("FIAT:") for each in (*wanted.legs, *wanted.fees) if _is_money(each.asset)
    }
    if currencies - set(CURRENCIES):
        problems["currency"] = f"There are no rates for it. Choose one of: {', '.join(CURRENCIES)}."
    return problems


# Which ways the amounts of a kind go: (something comes, something goes); None: either.
_WAYS: dict[TransactionKind, tuple[bool | None, bool | None]] = {
    **dict.fromkeys((TransactionKind.BUY, TransactionKind.SELL, TransactionKind.SWAP), (True, True)),
    **dict.fromkeys((TransactionKind.BORROW, TransactionKind.WITHDRAW, TransactionKind.UNSTAKE), (True, None)),
    **dict.fromkeys((TransactionKind.REPAY, TransactionKind.SUPPLY, TransactionKind.STAKE), (None, True)),
    TransactionKind.LP_REMOVE: (True, None),
    **dict.fromkeys((TransactionKind.LP_ADD, TransactionKind.LIQUIDATION), (None, True)),
    **dict.fromkeys((TransactionKind.DEPOSIT, TransactionKind.INCOME, TransactionKind.GIFT_IN), (True, False)),
    **dict.fromkeys(
        (
            *(TransactionKind.WITHDRAWAL, TransactionKind.TRANSFER, TransactionKind.GIFT_OUT),
            *(TransactionKind.DONATION, TransactionKind.SPEND, TransactionKind.LOSS),
        ),
        (False, True),
    ),
}


def ways_of(kind: TransactionKind) -> tuple[bool | None, bool | None]:
    """Return whether something comes, and whether something goes, for a kind; None: it may, or not."""
    return (False, False) if kind is TransactionKind.FEE else _WAYS.get(kind, (None, None))


def _legs_problem(kind: TransactionKind, legs: Sequence[LegWrite]) -> dict[str, str]:
    if not legs or any(each.amount == 0 for each in legs):
        return {"legs": "Say what came (above zero) and what went (below zero)."}
    comes, goes = ways_of(kind)
    has = any(each.amount > 0 for each in legs), any(each.amount < 0 for each in legs)
    name = kind.value.replace("_", " ")
    if comes and not has[0]:
        return {"legs": f"Something must come in (an amount above zero) for {name}."}
    if goes and not has[1]:
        return {"legs": f"Something must go out (an amount below zero) for {name}."}
    if comes is False and has[0]:
        return {"legs": f"Nothing can come in (above zero) for {name}."}
    if goes is False and has[1]:
        return {"legs": f"Nothing can go out (below zero) for {name}."}
    return {}


def _is_money(asset: str) -> bool:
    return asset.lower().startswith(FIAT_PREFIX)


def _leg(asset: str, amount: Decimal, worth: WorthWrite | None) -> TaxLeg:
    if _is_money(asset):
        key = FIAT_PREFIX + asset[len(FIAT_PREFIX) :].upper()
    else:
        key = asset.lower() if ":" in asset else asset.upper()
    return TaxLeg(key, asset_title(key)[:60], amount, None if worth is None else worth_by_user(worth))
