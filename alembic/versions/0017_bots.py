"""Which chat belongs to which account: people at Telegram and Discord by a keyed hash, and the way back to them."""

from alembic import op

revision = "0017_bots"
down_revision = "0016_automation"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

TABLE = """
create table bot_links (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  bot varchar(10) not null check (bot in ('telegram', 'discord')),
  person_mark bytea not null,
  channel_id uuid not null references notification_channels(id) on delete cascade,
  linked_at timestamptz not null default now(),
  constraint uq_bot_links_person unique (bot, person_mark)
);
create index idx_bot_links_user on bot_links(user_id);
create index idx_bot_links_channel on bot_links(channel_id);

-- A bot is written to before anybody is known: this looks across users, and returns one row.
create function bots_find_link(wanted_bot text, wanted_mark bytea) returns table (user_id uuid, channel_id uuid)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select l.user_id, l.channel_id from bot_links l where l.bot = wanted_bot and l.person_mark = wanted_mark $$;
revoke all on function bots_find_link(text, bytea) from public;
grant execute on function bots_find_link(text, bytea) to premium_app;
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute("alter table bot_links enable row level security")
    op.execute(
        f"create policy bot_links_user on bot_links to premium_app using (user_id = {ME}) with check (user_id = {ME})"
    )
    op.execute("create policy bot_links_worker on bot_links to premium_worker using (true) with check (true)")
    op.execute("grant select, insert, delete on bot_links to premium_app, premium_worker")


def downgrade() -> None:
    op.execute("drop function bots_find_link(text, bytea)")
    op.execute("drop table bot_links")
