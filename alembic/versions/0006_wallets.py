"""Wallets and linked accounts."""

revision = "0006_wallets"
down_revision = "0005_sign_in"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
