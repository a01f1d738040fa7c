"""What the engine reads of an event; backend.chain.events has the classes that fit."""
# ruff: noqa: D102 - the names are those of the events, described there

from decimal import Decimal
from typing import Protocol


class PriceLike(Protocol):
    """A price reading with both ends of its move (backend.chain.events.PriceUpdate)."""

    @property
    def chain_id(self) -> int: ...
    @property
    def token(self) -> str: ...
    @property
    def price_usd(self) -> Decimal: ...
    @property
    def previous_price_usd(self) -> Decimal | None: ...
    @property
    def changes(self) -> dict[int, tuple[Decimal | None, Decimal]]: ...


class TransferLike(Protocol):
    """A token transfer (backend.chain.events.TokenTransfer)."""

    @property
    def chain_id(self) -> int: ...
    @property
    def token(self) -> str: ...
    @property
    def sender(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def amount(self) -> Decimal | None: ...
    @property
    def value_usd(self) -> Decimal | None: ...
