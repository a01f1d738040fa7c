"""The lines of a file, told apart by what is there already."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from backend.core.errors import InvalidInputError
from backend.core.ids import new_id
from backend.tax.imports.files import checked_file, file_name_of, why_no_table
from backend.tax.imports.lines import counts_of, lines_of, lines_to_keep, read_import, transaction_ids
from backend.tax.imports.schemas import MAX_FILE_BYTES

HEAD = "timestamp,type,received_asset,received_amount,note\n"
FILE = (
    HEAD
    + "2024-01-01T00:00:00Z,airdrop,AAA,1,first\n"
    + "2024-01-02T00:00:00Z,airdrop,BBB,2,second\n"
    + "not a time,airdrop,CCC,3,third\n"
)
USER = new_id()


def import_of(**more: Any) -> Mapping[str, Any]:
    values = {"id": new_id(), "user_id": USER, "source": "generic", "account": "A", "timezone": "UTC"}
    return {**values, "mapping": None, "corrections": {}, **more}


def test_lines_are_new_known_or_refused_and_counted() -> None:
    read = read_import(FILE.encode(), import_of())
    ids = transaction_ids(read)
    known = {ids[0]}
    lines = lines_of(read, known)
    assert [(line.line, line.status) for line in lines] == [(2, "known"), (3, "new"), (4, "refused")]
    expected = {"lines": 3, "fresh": 1, "known": 1, "doubled": 0, "refused": 1, "skipped": 0, "warned": 0, "added": 1}
    assert counts_of(lines, ids, known) == expected
    assert [line.line for line in lines_to_keep(lines, known)] == [2, 4]


def test_a_line_that_another_source_tells_counts_once_and_says_so() -> None:
    read = read_import(FILE.encode(), import_of())
    ids = transaction_ids(read)
    lines = lines_of(read, set(), {ids[1]})
    assert [line.status for line in lines] == ["new", "double", "refused"]
    assert lines[1].row()["says"].endswith("it counts once.")
    assert not lines[0].row()["says"].endswith("it counts once.")
    counts = counts_of(lines, ids, set())
    assert (counts["fresh"], counts["doubled"], counts["added"]) == (1, 1, 2)
    assert lines_of(read, {ids[1]}, {ids[1]})[1].status == "known"


def test_a_corrected_cell_makes_a_line_readable_and_keeps_the_ids_of_the_others() -> None:
    before = read_import(FILE.encode(), import_of())
    after = read_import(FILE.encode(), import_of(corrections={"4": {"timestamp": "2024-01-03T00:00:00Z"}}))
    assert [line.status for line in lines_of(after, set())] == ["new"] * 3
    assert transaction_ids(after)[:2] == transaction_ids(before)


def test_what_an_import_names_that_is_not_there_is_said() -> None:
    with pytest.raises(InvalidInputError, match="colour"):
        read_import(FILE.encode(), import_of(mapping={"colour": "note"}))


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("C:\\Users\\me\\trades.csv", "trades.csv"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\n.csv", "ab.csv"),
        ("  ", "transactions.csv"),
        ("x" * 300 + ".csv", "x" * 196 + ".csv"),
    ],
)
def test_a_name_is_a_name_and_no_path(given: str, name: str) -> None:
    assert file_name_of(given) == name


def test_a_file_that_is_too_large_or_no_table_says_what_to_do() -> None:
    assert checked_file(b"x") == b"x"
    with pytest.raises(InvalidInputError, match="30 MB"):
        checked_file(b"x" * (MAX_FILE_BYTES + 1))
    assert "ZIP" in why_no_table(b"PK\x03\x04", UUID(int=1))


def test_what_no_database_can_hold_is_refused_or_shown_as_damaged() -> None:
    damaged = read_import((HEAD + "2024-01-01T00:00:00Z,airdrop,AAA,1,fi\x00rst\n").encode(), import_of())
    (line,) = lines_of(damaged, set())
    assert (line.status, line.row()["cells"]["note"]) == ("new", "fi\ufffdrst")
    head = "timestamp,received_asset,received_amount,wallet,to_wallet,tx_hash\n"
    for place, column in enumerate(("wallet", "tx_hash")):
        cells = ["", "", ""]
        cells[2 * place] = "x" * 121
        read = read_import((head + "2024-01-01T00:00:00Z,AAA,1," + ",".join(cells) + "\n").encode(), import_of())
        (problem,) = read.problems
        assert (problem.column, problem.is_fatal) == (column, True) and "longer than" in problem.reason
        assert read.transactions == ()
