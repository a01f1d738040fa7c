"""Staking in contracts of the StakingRewards kind: what is staked, and the reward earned up to the block.

Staked LP tokens of the deployment's Uniswap V2 factory are what burning them pays. The staked token and the reward's
never change. Source: Synthetixio/synthetix, StakingRewards.sol (`balanceOf`, `earned`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from backend.chain.blocks import Header
from backend.portfolio.protocols import words
from backend.portfolio.protocols.base import NOT_SAID, BlockReader, Part, PlacedPlugin, Position, Wallet
from backend.portfolio.protocols.uniswap_v2.pairs import Pair, pairs_among, states_of, worth_of

_STAKING_TOKEN, _REWARDS_TOKEN, _BALANCE_OF, _EARNED = "72f702f3", "d1af0c7d", "70a08231", "008cc262"


@dataclass(frozen=True, slots=True)
class _Contract:
    """A staking contract; a token that it did not say is None."""

    address: str
    staked: str | None
    reward: str | None


class Plugin(PlacedPlugin):
    """Implements ProtocolPlugin."""

    name = "Staking rewards"

    async def positions(self, reader: BlockReader, wallets: Sequence[Wallet], block: Header) -> list[Position]:
        """Return a position for every contract in which a wallet has something staked, or a reward waiting."""
        contracts = await self._contracts(reader)
        asked = [(contract, wallet.address) for contract in contracts for wallet in wallets]
        questions = (_BALANCE_OF, _EARNED)
        answers = await reader.read(
            [words.call(contract.address, question, wallet) for contract, wallet in asked for question in questions]
        )
        held = [
            (contract, wallet, words.uint(staked), words.uint(earned))
            for (contract, wallet), staked, earned in zip(asked, answers[::2], answers[1::2], strict=True)
        ]
        held = [each for each in held if each[2] != 0 or each[3] != 0]
        pairs = await self._pairs(reader, [contract for contract, *_ in held])
        wanted = list(dict.fromkeys(pairs.values()))
        pools = dict(zip(wanted, await states_of(reader, wanted), strict=True))
        found: list[Position] = []
        for contract, wallet, staked, earned in held:
            pair = pairs.get(contract.staked or "")
            if pair is None:
                parts: tuple[Part, ...] = (Part(contract.staked, staked),) if contract.staked else ()
                problem = NOT_SAID if staked is None or contract.staked is None else None
            else:
                amounts, problem = worth_of(pools[pair], staked)
                parts = (Part(pair.token0, amounts[0]), Part(pair.token1, amounts[1]))
            if earned is None or contract.reward is None:
                problem = problem or NOT_SAID
            found.append(
                Position(
                    chain_id=reader.chain_id,
                    protocol=self.name,
                    kind="staked",
                    wallet=wallet,
                    block_number=block.number,
                    block_hash=block.hash,
                    parts=parts,
                    fees=(Part(contract.reward, earned),) if contract.reward else (),
                    identifiers={"contract": contract.address} | ({"pool": pair.address} if pair else {}),
                    problem=problem,
                )
            )
        return found

    async def _contracts(self, reader: BlockReader) -> list[_Contract]:
        """Return the contracts that are there as of the block."""
        places = [deployment["staking"] for deployment in self._places.on(reader.chain_id)]
        answers = await reader.read(
            [words.call(place, selector) for place in places for selector in (_STAKING_TOKEN, _REWARDS_TOKEN)]
        )
        said = [words.address(words.uint(answer) or 0) for answer in answers]
        return [
            _Contract(place, staked, reward)
            for place, staked, reward, answer in zip(places, said[::2], said[1::2], answers[::2], strict=True)
            if answer != b""
        ]

    async def _pairs(self, reader: BlockReader, contracts: Sequence[_Contract]) -> dict[str, Pair]:
        """Return the pairs among what is staked in contracts, by address."""
        factories = {place["factory"] for place in self._places.on(reader.chain_id) if "factory" in place}
        tokens = list(dict.fromkeys(contract.staked for contract in contracts if contract.staked))
        found = await pairs_among(reader, factories, tokens)
        return {token: pair for token, pair in found.items() if pair is not None}
