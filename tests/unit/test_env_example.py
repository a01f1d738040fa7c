"""`.env.example` says all there is to set, and nothing else."""

import re

from backend.core.settings import ROOT, Settings
from scripts.env_example import env_example


def test_file_is_what_the_settings_say():
    assert (ROOT / ".env.example").read_text() == env_example(), "run: .venv/bin/python scripts/env_example.py"


def test_every_setting_appears_once():
    names = re.findall(r"^#([A-Z0-9_]+)=", env_example(), re.MULTILINE)
    assert sorted(names) == sorted(name.upper() for name in Settings.model_fields)


def test_every_line_is_accepted_as_it_stands(monkeypatch, tmp_path):
    file = tmp_path / ".env"
    lines = (line.removeprefix("#") for line in env_example().splitlines() if re.match(r"^#[A-Z0-9_]+=.", line))
    file.write_text("\n".join(lines))
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    assert Settings(_env_file=file).port == 8000  # pyright: ignore[reportCallIssue]
