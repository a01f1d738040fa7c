"""Analytics may be loaded from where the setting says, and from nowhere without it."""

import pytest
from pydantic import ValidationError

from backend.api.content_policy import page_policy
from backend.core.settings import Settings


def policy(script: str) -> dict[str, list[str]]:
    settings = Settings(_env_file=None, analytics_script_url=script)  # pyright: ignore
    parts = (directive.split(" ") for directive in page_policy(settings, []).split("; "))
    return {name: sources for name, *sources in parts}


def test_the_origin_of_analytics_is_allowed_and_no_other() -> None:
    with_some, without, own = policy("https://stats.example.com/js/script.js"), policy(""), policy("/stats.js")
    for directive in ("script-src", "connect-src"):
        assert set(with_some[directive]) - set(without[directive]) == {"https://stats.example.com"}
    assert {name: sources for name, sources in with_some.items() if name not in ("script-src", "connect-src")} == {
        name: sources for name, sources in without.items() if name not in ("script-src", "connect-src")
    }
    assert own == without


@pytest.mark.parametrize("script", ["http://stats.example.com/x.js", "javascript:alert(1)", "data:text/javascript,1"])
def test_a_script_that_could_be_changed_on_its_way_is_refused(script: str) -> None:
    with pytest.raises(ValidationError):
        Settings(_env_file=None, analytics_script_url=script)  # pyright: ignore
