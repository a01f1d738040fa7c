"""The places of the product that navigation shows: only what is built."""

from dataclasses import dataclass

from components.i18n import t


@dataclass(frozen=True)
class Place:
    """A page as navigation names it."""

    key: str
    to: str
    icon: str
    shortcut: str

    @property
    def label(self) -> str:
        """The page's name in the reader's language."""
        return t(f"nav.{self.key}")


PLACES = (
    Place("overview", "/", "layout-dashboard", "g o"),
    Place("alerts", "/alerts/", "bell", "g a"),
)
