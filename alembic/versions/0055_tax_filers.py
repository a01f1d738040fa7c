"""Tax: who files (name and sealed tax number, by place), and the years that married persons file separately of."""

from alembic import op

revision = "0055_tax_filers"
down_revision = "0057_tax_doubles"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

TABLES = """
alter table tax_settings add column separate_years int[] not null default '{}';
create table tax_filers (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  jurisdiction varchar(12) not null,
  name varchar(120) not null default '',
  sealed_tax_id bytea,
  tax_id_hint varchar(20) not null default '',   -- its last four signs, to tell it by
  changed_at timestamptz not null,
  unique (user_id, jurisdiction)
);
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute("alter table tax_filers enable row level security")
    op.execute(
        f"create policy tax_filers_user on tax_filers to premium_app using (user_id = {ME}) with check (user_id = {ME})"
    )
    op.execute("create policy tax_filers_worker on tax_filers to premium_worker using (true) with check (true)")
    op.execute("grant select, insert, update, delete on tax_filers to premium_app, premium_worker")


def downgrade() -> None:
    op.execute("drop table tax_filers; alter table tax_settings drop column separate_years;")
