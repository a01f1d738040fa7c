"""Wallets and accounts elsewhere (Google, GitHub) that sign a user in; an account may have no e-mail address."""

from alembic import op

revision = "0006_wallets"
down_revision = "0005_sign_in"
branch_labels = None
depends_on = None

# Who comes with a wallet has no e-mail address.
ACCOUNTS = "alter table premium_users alter column email drop not null"

TABLES = """
create table user_wallets (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  address varchar(42) not null check (address ~ '^0x[0-9a-fA-F]{40}$'),
  chain_id bigint not null check (chain_id > 0),  -- where it was proven: another chain may hold another contract there
  kind varchar(10) not null check (kind in ('key', 'contract')),
  label varchar(60) not null default '',
  added_at timestamptz not null default now(),
  constraint uq_user_wallets_address unique (address)
);
create index idx_user_wallets_user on user_wallets(user_id);
create table user_identities (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  provider varchar(20) not null check (provider in ('google', 'github')),
  subject varchar(255) not null,
  email varchar(255) not null,
  linked_at timestamptz not null default now(),
  constraint uq_user_identities_subject unique (provider, subject)
);
create index idx_user_identities_user on user_identities(user_id);

-- Signing in happens before anybody is signed in: these three look across users, and return one row.
create function auth_find_wallet(wanted_address text)
  returns table (user_id uuid, email text, tier text, kind text, chain_id bigint)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select u.id, u.email, u.tier, w.kind, w.chain_id from user_wallets w join premium_users u on u.id = w.user_id
     where w.address = wanted_address $$;
create function auth_find_identity(wanted_provider text, wanted_subject text)
  returns table (user_id uuid, email text, tier text)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select u.id, u.email, u.tier from user_identities i join premium_users u on u.id = i.user_id
     where i.provider = wanted_provider and i.subject = wanted_subject $$;
create function auth_find_account(wanted_email text)
  returns table (user_id uuid, email text, tier text, is_confirmed boolean)
  language sql stable security definer set search_path = public, pg_temp as
  $$ select u.id, u.email, u.tier, u.email_verified_at is not null from premium_users u
     where u.email = wanted_email $$;
revoke all on function auth_find_wallet(text), auth_find_identity(text, text), auth_find_account(text) from public;
grant execute on function auth_find_wallet(text), auth_find_identity(text, text), auth_find_account(text)
  to premium_app;
"""

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"


def upgrade() -> None:
    op.execute(ACCOUNTS)
    op.execute(TABLES)
    for table in ("user_wallets", "user_identities"):
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME})"
        )
        op.execute(f"create policy {table}_worker on {table} to premium_worker using (true) with check (true)")
        op.execute(f"grant select, insert, update, delete on {table} to premium_app, premium_worker")


def downgrade() -> None:
    op.execute("drop function auth_find_wallet(text), auth_find_identity(text, text), auth_find_account(text)")
    op.execute("drop table user_identities, user_wallets")
    # Accounts without an address cannot go back to where each has one.
    op.execute("delete from premium_users where email is null")
    op.execute("alter table premium_users alter column email set not null")
