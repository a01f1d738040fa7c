"""NFT collections: what they say of themselves, which wallets were sent pieces of them, and what is taken for spam."""

from alembic import op

revision = "0048_portfolio_nfts"
down_revision = "0043_leaderboard"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"
ADDRESS = "~ '^0x[0-9a-f]{40}$'"

TABLES = f"""
create table nft_collections (
  chain_id bigint not null,
  address varchar(42) not null check (address {ADDRESS}),
  standard varchar(7) check (standard in ('erc721', 'erc1155')),  -- null: it claims none, or both
  is_enumerable boolean not null,
  symbol varchar(32),
  name varchar(64),
  read_at timestamptz not null,
  primary key (chain_id, address)
);
create table portfolio_wallet_collections (
  wallet_id uuid not null references portfolio_wallets(id) on delete cascade,
  user_id uuid not null references premium_users(id) on delete cascade,
  chain_id bigint not null,
  collection varchar(42) not null check (collection {ADDRESS}),
  token_ids jsonb not null default '[]',       -- of the pieces that it was ever sent, as decimal text
  has_more boolean not null default false,     -- there were more than are kept
  first_tx varchar(66) not null,               -- the transfer that it was found by
  first_block bigint not null,
  recipients integer,                          -- who else was sent pieces around that, unasked; null: not looked at
  found_at timestamptz not null default now(),
  primary key (wallet_id, chain_id, collection)
);
create table portfolio_collection_verdicts (
  user_id uuid not null references premium_users(id) on delete cascade,
  chain_id bigint not null,
  collection varchar(42) not null check (collection {ADDRESS}),
  is_spam boolean not null,
  reasons jsonb not null default '[]',
  decided_by varchar(10) not null check (decided_by in ('filter', 'user')),
  decided_at timestamptz not null default now(),
  primary key (user_id, chain_id, collection)
);
create index idx_portfolio_wallet_collections_user on portfolio_wallet_collections(user_id);
"""
OWNED = ("portfolio_wallet_collections", "portfolio_collection_verdicts")


def upgrade() -> None:
    op.execute(TABLES)
    for table in OWNED:
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME})"
        )
        op.execute(f"create policy {table}_worker on {table} to premium_worker using (true) with check (true)")
        op.execute(f"grant select, insert, update, delete on {table} to premium_app, premium_worker")
    op.execute("grant select on nft_collections to premium_app, premium_worker")
    op.execute("grant insert, update on nft_collections to premium_worker")
    # Transfers that were looked through before tell of NFTs too: once more from the beginning, at the next look.
    op.execute("update portfolio_wallet_chains set next_block = null")


def downgrade() -> None:
    op.execute("drop table portfolio_collection_verdicts, portfolio_wallet_collections, nft_collections")
