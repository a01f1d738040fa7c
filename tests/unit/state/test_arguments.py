"""What a socket sends becomes what a handler expects, or is refused."""

from typing import Any
from uuid import uuid4

import pytest

from backend.core.errors import InvalidInputError
from state.arguments import arguments_of, id_of, window_of

NOTHING: dict[str, Any] = {}


async def handler(
    self: Any, user: Any, name: str, count: int = 0, is_on: bool = False, form: dict[str, Any] = NOTHING
) -> None:
    """Take one of every kind."""


taken = arguments_of(handler)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"name": "a", "count": 3, "is_on": True, "form": {"x": [1]}}, ("a", 3, True, {"x": [1]})),
        ({"name": 12, "is_on": None}, ("12", 0, False, {})),
        ({"name": None, "is_on": 1}, ("", 0, True, {})),
    ],
)
def test_what_can_be_meant_is_taken(given: dict[str, Any], kept: tuple[Any, ...]) -> None:
    said = taken(**given)
    said.apply_defaults()
    assert said.args == kept


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"name": "a", "user": "somebody"},
        {"name": "a", "more": 1},
        {"name": ["a"]},
        {"name": {"a": "b"}},
        {"name": "a", "count": "3"},
        {"name": "a", "count": True},
        {"name": "a", "count": None},
        {"name": "a", "is_on": "yes"},
        {"name": "a", "is_on": []},
        {"name": "a", "form": "x"},
        {"name": "a", "form": None},
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        taken(**given)


def test_ids_and_windows() -> None:
    known = uuid4()
    assert id_of(str(known)) == id_of(known) == known
    for wrong in ("", "x", None, 7, "../x"):
        with pytest.raises(InvalidInputError):
            id_of(wrong)
    assert [window_of(each, 5) for each in (1, 5)] == [1, 5]
    for wrong in (0, 6, True, "1", None, 1.0):
        with pytest.raises(InvalidInputError):
            window_of(wrong, 5)
