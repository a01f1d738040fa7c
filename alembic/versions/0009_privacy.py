"""API keys, consent, exports and erasure."""

revision = "0009_privacy"
down_revision = "0008_subscriptions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
