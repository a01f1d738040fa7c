"""Whoever follows news is signed in, has the page open, and is the newest to do so."""

import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
import reflex as rx

from backend.accounts.service import CurrentUser
from backend.core.errors import NotFoundError, UnavailableError
from backend.core.ids import new_id
from state import following
from state.following import SESSION_CHECK_SECONDS, Run, follows


class NewsState(rx.State):
    """Follows a list of what happens: what is raised, or said."""

    @follows("news", "/tax/review/")
    async def follow(self, run: Run) -> AsyncIterator[Any]:
        """Say what comes."""
        while await run.is_open():
            async with self:
                if not await run.goes_on():
                    return
            happens = self.coming.pop(0)  # type: ignore[attr-defined]
            if isinstance(happens, Exception):
                raise happens
            yield happens


class Tab:
    """A tab with the page open; it is closed when nothing comes any more."""

    def __init__(self, *coming: Any, cookie: str = "yes", path: str = "/tax/review") -> None:
        self.coming, self._run = list(coming), ""
        headers, session = SimpleNamespace(cookie=cookie), SimpleNamespace(client_token="tab")
        self.router = SimpleNamespace(headers=headers, session=session, url=SimpleNamespace(path=path))

    async def __aenter__(self) -> "Tab":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def follow(self) -> AsyncIterator[Any]:
        return NewsState.event_handlers["follow"].fn(self)


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A clock that the test moves, and sessions and tabs as `Tab` says."""
    clock, tabs = SimpleNamespace(now=time.monotonic(), waited=[]), {}

    async def user_of(tab: Tab) -> CurrentUser | None:
        tabs["tab"] = tab
        return CurrentUser(new_id(), "a@example.com", "pro") if tab.router.headers.cookie else None

    async def is_open(token: str) -> bool:
        return bool(tabs[token].coming)

    async def sleep(seconds: float) -> None:
        clock.waited.append(seconds)

    monkeypatch.setattr(following, "user_of", user_of)
    monkeypatch.setattr(following, "is_open", is_open)
    monkeypatch.setattr(following, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(following, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


async def said(tab: Tab) -> list[Any]:
    return [event async for event in tab.follow()]


async def test_news_come_until_the_tab_is_closed() -> None:
    assert await said(Tab("a", "b")) == ["a", "b"]


async def test_a_stranger_hears_nothing() -> None:
    assert await said(Tab("a", cookie="")) == []


async def test_a_page_that_was_left_hears_nothing_more() -> None:
    assert await said(Tab("a", path="/tax/reports/")) == []
    tab = Tab("a", "b")
    heard = tab.follow()
    assert await anext(heard) == "a"
    tab.router.url.path = "/"
    assert [event async for event in heard] == []


async def test_a_newer_run_takes_over() -> None:
    tab = Tab("a", "b", "c")
    older = tab.follow()
    assert await anext(older) == "a"
    newer = tab.follow()
    assert await anext(newer) == "b"
    assert [event async for event in older] == []
    assert [event async for event in newer] == ["c"]


async def test_who_signed_out_hears_nothing_more(surroundings: SimpleNamespace) -> None:
    tab = Tab("a", "b", "c")
    heard = tab.follow()
    assert await anext(heard) == "a"
    tab.router.headers.cookie = ""
    surroundings.now += SESSION_CHECK_SECONDS / 2
    assert await anext(heard) == "b"
    surroundings.now += SESSION_CHECK_SECONDS
    assert [event async for event in heard] == []


async def test_what_is_lost_comes_back_and_what_is_gone_is_not_asked_for_again(surroundings: SimpleNamespace) -> None:
    assert await said(Tab("a", ConnectionError(), UnavailableError("down"), "b")) == ["a", "b"]
    assert surroundings.waited == [following.RETRY_SECONDS] * 2
    assert await said(Tab("a", NotFoundError("gone"), "b")) == ["a"]
