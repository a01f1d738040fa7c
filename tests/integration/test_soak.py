"""Less than two minutes of the soak (`make soak` runs ten): whatever is killed, each event is alerted once and told."""

import os
from pathlib import Path

import pytest

from tests.soak.soak import run

SECONDS = float(os.environ.get("SOAK_SECONDS", "100"))


@pytest.mark.long
@pytest.mark.timeout(SECONDS + 400)
async def test_killing_every_process_at_random_loses_and_doubles_nothing(tmp_path: Path) -> None:
    outcome = await run(tmp_path, SECONDS, seed=20)
    assert outcome.is_clean, outcome
    assert outcome.expected > 100 and outcome.withdrawn > 0 and sum(outcome.kills.values()) > 5, (
        f"hardly a soak: {outcome}"
    )
    assert outcome.live_expected > 20 and outcome.kills["web"] > 0 and outcome.resumed > 0, f"hardly live: {outcome}"
