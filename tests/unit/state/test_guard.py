"""What stands before every handler: events faster than anybody clicks cost neither a query nor a lock."""

from types import SimpleNamespace
from typing import Any

import pytest
import reflex as rx

from backend.accounts.service import CurrentUser
from backend.core.ids import new_id
from backend.core.pace import Pace
from state import guard
from state.guard import signed_in

SESSION = "premium_session=" + "s" * 43


class PacedState(rx.State):
    """A handler that counts how often it runs."""

    @signed_in
    async def press(self, user: CurrentUser) -> Any:
        """Count."""
        self.pressed += 1  # type: ignore[attr-defined]


def page(cookie: str = "", connection: str = "a") -> Any:
    headers = SimpleNamespace(cookie=cookie, user_agent="")
    session = SimpleNamespace(session_id=connection, client_ip="")
    url = SimpleNamespace(path="/alerts/", query="")
    return SimpleNamespace(router=SimpleNamespace(headers=headers, session=session, url=url), pressed=0, vars={})


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Whose session was looked up; everybody with a cookie is signed in."""
    found: list[Any] = []

    async def user_of(state: Any) -> CurrentUser | None:
        found.append(state)
        return CurrentUser(new_id(), "a@example.com", "pro") if state.router.headers.cookie else None

    monkeypatch.setattr(guard, "user_of", user_of)
    monkeypatch.setattr(guard, "_pace", Pace(3, 0.001))
    return found


async def test_who_is_too_fast_is_told_so_and_nothing_is_asked(asked: list[Any]) -> None:
    press, me = PacedState.event_handlers["press"].fn, page(SESSION)
    answers = [await press(me) for _ in range(5)]
    assert (me.pressed, len(asked)) == (3, 3)
    assert [answer is None for answer in answers] == [True] * 3 + [False] * 2
    assert "very fast" in str(answers[-1])


async def test_tabs_of_a_session_count_together_and_strangers_by_connection(asked: list[Any]) -> None:
    press = PacedState.event_handlers["press"].fn
    tabs = [page(SESSION, connection) for connection in "ab"]
    for tab in tabs * 3:
        await press(tab)
    assert sum(tab.pressed for tab in tabs) == 3
    strangers = [page("", connection) for connection in "ab"]
    before = len(asked)
    for stranger in strangers * 4:
        await press(stranger)
    assert len(asked) - before == 6 and not any(stranger.pressed for stranger in strangers)
