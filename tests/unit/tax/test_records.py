"""What is written of transactions and edits reads back as it was, whatever it is."""

from dataclasses import fields, replace
from decimal import Decimal
from hashlib import blake2b
from typing import Any
from uuid import UUID

import orjson
from hypothesis import given

from backend.tax import records
from backend.tax.transactions import Edit, TaxTransaction, TransactionKind, Worth
from tests.unit.tax.made import EDIT, RICH, edits, transactions


def read_back(transaction: TaxTransaction) -> TaxTransaction:
    """Through the row, and the types that PostgreSQL gives of it."""
    row: dict[str, Any] = dict(records.row_of(transaction))
    row["id"] = UUID(row["id"])
    row["import_id"] = None if row["import_id"] is None else UUID(row["import_id"])
    row["happened_at"] = transaction.happened_at
    return records.transaction_of([row[name] for name in records.COLUMNS])


def test_a_transaction_with_everything_reads_back():
    assert all(
        getattr(RICH, field.name) is not None for field in fields(RICH) if field.name not in ("import_id", "line")
    )
    assert read_back(RICH) == RICH


def test_an_edit_with_everything_reads_back():
    assert all(getattr(EDIT, field.name) is not None for field in fields(EDIT))
    assert records.edit_of(orjson.loads(orjson.dumps(records.edit_json(EDIT)))) == EDIT


@given(transactions)
def test_any_transaction_reads_back(transaction: TaxTransaction):
    assert read_back(transaction) == transaction


@given(edits)
def test_any_edit_reads_back(edit: Edit):
    assert records.edit_of(orjson.loads(orjson.dumps(records.edit_json(edit)))) == edit


def test_the_digest_is_of_what_the_source_says_not_of_the_file():
    digest = records.row_of(RICH)["digest"]
    assert records.row_of(replace(RICH, import_id=UUID(int=5), line=7))["digest"] == digest
    changes: dict[str, Any] = {
        "kind": TransactionKind.GIFT_IN,
        "legs": (replace(RICH.legs[0], worth=Worth(Decimal("0.2"), "USD", "pool")), *RICH.legs[1:]),
        "fees": (),
        "basis": None,
        "note": "another",
        "sequence": 1,
    }
    for name, value in changes.items():
        assert records.row_of(replace(RICH, **{name: value}))["digest"] != digest, name


@given(transactions)
def test_the_digest_is_of_plain_sorted_json(transaction: TaxTransaction):
    """As it always was: another one would make every transaction that is stored a changed one."""
    row = dict(records.row_of(transaction))
    for name in ("legs", "fees", "details"):
        row[name] = orjson.loads(str(row[name]))
    said = {name: value for name, value in row.items() if name not in ("import_id", "line", "digest", "assets")}
    plain = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    assert row["digest"] == blake2b(plain, digest_size=16).hexdigest()


def test_rows_are_copied_as_they_are():
    note = "a\ttab, a \\ and\r\ntwo lines, and \\N"
    row = records.row_of(replace(RICH, note=note, legs=(replace(RICH.legs[0], asset='A"\\B'),), fees=(), problem=None))
    (line,) = records.copied([row]).decode().splitlines()
    cells = dict(zip(records.WRITTEN, line.split("\t"), strict=True))
    assert cells["note"] == r"a\ttab, a \\ and\r\ntwo lines, and \\N"
    assert cells["problem"] == r"\N"
    assert cells["assets"] == r'{"A\\"\\\\B"}'


def test_an_edit_goes_before_a_rule_field_by_field():
    rule = Edit(kind=TransactionKind.INCOME, note="by a rule", reason="all of this contract")
    own = Edit(kind=TransactionKind.IGNORED, reason="spam")
    assert records.merged(own, None) == own
    assert records.merged(None, rule) == rule
    assert records.merged(own, rule) == Edit(kind=TransactionKind.IGNORED, note="by a rule", reason="spam")
    assert records.merged(Edit(note="mine"), rule) == Edit(kind=TransactionKind.INCOME, note="mine", reason=rule.reason)
