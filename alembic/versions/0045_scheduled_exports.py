"""Scheduled exports of portfolios, and each time that one was made."""

from alembic import op

revision = "0045_scheduled_exports"
down_revision = "0048_portfolio_nfts"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

TABLES = """
create table scheduled_exports (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  name varchar(60) not null,
  what varchar(10) not null check (what in ('assets', 'history', 'report', 'activity')),
  format varchar(10) not null check (format in ('csv', 'json', 'pdf')),
  span varchar(10) not null,
  every varchar(10) not null check (every in ('daily', 'weekly', 'monthly')),
  weekday smallint check (weekday between 1 and 7),
  month_day smallint check (month_day between 1 and 31),
  at varchar(5) not null,
  time_zone varchar(64) not null,
  channel varchar(10) not null check (channel in ('email', 'webhook')),
  destination varchar(2000) not null default '',
  is_paused boolean not null default false,
  next_due_at timestamptz,                     -- null: paused
  created_at timestamptz not null default now()
);
create index idx_scheduled_exports_user on scheduled_exports(user_id);
create index idx_scheduled_exports_due on scheduled_exports(next_due_at) where next_due_at is not null;
create table export_runs (
  id uuid primary key,
  schedule_id uuid not null references scheduled_exports(id) on delete cascade,
  user_id uuid not null references premium_users(id) on delete cascade,
  due_at timestamptz not null,
  is_test boolean not null default false,
  status varchar(10) not null default 'waiting' check (status in ('waiting', 'sent', 'failed')),
  problem varchar(300),
  file_name varchar(200),
  media_type varchar(60),
  size_bytes bigint,
  content bytea,
  finished_at timestamptz
);
create index idx_export_runs_schedule on export_runs(schedule_id, due_at desc);
create index idx_export_runs_user on export_runs(user_id);
create index idx_export_runs_due on export_runs(due_at);
"""
OWNED = ("scheduled_exports", "export_runs")


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
    op.execute("drop table export_runs, scheduled_exports")
