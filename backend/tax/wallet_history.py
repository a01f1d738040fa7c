"""What the ledger says happened to wallets, as tax transactions. Pure.

One event is one transaction, with the event's id. Movements of one asset and role within an event count together, so
that change that comes back is not taken for a purchase. Worths are amounts times the ledger's prices of then; what has
no price there has no worth here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from backend.chain.events import NATIVE_TOKEN
from backend.chain.registry import chain_name, find_chain
from backend.core.formats import untrusted_text
from backend.core.money import token_amount, value_usd
from backend.ledger.engine.accounting import position_name
from backend.ledger.events import Event, Kind, Leg
from backend.market.assets import KnownAssets, asset_name
from backend.tax.engine.events import IncomeKind
from backend.tax.transactions import TaxLeg, TaxTransaction, TransactionKind, Worth

MAPPING_VERSION = 1  # counts changes of what stands here: transactions of an earlier one are made anew
FEE_SOURCE = "price of the chain's currency as of the block"
USD = "USD"
NO_DECIMALS = "Its contract does not say how amounts are counted: they are in smallest units."
UNKNOWN_FEE = "What this transaction cost is unknown."
UNKNOWN_SWAP = "No decoder knows this contract: what went is taken to be given for what came."
TokenKey = tuple[int, str]
_KINDS = {
    Kind.SWAP: TransactionKind.SWAP,
    Kind.LP_ADD: TransactionKind.LP_ADD,
    Kind.LP_REMOVE: TransactionKind.LP_REMOVE,
    Kind.SUPPLY: TransactionKind.SUPPLY,
    Kind.WITHDRAW: TransactionKind.WITHDRAW,
    Kind.BORROW: TransactionKind.BORROW,
    Kind.REPAY: TransactionKind.REPAY,
    Kind.LIQUIDATION: TransactionKind.LIQUIDATION,
    Kind.STAKE: TransactionKind.STAKE,
    Kind.UNSTAKE: TransactionKind.UNSTAKE,
    Kind.CLAIM: TransactionKind.INCOME,
    Kind.BRIDGE: TransactionKind.BRIDGE,
    Kind.WRAP: TransactionKind.WRAP,
}
_POSITIONS = frozenset({Kind.LP_ADD, Kind.LP_REMOVE, Kind.SUPPLY, Kind.WITHDRAW, Kind.STAKE, Kind.UNSTAKE})
_STAKING = frozenset({"Lido", "Staking rewards"})
_LENDING = frozenset({"Aave V3", "Compound V3", "ERC-4626"})


@dataclass(frozen=True, slots=True)
class Token:
    """How a token is named and counted: its asset, what it is called, its decimals (None: nobody knows)."""

    asset: str
    symbol: str
    decimals: int | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """All tokens of a history by (chain, token), and why some are spam."""

    known: Mapping[TokenKey, Token]
    spam: Mapping[TokenKey, str]

    def of(self, chain_id: int, token: str) -> Token:
        """Return how a token is named and counted."""
        return self.known.get((chain_id, token)) or named(chain_id, token, None, None, None)


def named(chain_id: int, token: str, vouched: KnownAssets | None, symbol: str | None, decimals: int | None) -> Token:
    """Return a token by what vouches for it, else by its chain and address; `symbol` is what it calls itself."""
    asset = vouched.asset_of(chain_id, token) if vouched is not None else f"{chain_id}:{token}"
    if ":" not in asset:
        own = vouched.decimals.get((chain_id, token)) if vouched is not None else None
        return Token(asset, asset, decimals if decimals is not None else own)
    if token == NATIVE_TOKEN:
        chain = find_chain(chain_id)
        shown = untrusted_text(chain.currency.symbol) if chain else f"currency of {chain_name(chain_id)}"
        return Token(asset, shown, decimals if decimals is not None else chain.currency.decimals if chain else 18)
    return Token(asset, asset_name(asset, {asset: symbol}), decimals)


def transactions_of(events: Iterable[Event], tokens: Tokens) -> list[TaxTransaction]:
    """Return the transactions of events, in their order; those of which nothing moved and nothing was paid are none."""
    return [made for event in events if (made := transaction_of(event, tokens)) is not None]


def transaction_of(event: Event, tokens: Tokens) -> TaxTransaction | None:
    """Return the transaction of one event, None when nothing moved and nothing was paid."""
    legs, problem = _legs(event, tokens)
    fees = _fees(event, tokens)
    kind, note = _kind(event, legs)
    problem = event.problem or problem
    if kind is TransactionKind.FEE and event.fee_wei is None:
        problem = problem or UNKNOWN_FEE
    if kind is TransactionKind.FEE and not fees and event.fee_wei is not None:
        return None
    if event.kind is Kind.TRANSFER and kind is TransactionKind.SWAP:
        problem = problem or UNKNOWN_SWAP
    made = TaxTransaction(
        id=event.id,
        source="wallet",
        happened_at=event.happened_at,
        kind=kind,
        wallet=event.wallet,
        legs=legs,
        fees=fees,
        income=_income(event, legs),
        sequence=sequence_of(event),
        chain_id=event.chain_id,
        tx_hash=event.tx_hash,
        protocol=event.protocol,
        position=_position(event),
        identifiers=event.identifiers,
        note=note,
        problem=problem,
    )
    return _without_spam(made, event, tokens)


def sequence_of(event: Event) -> int:
    """Return the place among what happened in the same second: by block, transaction and number in it."""
    return (event.block_number << 26) + (min(event.tx_index, 0xFFFF) << 10) + min(event.number, 0x3FF)


def _kind(event: Event, legs: Sequence[TaxLeg]) -> tuple[TransactionKind, str]:
    if event.kind is Kind.APPROVE:
        return TransactionKind.FEE, "An allowance was given or taken back."
    if event.kind is Kind.CALL or not event.succeeded:
        return TransactionKind.FEE, "" if event.succeeded else "The transaction failed, and was paid for."
    if not legs:
        return TransactionKind.FEE, "What went came back."
    if event.kind is not Kind.TRANSFER:
        return _KINDS[event.kind], ""
    comes, goes = any(leg.amount > 0 for leg in legs), any(leg.amount < 0 for leg in legs)
    if comes and goes:
        return TransactionKind.SWAP, ""
    return (TransactionKind.DEPOSIT if comes else TransactionKind.WITHDRAWAL), ""


def _income(event: Event, legs: Sequence[TaxLeg]) -> IncomeKind | None:
    """Return where what was earned is from: of claims, and where some of what came is a reward."""
    if event.kind is not Kind.CLAIM and not any(leg.role == "reward" and leg.amount > 0 for leg in legs):
        return None
    if event.protocol in _STAKING:
        return IncomeKind.STAKING
    if event.protocol in _LENDING and event.kind is not Kind.CLAIM:
        return IncomeKind.INTEREST
    return IncomeKind.AIRDROP if event.protocol is None else IncomeKind.REWARD


def _position(event: Event) -> str | None:
    """Return what names a position that no fungible token stands for."""
    if event.kind not in _POSITIONS:
        return None
    receipts = [leg for leg in event.legs if leg.role == "receipt"]
    if receipts and all(leg.token_id is None for leg in receipts):
        return None
    name = position_name(event.identifiers, event.counterparty)
    return f"{event.chain_id}:{event.protocol or ''}:{name}"[:200] if name else None


def _legs(event: Event, tokens: Tokens) -> tuple[tuple[TaxLeg, ...], str | None]:
    together: dict[tuple[str, int | None, str], list[Leg]] = {}
    for leg in event.legs:
        together.setdefault((leg.token, leg.token_id, leg.role), []).append(leg)
    made, problem = [], None
    for parts in together.values():
        amount_raw = sum(part.amount_raw for part in parts)
        if amount_raw == 0:
            continue
        token = tokens.of(event.chain_id, parts[0].token)
        if token.decimals is None and parts[0].token_id is None:
            problem = NO_DECIMALS
        made.append(_leg(event, parts, amount_raw, token))
    return tuple(made), problem


def _leg(event: Event, parts: Sequence[Leg], amount_raw: int, token: Token) -> TaxLeg:
    first, others = parts[0], {part.counterparty for part in parts}
    piece = first.token_id is not None
    amount = token_amount(amount_raw, 0 if piece or token.decimals is None else token.decimals)
    priced = next((part for part in parts if part.price_usd is not None), None)
    worth = None
    if priced is not None and priced.price_usd is not None and (piece or token.decimals is not None):
        worth = _worth(abs(amount), priced.price_usd, priced.price_source or "price of the ledger", priced.priced_at)
    return TaxLeg(
        asset=f"{event.chain_id}:{first.token}:{first.token_id}" if piece else token.asset,
        symbol=f"{token.symbol} #{first.token_id}"[:60] if piece else token.symbol,
        amount=amount,
        worth=worth,
        role=first.role,
        counterparty=(others.pop() if len(others) == 1 else None) or event.counterparty,
    )


def _fees(event: Event, tokens: Tokens) -> tuple[TaxLeg, ...]:
    if not event.fee_wei:
        return ()
    token = tokens.of(event.chain_id, NATIVE_TOKEN)
    amount = token_amount(event.fee_wei, 18)
    worth = None
    if event.fee_price_usd is not None:
        worth = _worth(amount, event.fee_price_usd, FEE_SOURCE, event.happened_at)
    return (TaxLeg(token.asset, token.symbol, amount, worth),)


def _worth(amount: Decimal, price_usd: Decimal, source: str, as_of: datetime | None) -> Worth:
    return Worth(value_usd(amount, price_usd), USD, source, as_of)


def _without_spam(made: TaxTransaction, event: Event, tokens: Tokens) -> TaxTransaction:
    """Leave out what came or went of nothing but spam; a fee that was paid for it counts."""
    why = [tokens.spam.get((event.chain_id, leg.token)) for leg in event.legs]
    if event.kind is not Kind.TRANSFER or not why or any(each is None for each in why):
        return made
    note = f"Taken for spam: {why[0]}"
    if made.fees:
        return replace(made, kind=TransactionKind.FEE, legs=(), note=note, problem=None)
    return replace(made, kind=TransactionKind.IGNORED, note=note, problem=None)
