"""What a user decided in the review, with what it was before; and how the review of a book stands."""

from alembic import op

revision = "0053_tax_decisions"
down_revision = "0050_tax"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

TABLES = """
create table tax_decisions (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  made_at timestamptz not null default now(),
  what varchar(10) not null check (what in ('accepted', 'priced', 'dismissed')),
  title varchar(300) not null,
  reason varchar(300) not null default '',
  changes jsonb not null default '{}',           -- by transaction: its edit before and after
  issues jsonb not null default '[]',            -- the issues that it settled, as they stood
  undone_at timestamptz
);
create index idx_tax_decisions_user on tax_decisions(user_id, made_at, id);
alter table tax_books add column review_step varchar(20);      -- null: none runs
alter table tax_books add column review_problem varchar(300);  -- why the last one came to nothing
create index idx_tax_issues_kind on tax_issues(user_id, kind, happened_at, id);
create index idx_tax_transactions_rule on tax_transactions(rule_id) where rule_id is not null;
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute("alter table tax_decisions enable row level security")
    op.execute(
        f"create policy tax_decisions_user on tax_decisions to premium_app using (user_id = {ME}) "
        f"with check (user_id = {ME})"
    )
    op.execute("create policy tax_decisions_worker on tax_decisions to premium_worker using (true) with check (true)")
    op.execute("grant select, insert, update, delete on tax_decisions to premium_app, premium_worker")


def downgrade() -> None:
    op.execute(
        "drop table tax_decisions; drop index idx_tax_issues_kind; drop index idx_tax_transactions_rule;"
        " alter table tax_books drop column review_step, drop column review_problem;"
    )
