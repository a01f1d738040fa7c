"""Snapshots of portfolios: hourly rows, their roll-ups by day and week, and how far the work on them has come."""

from alembic import op

revision = "0020_portfolio_snapshots"
down_revision = "0035_platform_readings"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"
PARENTS = ("portfolio_snapshots", "portfolio_rollups")

# One row a user and hour. No foreign key to the account: checked a row at a time it would halve the speed of a bulk
# load; whoever writes locks the accounts first, and erasure deletes by user_id. The included columns are what a chart
# reads, so that thirty days of one user are one piece of the index and not 720 pages of everybody's hours.
SNAPSHOTS = """
create table portfolio_snapshots (
  id uuid not null default gen_random_uuid(),
  user_id uuid not null,
  hour timestamptz not null,
  taken_at timestamptz not null,
  total_value_usd numeric not null,
  net_flow_usd numeric,
  is_complete boolean not null,
  chain_breakdown jsonb not null,
  asset_breakdown jsonb not null,
  category_breakdown jsonb not null,
  withdrawn_at timestamptz,
  withdrawn_block varchar(90),
  primary key (user_id, hour) include (taken_at, total_value_usd, net_flow_usd, is_complete, withdrawn_at),
  constraint ck_portfolio_snapshots_hour check (taken_at >= hour and taken_at < hour + interval '1 hour')
) partition by range (hour);
create index idx_portfolio_snapshots_hour on portfolio_snapshots using brin (hour);
create index idx_portfolio_snapshots_withdrawn on portfolio_snapshots(hour, withdrawn_block)
  where withdrawn_at is not null;
"""

# `counted` of the `samples` are what the figures are of: the complete ones, or all when none is complete. The sum is
# kept, not the mean, so that a week of days is exactly a week of hours.
ROLLUPS = """
create table portfolio_rollups (
  user_id uuid not null,
  unit varchar(4) not null check (unit in ('day', 'week')),
  starts_at timestamptz not null,
  samples int not null,
  complete int not null,
  counted int not null,
  first_at timestamptz not null,
  first_value_usd numeric not null,
  last_at timestamptz not null,
  last_value_usd numeric not null,
  min_value_usd numeric not null,
  max_value_usd numeric not null,
  sum_value_usd numeric not null,
  net_flow_usd numeric,
  chains_usd jsonb not null,
  categories_usd jsonb not null,
  primary key (user_id, unit, starts_at)
) partition by range (starts_at);
create index idx_portfolio_rollups_starts_at on portfolio_rollups using brin (starts_at);
create table portfolio_marks (
  name varchar(20) primary key check (name in ('rolled_until', 'orphans_until')),
  reached timestamptz not null
);
grant select on portfolio_marks to premium_app;
grant select, insert, update on portfolio_marks to premium_worker;
"""

# Any table of ours that is partitioned by range: the next one need not be named here.
PARTITIONS = """
create or replace function ensure_month_partition(parent regclass, at timestamptz) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  first_day timestamptz := date_trunc('month', at at time zone 'UTC') at time zone 'UTC';
  next_first timestamptz := (date_trunc('month', at at time zone 'UTC') + interval '1 month') at time zone 'UTC';
  child text := parent::text || to_char(first_day at time zone 'UTC', '"_y"YYYY"m"MM');
begin
  if not exists (select from pg_partitioned_table p join pg_class c on c.oid = p.partrelid
      where p.partrelid = parent and p.partstrat = 'r' and c.relnamespace = 'public'::regnamespace) then
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
PARTITIONS_BEFORE = PARTITIONS.replace(
    """not exists (select from pg_partitioned_table p join pg_class c on c.oid = p.partrelid
      where p.partrelid = parent and p.partstrat = 'r' and c.relnamespace = 'public'::regnamespace)""",
    "parent::text not in ('price_readings', 'alert_history', 'metric_readings', 'chain_occurrences')",
)

# As drop_price_months_before (0002). Hours that no roll-up has yet are kept, however old.
RETENTION = """
create function drop_portfolio_months_before(parent regclass, before timestamptz) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  child text;
  dropped int := 0;
begin
  if parent = 'portfolio_snapshots'::regclass then
    if before > now() - interval '30 days' then raise exception 'snapshots are kept for at least 30 days'; end if;
    before := least(before, coalesce((select reached from portfolio_marks where name = 'rolled_until'), '-infinity'));
  elsif parent = 'portfolio_rollups'::regclass then
    if before > now() - interval '365 days' then raise exception 'roll-ups are kept for at least a year'; end if;
  else
    raise exception 'not a table of portfolios by month: %', parent;
  end if;
  for child in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = parent and c.relname ~ '_y[0-9]{4}m[0-9]{2}$'
      and to_timestamp(substring(c.relname from 'y([0-9]{4}m[0-9]{2})$'), 'YYYY"m"MM') + interval '1 month'
        + interval '1 day' <= before
  loop
    execute format('drop table %I', child);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;
revoke all on function drop_portfolio_months_before(regclass, timestamptz) from public;
grant execute on function drop_portfolio_months_before(regclass, timestamptz) to premium_worker;
"""


def _security(table: str) -> str:
    return f"""
    alter table {table} enable row level security;
    create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME});
    create policy {table}_worker on {table} to premium_worker using (true) with check (true);
    grant select on {table} to premium_app;
    grant select, insert, update, delete on {table} to premium_worker;
    """


def upgrade() -> None:
    for part in (SNAPSHOTS, ROLLUPS, *map(_security, PARENTS), PARTITIONS, RETENTION):
        op.execute(part)


def downgrade() -> None:
    op.execute("drop function drop_portfolio_months_before(regclass, timestamptz)")
    op.execute("drop table portfolio_marks, portfolio_rollups, portfolio_snapshots cascade")
    op.execute(PARTITIONS_BEFORE)
