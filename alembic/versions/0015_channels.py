"""Channels: where a user is told, what they want told where and when, and how each message fared.

A message that a channel may have taken before we could note it is `maybe_sent`: it is shown, and never sent again by
itself. What waits for the end of quiet hours, for a digest or for others like it is `held`, with until when; what went
out inside another message is `bundled`, and says in which.
"""

from alembic import op

revision = "0015_channels"
down_revision = "0014_alert_days"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

TABLES = """
create table notification_channels (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  channel varchar(20) not null,
  label varchar(80) not null,
  sealed_target bytea not null,      -- an address, a hook with its secret, a chat, a browser's subscription
  target_mark bytea not null,        -- hash of the target, so that one is not added twice, and a bot finds who wrote
  shown_target varchar(2000) not null, -- what may be seen of it
  status varchar(10) not null default 'active' check (status in ('pending', 'active', 'broken')),
  created_at timestamptz not null default now(),
  last_used_at timestamptz,
  last_error varchar(500),
  constraint uq_notification_channels_target unique (user_id, channel, target_mark)
);
create index idx_notification_channels_mark on notification_channels(channel, target_mark);

-- What is not named is on: a new channel is used for every kind until somebody says otherwise.
create table notification_preferences (
  user_id uuid not null references premium_users(id) on delete cascade,
  kind varchar(50) not null,
  channel varchar(20) not null,
  enabled boolean not null,
  changed_at timestamptz not null default now(),
  primary key (user_id, kind, channel)
);

create table notification_settings (
  user_id uuid primary key references premium_users(id) on delete cascade,
  time_zone varchar(64) not null default 'UTC',
  quiet_from time,
  quiet_to time,
  critical_kinds text[] not null default '{}',  -- these are told at once, whatever else stands here
  digest varchar(6) not null default 'off' check (digest in ('off', 'hourly', 'daily')),
  digest_at time not null default '08:00',
  group_seconds int not null default 0 check (group_seconds between 0 and 3600),
  changed_at timestamptz not null default now(),
  check ((quiet_from is null) = (quiet_to is null))
);
"""

OUTBOX = """
alter table notification_outbox
  drop constraint notification_outbox_status_check,
  add constraint notification_outbox_status_check check
    (status in ('pending', 'sending', 'sent', 'dead', 'held', 'bundled', 'maybe_sent', 'dropped')),
  add column channel_id uuid references notification_channels(id) on delete set null,
  add column kind varchar(50),
  add column attempt_id uuid,
  add column maybe_sent_at timestamptz,
  add column receipt jsonb,
  add column held_until timestamptz,
  add column held_for varchar(8) check (held_for in ('quiet', 'digest', 'group')),
  add column group_key varchar(80),
  add column bundle_id uuid;
drop index idx_outbox_due;
create index idx_outbox_due on notification_outbox(channel, next_attempt_at) where status in ('pending', 'sending');
create index idx_outbox_held on notification_outbox(held_until) where status = 'held';
create index idx_outbox_group on notification_outbox(user_id, channel, group_key) where status = 'held';
create index idx_outbox_channel on notification_outbox(channel_id) where channel_id is not null;
create index idx_outbox_bundle on notification_outbox(bundle_id) where bundle_id is not null;
grant update (last_error, held_until, held_for, maybe_sent_at, attempt_id, bundle_id) on notification_outbox
  to premium_app;
"""

USER_OWNED = ("notification_channels", "notification_preferences", "notification_settings")


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(OUTBOX)
    for table in USER_OWNED:
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME})"
        )
        op.execute(f"create policy {table}_worker on {table} to premium_worker using (true) with check (true)")
        op.execute(f"grant select, insert, update, delete on {table} to premium_app, premium_worker")


def downgrade() -> None:
    op.execute(
        """
        drop index idx_outbox_due, idx_outbox_held, idx_outbox_group, idx_outbox_channel, idx_outbox_bundle;
        delete from notification_outbox where status in ('held', 'bundled', 'maybe_sent', 'dropped');
        alter table notification_outbox drop constraint notification_outbox_status_check,
          add constraint notification_outbox_status_check check (status in ('pending', 'sending', 'sent', 'dead')),
          drop column channel_id, drop column kind, drop column attempt_id, drop column maybe_sent_at,
          drop column receipt, drop column held_until, drop column held_for, drop column group_key,
          drop column bundle_id;
        create index idx_outbox_due on notification_outbox(next_attempt_at) where status in ('pending', 'sending');
        drop table notification_settings, notification_preferences, notification_channels;
        """
    )
