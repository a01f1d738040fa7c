"""Lido: stETH, and wstETH as the stETH that it unwraps to as of a block, to the unit.

On other chains wstETH is a bridged token whose rate is known on Ethereum only: there it stays a token with its price.
Source: lidofinance/lido-dao, WstETH.sol (`getStETHByWstETH`).
"""

from collections.abc import Sequence

from backend.chain.blocks import Header
from backend.portfolio.protocols import words
from backend.portfolio.protocols.base import NOT_SAID, BlockReader, Part, PlacedPlugin, Position, Wallet

_BALANCE_OF, _UNWRAPPED = "70a08231", "bb2952fc"


class Plugin(PlacedPlugin):
    """Implements ProtocolPlugin."""

    name = "Lido"

    async def positions(self, reader: BlockReader, wallets: Sequence[Wallet], block: Header) -> list[Position]:
        """Return a position for stETH and for wstETH of every wallet that has some."""
        found: list[Position] = []
        for deployment in self._places.on(reader.chain_id):
            steth, wsteth = deployment["steth"], deployment["wsteth"]
            asked = [(wallet.address, token) for wallet in wallets for token in (steth, wsteth)]
            balances = await reader.read([words.call(token, _BALANCE_OF, wallet) for wallet, token in asked])
            held = [
                (wallet, token, amount)
                for (wallet, token), answer in zip(asked, balances, strict=True)
                if (amount := words.uint(answer)) != 0
            ]
            unwrapped = await reader.read([words.call(wsteth, _UNWRAPPED, amount or 0) for _, _, amount in held])
            for (wallet, token, amount), answer in zip(held, unwrapped, strict=True):
                worth = amount if token == steth or amount is None else words.uint(answer)
                found.append(
                    Position(
                        chain_id=reader.chain_id,
                        protocol=self.name,
                        kind="staked",
                        wallet=wallet,
                        block_number=block.number,
                        block_hash=block.hash,
                        parts=(Part(steth, worth),),
                        receipts={token: amount or 0},
                        identifiers={"token": token},
                        problem=NOT_SAID if worth is None else None,
                    )
                )
        return found
