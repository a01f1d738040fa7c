"""Lines of imported files that tell what another source told already: counted, and a status of their own."""

from alembic import op

revision = "0057_tax_doubles"
down_revision = "0054_tax_assets"
branch_labels = None
depends_on = None

CHECK = "tax_import_lines_status_check"


def upgrade() -> None:
    op.execute("alter table tax_imports add column doubled int not null default 0")
    _allow("'new', 'known', 'double', 'refused', 'skipped'")


def downgrade() -> None:
    op.execute("update tax_import_lines set status = 'new' where status = 'double'")
    _allow("'new', 'known', 'refused', 'skipped'")
    op.execute("alter table tax_imports drop column doubled")


def _allow(words: str) -> None:
    op.execute(
        f"alter table tax_import_lines drop constraint {CHECK}, add constraint {CHECK} check (status in ({words}))"
    )
