"""The saved state of the chain is small, whole and never lost without need."""

import json
from pathlib import Path

import pytest

from backend.demo.anvil import anvil_command, prepare_state, prune_blocks

STILL, MOVES = {"trace": {"value": "0x0"}}, {"trace": {"value": "0xde0b6b3a7640000"}}


def saved_state(head: int) -> dict:
    return {
        "block": {"number": head},
        "accounts": {"0xaa": {"nonce": 1}},
        "best_block_number": head,
        "blocks": [
            {"header": {"number": hex(number), "timestamp": hex(1_000 + 2 * number)}}
            for number in reversed(range(head + 1))
        ],
        "transactions": [
            {"info": {"traces": [STILL], "nonce": 0}, "receipt": {}, "block_hash": "0x1", "block_number": number}
            for number in range(1, head + 1)
        ],
    }


def test_old_blocks_go_but_the_first_and_the_accounts_stay() -> None:
    state = saved_state(100)
    pruned = prune_blocks(state, 10)
    assert [int(block["header"]["number"], 16) for block in pruned["blocks"]] == [0, *range(100, 90, -1)]
    assert [item["block_number"] for item in pruned["transactions"]] == list(range(91, 101))
    assert pruned["transactions"][0]["info"] == {"traces": [], "nonce": 0}
    assert pruned["accounts"] == state["accounts"]
    assert len(state["blocks"]) == 101


def test_the_traces_of_what_moved_ether_are_kept() -> None:
    state = saved_state(3)
    state["transactions"][1]["info"]["traces"] = [STILL, MOVES]
    pruned = prune_blocks(state, 10)
    assert [item["info"]["traces"] for item in pruned["transactions"]] == [[], [STILL, MOVES], []]


def test_the_first_block_is_the_one_the_chain_began_with() -> None:
    state = saved_state(100)
    for started_at in (5_000, 4_000):  # what two later starts of anvil added, in no order
        state["blocks"].insert(0, {"header": {"number": "0x0", "timestamp": hex(started_at)}})
    firsts = [block for block in prune_blocks(state, 10)["blocks"] if block["header"]["number"] == "0x0"]
    assert firsts == [{"header": {"number": "0x0", "timestamp": hex(1_000)}}]


def test_a_missing_state_is_a_new_chain(tmp_path: Path) -> None:
    state_file = tmp_path / "demo" / "chain.json"
    prepare_state(state_file)
    assert state_file.parent.is_dir()
    assert not state_file.exists()


@pytest.mark.parametrize("damage", [b"", b'{"block": {"number', b"[]", b'{"best_block_number": 3}', b"\xff\x00"])
def test_a_damaged_state_gives_way_to_the_copy_before(tmp_path: Path, damage: bytes) -> None:
    state_file = tmp_path / "chain.json"
    state_file.write_text(json.dumps(saved_state(5)))
    prepare_state(state_file)
    state_file.write_bytes(damage)
    prepare_state(state_file)
    assert json.loads(state_file.read_bytes())["best_block_number"] == 5
    assert (tmp_path / "chain.damaged").read_bytes() == damage


def test_with_no_usable_copy_the_chain_starts_anew(tmp_path: Path) -> None:
    state_file = tmp_path / "chain.json"
    state_file.write_bytes(b"{")
    (tmp_path / "chain.previous.json").write_bytes(b"{")
    prepare_state(state_file)
    assert not state_file.exists()


def test_the_command_names_port_state_and_block_time(tmp_path: Path) -> None:
    command = anvil_command(18_500, tmp_path / "chain.json", 2.0)
    options = dict(zip(command[2::2], command[3::2], strict=True))
    assert options["--port"] == "18500"
    assert options["--chain-id"] == "31337"
    assert options["--block-time"] == "2"
    assert options["--state"] == str(tmp_path / "chain.json")
    assert Path(command[0]).is_file()
