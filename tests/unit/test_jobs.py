"""The table of tasks: what is deferred exists, and retries are spread."""

import ast
import asyncio
from collections.abc import Iterator

import pytest

from backend.core.job_runner import LONGEST_WAIT_SECONDS, wait_before_retry
from backend.core.jobs import JobContext, periodic, task
from backend.core.settings import ROOT
from backend.worker.jobs import all_tasks


def deferred_names() -> Iterator[str]:
    """Every name that the code gives to `defer`, as text or as a constant of its module or of another."""
    constants: dict[str, str] = {}
    calls: list[ast.expr] = []
    for file in (ROOT / "backend").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and len(node.targets) == 1:
                if isinstance(node.targets[0], ast.Name) and isinstance(node.value.value, str):
                    constants[node.targets[0].id] = node.value.value
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "defer" and len(node.args) > 1:
                calls.append(node.args[1])
    for call in calls:
        if isinstance(call, ast.Constant):
            yield str(call.value)
        elif isinstance(call, ast.Name | ast.Attribute):
            yield constants[call.id if isinstance(call, ast.Name) else call.attr]
        else:
            raise AssertionError(f"defer with a name that cannot be checked: {ast.dump(call)}")


def test_every_job_that_is_deferred_has_a_task() -> None:
    names = set(deferred_names())
    assert "privacy.make_export" in names
    assert names - {task.name for task in all_tasks()} == set()


def test_waits_double_up_to_a_quarter_of_an_hour_and_are_spread() -> None:
    for failures, seconds in ((0, 1), (1, 2), (4, 16), (30, LONGEST_WAIT_SECONDS)):
        waits = {wait_before_retry(failures) for _ in range(50)}
        assert len(waits) > 40
        assert all(seconds <= wait <= seconds * 1.25 for wait in waits)


def test_a_name_is_taken_once_and_periodic_stands_above_task() -> None:
    name = all_tasks()[0].name

    async def another(context: JobContext) -> None:
        await asyncio.sleep(0)

    with pytest.raises(ValueError, match="already"):
        task(name=name)(another)
    with pytest.raises(ValueError, match="above"):
        periodic("* * * * *")(another)
