"""The chain binary of the demo market: where it is, how it is started, and how its saved state stays small.

Measured with anvil 1.7.1 (the reasons for the flags below; see also docs/demo-market.md):

- A run that ends with SIGTERM or SIGINT writes its state and starts again with the same blocks, hashes, base fee and
  balances. After SIGKILL the chain is as of the last `--state-interval` dump: its head is up to
  STATE_INTERVAL_SECONDS behind, and followers see that as a short reorganisation.
- The dump is not atomic (a kill in the middle leaves half a file): `prepare_state` checks it before each start and
  falls back to the copy it made at the start before.
- A block with its four transactions takes about 45 kB in the dump (mostly call traces), an emptied old one 1.5 kB;
  `--transaction-block-keeper` empties old ones while anvil runs, and `prepare_state` drops old blocks and the
  traces of calls that moved no ether at each start, but never block 0, whose hash identifies the chain.
- Every state that anvil keeps (`--prune-history`) repeats the hashes of all blocks since the start: memory grows by
  about 12 kB a block with 64 states, 2.6 kB with 8. Without the flag states go to disk, 1 MB a block, without end.
- The hard fork is Cancun: from Prague on, EIP-2935 keeps 8,191 block hashes in storage and anvil hashes them all
  again for every block (11 ms a block after 3,000 blocks against 0.1 ms).
"""

import platform
import shutil
import sys
from pathlib import Path

import orjson

from backend.core.errors import UnavailableError
from backend.core.settings import DEMO_CHAIN_ID

CONTRACTS_DIR = Path(__file__).resolve().parent / "contracts"
NODE_MODULES = CONTRACTS_DIR / "node_modules"
ACCOUNT_COUNT = 20
BLOCK_GAS_LIMIT = 30_000_000
STATE_INTERVAL_SECONDS = 30
KEPT_BLOCKS = 2_000  # in the state file at start: over an hour of 2-second blocks
KEPT_TRANSACTION_BLOCKS = 1_000  # newest blocks whose transactions and logs a running anvil answers for
KEPT_STATES = 16  # newest blocks at which eth_call can read; a restart forgets them

_PLATFORMS = {
    ("linux", "x86_64"): "linux-amd64",
    ("linux", "aarch64"): "linux-arm64",
    ("darwin", "x86_64"): "darwin-amd64",
    ("darwin", "arm64"): "darwin-arm64",
}


def anvil_binary() -> Path:
    """Return the anvil executable that npm installed for this machine.

    Raises UnavailableError, saying what to do, when it is not installed or does not exist for this machine.
    """
    machine = (sys.platform, platform.machine().lower())
    package = _PLATFORMS.get(machine)
    if package is None:
        known = ", ".join(" ".join(pair) for pair in _PLATFORMS)
        raise UnavailableError(f"There is no anvil for {' '.join(machine)} (there is for {known}); set CHAINS instead")
    binary = NODE_MODULES / "@foundry-rs" / f"anvil-{package}" / "bin" / "anvil"
    if not binary.is_file():
        raise UnavailableError(f"anvil is not installed: run `npm ci --omit=dev --ignore-scripts` in {CONTRACTS_DIR}")
    return binary


def anvil_command(port: int, state_file: Path, block_seconds: float, chain_id: int = DEMO_CHAIN_ID) -> list[str]:
    """Return the command line of the local chain on 127.0.0.1:port; HTTP and WebSocket share the port.

    The state is loaded from `state_file` when it exists and kept there. Call `prepare_state(state_file)` first.
    Stop the process with SIGTERM, so that it saves its last blocks.
    """
    options: dict[str, object] = {
        "--port": port,
        "--chain-id": chain_id,
        "--accounts": ACCOUNT_COUNT,
        "--block-time": block_seconds,
        "--gas-limit": BLOCK_GAS_LIMIT,
        "--hardfork": "cancun",
        "--order": "fees",
        "--state": state_file,
        "--state-interval": STATE_INTERVAL_SECONDS,
        "--transaction-block-keeper": KEPT_TRANSACTION_BLOCKS,
        "--prune-history": KEPT_STATES,
    }
    command = [str(anvil_binary()), "--quiet"]
    for name, value in options.items():
        command += [name, f"{value:g}" if isinstance(value, float) else str(value)]
    return command


def prepare_state(state_file: Path, kept_blocks: int = KEPT_BLOCKS) -> None:
    """Make the saved state fit to start from: whole, small, and with a copy beside it.

    A damaged file gives way to the copy of the previous start; with no usable copy both are set aside as `.damaged`
    and the chain starts anew. Creates the folder when it is missing.
    """
    state_file.parent.mkdir(parents=True, exist_ok=True)
    backup = state_file.with_suffix(".previous.json")
    for candidate in (state_file, backup):
        if not candidate.exists():
            continue
        try:
            state = orjson.loads(candidate.read_bytes())
            pruned = prune_blocks(state, kept_blocks)
        except (ValueError, KeyError, TypeError, AttributeError):
            candidate.replace(candidate.with_suffix(".damaged"))
            continue
        temporary = state_file.with_suffix(".writing")
        temporary.write_bytes(orjson.dumps(pruned))
        temporary.replace(state_file)
        shutil.copyfile(state_file, backup)
        return


def prune_blocks(state: dict, kept_blocks: int) -> dict:
    """Return anvil's saved state with only block 0, the newest `kept_blocks` blocks and their transactions.

    Of these only the traces of calls that moved ether are kept.

    Each start of anvil adds a block 0 of its own to what it saves, in no order. With several, the next start takes any
    of them and followers see another chain; the oldest is the one that block 1 stands on. Account state is untouched.
    Raises KeyError, TypeError, AttributeError or ValueError when this is not a saved state.
    """
    head = int(state["best_block_number"])
    oldest = head - kept_blocks + 1
    numbered = [(int(block["header"]["number"], 16), block) for block in state["blocks"]]
    first = sorted((block for number, block in numbered if number == 0), key=_taken_at)[:1]
    blocks = first + [block for number, block in numbered if number > 0 and number >= oldest]
    transactions = [
        item if _moves_ether(item["info"]["traces"]) else {**item, "info": {**item["info"], "traces": []}}
        for item in state["transactions"]
        if int(item["block_number"]) >= oldest
    ]
    return {**state, "accounts": dict(state["accounts"]), "blocks": blocks, "transactions": transactions}


def _moves_ether(traces: list[dict]) -> bool:
    """Return whether a transaction's calls moved some: without their traces nobody could tell any more."""
    return any(int(node["trace"]["value"], 16) for node in traces)


def _taken_at(block: dict) -> int:
    return int(block["header"]["timestamp"], 16)
