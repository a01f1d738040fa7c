"""Which transactions the newest changes of a tax book are of, where they are few: not all of it is computed anew."""

from alembic import op

revision = "0054_tax_book_changes"
down_revision = "0055_tax_filers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # [{"version", "ids"}], the oldest first; empty after a change of anything else
    op.execute("alter table tax_books add column changes jsonb not null default '[]'")


def downgrade() -> None:
    op.execute("alter table tax_books drop column changes")
