"""What stands in protocols as the portfolio's page shows it: a wallet's account in a protocol, and what is in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from backend.core import formats
from backend.core.money import plain
from backend.portfolio.schemas import PositionPartRead, PositionRead
from backend.portfolio.service import Snapshot, position_list
from components.i18n import catalogue, t
from state.portfolio_rows import wallet_name

# Below 1 an account may be liquidated; a market's bad day takes a fifth.
NEAR, AT_RISK = Decimal("1.5"), Decimal("1.1")


@dataclass(frozen=True, slots=True)
class PositionLine:
    """One amount in an account: what it is there as, the amount, and its worth; `why` says what is unknown."""

    key: str
    label: str
    amount: str
    exact: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class AccountRow:
    """What a wallet has in a protocol on a chain; `tone` is that of `health`, which is empty without debt."""

    key: str
    protocol: str
    wallet: str
    chain: str
    value: str
    health: str
    tone: str
    lines: list[PositionLine] = field(default_factory=list)


def account_rows(snapshot: Snapshot, names: Mapping[str, str]) -> list[AccountRow]:
    """Return the accounts of a snapshot, the most valuable first, those of unknown worth last."""
    grouped: dict[tuple[int, str, str], list[PositionRead]] = {}
    for position in position_list(snapshot).items:
        grouped.setdefault((position.chain_id, position.protocol, position.wallet.lower()), []).append(position)
    accounts = [(_worth(found), _account(found, names)) for found in grouped.values()]
    accounts.sort(key=lambda each: (each[0] is None, -(each[0] or 0), each[1].key))
    return [account for _, account in accounts]


def _account(found: list[PositionRead], names: Mapping[str, str]) -> AccountRow:
    first = found[0]
    factors = [each.health_factor for each in found if each.health_factor is not None]
    health = min(factors, default=None)
    return AccountRow(
        key=f"{first.chain_id}:{first.protocol}:{first.wallet.lower()}",
        protocol=formats.untrusted_text(first.protocol),
        wallet=wallet_name(first.wallet, names),
        chain=first.chain,
        value=formats.usd(_worth(found)),
        health="" if health is None else t("portfolio.account_health", factor=f"{health:.2f}"),
        tone="" if health is None else "loss" if health < AT_RISK else "warn" if health < NEAR else "gain",
        lines=[
            _line(position, part, f"{place}:{number}")
            for place, position in enumerate(found)
            for number, part in enumerate(position.parts)
        ],
    )


def _line(position: PositionRead, part: PositionPartRead, key: str) -> PositionLine:
    symbol = formats.untrusted_text(part.symbol) if part.symbol else formats.address(part.token)
    earned = part.role in ("fees", "rewards")
    word = part.role if earned else position.kind
    unknown = position.problem or (t("portfolio.why_price") if part.value_usd is None else "")
    return PositionLine(
        key=key,
        label=catalogue().get(f"portfolio.line_{word}", word),
        amount=f"{formats.amount(part.amount)} {symbol}",
        exact=formats.UNKNOWN if part.amount is None else f"{plain(part.amount)} {symbol}",
        value=formats.usd(part.value_usd),
        why=unknown,
    )


def _worth(found: list[PositionRead]) -> Decimal | None:
    """Return what an account is worth, None when a part of it is not known."""
    values = [each.value_usd for each in found]
    return (
        None if any(value is None for value in values) else sum((value or Decimal(0) for value in values), Decimal(0))
    )
