"""Target allocations of portfolios, and what users say to the trades that are suggested."""

from alembic import op

revision = "0044_target_allocations"
down_revision = "0038_ledger"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

TABLES = """
create table target_allocations (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  name varchar(60) not null,
  counted_by varchar(10) not null check (counted_by in ('asset', 'category')),
  parts jsonb not null,                        -- [{"key": ..., "share_pct": "60"}], summing to 100
  tolerance_pct numeric(7, 4) not null check (tolerance_pct between 0 and 50),
  is_active boolean not null default false,
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now()
);
create unique index uq_target_allocations_name on target_allocations(user_id, lower(name));
create unique index uq_target_allocations_active on target_allocations(user_id) where is_active;
create table rebalancing_answers (
  target_id uuid not null references target_allocations(id) on delete cascade,
  suggestion_id uuid not null,
  user_id uuid not null references premium_users(id) on delete cascade,
  answer varchar(10) not null check (answer in ('accepted', 'rejected')),
  answered_at timestamptz not null default now(),
  primary key (target_id, suggestion_id)
);
create index idx_rebalancing_answers_user on rebalancing_answers(user_id);
"""
OWNED = ("target_allocations", "rebalancing_answers")


def upgrade() -> None:
    op.execute(TABLES)
    for table in OWNED:
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME})"
        )
        op.execute(f"create policy {table}_worker on {table} to premium_worker using (true) with check (true)")
        op.execute(f"grant select, insert, update, delete on {table} to premium_app, premium_worker")


def downgrade() -> None:
    op.execute("drop table rebalancing_answers, target_allocations")
