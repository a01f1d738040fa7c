"""Makes one front-end build work on every port.

Reflex bakes the address of its backend into the bundle and replaces only the host name by that of the page. The product
is always served from one port, so the page's own port is right too: nothing has to be built again for another PORT.
"""

from typing import Unpack

from reflex.plugins import Plugin
from reflex.plugins.base import PreCompileContext

_HOST_LINE = "endpoint.hostname = frontend_hostname;"
_PORT_LINE = "endpoint.port = window.location.port;"


def use_page_port(state_js: str) -> str:
    """Return Reflex's `utils/state.js` with the backend's port taken from the page.

    Raises RuntimeError when Reflex changed the place this hooks into.
    """
    if _PORT_LINE in state_js:
        return state_js
    if _HOST_LINE not in state_js:
        raise RuntimeError("Reflex's utils/state.js changed: adapt premium_app/same_origin.py")
    return state_js.replace(_HOST_LINE, f"{_HOST_LINE}\n    {_PORT_LINE}")


class SameOriginPlugin(Plugin):
    """Reflex plugin that applies `use_page_port` before each compilation."""

    def pre_compile(self, **context: Unpack[PreCompileContext]) -> None:
        """Register the change of `utils/state.js`."""
        context["add_modify_task"]("utils/state.js", use_page_port)
