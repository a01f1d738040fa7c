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


@dataclass(frozen=True)
class SettingsTab:
    """One part of the settings, at `/settings/{key}/`."""

    key: str

    @property
    def label(self) -> str:
        """The part's name in the reader's language."""
        return t(f"settings.tab_{self.key.replace('-', '_')}")

    @property
    def to(self) -> str:
        """The part's address."""
        return f"/settings/{self.key}/"


# Only what is built: whoever adds a settings page adds its tab here, in the order account, security, billing,
# notifications, channels, api-keys, privacy.
SETTINGS_TABS: tuple[SettingsTab, ...] = (
    SettingsTab("account"),
    SettingsTab("security"),
    SettingsTab("billing"),
    SettingsTab("notifications"),
    SettingsTab("channels"),
    SettingsTab("api-keys"),
    SettingsTab("privacy"),
)

PLACES = (
    Place("overview", "/", "layout-dashboard", "g o"),
    Place("portfolio", "/portfolio/", "wallet", "g f"),
    Place("alerts", "/alerts/", "bell", "g a"),
    Place("tax", "/tax/", "receipt-text", "g t"),
)


def account_places() -> tuple[Place, ...]:
    """Return what is about the account: below the places in the rail, in the account menu on a phone."""
    settings = tuple(Place("settings", tab.to, "settings", "g s") for tab in SETTINGS_TABS[:1])
    return (*settings, Place("pricing", "/pricing/", "badge-check", "g p"))
