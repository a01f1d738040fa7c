"""How long things are kept: the one table. Whoever deletes something takes its period from here; docs/privacy.md
shows the same table, and a test holds the two together.
"""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Period:
    """How long something is kept, counted from when, and why so long. `by`: who deletes it."""

    kept: timedelta
    since: str
    why: str
    by: str


_DAY = timedelta(days=1)
_DAILY = "job privacy.delete_old_rows"
_ACCOUNTS = "job accounts.delete_old"
_MAILS = "job notifications.delete_old_mails"
_UNCONFIRMED = "job privacy.erase_unconfirmed"

PERIODS: dict[str, Period] = {
    "event streams": Period(timedelta(hours=1), "the block", "to catch up after a stop", "follower"),
    "chain_blocks": Period(7 * _DAY, "the block", "to follow reorganisations", "follower"),
    "price_readings": Period(90 * _DAY, "the block", "time series: 90 days, whole months", "follower"),
    "metric_readings": Period(90 * _DAY, "the block", "time series: 90 days, whole months", "follower"),
    "chain_occurrences": Period(90 * _DAY, "the block", "to say what a rule would have told", "follower"),
    "portfolio_snapshots": Period(90 * _DAY, "the hour", "time series: 90 days, whole months", _DAILY),
    "portfolio_rollups": Period(730 * _DAY, "the day", "time series: two years, whole months", _DAILY),
    "platform_events": Period(7 * _DAY, "it was written", "to know it when it comes again", _DAILY),
    "alert_history": Period(365 * _DAY, "the block", "a year to look back at, whole months", _DAILY),
    "automation_runs": Period(90 * _DAY, "it began", "to see what your rules did", _DAILY),
    "recommendation_answers": Period(365 * _DAY, "you answered", "not to recommend it again", _DAILY),
    "alert_days": Period(365 * _DAY, "the day", "counts of your alerts, as long as the alerts", _DAILY),
    "delivery_days": Period(365 * _DAY, "the day", "counts of your deliveries, as long as the alerts", _DAILY),
    "notification_outbox": Period(90 * _DAY, "it was written", "to see how deliveries fared", _DAILY),
    "alert_rules": Period(30 * _DAY, "you deleted it", "no alert of it is left either", _DAILY),
    "premium_users, never confirmed": Period(
        30 * _DAY, "sign-up", "for its address to be confirmed: it may be somebody else's", _UNCONFIRMED
    ),
    "account_links": Period(30 * _DAY, "it ended", "to see that a mail's link was used", _ACCOUNTS),
    "refresh_tokens": Period(30 * _DAY, "it ended", "to see that a stolen one was used again", _ACCOUNTS),
    "user_sessions": Period(30 * _DAY, "it ended", "to see where you were signed in", _DAILY),
    "api_keys": Period(90 * _DAY, "it ended", "to see what a key did", _DAILY),
    "audit_log": Period(730 * _DAY, "it happened", "to see who changed what", _DAILY),
    "data_exports": Period(7 * _DAY, "it was ready", "to download it", "job privacy.delete_old_exports"),
    "export_runs": Period(7 * _DAY, "it was due", "to download it", "job portfolio.delete_old_export_runs"),
    "tax_imports, not imported": Period(
        30 * _DAY, "you uploaded it", "to look at it before it is imported", "job tax.delete_old_previews"
    ),
    "tax_reports": Period(2557 * _DAY, "you asked for it", "tax records: seven years, or until you delete it", _DAILY),
    "mail_outbox, sent": Period(30 * _DAY, "it was sent", "to see that a mail went out", _MAILS),
    "mail_outbox, not delivered": Period(90 * _DAY, "it was written", "to see that a mail did not arrive", _MAILS),
    "mail_outbox, no account": Period(_DAY, "it was written", "the last mail to whoever left", _DAILY),
    "stripe_events": Period(90 * _DAY, "it was handled", "to compare with the provider", "job subscriptions.reconcile"),
    "failed jobs": Period(30 * _DAY, "it failed", "for somebody to look at it", "job jobs.delete_old_dead"),
}


def kept(name: str) -> timedelta:
    """Return how long something is kept. Raises KeyError when the table does not have it."""
    return PERIODS[name].kept
