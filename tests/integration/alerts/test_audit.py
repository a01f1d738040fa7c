"""Every change of rules and webhooks is in the audit log: what, to what, and from where."""

from typing import Any

import pytest
from sqlalchemy import text

from backend.accounts.schemas import CurrentUser
from backend.alerts import service
from backend.alerts.errors import RuleNotFoundError
from backend.alerts.schemas import HistoryFilter, RuleCreate, RuleUpdate
from backend.core.db import Database
from backend.core.ids import new_id
from backend.core.origin import Origin, coming_from

RULE = {"name": "Big", "type": "whale", "conditions": {"value_usd": 5000}, "actions": [{"type": "in_app"}]}


async def logged(database: Database, user: CurrentUser) -> list[tuple[str, str, dict[str, Any]]]:
    async with database.unit_of_work(user.id) as session:
        rows = await session.execute(text("select action, target, details from audit_log order by recorded_at, id"))
        return [tuple(row) for row in rows]  # type: ignore[misc]


async def test_the_life_of_a_rule_is_logged(app_database, make_user) -> None:
    user = await make_user()
    with coming_from(Origin("page", "192.0.2.9", "A browser", "req_1")):
        async with app_database.unit_of_work(user.id) as session:
            rule = await service.create_rule(session, user, RuleCreate.model_validate(RULE))
        for change in (
            RuleUpdate(name="Bigger", cooldown_seconds=60),
            RuleUpdate(name="Bigger"),
            RuleUpdate(enabled=False),
        ):
            async with app_database.unit_of_work(user.id) as session:
                await service.update_rule(session, user, rule.id, change)
        async with app_database.unit_of_work(user.id) as session:
            await service.set_enabled(session, user, rule.id, False)
            await service.set_enabled(session, user, rule.id, True)
            await service.delete_rule(session, user, rule.id)
    found = await logged(app_database, user)
    assert {target for _, target, _ in found} == {str(rule.id)}
    assert [(action, details) for action, _, details in found] == [
        ("alert_rule.created", {"name": "Big", "type": "whale"}),
        ("alert_rule.changed", {"name": "Bigger", "changed": ["name", "cooldown_seconds"]}),
        ("alert_rule.paused", {"name": "Bigger"}),
        ("alert_rule.resumed", {"name": "Bigger"}),
        ("alert_rule.deleted", {"name": "Bigger"}),
    ]
    async with app_database.unit_of_work(user.id) as session:
        where = await session.execute(
            text("select distinct channel, ip_address, user_agent, request_id from audit_log")
        )
        assert where.all() == [("page", "192.0.2.9", "A browser", "req_1")]


async def test_what_failed_is_not_logged(app_database, make_user) -> None:
    user = await make_user()
    with pytest.raises(RuleNotFoundError):
        async with app_database.unit_of_work(user.id) as session:
            await service.delete_rule(session, user, new_id())
    with pytest.raises(RuntimeError):
        async with app_database.unit_of_work(user.id) as session:
            await service.create_rule(session, user, RuleCreate.model_validate(RULE))
            raise RuntimeError("the transaction fails after the service did its work")
    assert await logged(app_database, user) == []


async def test_webhooks_and_exports_are_logged_without_the_address(app_database, make_user, admin_database) -> None:
    user = await make_user()
    async with app_database.unit_of_work(user.id) as session:
        sent = await service.send_test_webhook(session, user, "https://hooks.example.com/secret-part?k=1")
    async with admin_database.unit_of_work() as session:
        await session.execute(text("update notification_outbox set status = 'dead' where id = :id"), {"id": sent.id})
    async with app_database.unit_of_work(user.id) as session:
        await service.resend_delivery(session, user, sent.id)
    async with app_database.unit_of_work(user.id) as session:
        _ = [chunk async for chunk in service.export_history(session, user, HistoryFilter(type="whale"), "csv")]
    assert await logged(app_database, user) == [
        ("webhook.tested", str(sent.id), {"host": "hooks.example.com"}),
        ("webhook.resent", str(sent.id), {"host": "hooks.example.com"}),
        ("alert_history.exported", "", {"type": "whale", "format": "csv"}),
    ]
