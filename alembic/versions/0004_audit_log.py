"""The audit log, append-only; and the right of workers to change a tier (entitlements follow the payments)."""

from alembic import op

revision = "0004_audit_log"
down_revision = "0003_newest_alert"
branch_labels = None
depends_on = None

TABLE = """
create table audit_log (
  id uuid primary key,
  user_id uuid not null,  -- no foreign key: the log outlives the account (erasure makes the row anonymous)
  action varchar(60) not null,
  target varchar(200) not null default '',
  details jsonb not null default '{}',
  channel varchar(10) not null,
  ip_address varchar(45) not null default '',
  user_agent varchar(300) not null default '',
  request_id varchar(80) not null default '',
  recorded_at timestamptz not null default now()
);
create index idx_audit_log_user on audit_log(user_id, recorded_at desc);
alter table audit_log enable row level security;
create policy audit_log_user on audit_log to premium_app
  using (user_id = (select nullif(current_setting('app.current_user_id', true), ''))::uuid)
  with check (user_id = (select nullif(current_setting('app.current_user_id', true), ''))::uuid);
create policy audit_log_worker on audit_log to premium_worker using (true) with check (true);
-- Neither role may change or delete what was logged.
grant select, insert on audit_log to premium_app, premium_worker;
grant update (tier) on premium_users to premium_worker;
"""


def upgrade() -> None:
    op.execute(TABLE)


def downgrade() -> None:
    op.execute("revoke update (tier) on premium_users from premium_worker")
    op.execute("drop table audit_log")
