"""Aave V3: what wallets supplied and owe, with interest up to the block, and the health factor of the account.

Balances of aTokens and debt tokens grow by themselves: they are the amounts. Stable debt counts where the market still
has it. Source: aave-v3-core 1.19.3, Pool.sol (`getReserveData`, `getUserAccountData`), DataTypes.sol.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from backend.chain.blocks import Header
from backend.portfolio.protocols import words
from backend.portfolio.protocols.base import NOT_SAID, BlockReader, Part, PlacedPlugin, Position, Wallet

_RESERVES, _RESERVE, _ACCOUNT, _BALANCE_OF = "d1946dbc", "35ea6a75", "bf92857c", "70a08231"
_RESERVE_WORDS, _ATOKEN, _STABLE_DEBT, _VARIABLE_DEBT = 15, 8, 9, 10
_NO_DEBT = 2**256 - 1


@dataclass(frozen=True, slots=True)
class _Token:
    """A token of a reserve that accounts hold."""

    asset: str
    address: str
    kind: Literal["supply", "borrow"]
    rate: str


class Plugin(PlacedPlugin):
    """Implements ProtocolPlugin."""

    name = "Aave V3"

    async def positions(self, reader: BlockReader, wallets: Sequence[Wallet], block: Header) -> list[Position]:
        """Return a position for every reserve that a wallet supplied to, and for every debt."""
        found: list[Position] = []
        for deployment in self._places.on(reader.chain_id):
            found += await self._of_pool(reader, deployment["pool"], [wallet.address for wallet in wallets], block)
        return found

    async def _of_pool(self, reader: BlockReader, pool: str, wallets: Sequence[str], block: Header) -> list[Position]:
        def position(wallet: str, token: _Token | None, amount: int | None, health: Decimal | None) -> Position:
            identifiers = {"pool": pool}
            if token is not None:
                identifiers |= {"token": token.address, "rate": token.rate}
            owed = token is not None and token.kind == "borrow"
            part = -amount if owed and amount is not None else amount
            return Position(
                chain_id=reader.chain_id,
                protocol=self.name,
                kind=token.kind if token else "supply",
                wallet=wallet,
                block_number=block.number,
                block_hash=block.hash,
                parts=(Part(token.asset, part),) if token else (),
                receipts={token.address: amount or 0} if token else None,
                health_factor=health,
                identifiers=identifiers,
                problem=NOT_SAID if amount is None else None,
            )

        tokens = await _tokens(reader, pool)
        if tokens is None:
            return [position(wallet, None, None, None) for wallet in wallets]
        accounts = await reader.read([words.call(pool, _ACCOUNT, wallet) for wallet in wallets])
        health = {wallet: health_of(answer) for wallet, answer in zip(wallets, accounts, strict=True)}
        asked = [(wallet, token) for wallet in wallets for token in tokens]
        answers = await reader.read([words.call(token.address, _BALANCE_OF, wallet) for wallet, token in asked])
        return [
            position(wallet, token, amount, health[wallet])
            for (wallet, token), answer in zip(asked, answers, strict=True)
            if (amount := words.uint(answer)) != 0
        ]


async def _tokens(reader: BlockReader, pool: str) -> list[_Token] | None:
    """Return the tokens of a pool's reserves (none before it was deployed), None when it did not say them all."""
    (answer,) = await reader.read([words.call(pool, _RESERVES)])
    if answer == b"":
        return []
    assets = words.addresses(answer)
    if assets is None:
        return None
    answers = await reader.read([words.call(pool, _RESERVE, asset) for asset in assets])
    found: list[_Token] = []
    for asset, said in zip(assets, answers, strict=True):
        tokens = reserve_of(asset, said)
        if tokens is None:
            return None
        found += tokens
    return found


def reserve_of(asset: str, answer: bytes | None) -> list[_Token] | None:
    """Return the tokens of a reserve from `getReserveData`; those at the zero address are not there."""
    said = words.uints(answer, _RESERVE_WORDS)
    if said is None:
        return None
    supplied, stable, variable = (words.address(said[place]) for place in (_ATOKEN, _STABLE_DEBT, _VARIABLE_DEBT))
    if supplied is None or variable is None:
        return None
    found = [_Token(asset, supplied, "supply", "variable"), _Token(asset, variable, "borrow", "variable")]
    return found if stable is None else [*found, _Token(asset, stable, "borrow", "stable")]


def health_of(answer: bytes | None) -> Decimal | None:
    """Return the health factor from `getUserAccountData`, None without debt or when it is unknown."""
    said = words.uints(answer, 6)
    return None if said is None or said[5] == _NO_DEBT else Decimal(said[5]).scaleb(-18)
