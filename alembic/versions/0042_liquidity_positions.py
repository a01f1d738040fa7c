"""Liquidity that users add by hand: a pool, when and at what price it was entered, and the newest reading of it."""

from alembic import op

revision = "0042_liquidity_positions"
down_revision = "0044_target_allocations"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"
ADDRESS = "~ '^0x[0-9a-f]{40}$'"

TABLE = f"""
create table portfolio_liquidity_positions (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  chain_id bigint not null,
  pool varchar(42) not null check (pool {ADDRESS}),
  version varchar(2) not null check (version in ('v2', 'v3')),
  is_known_factory boolean not null,
  fee_ppm integer,
  token0 varchar(42) not null check (token0 {ADDRESS}),
  token1 varchar(42) not null check (token1 {ADDRESS}),
  symbol0 varchar(64),
  symbol1 varchar(64),
  decimals0 smallint not null check (decimals0 between 0 and 255),
  decimals1 smallint not null check (decimals1 between 0 and 255),
  entry_at timestamptz not null,
  entry_price numeric not null check (entry_price > 0),       -- of one token0 in token1
  lower_price numeric check (lower_price > 0),
  upper_price numeric check (upper_price > lower_price),
  amount0 numeric check (amount0 > 0),                        -- put in, one of the two at most
  amount1 numeric check (amount1 > 0),
  label varchar(60) not null default '',
  added_at timestamptz not null default now(),
  price_now numeric check (price_now > 0),                    -- the newest reading
  price0_usd numeric,
  price0_source varchar(120),
  price1_usd numeric,
  price1_source varchar(120),
  block_number bigint,
  block_hash varchar(66),
  read_at timestamptz,
  problem varchar(200),
  constraint ck_liquidity_one_amount check (amount0 is null or amount1 is null),
  constraint ck_liquidity_range check ((version = 'v3') = (lower_price is not null and upper_price is not null))
);
create index idx_portfolio_liquidity_positions_user on portfolio_liquidity_positions(user_id);
alter table portfolio_liquidity_positions enable row level security;
create policy portfolio_liquidity_positions_user on portfolio_liquidity_positions to premium_app
  using (user_id = {ME}) with check (user_id = {ME});
create policy portfolio_liquidity_positions_worker on portfolio_liquidity_positions to premium_worker
  using (true) with check (true);
grant select, insert, update, delete on portfolio_liquidity_positions to premium_app, premium_worker;
"""


def upgrade() -> None:
    op.execute(TABLE)


def downgrade() -> None:
    op.execute("drop table portfolio_liquidity_positions")
