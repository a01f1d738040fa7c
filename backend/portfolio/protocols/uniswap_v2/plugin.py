"""LP tokens of Uniswap V2: the tokens that burning them pays, as of a block, to the unit."""

from collections.abc import Sequence

from backend.chain.blocks import Header
from backend.portfolio.engine.uniswap.v2_position import V2Pool
from backend.portfolio.protocols import words
from backend.portfolio.protocols.base import BlockReader, Part, PlacedPlugin, Places, Position, Wallet
from backend.portfolio.protocols.remembered import Remembered
from backend.portfolio.protocols.uniswap_v2.pairs import Pair, pairs_among, states_of, worth_of

_BALANCE_OF = "70a08231"


class Plugin(PlacedPlugin):
    """Implements ProtocolPlugin."""

    name = "Uniswap V2"

    def __init__(self, places: Places) -> None:
        super().__init__(places)
        self._seen: Remembered[Pair | None] = Remembered()

    async def positions(self, reader: BlockReader, wallets: Sequence[Wallet], block: Header) -> list[Position]:
        """Return a position for every pair that a wallet has LP tokens of."""
        tokens = list(dict.fromkeys(token for wallet in wallets for token in wallet.tokens))
        factories = {deployment["factory"] for deployment in self._places.on(reader.chain_id)}
        seen = await self._seen.of(reader.chain_id, tokens, lambda unknown: pairs_among(reader, factories, unknown))
        pairs = {token: pair for token, pair in seen.items() if pair is not None}
        if not pairs:
            return []
        owned = [(wallet.address, pairs[token]) for wallet in wallets for token in wallet.tokens if token in pairs]
        answers = await reader.read([words.call(pair.address, _BALANCE_OF, wallet) for wallet, pair in owned])
        held = [(wallet, pair, words.uint(answer)) for (wallet, pair), answer in zip(owned, answers, strict=True)]
        wanted = list(dict.fromkeys(pair for _, pair, amount in held if amount != 0))
        pools = dict(zip(wanted, await states_of(reader, wanted), strict=True))
        return [
            self._position(reader.chain_id, block, wallet, pair, amount, pools[pair])
            for wallet, pair, amount in held
            if amount != 0
        ]

    def _position(
        self, chain_id: int, block: Header, wallet: str, pair: Pair, held: int | None, pool: V2Pool | None
    ) -> Position:
        amounts, problem = worth_of(pool, held)
        return Position(
            chain_id=chain_id,
            protocol=self.name,
            kind="lp",
            wallet=wallet,
            block_number=block.number,
            block_hash=block.hash,
            parts=(Part(pair.token0, amounts[0]), Part(pair.token1, amounts[1])),
            receipts={pair.address: held or 0},
            identifiers={"pool": pair.address},
            problem=problem,
        )
