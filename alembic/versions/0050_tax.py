"""Tax: transactions of every source, files and what was made of them, what users say, what is open, and reports."""

from alembic import op

revision = "0050_tax"
down_revision = "0040_profit"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

TABLES = """
create table tax_settings (
  user_id uuid primary key references premium_users(id) on delete cascade,
  jurisdiction varchar(12) not null,
  currency varchar(3) not null,
  methods jsonb not null default '{}',           -- {"2024": "fifo"}: from that tax year on
  per_wallet boolean,                            -- null: as the place asks
  timezone varchar(64),
  wash_sales boolean not null default false,
  liquidity_is_disposal boolean not null default true,
  lending_is_disposal boolean not null default false,
  excluded_wallets jsonb not null default '[]',
  changed_at timestamptz not null default now()
);
create table tax_books (
  user_id uuid primary key references premium_users(id) on delete cascade,
  version bigint not null default 0,             -- counts every change of transactions, edits, rules and settings
  synced_at timestamptz,                         -- when the ledger was last taken over
  synced_of varchar(64),                         -- what of the ledger it was: the same needs no taking over
  reviewed_version bigint not null default -1,   -- the version that tax_issues are of
  reviewed_at timestamptz
);
create table tax_imports (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  source varchar(40) not null,                   -- which exchange's file, or generic
  account varchar(80) not null,                  -- the wallet that its transactions are of
  file_name varchar(200) not null,
  content bytea not null,
  content_sha256 varchar(64) not null,
  mapping jsonb,                                 -- column by meaning, where the user chose
  corrections jsonb not null default '{}',       -- what was fixed in the grid, by line
  state varchar(10) not null check (state in ('preview', 'committed', 'undone')),
  lines int not null default 0,
  added int not null default 0,
  known int not null default 0,                  -- lines that other files had brought already
  refused int not null default 0,
  created_at timestamptz not null default now(),
  committed_at timestamptz,
  undone_at timestamptz
);
create index idx_tax_imports_user on tax_imports(user_id, created_at);
create table tax_transactions (
  user_id uuid not null references premium_users(id) on delete cascade,
  id uuid not null,
  source varchar(10) not null check (source in ('wallet', 'file', 'manual')),
  import_id uuid references tax_imports(id) on delete cascade,
  line int,
  happened_at timestamptz not null,
  sequence bigint not null default 0,
  kind varchar(20) not null,                     -- as the source tells it
  shown_kind varchar(20) not null,               -- after the edit or rule
  income varchar(20),
  wallet varchar(120) not null,
  to_wallet varchar(120),
  chain_id bigint,
  tx_hash varchar(100),
  protocol varchar(60),
  legs jsonb not null default '[]',
  fees jsonb not null default '[]',
  details jsonb not null default '{}',
  note varchar(500) not null default '',
  problem varchar(300),
  digest varchar(32) not null,                   -- of all that the source says
  edit jsonb,                                    -- what the user says instead, with the reason
  edited_at timestamptz,
  rule_id uuid,                                  -- the bulk rule that decides it, where no edit does
  primary key (user_id, id)
);
create index idx_tax_transactions_order on tax_transactions(user_id, happened_at, id);
create index idx_tax_transactions_kind on tax_transactions(user_id, shown_kind, happened_at, id);
create index idx_tax_transactions_hash on tax_transactions(user_id, tx_hash) where tx_hash is not null;
create index idx_tax_transactions_import on tax_transactions(import_id) where import_id is not null;
create table tax_transaction_assets (
  user_id uuid not null,
  asset varchar(140) not null,
  happened_at timestamptz not null,
  transaction_id uuid not null,
  primary key (user_id, asset, happened_at, transaction_id),
  foreign key (user_id, transaction_id) references tax_transactions(user_id, id) on delete cascade
);
create index idx_tax_transaction_assets_of on tax_transaction_assets(user_id, transaction_id);
create table tax_rules (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  name varchar(120) not null,
  matches jsonb not null,                        -- e.g. {"counterparty": "0x..", "kind": "deposit"}
  sets jsonb not null,                           -- an edit
  created_at timestamptz not null default now()
);
create index idx_tax_rules_user on tax_rules(user_id, created_at);
create table tax_issues (
  user_id uuid not null references premium_users(id) on delete cascade,
  id uuid not null,
  kind varchar(20) not null,
  transaction_id uuid,
  asset varchar(140),
  wallet varchar(120),
  happened_at timestamptz,
  message varchar(500) not null,
  amount numeric,
  at_stake numeric,                              -- in the reporting currency; null: nobody knows
  proposals jsonb not null default '[]',
  dismissed_at timestamptz,
  primary key (user_id, id)
);
create table tax_reports (
  id uuid primary key,
  user_id uuid not null references premium_users(id) on delete cascade,
  year int not null,
  jurisdiction varchar(12) not null,
  currency varchar(3) not null,
  method varchar(30) not null,
  settings jsonb not null,
  state varchar(10) not null check (state in ('queued', 'running', 'done', 'failed', 'cancelled')),
  progress_pct smallint not null default 0,
  step varchar(80) not null default '',
  number int not null,                           -- counts the reports of a year and jurisdiction
  supersedes uuid references tax_reports(id) on delete set null,
  engine_version varchar(20),
  input_hash varchar(64),
  book_version bigint,
  figures jsonb,
  changes jsonb,                                 -- against the report that it supersedes
  transactions int,
  open_issues int,
  total_gain numeric,
  message varchar(500),
  requested_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  cancel_requested_at timestamptz,
  unique (user_id, year, jurisdiction, number)
);
create table tax_report_files (
  report_id uuid not null references tax_reports(id) on delete cascade,
  user_id uuid not null references premium_users(id) on delete cascade,
  name varchar(120) not null,
  title varchar(200) not null,
  media_type varchar(100) not null,
  content bytea not null,
  size_bytes bigint not null,
  sha256 varchar(64) not null,
  primary key (report_id, name)
);
create index idx_tax_report_files_user on tax_report_files(user_id);
create table tax_report_disposals (
  report_id uuid not null references tax_reports(id) on delete cascade,
  number int not null,
  user_id uuid not null references premium_users(id) on delete cascade,
  transaction_id uuid,
  asset varchar(140) not null,
  symbol varchar(64) not null,
  wallet varchar(120) not null,
  disposed_at timestamptz not null,
  disposed_on date not null,
  kind varchar(20) not null,
  amount numeric not null,
  proceeds numeric,
  cost numeric,
  gain numeric,
  disallowed numeric not null default 0,
  is_taxable boolean not null,
  parts jsonb not null,                          -- lots: id, acquired, amount, cost, proceeds, gain, rule, term
  primary key (report_id, number)
);
create index idx_tax_report_disposals_user on tax_report_disposals(user_id);
create table tax_form_templates (
  user_id uuid not null references premium_users(id) on delete cascade,
  form varchar(20) not null,                     -- f8949, f1040sd
  year int not null,
  content bytea not null,
  sha256 varchar(64) not null,
  source varchar(200) not null,
  added_at timestamptz not null default now(),
  primary key (user_id, form, year)
);
"""
OWNED = (
    "tax_settings",
    "tax_books",
    "tax_imports",
    "tax_transactions",
    "tax_transaction_assets",
    "tax_rules",
    "tax_issues",
    "tax_reports",
    "tax_report_files",
    "tax_report_disposals",
    "tax_form_templates",
)


def upgrade() -> None:
    op.execute(TABLES)
    for table in OWNED:
        op.execute(f"alter table {table} enable row level security")
        op.execute(
            f"create policy {table}_user on {table} to premium_app using (user_id = {ME}) with check (user_id = {ME})"
        )
        op.execute(f"create policy {table}_worker on {table} to premium_worker using (true) with check (true)")
        op.execute(f"grant select, insert, update, delete on {table} to premium_app, premium_worker")


def downgrade() -> None:
    op.execute(f"drop table {', '.join(reversed(OWNED))}")
