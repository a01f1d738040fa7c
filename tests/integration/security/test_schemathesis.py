"""What the description says, the API does: generated requests meet no 5xx and no undocumented answer."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from backend.api import auth
from backend.core.settings import Settings
from tests.integration.api.conftest import Api, serving

SEED = 20_261_125
EXAMPLES = 8
# Payments are not there in this test: what asks them may say so.
WITHOUT_PAYMENTS = "/v1/subscriptions"


def problem(operation: Any, url: str, headers: dict[str, str]) -> str:
    """Send generated requests to an operation (blocking); return what was wrong, if anything."""

    @seed(SEED)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy())
    def attempt(case: Any) -> None:
        case.headers = {**(case.headers or {}), **headers}
        response = case.call(base_url=url, allow_redirects=False)
        if response.status_code == 503 and operation.path.startswith(WITHOUT_PAYMENTS):
            return
        assert response.status_code < 500, f"{response.status_code} {response.text[:300]}"
        case.validate_response(response, checks=[status_code_conformance, response_schema_conformance])

    try:
        attempt()
    except BaseException as error:
        return f"{operation.method.upper()} {operation.path}: {str(error)[:600]}"
    return ""


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_every_operation_answers_as_it_is_described(
    make_settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "ANONYMOUS_PER_MINUTE", 100_000)
    async with serving(make_settings(sign_in_requests_per_minute=100_000)) as api:
        await _try_everything(api)


async def _try_everything(api: Api) -> None:
    schema = schemathesis.openapi.from_dict((await api.anonymous.get("/openapi.json")).json)
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) > 60
    found = []
    for operation in operations:
        user = await api.new_user()  # a new one each time: some of them end the session, or the account
        found.append(await asyncio.to_thread(problem, operation, api.url, dict(api.client_of(user).headers)))
    assert not any(found), "\n".join(filter(None, found))
