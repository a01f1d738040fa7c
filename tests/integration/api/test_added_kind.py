"""A kind is a folder: one that is added goes through rules, preferences, REST, engine and message with nothing else."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.alerts import kinds
from backend.alerts.kinds.registry import look_again
from backend.notifications.kinds import alert_kinds, news_seconds
from state.alert_rows import kind_icons, kind_label
from state.history_filters import kinds_offered
from tests.integration.api.conftest import Api
from tests.integration.api.test_alert_kinds import CHAIN, Market, history, made, market  # noqa: F401 - a fixture

TIDE = '''
"""A kind of nobody's: the tide turns at a harbour."""

from backend.alerts.engine.conditions import OccurrenceConditions
from backend.alerts.kinds.base import FieldSpec, Kind
from backend.alerts.kinds.forms import Form, by_field, is_


class TideKind(Kind):
    """The tide turns."""

    name = "tide"
    title = "Tides of the sea"
    label = "Tide"
    icon = "waves"
    summary = "The tide turns."
    order = 75
    news_seconds = 600
    fields = (FieldSpec("chain", "Chain", "chain", required=True),)

    async def parse(self, raw, context):
        form = Form(self.fields, raw)
        chain_id = form.chain(context)
        form.end()
        return chain_id

    def stored(self, conditions):
        return [is_("chain", conditions)]

    def of_stored(self, stored):
        return int(by_field(stored)["chain"]["value"])

    def asked(self, conditions, rule_id, owner):
        return OccurrenceConditions(frozenset(("sea.tide",)), frozenset((conditions,)), frozenset(("harbour",)))

    def message(self, conditions, event):
        return f"The tide turned: {event.details['now']}"

    def sentence(self, conditions, symbols):
        return "The tide turns"

    def reading_of(self, conditions):
        return None


KIND = TideKind()
'''


@pytest.fixture
def tide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder `tide` among the kinds, for one test."""
    folder = tmp_path / "tide"
    folder.mkdir()
    (folder / "__init__.py").write_text(TIDE)
    monkeypatch.setattr(kinds, "__path__", [*kinds.__path__, str(tmp_path)])
    look_again()
    yield
    monkeypatch.undo()
    sys.modules.pop("backend.alerts.kinds.tide", None)
    look_again()


async def test_a_folder_is_all_that_a_kind_needs(tide: None, api: Api, market: Market) -> None:  # noqa: F811
    client = api.client_of(await api.new_user())
    offered = (await client.get("/v1/alerts/kinds")).data
    assert [each["name"] for each in offered][-3:] == ["tide", "chained", "multi"]
    rule = await made(client, "tide", {"chain": CHAIN}, actions=[{"type": "notify"}])
    assert rule["description"] == "The tide turns"
    await market.occurs("sea.tide", "harbour", now="ebb")
    (alert,) = await history(client, rule, 1)
    assert (alert["type"], alert["message"]) == ("tide", "The tide turned: ebb")
    filtered = (await client.get("/v1/alerts/history?type=tide")).data
    assert [each["id"] for each in filtered["items"]] == [alert["id"]]
    # notify: the channels that the preferences allow for the kind
    deliveries = (await client.get(f"/v1/notifications/deliveries?alertId={alert['id']}")).data["items"]
    assert [each["channel"] for each in deliveries] == ["email"]


async def test_its_preferences_are_kept_like_those_of_others(tide: None, api: Api) -> None:
    client = api.client_of(await api.new_user())
    preferences, settings = "/v1/notifications/preferences", "/v1/notifications/settings"
    assert (await client.get(preferences)).data["alerts"]["tide"]["email"] is True
    changed = await client.send("PUT", preferences, json={"alerts": {"tide": {"email": False}}})
    assert changed.data["alerts"]["tide"]["email"] is False
    told = await client.send("PUT", settings, json={"criticalKinds": ["tide"]})
    assert told.data["criticalKinds"] == ["tide"]
    assert (await client.get(settings)).data["criticalKinds"] == ["tide"]


def test_pages_and_channels_know_it(tide: None) -> None:
    assert (kind_label("tide"), news_seconds("tide")) == ("Tide", 600)
    assert "waves" in kind_icons() and "tide" in kinds_offered() and alert_kinds()[-3] == "tide"


async def test_what_nobody_offers_is_refused_with_what_there_is(api: Api) -> None:
    client = api.client_of(await api.new_user())
    refused = await client.send("PUT", "/v1/notifications/settings", json={"criticalKinds": ["tide"]})
    assert refused.status == 422 and "Choose one of: price, whale, gas" in str(refused.json)
    refused = await client.send("PUT", "/v1/notifications/preferences", json={"alerts": {"tide": {"email": True}}})
    assert refused.error["details"] == {"tide.email": "There is no such switch."}
