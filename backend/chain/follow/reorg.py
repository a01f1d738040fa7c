"""Finding out whether our branch is really gone, and where the canonical one left it."""

import asyncio
from dataclasses import dataclass

from backend.chain import repository
from backend.chain.blocks import parse_header
from backend.chain.fetch import BlockSource
from backend.chain.repository import Checkpoint
from backend.chain.rpc.errors import RpcError, RpcMissingError
from backend.chain.rpc.pool import RpcPool
from backend.core.db import Database
from backend.core.logging import get_logger

STEP = 32
DISAGREEMENT_SECONDS = 1.0
log = get_logger(__name__)


class ChainReplacedError(RpcError):
    """The chain has another genesis block than the one that was followed: start over."""

    outcome = "replaced"


@dataclass(frozen=True, slots=True)
class Ancestor:
    """The newest block that both branches have."""

    number: int
    hash: str


class ReorgFinder:
    """Asks every provider before it believes that a block is gone: one that lies must not withdraw alerts."""

    def __init__(self, chain_id: int, rpc: RpcPool, source: BlockSource, shorter_seconds: float) -> None:
        self._chain_id = chain_id
        self._rpc = rpc
        self._source = source
        self._shorter_seconds = shorter_seconds

    async def is_canonical(self, checkpoint: Checkpoint) -> bool:
        """Return whether the chain has the checkpoint's block.

        A chain that is too short may only be read from a node that trails: it is given time before it counts.
        """
        deadline = asyncio.get_running_loop().time() + self._shorter_seconds
        while True:
            try:
                return (await self._source.header(checkpoint.block_number)).hash == checkpoint.block_hash
            except RpcMissingError:
                if asyncio.get_running_loop().time() > deadline:
                    return False
                await asyncio.sleep(0.25)

    async def is_agreed(self, checkpoint: Checkpoint) -> bool:
        """Return False when most providers have another block in the checkpoint's place."""
        return not await self._is_gone(checkpoint, is_shorter_gone=False)

    async def find(self, database: Database, checkpoint: Checkpoint) -> Ancestor | None:
        """Return the common ancestor, or None when the branch we are on is still the canonical one.

        Raises ChainReplacedError, another RpcError or AllProvidersDownError.
        """
        if not await self._is_gone(checkpoint):
            await asyncio.sleep(DISAGREEMENT_SECONDS)
            return None
        number = checkpoint.block_number
        while True:
            async with database.unit_of_work() as session:
                ours = await repository.blocks_back_from(session, self._chain_id, number, STEP)
            if not ours:
                return await self._before_our_first(checkpoint, number)
            theirs = await self._source.headers([height for height, _ in ours])
            for height, block_hash in ours:
                if height in theirs and theirs[height].hash == block_hash:
                    return Ancestor(height, block_hash)
            number = ours[-1][0] - 1

    async def _before_our_first(self, checkpoint: Checkpoint, number: int) -> Ancestor:
        """Nothing that we followed is left: go on from just before our first block, if it is the same chain at all."""
        genesis = await self._source.header(0)
        if genesis.hash != checkpoint.genesis_hash:
            raise ChainReplacedError("the chain has another genesis block")
        try:
            before = await self._source.header(max(number, 0))
        except RpcMissingError:
            before = genesis
        return Ancestor(before.number, before.hash)

    async def _is_gone(self, checkpoint: Checkpoint, *, is_shorter_gone: bool = True) -> bool:
        """Put it to the vote: gone when most providers that have this height have another block there.

        Those who lose are asked last until they agree again. With a tie we stay where we are: two providers cannot
        outvote each other.
        """
        votes = await self._rpc.each(
            "eth_getBlockByNumber",
            [hex(checkpoint.block_number), False],
            lambda raw: "" if raw is None else parse_header(raw, number=checkpoint.block_number).hash,
        )
        known = {label: vote for label, vote in votes.items() if isinstance(vote, str) and vote}
        gone = [label for label, vote in known.items() if vote != checkpoint.block_hash]
        there = [label for label, vote in known.items() if vote == checkpoint.block_hash]
        if not gone and not there:
            # Nobody has this height: the chain got shorter, if at least somebody answered.
            return is_shorter_gone and "" in votes.values()
        is_gone = len(gone) > len(there)
        for provider in self._rpc.providers:
            if provider.label in known:
                provider.estranged = provider.label in (there if is_gone else gone)
        if there and gone:
            log.warning(
                "providers disagree about a block",
                chain_id=self._chain_id,
                number=checkpoint.block_number,
                another_block=gone,
                our_block=there,
            )
            if not is_gone and len(there) > len(gone):
                self._rpc.distrust(gone, "it denies a block that most others have")
        return is_gone
