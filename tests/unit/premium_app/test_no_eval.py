"""Toasts from the server are shown without evaluating anything, and nothing else that the server says is run."""

import json
import subprocess
from pathlib import Path

import pytest
import reflex as rx

from backend.core.settings import ROOT
from premium_app.no_eval import _HELPERS, _REPLACED, without_eval

NODE = ROOT / ".venv" / "bin" / "node"
ODD = 'He said "no" \n </script> it\'s ({ x }) ["a"] : b \\ "] } ${x} `y`'
TOASTS = [
    (rx.toast.error(ODD), ["error", ODD]),
    (rx.toast.success("Rule created"), ["success", "Rule created"]),
    (
        rx.toast.warning("a", description=f"{ODD}\u2028", duration=5, close_button=True),
        ["warning", "a", {"description": f"{ODD}\u2028", "duration": 5, "closeButton": True}],
    ),
    (rx.toast.info('"', id='"] : "'), ["info", '"', {"id": '"] : "'}]),
]
REFUSED = [
    "(() => (alert(1)))",
    "(() => (refs['__toast']?.[\"error\"](alert(1))))",
    '(() => (refs[\'__toast\']?.["error"]("a")))); alert(1); (() => ((1))',
    '(() => (refs[\'__other\']?.["error"]("a")))',
    "alert(1)",
    "",
]


def run(codes: list[str], folder: Path) -> list[object]:
    """Return what each code did: the toast it showed, or `refused`."""
    script = f"""
const shown = [];
const refs = {{ __toast: new Proxy({{}}, {{ get: (_, level) => (...args) => shown.push([level, ...args]) }}) }};
globalThis.alert = () => shown.push("RAN");
{_HELPERS}
for (const code of {json.dumps(codes)}) {{
  try {{ showToast(code); }} catch (error) {{ shown.push("refused"); }}
}}
console.log(JSON.stringify(shown));
"""
    file = folder / "toasts.mjs"
    file.write_text(script)
    return json.loads(subprocess.run([NODE, file], capture_output=True, check=True, timeout=60).stdout)


def code_of(event: object) -> str:
    return {str(name): str(value) for name, value in event.args}["function"]  # type: ignore[attr-defined]


def test_what_python_sends_is_shown_as_it_was_meant(tmp_path: Path) -> None:
    assert run([code_of(event) for event, _ in TOASTS], tmp_path) == [meant for _, meant in TOASTS]


def test_everything_else_is_refused(tmp_path: Path) -> None:
    assert run(REFUSED, tmp_path) == ["refused"] * len(REFUSED)


def test_reflex_is_changed_where_it_evaluates_and_said_so_when_it_changed() -> None:
    import reflex_base

    source = next(Path(reflex_base.__file__).parent.rglob("utils/state.js")).read_text()
    changed = without_eval(source)
    assert not any(code in changed for code in _REPLACED)
    assert "eval(event" not in changed and changed.count("showToast(event.payload.function)") == 1
    assert without_eval(changed) == changed
    with pytest.raises(RuntimeError, match="no_eval"):
        without_eval(source.replace("eval(event.payload.function)()", ""))
