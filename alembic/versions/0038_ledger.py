"""The event ledger: what happened to users' wallets, and which of it is known."""

from alembic import op

revision = "0038_ledger"
down_revision = "0037_partition_race"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"
ADDRESS = "~ '^0x[0-9a-f]{40}$'"

# The legs stand in their event's row: a whole history is read in one go, and a page of it by one index. The tokens
# stand beside it once more, for looking up what happened to one: row security allows only plain comparisons into an
# index, so none over the legs themselves can serve the web.
TABLES = f"""
create table ledger_coverage (
  user_id uuid not null references premium_users(id) on delete cascade,
  wallet varchar(42) not null check (wallet {ADDRESS}),
  chain_id bigint not null,
  from_block bigint not null default 0,
  to_block bigint not null default -1,             -- below from_block: nothing was read yet
  to_block_at timestamptz,
  native_is_known boolean not null default false,
  reached_start boolean not null default false,
  source varchar(10) not null default 'chain' check (source in ('chain', 'explorer', 'file')),
  checked_at timestamptz not null default now(),
  problem varchar(300),
  version bigint not null default 0,               -- counts the changes: two imports do not overtake each other
  primary key (user_id, wallet, chain_id)
);
create table ledger_events (
  user_id uuid not null,
  id uuid not null,
  wallet varchar(42) not null,
  chain_id bigint not null,
  kind varchar(20) not null,
  happened_at timestamptz not null,
  block_number bigint not null,
  block_hash varchar(66) not null,
  tx_hash varchar(66) not null,
  tx_index int not null,
  number int not null,
  source varchar(10) not null check (source in ('chain', 'explorer', 'file')),
  legs jsonb not null default '[]',
  approvals jsonb not null default '[]',
  protocol varchar(60),
  counterparty varchar(42),
  identifiers jsonb,
  method varchar(10),
  fee_wei numeric(78, 0),
  fee_price_usd numeric,
  succeeded boolean not null,
  problem varchar(300),
  decoder_version int not null,
  digest varchar(32) not null,                     -- of everything but prices: what is the same stays as it is
  price_due_at timestamptz,                        -- when prices that nobody knew are asked for again
  price_tries int not null default 0,
  withdrawn_at timestamptz,                        -- its block was dropped
  primary key (user_id, id),
  foreign key (user_id, wallet, chain_id) references ledger_coverage(user_id, wallet, chain_id) on delete cascade
);
create index idx_ledger_events_order
  on ledger_events(user_id, happened_at, chain_id, block_number, tx_index, number, id);
create index idx_ledger_events_blocks on ledger_events(user_id, wallet, chain_id, block_number);
create index idx_ledger_events_chain on ledger_events(chain_id, happened_at);
create index idx_ledger_events_unpriced on ledger_events(price_due_at) where price_due_at is not null;
create table ledger_event_tokens (
  user_id uuid not null,
  token varchar(42) not null,
  chain_id bigint not null,
  happened_at timestamptz not null,
  block_number bigint not null,
  tx_index int not null,
  number int not null,
  event_id uuid not null,
  primary key (user_id, token, happened_at, chain_id, block_number, tx_index, number, event_id),
  foreign key (user_id, event_id) references ledger_events(user_id, id) on delete cascade
);
create index idx_ledger_event_tokens_event on ledger_event_tokens(user_id, event_id);
"""
OWNED = ("ledger_coverage", "ledger_events", "ledger_event_tokens")


def upgrade() -> None:
    op.execute(TABLES)
    for table in OWNED:
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME})"
        )
        op.execute(f"create policy {table}_worker on {table} to premium_worker using (true) with check (true)")
        op.execute(f"grant select, delete on {table} to premium_app")
        op.execute(f"grant select, insert, update, delete on {table} to premium_worker")


def downgrade() -> None:
    op.execute("drop table ledger_event_tokens, ledger_events, ledger_coverage")
