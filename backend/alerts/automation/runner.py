"""Does a run: judges the guard, then does the actions one by one, each in a transaction with the note of it.

What a step does are rows of the database (messages to send, a rule's state, an event to publish), written together with
the step itself: a worker that is killed anywhere leaves either both or neither, and the next one goes on from there.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncSession

from backend.accounts.service import CurrentUser
from backend.alerts import service as rules
from backend.alerts.automation import repository
from backend.alerts.automation.judging import Moment, judge_guard
from backend.alerts.automation.planning import MAX_PATH, TRIGGERED_BY_RULE
from backend.alerts.platform import publish_events
from backend.alerts.repository import lock_user_rules
from backend.alerts.schemas import RULE_ACTIONS
from backend.chain.events import Occurrence
from backend.core.clock import utc_now
from backend.core.db import Database
from backend.core.errors import PremiumError
from backend.core.logging import get_logger
from backend.notifications.service import AlertNews, enqueue_alerts

log = get_logger(__name__)
TRIGGER, GUARD = 0, 1
WITHDRAWN = "The block of this alert was dropped before anything was done."


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a step."""

    outcome: str
    summary: str
    details: dict[str, Any] = field(default_factory=dict)


Work = Callable[[AsyncSession], Awaitable[Result]]


class Runner:
    """One run, with its alert. `database` has the role premium_worker."""

    def __init__(self, database: Database, run: RowMapping, alert: RowMapping) -> None:
        self._database = database
        self._run = run
        self._alert = alert
        self._user = CurrentUser(id=run["user_id"], email=alert["email"], tier=alert["tier"])

    async def perform(self) -> None:
        """Do every step that was not done yet, and note how the run ended."""
        await self._step(TRIGGER, "trigger", self._noted)
        branch = await self._branch()
        actions: Sequence[Mapping[str, Any]] = ()
        if branch:
            actions = self._run["plan"]["actions" if branch == "then" else "elseActions"]
            for number, action in enumerate(actions, start=GUARD + 1):
                await self._step(number, action["type"], self._work_of(action, number))
        async with self._database.unit_of_work() as session:
            failed = await repository.failed_steps(session, self._run["id"])
            status = "failed" if failed else "done" if branch else "skipped"
            await repository.end_run(session, self._run["id"], status)

    async def _branch(self) -> str | None:
        """Return which actions to do: then, else, or None when the guard cannot be told. Decided once."""
        guard = self._run["plan"]["guard"]
        if not guard:
            verdict: bool | None = True
        else:
            step = await self._step(GUARD, "guard", lambda session: self._judged(session, guard))
            verdict = step["details"].get("verdict")
        branch = None if verdict is None else "then" if verdict else "else"
        if branch:
            async with self._database.unit_of_work() as session:
                await repository.set_branch(session, self._run["id"], branch)
        return branch

    async def _step(self, number: int, kind: str, work: Work) -> Mapping[str, Any]:
        """Return a step, doing it if that was not done; its effects and its row are of one transaction."""
        async with self._database.unit_of_work() as session:
            await repository.lock_run(session, self._run["id"])
            known = await repository.find_step(session, self._run["id"], number)
            if known is not None:
                return known
            started_at = utc_now()
            try:
                async with session.begin_nested():
                    result = await work(session)
            except PremiumError as error:
                result = Result("failed", error.message, {"code": error.code, **error.details})
            values = {
                "run_id": self._run["id"], "number": number, "user_id": self._user.id, "type": kind,
                "outcome": result.outcome, "summary": result.summary, "details": result.details,
                "started_at": started_at, "ended_at": utc_now(),
            }  # fmt: skip
            await repository.insert_step(session, values)
            return values

    async def _noted(self, session: AsyncSession) -> Result:
        event_id, at = self._alert["event_id"], self._alert["triggered_at"]
        return Result("done", self._alert["message"], {"eventId": event_id, "eventAt": at.isoformat()})

    async def _judged(self, session: AsyncSession, guard: dict[str, Any]) -> Result:
        chain_id = self._alert["chain_id"]
        moment = Moment(chain_id, self._alert["block_number"] if chain_id else None, self._alert["triggered_at"])
        judged = await judge_guard(session, guard, moment)
        outcome = "skipped" if judged.verdict is None else "done"
        return Result(outcome, f"The check {judged.word}", {"verdict": judged.verdict, "read": judged.read})

    def _work_of(self, action: Mapping[str, Any], number: int) -> Work:
        if action["type"] not in RULE_ACTIONS:
            return lambda session: self._tell(session, action)
        rule_id = UUID(action["ruleId"])
        if action["type"] == "trigger_rule":
            return lambda session: self._trigger(session, rule_id, number)
        return lambda session: self._set_enabled(session, rule_id, action["type"] == "enable_rule")

    async def _tell(self, session: AsyncSession, action: Mapping[str, Any]) -> Result:
        if action["type"] == "in_app":
            return Result("done", "Shown in the app")
        alert = self._alert
        news = AlertNews(
            user_id=self._user.id,
            alert_id=alert["id"],
            rule_id=self._run["alert_rule_id"],
            rule_name=self._run["rule_name"],
            kind=self._run["kind"],
            message=alert["message"],
            actions=[dict(action)],
            payload={
                "alertId": str(alert["id"]), "ruleId": str(self._run["alert_rule_id"]),
                "ruleName": self._run["rule_name"], "message": alert["message"], "chainId": alert["chain_id"],
                "txHash": alert["tx_hash"], "event": alert["event_data"],
            },
            triggered_at=alert["triggered_at"],
            news_at=self._run["news_at"],
        )  # fmt: skip
        count = await enqueue_alerts(session, [news])
        if not count:
            return Result("skipped", "There is nobody to tell this way: no target, or it was told already")
        return Result("done", "Put in line to be sent", {"messages": count})

    async def _set_enabled(self, session: AsyncSession, rule_id: UUID, enabled: bool) -> Result:
        await lock_user_rules(session, self._user.id)  # before it is looked at: another run may be doing the same
        rule = await repository.find_rule(session, self._user.id, rule_id)
        verb = "resumed" if enabled else "paused"
        if rule is None:
            return Result("failed", "The rule to act on was deleted", {"ruleId": str(rule_id)})
        details = {"ruleId": str(rule_id), "ruleName": rule["name"]}
        if rule["enabled"] == enabled:
            return Result("skipped", f"“{rule['name']}” was {verb} already", details)
        await rules.set_enabled(session, self._user, rule_id, enabled)
        return Result("done", f"“{rule['name']}” was {verb}", details)

    async def _trigger(self, session: AsyncSession, rule_id: UUID, number: int) -> Result:
        rule = await repository.find_rule(session, self._user.id, rule_id)
        path = [str(each) for each in self._run["path"]]
        details = {"ruleId": str(rule_id), "path": path}
        if rule is None:
            return Result("failed", "The rule to trigger was deleted", details)
        if str(rule_id) in path:
            return Result(
                "stopped", f"“{rule['name']}” is one of the rules that led here: it would go in a circle", details
            )
        if len(path) >= MAX_PATH:
            return Result("stopped", f"Rules may trigger rules {MAX_PATH} deep, and no deeper", details)
        if not rule["enabled"]:
            return Result("skipped", f"“{rule['name']}” is paused", details)
        event = Occurrence(
            id=f"{TRIGGERED_BY_RULE}:{self._run['id']}:{number}",
            chain_id=0,
            block_number=0,
            block_hash="",
            taken_at=int(self._alert["triggered_at"].timestamp()),
            topic=TRIGGERED_BY_RULE,
            subject=str(rule_id),
            source="your rule",
            label=self._run["rule_name"],
            details={"path": ",".join(path), "alertId": str(self._alert["id"])},
        )
        await publish_events(session, [event], self._user.id)
        return Result("done", f"“{rule['name']}” was triggered", {**details, "eventId": event.id})


async def run_automation(database: Database, run_id: UUID) -> None:
    """Do a run as far as it is not done. Raises what a broken connection raises; then it is to be called again."""
    async with database.unit_of_work() as session:
        run = await repository.begin_run(session, run_id)
        if run is None:
            return
        alert = await repository.find_alert(session, run["alert_id"], run["triggered_at"])
        if alert is None or alert["withdrawn_at"] is not None:
            await repository.end_run(session, run_id, "skipped", WITHDRAWN)
            return
    await Runner(database, run, alert).perform()


async def give_up(database: Database, run_id: UUID, reason: str) -> None:
    """Note that a run could not be done."""
    log.error("automation given up", run=str(run_id), error=reason[:200])
    async with database.unit_of_work() as session:
        await repository.end_run(session, run_id, "failed", "It could not be done after several tries.")
