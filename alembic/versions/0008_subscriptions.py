"""Subscriptions, invoices, the customers they belong to at Stripe, and the inbox of payment webhooks.

The web may read what belongs to its user, and write only what a user may say: that a customer was made for them, and
that they ask for Enterprise. What was paid for is written by workers alone, from what they fetched.
"""

from alembic import op

revision = "0008_subscriptions"
down_revision = "0007_jobs_mail"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

TABLES = """
-- Numbers fetches in the order they began: what an older one brought never overwrites what a newer one did.
create sequence subscription_fetches as bigint;

create table billing_customers (
  user_id uuid primary key references premium_users(id) on delete cascade,
  stripe_customer_id varchar(255) not null unique,
  synced_fetch bigint not null default 0,  -- the newest fetch that was written
  synced_at timestamptz,
  trial_used_at timestamptz,
  created_at timestamptz not null default now()
);

create table subscriptions (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  stripe_subscription_id varchar(255) not null unique,
  tier varchar(20) not null check (tier in ('starter', 'pro', 'enterprise')),
  status varchar(20) not null check (status in
    ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled', 'unpaid', 'paused')),
  billing_interval varchar(5) not null check (billing_interval in ('month', 'year')),
  price_id varchar(255) not null,
  amount_cents bigint not null check (amount_cents >= 0),
  currency varchar(3) not null,
  current_period_start timestamptz not null,
  current_period_end timestamptz not null,
  trial_end timestamptz,
  cancel_at_period_end boolean not null default false,
  cancel_at timestamptz,
  ended_at timestamptz,
  past_due_since timestamptz,
  trial_reminder_at timestamptz,  -- when the mail "your trial ends" was written
  started_at timestamptz not null,  -- when it began at Stripe
  synced_at timestamptz not null,
  created_at timestamptz not null default now()
);
create index idx_subscriptions_user on subscriptions(user_id, started_at desc);
create index idx_subscriptions_past_due on subscriptions(past_due_since) where status = 'past_due';

create table invoices (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  stripe_invoice_id varchar(255) not null unique,
  stripe_subscription_id varchar(255),
  number varchar(100),
  status varchar(20) not null,
  amount_due_cents bigint not null,
  amount_paid_cents bigint not null,
  total_cents bigint not null,  -- below zero: a credit
  currency varchar(3) not null,
  description varchar(300) not null default '',
  attempt_count int not null default 0,
  next_attempt_at timestamptz,
  hosted_url varchar(2000),
  pdf_url varchar(2000),
  issued_at timestamptz not null,
  paid_at timestamptz
);
create index idx_invoices_user on invoices(user_id, issued_at desc);

-- What Stripe told us, without its content: what happened is always fetched.
create table stripe_events (
  id varchar(255) primary key,
  type varchar(100) not null,
  stripe_customer_id varchar(255) not null,
  happened_at timestamptz not null,
  received_at timestamptz not null default now(),
  tried_at timestamptz,
  handled_at timestamptz,
  attempts int not null default 0,
  error varchar(500)
);
create index idx_stripe_events_waiting on stripe_events(stripe_customer_id, received_at) where handled_at is null;

create table enterprise_requests (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  company varchar(200) not null,
  email varchar(254) not null,
  message varchar(4000) not null default '',
  created_at timestamptz not null default now()
);
create index idx_enterprise_requests_user on enterprise_requests(user_id, created_at desc);

-- Whoever keeps a user's subscription in memory hears of a change when it commits.
create function subscription_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('identity_changed', coalesce(new.user_id, old.user_id)::text);
  return null;
end $$;
create trigger subscription_changed after insert or update or delete on subscriptions
  for each row execute function subscription_changed();
create trigger subscription_changed after insert or update or delete on billing_customers
  for each row execute function subscription_changed();
"""

USER_OWNED = ("billing_customers", "subscriptions", "invoices", "enterprise_requests")

GRANTS = """
grant select on billing_customers, subscriptions, invoices, enterprise_requests to premium_app;
grant insert (user_id, stripe_customer_id) on billing_customers to premium_app;
grant insert on enterprise_requests to premium_app;
grant select, insert, update, delete on billing_customers, subscriptions, invoices, stripe_events, enterprise_requests
  to premium_worker;
grant usage on sequence subscription_fetches to premium_worker;
-- Webhooks come with nobody signed in: the web may put one in, and read none.
alter table stripe_events enable row level security;
create policy stripe_events_in on stripe_events for insert to premium_app with check (handled_at is null);
create policy stripe_events_worker on stripe_events to premium_worker using (true) with check (true);
grant insert (id, type, stripe_customer_id, happened_at) on stripe_events to premium_app;
"""


def upgrade() -> None:
    op.execute(TABLES)
    for table in USER_OWNED:
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME})"
        )
        op.execute(f"create policy {table}_worker on {table} to premium_worker using (true) with check (true)")
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("drop table enterprise_requests, stripe_events, invoices, subscriptions, billing_customers")
    op.execute("drop function subscription_changed()")
    op.execute("drop sequence subscription_fetches")
