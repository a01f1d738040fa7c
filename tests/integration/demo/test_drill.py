"""The drill: the local chain stalls as long as it is told, and goes on afterwards as if nothing had been."""

import asyncio
from pathlib import Path

import pytest

from backend.core.errors import UnavailableError
from backend.demo import rpc as rpc_module
from backend.demo.rpc import Rpc
from backend.embedded.chain_drill import stalled_chain
from backend.embedded.claim import RunClaim
from backend.embedded.errors import StartError
from backend.embedded.ports import free_port
from tests.doubles.local_chain import local_chain


async def test_the_chain_of_a_run_stalls_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc_module, "TIMEOUT_SECONDS", 0.5)
    claim = RunClaim(tmp_path, "http://localhost")
    claim.take()
    with pytest.raises(StartError, match="no local chain"), stalled_chain(claim):
        pass
    async with local_chain(tmp_path, free_port()) as chain:
        assert chain.process is not None
        claim.add_child(chain.process.pid)
        async with Rpc(chain.url) as rpc:
            await rpc.call("evm_mine")
            with stalled_chain(RunClaim(tmp_path, "http://localhost")) as pid:
                assert pid == chain.process.pid
                await asyncio.sleep(0.05)
                with pytest.raises(UnavailableError):
                    await rpc.call("eth_blockNumber")
        async with Rpc(chain.url) as rpc:
            assert int(await rpc.call("eth_blockNumber"), 16) == 1
