"""The job queue, the mail outbox and the local mailbox.

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
-- Mails go out before anybody is signed in (a forgotten password), so anybody may write one; everybody sees their own.
create policy mail_outbox_write on mail_outbox for insert to premium_app with check (true);
create policy mail_outbox_user on mail_outbox for select to premium_app using (user_id = {ME});
create policy mail_outbox_worker on mail_outbox to premium_worker using (true) with check (true);
grant insert on mail_outbox to premium_app;
grant select (id, user_id, recipient, template, status, attempts, next_attempt_at, last_error, created_at, sent_at)
  on mail_outbox to premium_app;
grant select, insert, update, delete on mail_outbox to premium_worker;
"""


def upgrade() -> None:
    op.execute("create schema procrastinate")
    op.execute("set local search_path = procrastinate")
    op.get_bind().connection.driver_connection.execute(QUEUE)  # as it is: no placeholders in it
    op.execute("set local search_path = public")
    op.execute(FIX_SEARCH_PATH)
    op.execute(JOBS)
    op.execute(MAIL)


def downgrade() -> None:
    op.execute("drop table mail_outbox")
    op.execute("drop function defer_job(text, jsonb, timestamptz, text)")
    op.execute("drop schema procrastinate cascade")
