"""The leaderboard: who joined it under which name, and the published board, which knows no users."""

from alembic import op

revision = "0043_leaderboard"
down_revision = "0042_liquidity_positions"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

TABLES = f"""
create table leaderboard_members (
  id uuid primary key,                         -- random: the board names members by it, and it leads to nobody
  user_id uuid not null unique references premium_users(id) on delete cascade,
  pseudonym varchar(24) not null,
  pseudonym_key varchar(24) not null unique,   -- in one case: two that look alike would be taken for one
  joined_at timestamptz not null default now(),
  standing jsonb not null default '{{}}',        -- by period: rank and return, or why there is none
  checked_at timestamptz
);
create table leaderboard_rows (
  period varchar(4) not null check (period in ('30d', '90d', '1y')),
  member_id uuid not null references leaderboard_members(id) on delete cascade,
  place integer not null check (place >= 1),
  pseudonym varchar(24) not null,
  return_pct numeric(20, 2) not null,
  ranked_at timestamptz not null,
  primary key (period, member_id)
);
create index idx_leaderboard_rows_place on leaderboard_rows(period, place);
alter table leaderboard_members enable row level security;
create policy leaderboard_members_user on leaderboard_members to premium_app
  using (user_id = {ME}) with check (user_id = {ME});
create policy leaderboard_members_worker on leaderboard_members to premium_worker using (true) with check (true);
grant select, delete on leaderboard_members to premium_app;
grant insert (id, user_id, pseudonym, pseudonym_key) on leaderboard_members to premium_app;
grant select, insert, update, delete on leaderboard_members to premium_worker;
grant select (period, place, pseudonym, return_pct, ranked_at) on leaderboard_rows to premium_app;
grant select, insert, update, delete on leaderboard_rows to premium_worker;
"""


def upgrade() -> None:
    op.execute(TABLES)


def downgrade() -> None:
    op.execute("drop table leaderboard_rows, leaderboard_members")
