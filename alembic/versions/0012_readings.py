"""Readings of chains, what occurred on them, and the events that belong to no chain."""

from alembic import op

revision = "0012_readings"
down_revision = "0011_plan_limits"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

# `state` is what a later reading needs of this one to say how it changed; nobody else reads it.
TABLES = """
create table metric_readings (
  chain_id bigint not null, metric varchar(40) not null, subject varchar(120) not null, taken_at timestamptz not null,
  block_hash varchar(66) not null, block_number bigint not null, value numeric(60,18) not null,
  source varchar(200) not null, label varchar(128), details jsonb not null default '{}', state jsonb,
  primary key (chain_id, metric, subject, taken_at, block_hash)
) partition by range (taken_at);
create index idx_metric_readings_block on metric_readings(chain_id, block_hash);
create table chain_occurrences (
  chain_id bigint not null, topic varchar(40) not null, subject varchar(120) not null, taken_at timestamptz not null,
  block_hash varchar(66) not null, block_number bigint not null, log_index int not null, tx_hash varchar(66) not null,
  value numeric(60,18), source varchar(200) not null, label varchar(128), details jsonb not null default '{}',
  primary key (chain_id, topic, subject, taken_at, block_hash, log_index)
) partition by range (taken_at);
create index idx_chain_occurrences_block on chain_occurrences(chain_id, block_hash);
grant select on metric_readings, chain_occurrences to premium_app;
grant select, insert, delete on metric_readings, chain_occurrences to premium_worker;

create table platform_events (
  id varchar(400) primary key,
  user_id uuid references premium_users(id) on delete cascade,
  event jsonb not null,
  created_at timestamptz not null default now(),
  place bigint generated always as identity,
  emit_seq bigint,
  emitted_at timestamptz
);
create index idx_platform_events_waiting on platform_events(place) where emitted_at is null;
create index idx_platform_events_seq on platform_events(emit_seq);
create index idx_platform_events_user on platform_events(user_id);
create index idx_platform_events_created on platform_events using brin (created_at);
alter table platform_events enable row level security;
"""

SECURITY = f"""
create policy platform_events_user on platform_events to premium_app using (user_id = {ME}) with check (user_id = {ME});
create policy platform_events_worker on platform_events to premium_worker using (true) with check (true);
grant select, insert on platform_events to premium_app;
grant select, insert, update, delete on platform_events to premium_worker;
"""

PARTITIONS = """
create or replace function ensure_month_partition(parent regclass, at timestamptz) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  first_day timestamptz := date_trunc('month', at at time zone 'UTC') at time zone 'UTC';
  next_first timestamptz := (date_trunc('month', at at time zone 'UTC') + interval '1 month') at time zone 'UTC';
  child text := parent::text || to_char(first_day at time zone 'UTC', '"_y"YYYY"m"MM');
begin
  if parent::text not in (PARENTS) then
    raise exception 'not a table partitioned by month: %', parent;
  end if;
  if to_regclass(child) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtext(child));
  if to_regclass(child) is null then
    execute format('create table %I partition of %s for values from (%L) to (%L)',
      child, parent, first_day, next_first);
    execute format('alter table %I enable row level security', child);
  end if;
end $$;
"""
BEFORE, NOW = (
    "'price_readings', 'alert_history'",
    "'price_readings', 'alert_history', 'metric_readings', 'chain_occurrences'",
)

# As drop_price_months_before (0002), for the tables of this migration.
RETENTION = """
create function drop_reading_months_before(before timestamptz) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  child text;
  dropped int := 0;
begin
  if before > now() - interval '30 days' then
    raise exception 'readings are kept for at least 30 days';
  end if;
  for child in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent in ('metric_readings'::regclass, 'chain_occurrences'::regclass)
      and c.relname ~ '^(metric_readings|chain_occurrences)_y[0-9]{4}m[0-9]{2}$'
      and to_timestamp(substring(c.relname from 'y([0-9]{4}m[0-9]{2})$'), 'YYYY"m"MM') + interval '1 month'
        + interval '1 day' <= before
  loop
    execute format('drop table %I', child);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;
revoke all on function drop_reading_months_before(timestamptz) from public;
grant execute on function drop_reading_months_before(timestamptz) to premium_worker;
"""


def upgrade() -> None:
    for part in (TABLES, SECURITY, PARTITIONS.replace("PARENTS", NOW), RETENTION):
        op.execute(part)


def downgrade() -> None:
    op.execute("drop function drop_reading_months_before(timestamptz)")
    op.execute("drop table platform_events, chain_occurrences, metric_readings cascade")
    op.execute(PARTITIONS.replace("PARENTS", BEFORE))
