"""Sign-in: verified addresses, mailed links, second factor, sessions of programs, refresh tokens, signing keys."""

from alembic import op

revision = "0005_sign_in"
down_revision = "0004_audit_log"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

USERS = """
alter table premium_users add column email_verified_at timestamptz;
-- Whoever was here before addresses were verified keeps what they had.
update premium_users set email_verified_at = created_at;
-- The policy of premium_users (id = me) holds for these too; the tier is nobody's to write here.
grant insert (id, email, password_hash, email_verified_at) on premium_users to premium_app;
grant update (email, password_hash, email_verified_at) on premium_users to premium_app;
"""

SESSIONS = """
-- A program's session has no cookie: it lives by its refresh tokens, and its access tokens name it.
alter table user_sessions
  alter column token_hash drop not null,
  add column kind varchar(10) not null default 'browser' check (kind in ('browser', 'program')),
  add column way varchar(12) not null default 'password',
  add column last_seen_at timestamptz not null default now(),
  add constraint ck_user_sessions_cookie check ((kind = 'browser') = (token_hash is not null));

drop function auth_find_session(bytea);
create function auth_find_session(wanted_hash bytea, idle interval)
  returns table (session_id uuid, user_id uuid, email text, tier text, last_seen_at timestamptz)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select s.id, u.id, u.email, u.tier, s.last_seen_at from user_sessions s join premium_users u on u.id = s.user_id
     where s.token_hash = wanted_hash and s.revoked_at is null and s.expires_at > now()
       and s.last_seen_at > now() - idle $$;

create table refresh_tokens (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  session_id uuid not null references user_sessions(id) on delete cascade,
  token_hash bytea not null unique,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index idx_refresh_tokens_session on refresh_tokens(session_id);
create index idx_refresh_tokens_user on refresh_tokens(user_id);
create function auth_find_refresh_token(wanted_hash bytea)
  returns table (token_id uuid, user_id uuid, session_id uuid)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select t.id, t.user_id, t.session_id from refresh_tokens t where t.token_hash = wanted_hash $$;
"""

LINKS = """
-- A link sent by mail works once. `email`: where it was sent, and so what following it proves.
create table account_links (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  purpose varchar(12) not null check (purpose in ('verify', 'reset', 'change_email')),
  token_hash bytea not null unique,
  email varchar(255) not null check (email = lower(email)),
  browser_mark varchar(64),  -- of the browser that signed up: the same one is signed in by the link
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);
create index idx_account_links_user on account_links(user_id, purpose);
create function auth_find_link(wanted_hash bytea)
  returns table (link_id uuid, user_id uuid, purpose text)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select l.id, l.user_id, l.purpose from account_links l where l.token_hash = wanted_hash $$;
"""

TWO_FACTOR = """
create table two_factor (
  user_id uuid primary key references premium_users(id) on delete cascade,
  sealed_seed bytea not null,
  created_at timestamptz not null,
  enabled_at timestamptz,  -- null: the first code is still to come
  last_step bigint not null default 0  -- the newest time step whose code was used: none works twice
);
create table recovery_codes (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  code_hash bytea not null,
  used_at timestamptz,
  constraint uq_recovery_codes_user_hash unique (user_id, code_hash)
);
"""

SIGNING_KEYS = """
-- The keys that sign access tokens. Public halves are published; private ones are sealed.
create table signing_keys (
  kid varchar(64) primary key,
  public_key jsonb not null,
  sealed_private_key bytea not null,
  created_at timestamptz not null
);
grant select on signing_keys to premium_app, premium_worker;
-- Whoever signs may hand in a key, which is taken when the newest is too old (of many at once, one), and keys go when
-- no token of theirs can be alive. `usable`: false when the newest cannot be unsealed any more.
create function add_signing_key(new_kid text, new_public jsonb, new_sealed bytea, due_after interval, usable boolean)
  returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform pg_advisory_xact_lock(hashtext('signing_keys'));
  if usable and exists (select from signing_keys where created_at > now() - due_after) then return false; end if;
  insert into signing_keys (kid, public_key, sealed_private_key, created_at)
    values (new_kid, new_public, new_sealed, clock_timestamp());
  delete from signing_keys where created_at < now() - due_after - interval '1 hour';
  return true;
end $$;

revoke all on function auth_find_session(bytea, interval), auth_find_refresh_token(bytea), auth_find_link(bytea),
  add_signing_key(text, jsonb, bytea, interval, boolean) from public;
grant execute on function auth_find_session(bytea, interval), auth_find_refresh_token(bytea), auth_find_link(bytea),
  add_signing_key(text, jsonb, bytea, interval, boolean) to premium_app;
"""

USER_OWNED = ("refresh_tokens", "account_links", "two_factor", "recovery_codes")


def _security() -> str:
    statements = []
    for table in USER_OWNED:
        statements += [
            f"alter table {table} enable row level security;",
            f"create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME});",
            f"create policy {table}_worker on {table} to premium_worker using (true) with check (true);",
            f"grant select, insert, update, delete on {table} to premium_app, premium_worker;",
        ]
    return "\n".join(statements)


def upgrade() -> None:
    for part in (USERS, SESSIONS, LINKS, TWO_FACTOR, SIGNING_KEYS, _security()):
        op.execute(part)


def downgrade() -> None:
    op.execute(
        """
        drop table signing_keys, recovery_codes, two_factor, account_links, refresh_tokens;
        drop function auth_find_session(bytea, interval), auth_find_refresh_token(bytea), auth_find_link(bytea),
          add_signing_key(text, jsonb, bytea, interval, boolean);
        delete from user_sessions where kind = 'program';
        alter table user_sessions drop constraint ck_user_sessions_cookie, drop column kind, drop column way,
          drop column last_seen_at, alter column token_hash set not null;
        create function auth_find_session(wanted_hash bytea)
          returns table (session_id uuid, user_id uuid, email text, tier text, expires_at timestamptz)
          language sql stable security definer set search_path = public, pg_temp as
          $$ select s.id, u.id, u.email, u.tier, s.expires_at from user_sessions s
             join premium_users u on u.id = s.user_id
             where s.token_hash = wanted_hash and s.revoked_at is null and s.expires_at > now() $$;
        revoke all on function auth_find_session(bytea) from public;
        grant execute on function auth_find_session(bytea) to premium_app;
        revoke insert (id, email, password_hash, email_verified_at) on premium_users from premium_app;
        revoke update (email, password_hash, email_verified_at) on premium_users from premium_app;
        alter table premium_users drop column email_verified_at;
        """
    )
