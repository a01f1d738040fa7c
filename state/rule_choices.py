"""The choices of the rule form, in words."""

from backend.core.formats import duration
from components.i18n import t

Choices = list[tuple[str, str]]

KINDS = ("price", "whale")
COMPARISONS: Choices = [
    (key, t(f"comparison.{key}")) for key in ("above", "below", "change_up", "change_down", "change_either")
]
WHO: Choices = [(key, t(f"who.{key}")) for key in ("anyone", "wallets")]
DIRECTIONS: Choices = [(key, t(f"direction.{key}")) for key in ("either", "out", "in")]
MEASURES: Choices = [(key, t(f"measure.{key}")) for key in ("usd", "amount")]
FREQUENCIES: Choices = [(key, t(f"frequency.{key}")) for key in ("recurring", "once")]
WINDOWS: Choices = [(str(seconds), duration(seconds)) for seconds in (300, 900, 3600, 14400, 86400, 604800)]
COOLDOWNS: Choices = [("0", t("cooldown.none"))] + [
    (str(seconds), t("cooldown.every", time=duration(seconds))) for seconds in (60, 300, 900, 3600, 21600, 86400)
]

FIXED: dict[str, frozenset[str]] = {
    "kind": frozenset(KINDS),
    **{
        name: frozenset(key for key, _ in choices)
        for name, choices in (
            ("comparison", COMPARISONS),
            ("who", WHO),
            ("direction", DIRECTIONS),
            ("measure", MEASURES),
            ("frequency", FREQUENCIES),
            ("window", WINDOWS),
        )
    },
}
