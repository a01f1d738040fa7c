"""One marker of what a plan must include, wherever a function runs."""

import inspect
from typing import Any

import pytest
import reflex as rx
from fastapi import Depends, FastAPI
from httpx import ASGITransport, AsyncClient

from backend.accounts.schemas import CurrentUser
from backend.accounts.service import FEATURE_MARK, Cap, Feature, require_room, requires
from backend.core.errors import TierLimitError
from backend.core.ids import new_id
from state.guard import signed_in


def user(tier: str) -> CurrentUser:
    return CurrentUser(new_id(), "a@example.com", tier)


@requires(Feature.TAX)
async def report(user: CurrentUser, year: int) -> int:
    return year


async def test_a_service_runs_only_with_the_plan() -> None:
    assert await report(user("pro"), 2025) == 2025
    with pytest.raises(TierLimitError) as refused:
        await report(user=user("starter"), year=2025)
    assert refused.value.details == {"feature": "tax", "tier": "starter", "upgradeTo": "pro"}
    assert getattr(report, FEATURE_MARK) is Feature.TAX


async def test_a_route_keeps_its_parameters() -> None:
    app = FastAPI()

    def asking(tier: str) -> CurrentUser:
        return user(tier)

    @app.get("/report")
    @requires(Feature.TAX)
    async def route(year: int, user: CurrentUser = Depends(asking)) -> dict[str, int]:  # noqa: B008 - as FastAPI has it
        return {"year": year}

    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        assert (await client.get("/report?year=2025&tier=pro")).json() == {"year": 2025}
        assert (await client.get("/report?tier=pro")).status_code == 422
        with pytest.raises(TierLimitError):
            await client.get("/report?year=2025&tier=free")


def test_a_handler_takes_no_more_from_the_browser_than_before() -> None:
    class ReportState(rx.State):
        @signed_in
        @requires(Feature.TAX)
        async def show(self, user: CurrentUser, year: int) -> Any:
            """Show a year."""

    assert list(inspect.signature(ReportState.event_handlers["show"].fn).parameters) == ["self", "year"]


def test_what_has_no_user_cannot_be_marked() -> None:
    with pytest.raises(TypeError, match="takes neither a user"):

        @requires(Feature.TAX)
        async def nobody(year: int) -> None:
            """Nobody asks."""


@pytest.mark.parametrize(
    ("tier", "what", "used", "adding", "message", "upgrade"),
    [
        ("free", Cap.WATCHED_WALLETS, 1, 1, "1 watched wallet; 1 in use. Starter allows 10.", "starter"),
        ("pro", Cap.ALERT_RULES, 49, 2, "50 alert rules; 49 in use, 2 more wanted. Enterprise allows any number.",
         "enterprise"),
        ("enterprise", Cap.WATCHED_WALLETS, 100, 1, "100 watched wallets; 100 in use.", None),
    ],
)  # fmt: skip
def test_room_says_what_is_used_and_which_plan_has_more(
    tier: str, what: Cap, used: int, adding: int, message: str, upgrade: str | None
) -> None:
    require_room(user(tier), what, 0)
    with pytest.raises(TierLimitError) as refused:
        require_room(user(tier), what, used, adding)
    assert refused.value.message == f"Your {tier.capitalize()} plan allows {message}"
    assert (refused.value.details["used"], refused.value.details["upgradeTo"]) == (used, upgrade)
