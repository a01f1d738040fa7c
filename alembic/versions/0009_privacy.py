"""API keys, consent, exports, erasure and retention.

Erasing an account is the one thing that no role may do by itself: `erase_user` runs as the owner, only for an account
whose erasure was asked for and whose days of grace are over. What was logged can be removed only when it is old.
"""

from alembic import op

revision = "0009_privacy"
down_revision = "0008_subscriptions"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

API_KEYS = """
create table api_keys (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  name varchar(80) not null,
  prefix varchar(20) not null,
  secret_hash bytea not null unique,
  old_secret_hash bytea unique,
  old_secret_until timestamptz,
  scopes text[] not null,
  requests_per_minute int check (requests_per_minute > 0),
  created_at timestamptz not null default now(),
  rotated_at timestamptz,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
create index idx_api_keys_user on api_keys(user_id, created_at desc);

-- Like a session, a key is looked up before anybody is known; this returns one live key and nothing else.
create function auth_find_api_key(wanted_hash bytea)
  returns table (key_id uuid, user_id uuid, email text, tier text, scopes text[], requests_per_minute int,
    last_used_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select k.id, u.id, u.email, u.tier, k.scopes, k.requests_per_minute, k.last_used_at
     from api_keys k join premium_users u on u.id = k.user_id
     where (k.secret_hash = wanted_hash or (k.old_secret_hash = wanted_hash and k.old_secret_until > now()))
       and k.revoked_at is null and (k.expires_at is null or k.expires_at > now()) $$;
revoke all on function auth_find_api_key(bytea) from public;
grant execute on function auth_find_api_key(bytea) to premium_app;
"""

CONSENT = """
create table user_consents (
  user_id uuid not null references premium_users(id) on delete cascade,
  purpose varchar(20) not null check (purpose in ('analytics')),
  granted boolean not null,
  decided_at timestamptz not null default now(),
  primary key (user_id, purpose)
);
"""

EXPORTS = """
create table data_exports (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  status varchar(10) not null default 'waiting' check (status in ('waiting', 'running', 'ready', 'failed')),
  step varchar(63) not null default '',
  tables_done int not null default 0,
  tables_total int not null default 0,
  rows_written bigint not null default 0,
  rows_total bigint not null default 0,
  size_bytes bigint,
  problem varchar(200),
  requested_at timestamptz not null default now(),
  started_at timestamptz,
  ready_at timestamptz,
  expires_at timestamptz
);
create index idx_data_exports_user on data_exports(user_id, requested_at desc);
-- In the database, since the worker that makes a file and the web process that serves it may be on different machines.
create table data_export_parts (
  export_id uuid not null references data_exports(id) on delete cascade,
  part_number int not null,
  user_id uuid not null,
  content bytea not null,
  primary key (export_id, part_number)
);
"""

ERASURE = """
create table erasure_requests (
  user_id uuid primary key references premium_users(id) on delete cascade,
  requested_at timestamptz not null default now(),
  due_at timestamptz not null
);

-- Removes every row of one user from every table that has a user_id column, whichever part of the product added it,
-- then the account. Tables that refer to each other are tried again until all are empty. What was logged stays without
-- the person: all rows of the account under one random id, nothing of what, from where or with what. Mails to the
-- user's address go too, and jobs that wait for the user, or failed, and name them in their arguments.
create function erase_user(wanted uuid) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  nobody uuid := gen_random_uuid();
  address text;
  waiting text[];
  blocked text[];
  each text;
begin
  select coalesce(u.email, '') into address from premium_users u join erasure_requests r on r.user_id = u.id
    where u.id = wanted and r.due_at <= now() for update;
  if not found then raise exception 'no erasure of this account is due'; end if;
  update audit_log set user_id = nobody, target = '', details = '{}', ip_address = '', user_agent = '',
    request_id = '' where user_id = wanted;
  select array_agg(format('%I', c.relname)) into waiting
    from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
      and a.attname = 'user_id' and not a.attisdropped and c.relname <> 'audit_log';
  while cardinality(waiting) > 0 loop
    blocked := '{}';
    foreach each in array waiting loop
      begin
        execute format('delete from %s where user_id = $1', each) using wanted;
      exception when foreign_key_violation then blocked := blocked || each;
      end;
    end loop;
    if cardinality(blocked) = cardinality(waiting) then
      raise exception 'rows of an erased account are held by other tables: %', blocked;
    end if;
    waiting := blocked;
  end loop;
  delete from premium_users where id = wanted;
  delete from mail_outbox where recipient = address;
  delete from local_mailbox where recipient = address;
  delete from procrastinate.procrastinate_jobs where status <> 'doing' and args::text like '%' || wanted || '%';
  insert into audit_log (id, user_id, action, channel) values (gen_random_uuid(), nobody, 'account.erased', 'job');
end $$;
revoke all on function erase_user(uuid) from public;
grant execute on function erase_user(uuid) to premium_worker;
"""

# Security definer: nobody may delete what was logged, and only the owner may drop a month of alerts. Whatever they are
# asked, they remove only what is old.
RETENTION = """
create index idx_audit_log_recorded_at on audit_log using brin (recorded_at);
create function delete_audit_before(before timestamptz, at_most int) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  deleted int;
begin
  if before > now() - interval '365 days' then raise exception 'the audit log is kept for at least a year'; end if;
  delete from audit_log where id in (select id from audit_log where recorded_at < before limit at_most);
  get diagnostics deleted = row_count;
  return deleted;
end $$;
create function drop_alert_months_before(before timestamptz) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  child text;
  dropped int := 0;
begin
  if before > now() - interval '90 days' then raise exception 'alerts are kept for at least 90 days'; end if;
  for child in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'alert_history'::regclass and c.relname ~ '^alert_history_y[0-9]{4}m[0-9]{2}$'
      and to_timestamp(substring(c.relname from 'y([0-9]{4}m[0-9]{2})$'), 'YYYY"m"MM') + interval '1 month'
        + interval '1 day' <= before
  loop
    execute format('drop table %I', child);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;
revoke all on function delete_audit_before(timestamptz, int), drop_alert_months_before(timestamptz) from public;
grant execute on function delete_audit_before(timestamptz, int), drop_alert_months_before(timestamptz)
  to premium_worker;
"""

USER_OWNED = ("api_keys", "user_consents", "data_exports", "data_export_parts", "erasure_requests")


def _security() -> str:
    statements = []
    for table in USER_OWNED:
        statements += [
            f"alter table {table} enable row level security;",
            f"create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME});",
            f"create policy {table}_worker on {table} to premium_worker using (true) with check (true);",
        ]
    statements += [
        "grant select, insert, update on api_keys to premium_app;",
        "grant select, insert, update on user_consents to premium_app;",
        "grant select, insert on data_exports to premium_app;",
        "grant select on data_export_parts to premium_app;",
        "grant select, insert, delete on erasure_requests to premium_app;",
        "grant select, insert, update, delete on api_keys, user_consents, data_exports, data_export_parts,"
        " erasure_requests to premium_worker;",
    ]
    return "\n".join(statements)


def upgrade() -> None:
    for part in (API_KEYS, CONSENT, EXPORTS, ERASURE, RETENTION, _security()):
        op.execute(part)


def downgrade() -> None:
    op.execute(
        """
        drop function erase_user(uuid), auth_find_api_key(bytea), delete_audit_before(timestamptz, int),
          drop_alert_months_before(timestamptz);
        drop index idx_audit_log_recorded_at;
        drop table erasure_requests, data_export_parts, data_exports, user_consents, api_keys;
        """
    )
