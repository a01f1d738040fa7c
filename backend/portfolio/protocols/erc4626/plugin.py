"""Shares of ERC-4626 vaults: the assets that they convert to as of a block, without fees of leaving.

Anybody's contract can call itself a vault and its shares worth anything, so only tokens count that the spam filter or
the user vouches for. Source: EIP-4626, `asset` and `convertToAssets`.
"""

from collections.abc import Sequence

from backend.chain.blocks import Header
from backend.portfolio.protocols import words
from backend.portfolio.protocols.base import NOT_SAID, BlockReader, Part, PlacedPlugin, Places, Position, Wallet
from backend.portfolio.protocols.remembered import Remembered

_ASSET, _BALANCE_OF, _CONVERT = "38d52e0f", "70a08231", "07a2d13a"


class Plugin(PlacedPlugin):
    """Implements ProtocolPlugin; it needs no addresses."""

    name = "ERC-4626"

    def __init__(self, places: Places) -> None:
        super().__init__(places)
        self._seen: Remembered[str | None] = Remembered()

    def is_on(self, chain_id: int) -> bool:
        """Return True: a vault may be on any chain."""
        return self._places.everywhere

    async def positions(self, reader: BlockReader, wallets: Sequence[Wallet], block: Header) -> list[Position]:
        """Return a position for every vault that a wallet has shares of."""
        vouched = [
            (wallet.address, token) for wallet in wallets for token in wallet.tokens if token not in wallet.suspect
        ]
        tokens = list(dict.fromkeys(token for _, token in vouched))
        seen = await self._seen.of(reader.chain_id, tokens, lambda unknown: _assets(reader, unknown))
        assets = {token: asset for token, asset in seen.items() if asset is not None}
        owned = [(wallet, token) for wallet, token in vouched if token in assets]
        balances = await reader.read([words.call(token, _BALANCE_OF, wallet) for wallet, token in owned])
        held = [
            (wallet, token, shares)
            for (wallet, token), answer in zip(owned, balances, strict=True)
            if (shares := words.uint(answer)) != 0
        ]
        worth = await reader.read([words.call(token, _CONVERT, shares or 0) for _, token, shares in held])
        found: list[Position] = []
        for (wallet, vault, shares), answer in zip(held, worth, strict=True):
            amount = None if shares is None else words.uint(answer)
            found.append(
                Position(
                    chain_id=reader.chain_id,
                    protocol=self.name,
                    kind="vault",
                    wallet=wallet,
                    block_number=block.number,
                    block_hash=block.hash,
                    parts=(Part(assets[vault], amount),),
                    receipts={vault: shares or 0},
                    identifiers={"vault": vault},
                    problem=NOT_SAID if amount is None else None,
                )
            )
        return found


async def _assets(reader: BlockReader, tokens: Sequence[str]) -> dict[str, str | None]:
    """Return the asset of each vault, None for what is none. EIP-4626: the asset of a vault never changes."""
    said = await reader.read([words.call(token, _ASSET) for token in tokens])
    return {
        token: words.address(words.uint(answer) or 0) if answer is not None and len(answer) == 32 else None
        for token, answer in zip(tokens, said, strict=True)
    }
