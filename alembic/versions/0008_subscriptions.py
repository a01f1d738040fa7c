"""Subscriptions, invoices, and the inbox of payment webhooks."""

revision = "0008_subscriptions"
down_revision = "0007_jobs_mail"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
