"""Keeping an eye on the providers: whose head is real, who trails, who is on another branch."""

from typing import Any

from backend.chain.blocks import parse_header, quantity
from backend.chain.rpc.errors import RpcError
from backend.chain.rpc.pool import RpcPool
from backend.chain.rpc.transport import Request, raise_if_error
from backend.core.logging import get_logger

SMALLEST_TOLERANCE_BLOCKS = 3
TOLERANCE_SECONDS = 30.0
log = get_logger(__name__)


class ProviderWatch:
    """Judges the providers of a chain by what they claim and can show."""

    def __init__(self, rpc: RpcPool, block_seconds: float) -> None:
        self._rpc = rpc
        self._tolerance_blocks = max(SMALLEST_TOLERANCE_BLOCKS, round(TOLERANCE_SECONDS / block_seconds))

    async def judge(self) -> int | None:
        """Distrust providers that claim a head they cannot show, put the trailing ones last; return the best head.

        None when nobody answered.
        """
        claims = await self._rpc.each("eth_blockNumber", [], quantity)
        heads = {label: claim for label, claim in claims.items() if isinstance(claim, int)}
        for label in sorted(heads):
            if not await self._can_show(label, heads[label]):
                log.warning("provider claims a head that it cannot show", provider=label, claimed=heads.pop(label))
                self._rpc.distrust([label], "it claims a head that it cannot show")
        best = max(heads.values(), default=None)
        for provider in self._rpc.providers:
            head = heads.get(provider.label)
            if best is not None and head is not None:
                provider.behind = best - head > self._tolerance_blocks
        return best

    async def _can_show(self, label: str, number: int) -> bool:
        """True when the provider shows the block it claims and, following it, that block's parent."""

        def parse(results: list[Any]) -> bool:
            head = parse_header(raise_if_error(results[0]), number=number)
            parent = raise_if_error(results[1])
            return number == 0 or parse_header(parent, number=number - 1).hash == head.parent_hash

        requests = [Request("eth_getBlockByNumber", [hex(height), False]) for height in (number, max(number - 1, 0))]
        try:
            return await self._rpc.single(label).batch(requests, parse)
        except RpcError:
            return False
