"""What rules do when they fire: runs, and every step of each."""

from alembic import op

revision = "0016_automation"
down_revision = "0015_channels"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"
TABLES = """
create table automation_runs (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  alert_id uuid not null,
  alert_rule_id uuid not null references alert_rules(id) on delete cascade,
  rule_name varchar(255) not null,
  kind varchar(50) not null,
  triggered_at timestamptz not null,
  news_at timestamptz not null,
  path text[] not null,
  plan jsonb not null,
  status varchar(12) not null default 'waiting' check (status in ('waiting', 'running', 'done', 'failed', 'skipped')),
  branch varchar(4) check (branch in ('then', 'else')),
  problem varchar(500),
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz
);
create index idx_automation_runs_user on automation_runs(user_id, created_at desc);
create index idx_automation_runs_rule on automation_runs(alert_rule_id, created_at desc);
create index idx_automation_runs_created on automation_runs using brin (created_at);
create table automation_steps (
  run_id uuid not null references automation_runs(id) on delete cascade,
  number int not null,
  user_id uuid not null references premium_users(id) on delete cascade,
  type varchar(20) not null,
  outcome varchar(12) not null check (outcome in ('done', 'failed', 'skipped', 'stopped')),
  summary varchar(1000) not null,
  details jsonb not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  primary key (run_id, number)
);
create index idx_automation_steps_user on automation_steps(user_id);
"""


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("automation_runs", "automation_steps"):
        op.execute(
            f"""
            alter table {table} enable row level security;
            create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME});
            create policy {table}_worker on {table} to premium_worker using (true) with check (true);
            grant select on {table} to premium_app;
            grant select, insert, update, delete on {table} to premium_worker;
            """
        )


def downgrade() -> None:
    op.execute("drop table automation_steps, automation_runs")
