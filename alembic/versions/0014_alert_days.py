"""Figures by day: what dashboards and analytics read of days that are over, counted once a night."""

from alembic import op

revision = "0014_alert_days"
down_revision = "0013_rule_options"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"
TABLES = """
create table alert_days (
  user_id uuid not null references premium_users(id) on delete cascade,
  day date not null,
  alert_rule_id uuid not null,
  chain_id bigint not null,
  type varchar(50) not null,
  alerts int not null,
  suppressed int not null,
  withdrawn int not null,
  primary key (user_id, day, alert_rule_id, chain_id, type)
);
create index idx_alert_days_day on alert_days(day);
create table delivery_days (
  user_id uuid not null references premium_users(id) on delete cascade,
  day date not null,
  channel varchar(20) not null,
  sent int not null,
  dead int not null,
  waiting int not null,
  primary key (user_id, day, channel)
);
create index idx_delivery_days_day on delivery_days(day);
create table alert_roll_up (
  only_row boolean primary key default true check (only_row),
  rolled_until date not null
);
grant select on alert_roll_up to premium_app;
grant select, insert, update on alert_roll_up to premium_worker;
-- A day of everybody is counted at once; rows come in the order of time, so this is tiny.
create index idx_outbox_created on notification_outbox using brin (created_at);
"""


def upgrade() -> None:
    op.execute(TABLES)
    for table in ("alert_days", "delivery_days"):
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
    op.execute("drop index idx_outbox_created; drop table alert_roll_up, delivery_days, alert_days")
