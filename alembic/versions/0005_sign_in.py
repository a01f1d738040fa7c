"""Sign-in: verification, reset, second factor, refresh tokens."""

revision = "0005_sign_in"
down_revision = "0004_audit_log"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
