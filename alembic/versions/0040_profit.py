"""Profit and loss of portfolios as of their newest snapshot, and how the flows between snapshots came about."""

from alembic import op

revision = "0040_profit"
down_revision = "0045_scheduled_exports"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

TABLES = """
create table portfolio_profits (
  user_id uuid primary key references premium_users(id) on delete cascade,
  taken_at timestamptz not null,               -- of the snapshot
  computed_at timestamptz not null,
  totals jsonb not null,
  heard jsonb not null default '{}'            -- what alerts last heard: a metric's part to its value and time
);
create table portfolio_profit_assets (
  user_id uuid not null references portfolio_profits(user_id) on delete cascade,
  chain_id bigint not null,
  token varchar(42) not null,
  figures jsonb not null,
  lots jsonb not null,
  trades jsonb not null,
  primary key (user_id, chain_id, token)
);
create table portfolio_flows (
  user_id uuid not null references premium_users(id) on delete cascade,
  hour timestamptz not null,                   -- of the later snapshot
  since timestamptz,                           -- when the one before it was taken
  net_flow_usd numeric,                        -- null: unknown, `problems` say why
  problems jsonb not null default '[]',
  differences jsonb not null default '[]',     -- units that no movement explains
  digest varchar(32) not null,                 -- of what it was computed from
  primary key (user_id, hour)
);
"""
OWNED = ("portfolio_profits", "portfolio_profit_assets", "portfolio_flows")


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
    op.execute("drop table portfolio_flows, portfolio_profit_assets, portfolio_profits")
