"""Foundation: accounts, chain, prices, alerts, outbox; roles and row-level security.

Roles: `premium_app` (web; bound to one user by row-level security) and `premium_worker` (background; own policies).
Neither owns a table, is a superuser or bypasses row security. Log-in roles of other names can be made members.
"""

from alembic import op

revision = "0001_foundation"
down_revision = None
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

ROLES = """
do $$ begin
  if not exists (select from pg_roles where rolname = 'premium_app') then create role premium_app nologin; end if;
  if not exists (select from pg_roles where rolname = 'premium_worker') then create role premium_worker nologin; end if;
end $$;
grant usage on schema public to premium_app, premium_worker;
"""

ACCOUNTS = """
create table premium_users (
  id uuid primary key default gen_random_uuid(),
  email varchar(255) not null,
  password_hash varchar(255),
  wallet_address varchar(255),
  tier varchar(20) not null default 'free' check (tier in ('free', 'starter', 'pro', 'enterprise')),
  created_at timestamptz not null default now(),
  constraint uq_premium_users_email unique (email),
  constraint ck_premium_users_email_lower check (email = lower(email))
);
create table user_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references premium_users(id) on delete cascade,
  token_hash bytea not null unique,
  user_agent varchar(300) not null default '',
  ip_address varchar(45) not null default '',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index idx_user_sessions_user_id on user_sessions(user_id);

-- Signing in happens before anybody is signed in: these two are all that may look across users, and return one row.
create function auth_find_user(wanted_email text)
  returns table (id uuid, email text, password_hash text, tier text, created_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select u.id, u.email, u.password_hash, u.tier, u.created_at from premium_users u
     where u.email = lower(wanted_email) $$;
create function auth_find_session(wanted_hash bytea)
  returns table (session_id uuid, user_id uuid, email text, tier text, expires_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select s.id, u.id, u.email, u.tier, s.expires_at from user_sessions s join premium_users u on u.id = s.user_id
     where s.token_hash = wanted_hash and s.revoked_at is null and s.expires_at > now() $$;
revoke all on function auth_find_user(text), auth_find_session(bytea) from public;
grant execute on function auth_find_user(text), auth_find_session(bytea) to premium_app;
"""

CHAIN = """
create table chain_blocks (
  chain_id bigint not null, block_hash varchar(66) not null, block_number bigint not null,
  parent_hash varchar(66) not null, taken_at timestamptz not null,
  base_fee_wei numeric(78,0), gas_used bigint, gas_limit bigint, event_count int not null default 0,
  emit_seq bigint not null, orphaned_at timestamptz, orphan_seq bigint,
  recorded_at timestamptz not null default now(),
  primary key (chain_id, block_hash)
);
create index idx_chain_blocks_number on chain_blocks(chain_id, block_number desc);
create unique index uq_chain_blocks_emit_seq on chain_blocks(chain_id, emit_seq);
create index idx_chain_blocks_orphaned on chain_blocks(chain_id, block_hash) where orphaned_at is not null;
create table chain_checkpoints (
  chain_id bigint primary key, genesis_hash varchar(66) not null, block_number bigint not null,
  block_hash varchar(66) not null, next_seq bigint not null, emitted_seq bigint not null default 0,
  updated_at timestamptz not null default now()
);
create table chain_tokens (
  chain_id bigint not null, address varchar(42) not null, symbol varchar(64), name varchar(128), decimals int,
  read_at timestamptz not null default now(), primary key (chain_id, address)
);
create table chain_pools (
  chain_id bigint not null, address varchar(42) not null, kind varchar(20) not null,
  token0 varchar(42) not null, token1 varchar(42) not null, fee_ppm int not null, verified boolean not null,
  read_at timestamptz not null default now(), primary key (chain_id, address)
);
create table price_readings (
  chain_id bigint not null, token varchar(42) not null, taken_at timestamptz not null, block_hash varchar(66) not null,
  block_number bigint not null, price_usd numeric(60,18) not null check (price_usd > 0),
  liquidity_usd numeric(60,18), source varchar(120) not null,
  primary key (chain_id, token, taken_at, block_hash)
) partition by range (taken_at);
create index idx_price_readings_block on price_readings(chain_id, block_hash);
grant select on chain_blocks, chain_checkpoints, chain_tokens, chain_pools, price_readings to premium_app;
grant select, insert, update, delete on chain_blocks, chain_checkpoints, chain_tokens, chain_pools, price_readings
  to premium_worker;
"""

ALERTS = """
create table alert_rules (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references premium_users(id) on delete cascade,
  name varchar(255) not null,
  type varchar(50) not null,
  conditions jsonb not null,
  actions jsonb not null,
  enabled boolean not null default true,
  frequency varchar(12) not null default 'recurring' check (frequency in ('once', 'recurring')),
  cooldown_seconds int not null default 0 check (cooldown_seconds between 0 and 2592000),
  version int not null default 1,
  changed_xid xid8 not null default pg_current_xact_id(),
  last_triggered_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  deleted_at timestamptz
) with (fillfactor = 80);  -- room to note last_triggered_at in place
create index idx_alert_rules_user_id on alert_rules(user_id) where deleted_at is null;
create index idx_alert_rules_type on alert_rules(type);
create index idx_alert_rules_enabled on alert_rules(enabled);
create index idx_alert_rules_changed_xid on alert_rules(changed_xid);

-- A change that matters to the engine stamps the transaction id, and wakes the workers on commit.
create function alert_rules_changed() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' or (new.name, new.type, new.conditions, new.actions, new.enabled, new.frequency,
      new.cooldown_seconds, new.deleted_at) is distinct from (old.name, old.type, old.conditions, old.actions,
      old.enabled, old.frequency, old.cooldown_seconds, old.deleted_at) then
    new.changed_xid := pg_current_xact_id();
    if current_setting('app.bulk_load', true) is distinct from 'on' then
      perform pg_notify('alert_rules_changed', '');
    end if;
  end if;
  return new;
end $$;
create trigger alert_rules_changed before insert or update of name, type, conditions, actions, enabled, frequency,
    cooldown_seconds, deleted_at on alert_rules
  for each row execute function alert_rules_changed();

create table alert_history (
  id uuid not null default gen_random_uuid(),
  triggered_at timestamptz not null,
  alert_rule_id uuid not null references alert_rules(id) on delete cascade,
  user_id uuid not null,
  rule_version int not null,
  type varchar(50) not null,
  event_id varchar(160) not null,
  chain_id bigint not null,
  block_number bigint not null,
  block_hash varchar(66) not null,
  tx_hash varchar(66),
  token varchar(42),
  message text not null,
  event_data jsonb not null,
  recorded_at timestamptz not null default now(),
  withdrawn_at timestamptz,
  withdrawn_reason varchar(200),
  primary key (id, triggered_at),
  constraint uq_alert_history_rule_event unique (alert_rule_id, event_id, triggered_at)
) partition by range (triggered_at);
create index idx_alert_history_user on alert_history(user_id, triggered_at desc);
create index idx_alert_history_block on alert_history(chain_id, block_hash);

create table notification_outbox (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references premium_users(id) on delete cascade,
  alert_id uuid,
  alert_rule_id uuid references alert_rules(id) on delete cascade,
  channel varchar(20) not null,
  destination varchar(2000) not null,
  event_type varchar(40) not null,
  payload jsonb not null,
  status varchar(12) not null default 'pending' check (status in ('pending', 'sending', 'sent', 'dead')),
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  locked_until timestamptz,
  last_error varchar(500),
  last_status_code int,
  created_at timestamptz not null default now(),
  sent_at timestamptz
);
create index idx_outbox_due on notification_outbox(next_attempt_at) where status in ('pending', 'sending');
create index idx_outbox_user on notification_outbox(user_id, created_at desc);
create index idx_outbox_alert on notification_outbox(alert_id);
"""

# A month's partition is made on demand by whoever writes; security definer, since only the owner may create tables.
PARTITIONS = """
create function ensure_month_partition(parent regclass, at timestamptz) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  first_day timestamptz := date_trunc('month', at at time zone 'UTC') at time zone 'UTC';
  next_first timestamptz := (date_trunc('month', at at time zone 'UTC') + interval '1 month') at time zone 'UTC';
  child text := parent::text || to_char(first_day at time zone 'UTC', '"_y"YYYY"m"MM');
begin
  if parent::text not in ('price_readings', 'alert_history') then
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
revoke all on function ensure_month_partition(regclass, timestamptz) from public;
grant execute on function ensure_month_partition(regclass, timestamptz) to premium_worker;
"""

USER_OWNED = ("user_sessions", "alert_rules", "alert_history", "notification_outbox")


def _security() -> str:
    statements = [
        "alter table premium_users enable row level security;",
        f"create policy premium_users_self on premium_users to premium_app using (id = {ME}) with check (id = {ME});",
        "create policy premium_users_worker on premium_users to premium_worker using (true) with check (true);",
        "grant select, update (wallet_address) on premium_users to premium_app;",
        "grant select on premium_users to premium_worker;",
    ]
    for table in USER_OWNED:
        statements += [
            f"alter table {table} enable row level security;",
            f"create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME});",
            f"create policy {table}_worker on {table} to premium_worker using (true) with check (true);",
        ]
    statements += [
        "grant select, insert, update, delete on user_sessions to premium_app;",
        "grant select, insert, update on alert_rules to premium_app;",
        "grant select on alert_history to premium_app;",
        "grant select, insert, update (status, next_attempt_at, attempts, locked_until) on notification_outbox"
        " to premium_app;",
        "grant select, insert, update, delete on user_sessions, alert_rules, alert_history, notification_outbox"
        " to premium_worker;",
    ]
    return "\n".join(statements)


def upgrade() -> None:
    for part in (ROLES, ACCOUNTS, CHAIN, ALERTS, PARTITIONS, _security()):
        op.execute(part)


def downgrade() -> None:
    op.execute(
        """
        drop table notification_outbox, alert_history, alert_rules, price_readings, chain_pools, chain_tokens,
          chain_checkpoints, chain_blocks, user_sessions, premium_users cascade;
        drop function alert_rules_changed(), ensure_month_partition(regclass, timestamptz), auth_find_user(text),
          auth_find_session(bytea);
        """
    )
