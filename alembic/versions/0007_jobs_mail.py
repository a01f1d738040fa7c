"""The job queue and the mail outbox."""

revision = "0007_jobs_mail"
down_revision = "0006_wallets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
