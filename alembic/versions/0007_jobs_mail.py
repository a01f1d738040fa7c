"""The job queue, the mail outbox, and webhook secrets that can be changed.

The queue is procrastinate's, in a schema of its own that `premium_app` may not even enter: it defers through one
function, and so can read nobody's arguments. The pinned SQL stands in alembic/sql; a newer procrastinate brings a
migration of its own.
"""

from pathlib import Path

from alembic import op

revision = "0007_jobs_mail"
down_revision = "0006_wallets"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"
QUEUE = (Path(__file__).resolve().parents[1] / "sql" / "procrastinate-3.9.0.sql").read_text()

# Its functions name its tables without their schema, and run in sessions of any search path.
FIX_SEARCH_PATH = """
do $$ declare f regprocedure; begin
  for f in select p.oid::regprocedure from pg_proc p where p.pronamespace = 'procrastinate'::regnamespace loop
    execute format('alter function %s set search_path = procrastinate, pg_temp', f);
  end loop;
end $$;
"""

JOBS = """
-- A dead job stays to be seen, with why.
create table procrastinate.job_errors (
  job_id bigint primary key references procrastinate.procrastinate_jobs(id) on delete cascade,
  error varchar(500) not null,
  failed_at timestamptz not null default now()
);

-- A queueing lock means one waiting job. One that was begun gives it up, or its retry would collide with the next.
create function procrastinate.release_queueing_lock() returns trigger language plpgsql as $$
begin
  new.queueing_lock := null;
  return new;
end $$;
create trigger release_queueing_lock before update of status on procrastinate.procrastinate_jobs
  for each row when (new.status = 'doing' and new.queueing_lock is not null)
  execute function procrastinate.release_queueing_lock();

create function defer_job(task_name text, arguments jsonb, run_at timestamptz, queueing_lock text) returns bigint
  language sql security definer set search_path = procrastinate, pg_temp as $$
  insert into procrastinate_jobs (queue_name, task_name, queueing_lock, args, scheduled_at)
  values ('default', $1, $4, $2, $3)
  on conflict (queueing_lock) where status = 'todo' do nothing
  returning id
$$;
revoke all on function defer_job(text, jsonb, timestamptz, text) from public;
grant execute on function defer_job(text, jsonb, timestamptz, text) to premium_app, premium_worker;
revoke all on all functions in schema procrastinate from public;
grant usage on schema procrastinate to premium_worker;
grant select, insert, update, delete on all tables in schema procrastinate to premium_worker;
grant usage on all sequences in schema procrastinate to premium_worker;
grant execute on all functions in schema procrastinate to premium_worker;
"""

# What a mail says is sealed, since it may hold links that open an account, and emptied once it is sent.
MAIL = f"""
create table mail_outbox (
  id uuid primary key,
  user_id uuid references premium_users(id) on delete cascade,  -- null: to somebody who has no account (any more)
  recipient varchar(254) not null,
  template varchar(60) not null,
  content bytea,
  status varchar(12) not null default 'pending' check (status in ('pending', 'sending', 'sent', 'dead')),
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  locked_until timestamptz,
  last_error varchar(500),
  created_at timestamptz not null default now(),
  sent_at timestamptz
);
create index idx_mail_outbox_due on mail_outbox(next_attempt_at) where status in ('pending', 'sending');
create index idx_mail_outbox_user on mail_outbox(user_id, created_at desc);
alter table mail_outbox enable row level security;
create policy mail_outbox_user on mail_outbox to premium_app using (user_id = {ME}) with check (user_id = {ME});
create policy mail_outbox_worker on mail_outbox to premium_worker using (true) with check (true);
grant select (id, user_id, recipient, template, status, attempts, next_attempt_at, last_error, created_at, sent_at)
  on mail_outbox to premium_app;
grant select, insert, update, delete on mail_outbox to premium_worker;

-- What a user does not want to be told by mail.
create table mail_switched_off (
  user_id uuid not null references premium_users(id) on delete cascade,
  kind varchar(40) not null,
  switched_off_at timestamptz not null default now(),
  primary key (user_id, kind)
);
alter table mail_switched_off enable row level security;
create policy mail_switched_off_user on mail_switched_off to premium_app
  using (user_id = {ME}) with check (user_id = {ME});
create policy mail_switched_off_worker on mail_switched_off to premium_worker using (true) with check (true);
grant select, insert, delete on mail_switched_off to premium_app, premium_worker;

-- Mails go out before anybody is signed in (a forgotten password), and about users that the session is not of: so they
-- are written through this, which asks what the user switched off. False: switched off, nothing was written.
create function write_mail(id uuid, user_id uuid, recipient text, template text, kind text, content bytea)
  returns boolean language sql security definer set search_path = public, pg_temp as $$
  with written as (
    insert into mail_outbox (id, user_id, recipient, template, content) select $1, $2, $3, $4, $6
    where not exists (select from mail_switched_off o where o.user_id = $2 and o.kind = $5)
    returning 1
  ) select exists (select from written)
$$;
revoke all on function write_mail(uuid, uuid, text, text, text, bytea) from public;
grant execute on function write_mail(uuid, uuid, text, text, text, bytea) to premium_app, premium_worker;

-- Mails of a run without a mail provider (demo, development, tests); empty in production.
create table local_mailbox (
  id uuid primary key,
  recipient varchar(254) not null,
  subject text not null,
  html text not null,
  plain text not null,
  received_at timestamptz not null default now()
);
create index idx_local_mailbox_received on local_mailbox(received_at desc);
grant select on local_mailbox to premium_app;
grant select, insert, update, delete on local_mailbox to premium_worker;
"""

# Who has no row here has the secret that is derived from SECRET_KEY, until they rotate it.
WEBHOOK_SECRETS = f"""
create table webhook_secrets (
  user_id uuid primary key references premium_users(id) on delete cascade,
  sealed_secret bytea not null,
  sealed_old_secret bytea,
  old_valid_until timestamptz,
  rotated_at timestamptz not null
);
alter table webhook_secrets enable row level security;
create policy webhook_secrets_user on webhook_secrets to premium_app using (user_id = {ME}) with check (user_id = {ME});
create policy webhook_secrets_worker on webhook_secrets to premium_worker using (true) with check (true);
grant select, insert, update on webhook_secrets to premium_app;
grant select, insert, update on webhook_secrets to premium_worker;
-- So that secrets can be sealed anew when the keys change.
grant update (sealed_private_key) on signing_keys to premium_worker;
"""


def upgrade() -> None:
    op.execute("create schema procrastinate")
    op.execute("set local search_path = procrastinate")
    op.get_bind().connection.driver_connection.execute(QUEUE)  # as it is: no placeholders in it
    op.execute("set local search_path = public")
    op.execute(FIX_SEARCH_PATH)
    op.execute(JOBS)
    op.execute(MAIL)
    op.execute(WEBHOOK_SECRETS)


def downgrade() -> None:
    op.execute("revoke update (sealed_private_key) on signing_keys from premium_worker")
    op.execute("drop table webhook_secrets, local_mailbox, mail_switched_off, mail_outbox")
    op.execute(
        "drop function defer_job(text, jsonb, timestamptz, text), write_mail(uuid, uuid, text, text, text, bytea)"
    )
    op.execute("drop schema procrastinate cascade")
