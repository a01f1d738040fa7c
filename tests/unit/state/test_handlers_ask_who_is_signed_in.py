"""Any open socket can call any public handler, so every one must ask who is signed in, inside itself."""

import importlib
import pkgutil
import re
from pathlib import Path

import reflex as rx

import state
from backend.core.settings import ROOT
from components.i18n import catalogue
from state.following import FOLLOW_MARK
from state.guard import GUARD_MARK

# These read nothing of any user: the sign-in page's own handlers, and the feed's hold and release in this tab.
# What follows news asks for the user first, and again every minute (tests/unit/state/test_following.py).
# `read_notices` runs on public pages too: it asks for the user itself, and shows a stranger nothing. The local mailbox
# asks whether this run keeps its mails for everybody to read (a demo) before it reads any.
OPEN = {
    *("SignInState.load", "SignInWaysState.load", "PricingState.load"),  # plans and prices are for everybody
    *("DevMailState.load", "DevMailState.show", "DevMailState.show_as"),
    *(
        "EntranceState.begin_anew",
        "EntranceState.load",
        "EntranceState.sent_sign_up",
        "EntranceState.sent_reset",
        "EntranceState.sent_again",
    ),
    *("LiveState.pause", "LiveState.resume", "ShellState.read_notices"),
}


def handlers() -> dict[str, object]:
    for module in pkgutil.iter_modules(state.__path__):
        importlib.import_module(f"state.{module.name}")
    found = {}
    for kind in rx.State.__subclasses__():
        if kind.__module__.startswith("state."):
            for name, handler in kind.event_handlers.items():
                if name in kind.__dict__ or name in getattr(handler.fn, "__qualname__", ""):
                    found[f"{kind.__name__}.{name}"] = handler.fn
    return found


def test_every_handler_is_guarded() -> None:
    # What Reflex itself gives every state is not ours to guard.
    own = {name: fn for name, fn in handlers().items() if getattr(fn, "__module__", "").startswith("state.")}
    assert {name.split(".")[0] for name in own} >= {"AlertsState", "OverviewState", "RuleBuilderState", "WebhookState"}
    following = {name for name, fn in own.items() if getattr(fn, FOLLOW_MARK, False)}
    assert following >= {"LiveState.follow", "PortfolioLiveState.follow", "TaxReviewState.follow"}
    unguarded = {name for name, fn in own.items() if not getattr(fn, GUARD_MARK, False)}
    assert unguarded - following == OPEN


def test_no_handler_takes_the_user_from_the_browser() -> None:
    import inspect

    for name, fn in handlers().items():
        assert not {"user", "user_id", "tier", "role"} & set(inspect.signature(fn).parameters), name  # type: ignore[arg-type]


def test_every_text_that_is_named_exists() -> None:
    texts = catalogue()
    used = set()
    for folder in ("components", "premium_app", "state"):
        for file in Path(ROOT / folder).rglob("*.py"):
            used |= set(re.findall(r"\bt\(\"([a-z_.]+[a-z_])\"", file.read_text()))
    assert used - set(texts) == set()
    assert len(used) > 100
