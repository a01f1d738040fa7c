"""Wallets of a portfolio, the chains they are active on, the tokens they hold, and what is taken for spam."""

from alembic import op

revision = "0025_portfolio_wallets"
down_revision = "0020_portfolio_snapshots"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"
ADDRESS = "~ '^0x[0-9a-f]{40}$'"

TABLES = f"""
create table portfolio_wallets (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  address varchar(42) not null check (address {ADDRESS}),
  label varchar(60) not null default '',
  group_name varchar(60) not null default '',
  ens_name varchar(255),                       -- the name it was added by
  added_by varchar(10) not null check (added_by in ('address', 'ens', 'connected')),
  paused_by_plan boolean not null default false,
  added_at timestamptz not null default now(),
  discovered_at timestamptz,                   -- when its chains and tokens were last looked for
  constraint uq_portfolio_wallets_address unique (user_id, address)
);
create table portfolio_wallet_chains (
  wallet_id uuid not null references portfolio_wallets(id) on delete cascade,
  user_id uuid not null references premium_users(id) on delete cascade,
  chain_id bigint not null,
  is_active boolean,                           -- null: could not be found out
  nonce bigint,
  balance_raw numeric(78, 0),
  block_number bigint,
  problem varchar(200),
  checked_at timestamptz not null,
  next_block bigint,                           -- up to where its transfers were looked through
  primary key (wallet_id, chain_id)
);
create table portfolio_wallet_tokens (
  wallet_id uuid not null references portfolio_wallets(id) on delete cascade,
  user_id uuid not null references premium_users(id) on delete cascade,
  chain_id bigint not null,
  token varchar(42) not null check (token {ADDRESS}),
  found_by varchar(10) not null check (found_by in ('transfer', 'list', 'known', 'user')),
  found_at timestamptz not null default now(),
  primary key (wallet_id, chain_id, token)
);
create table portfolio_token_verdicts (
  user_id uuid not null references premium_users(id) on delete cascade,
  chain_id bigint not null,
  token varchar(42) not null check (token {ADDRESS}),
  is_spam boolean not null,
  reasons jsonb not null default '[]',
  decided_by varchar(10) not null check (decided_by in ('filter', 'user')),
  decided_at timestamptz not null default now(),
  primary key (user_id, chain_id, token)
);
create table token_list_entries (
  list_url varchar(500) not null,
  chain_id bigint not null,
  token varchar(42) not null check (token {ADDRESS}),
  symbol varchar(64) not null,
  name varchar(128) not null,
  decimals smallint not null check (decimals between 0 and 255),
  logo_url varchar(500),
  read_at timestamptz not null,
  primary key (list_url, chain_id, token)
);
create index idx_portfolio_wallet_chains_user on portfolio_wallet_chains(user_id);
create index idx_portfolio_wallet_tokens_user on portfolio_wallet_tokens(user_id);
create index idx_token_list_entries_token on token_list_entries(chain_id, token);
"""
OWNED = ("portfolio_wallets", "portfolio_wallet_chains", "portfolio_wallet_tokens", "portfolio_token_verdicts")


def upgrade() -> None:
    op.execute(TABLES)
    for table in OWNED:
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME})"
        )
        op.execute(f"create policy {table}_worker on {table} to premium_worker using (true) with check (true)")
        op.execute(f"grant select, insert, update, delete on {table} to premium_app, premium_worker")
    op.execute("grant select on token_list_entries to premium_app, premium_worker")
    op.execute("grant insert, update, delete on token_list_entries to premium_worker")


def downgrade() -> None:
    op.execute("drop table token_list_entries, portfolio_token_verdicts, portfolio_wallet_tokens")
    op.execute("drop table portfolio_wallet_chains, portfolio_wallets")
