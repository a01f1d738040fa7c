-- Snapshots on TimescaleDB 2.18 or newer, made by `premium migrate` as the owner (ADMIN_TIMESERIES_URL). Statements are
-- apart by an empty line, and each may be repeated. Columns are those of migration 0020; a test compares them.
-- Roll-ups are ours and not continuous aggregates: those refuse and leak what they were made under row security for,
-- read more slowly (1.6 ms a year against 0.5), and say nothing of incomplete hours.

create table if not exists portfolio_snapshots (
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
  primary key (user_id, hour),
  constraint ck_portfolio_snapshots_hour check (taken_at >= hour and taken_at < hour + interval '1 hour')
);

select create_hypertable('portfolio_snapshots', by_range('hour', interval '7 days'), if_not_exists => true);

create index if not exists idx_portfolio_snapshots_withdrawn on portfolio_snapshots(hour, withdrawn_block)
  where withdrawn_at is not null;

alter table portfolio_snapshots set (timescaledb.enable_columnstore, timescaledb.segmentby = 'user_id',
  timescaledb.orderby = 'hour');

call add_columnstore_policy('portfolio_snapshots', after => interval '14 days', if_not_exists => true);

select add_retention_policy('portfolio_snapshots', drop_after => interval '90 days', if_not_exists => true);

create table if not exists portfolio_rollups (
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
);

select create_hypertable('portfolio_rollups', by_range('starts_at', interval '90 days'), if_not_exists => true);

select add_retention_policy('portfolio_rollups', drop_after => interval '730 days', if_not_exists => true);

create table if not exists portfolio_marks (
  name varchar(20) primary key check (name in ('rolled_until', 'orphans_until')),
  reached timestamptz not null
);

create or replace view my_portfolio_snapshots with (security_barrier) as
  select * from portfolio_snapshots
  where user_id = (select nullif(current_setting('app.current_user_id', true), ''))::uuid;

create or replace view my_portfolio_rollups with (security_barrier) as
  select * from portfolio_rollups
  where user_id = (select nullif(current_setting('app.current_user_id', true), ''))::uuid;

revoke all on portfolio_snapshots, portfolio_rollups, portfolio_marks, my_portfolio_snapshots, my_portfolio_rollups
  from public, premium_app;

grant select on my_portfolio_snapshots, my_portfolio_rollups, portfolio_marks to premium_app;

grant select, insert, update, delete on portfolio_snapshots, portfolio_rollups to premium_worker;

grant select, insert, update on portfolio_marks to premium_worker;
