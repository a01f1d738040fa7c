"""The front end is built once for each change, for every port, and leaves git clean."""

import json
from pathlib import Path

import pytest
from reflex_base import constants

from backend.core.settings import Settings
from backend.embedded import parts
from premium_app import build
from premium_app.same_origin import use_page_port

SETTINGS = Settings(_env_file=None)  # pyright: ignore[reportCallIssue]


def test_reflex_template_takes_the_port_of_the_page():
    template = (constants.Templates.Dirs.WEB_TEMPLATE / "utils" / "state.js").read_text()
    changed = use_page_port(template)
    assert changed.count("endpoint.port = window.location.port;") == 1
    assert use_page_port(changed) == changed


def test_another_template_is_noticed():
    with pytest.raises(RuntimeError, match=r"state\.js changed"):
        use_page_port("export const getBackendURL = () => null;")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(parts, "ROOT", tmp_path)
    monkeypatch.setattr(build, "ROOT", tmp_path)
    for name in (
        "premium_app/pages",
        "components/ui",
        "state",
        "backend/alerts",
        "backend/cli",
        "assets",
        "reflex.lock",
    ):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "premium_app" / "pages" / "overview.py").write_text("one")
    (tmp_path / "reflex.lock" / "package.json").write_text('{"a": 1, "b": 2}')
    return tmp_path


@pytest.mark.parametrize(
    "changed", ["premium_app/pages/overview.py", "assets/tokens.css", "backend/alerts/schemas.py", "rxconfig.py"]
)
def test_a_change_of_a_source_asks_for_a_build(checkout: Path, changed: str):
    before = parts.build_key(SETTINGS)
    assert parts.build_key(SETTINGS) == before
    (checkout / changed).write_text("two")
    assert parts.build_key(SETTINGS) != before


@pytest.mark.parametrize("unrelated", ["backend/cli/doctor.py", "README.md", "state/__pycache__"])
def test_other_changes_do_not(checkout: Path, unrelated: str):
    before = parts.build_key(SETTINGS)
    if unrelated.endswith("__pycache__"):
        (checkout / unrelated).mkdir()
        (checkout / unrelated / "a.pyc").write_bytes(b"x")
    else:
        (checkout / unrelated).write_text("two")
    assert parts.build_key(SETTINGS) == before


def test_the_port_asks_for_no_build_but_the_public_address_does(checkout: Path):
    before = parts.build_key(SETTINGS)
    assert parts.build_key(SETTINGS.model_copy(update={"port": 9999})) == before
    assert parts.build_key(SETTINGS.model_copy(update={"public_url": "https://premium.example"})) != before


def test_order_of_keys_in_the_lock_is_put_back(checkout: Path):
    file = checkout / "reflex.lock" / "package.json"
    committed = file.read_text()
    with build.committed_lock_untouched():
        file.write_text('{"b":2,"a":1}')
    assert file.read_text() == committed


def test_another_content_of_the_lock_is_kept(checkout: Path):
    file = checkout / "reflex.lock" / "package.json"
    with build.committed_lock_untouched():
        file.write_text('{"a": 1, "b": 3}')
    assert json.loads(file.read_text())["b"] == 3
