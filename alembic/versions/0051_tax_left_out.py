"""Tax: how many transactions of a user's wallets are not in the book, because the plan allows no more."""

from alembic import op

revision = "0051_tax_left_out"
down_revision = "0053_tax_decisions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table tax_books add column left_out bigint not null default 0")


def downgrade() -> None:
    op.execute("alter table tax_books drop column left_out")
