"""Lets the pages run where the browser forbids `eval` (Content-Security-Policy without 'unsafe-eval').

Reflex sends the browser code to evaluate for one thing that we use: toasts. What it sends is a call with literal
arguments; this reads such a call and makes it, and refuses everything else.
"""

from typing import Unpack

from reflex.plugins import Plugin
from reflex.plugins.base import PreCompileContext

_CALL = "eval(event.payload.function)()"
_REPLACED = {
    _CALL: "showToast(event.payload.function)",
    "eval(event.payload.javascript_code)": "refuseCode(event.payload.javascript_code)",
    "eval(event.payload.callback)": "refuseCode(event.payload.callback)",
    "await eval(`import(dataUri)`)": "refuseCode(dataUri)",
}
_HELPERS = r"""
const refuseCode = (code) => {
  throw new Error(`code from the server is not run: ${code}`);
};

// `(() => (refs['__toast']?.["error"]("text", ({ ["description"] : "more" }))))`, with nothing but literals inside.
const TOAST = /^\(\(\) => \(refs\['__toast'\]\?\.\["(\w+)"\]\((.*)\)\)\)$/s;
const LITERALS = /"(?:[^"\\]|\\.)*"|\(\{|\}\)|\[(?=")|(?<=")\](?= :)/g;

const showToast = (code) => {
  const call = TOAST.exec(code) ?? refuseCode(code);
  const plain = { "({": "{", "})": "}", "[": "", "]": "" };
  const json = call[2].replace(LITERALS, (part) => plain[part] ?? part);
  refs["__toast"]?.[call[1]](...JSON.parse(`[${json}]`));
};
"""
_COMMENT = "/**\n * Evaluate a dynamic component."


def without_eval(state_js: str) -> str:
    """Return Reflex's `utils/state.js` with nothing left that evaluates text from the server.

    Raises RuntimeError when Reflex changed the places this hooks into.
    """
    if "const showToast" in state_js:
        return state_js
    if _COMMENT not in state_js or any(code not in state_js for code in _REPLACED):
        raise RuntimeError("Reflex's utils/state.js changed: adapt premium_app/no_eval.py")
    for code, instead in _REPLACED.items():
        state_js = state_js.replace(code, instead)
    return state_js.replace(_COMMENT, f"{_HELPERS}\n{_COMMENT}", 1)


class NoEvalPlugin(Plugin):
    """Reflex plugin that applies `without_eval` before each compilation."""

    def pre_compile(self, **context: Unpack[PreCompileContext]) -> None:
        """Register the change of `utils/state.js`."""
        context["add_modify_task"]("utils/state.js", without_eval)
