"""Imports of files: how they are read, what each line becomes, and how far the work is."""

from alembic import op

revision = "0052_tax_imports"
down_revision = "0051_tax_left_out"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

UP = f"""
alter table tax_imports
  add column timezone varchar(64) not null default 'UTC',  -- of times that say none
  add column columns jsonb not null default '[]',          -- the file's own heads
  add column detected varchar(40) not null default '',     -- what it looked like
  add column is_sure boolean not null default false,       -- that it is what it looked like
  add column fresh int not null default 0,                 -- lines that bring something
  add column skipped int not null default 0,               -- lines that move nothing
  add column warned int not null default 0,                -- lines that are read, with a note
  add column is_left_out boolean not null default false,   -- the user said: without the refused lines
  add column revision int not null default 1,              -- counts the changes: work on an older one is void
  add column work varchar(10) check (work in ('reading', 'importing')),
  add column work_pct smallint not null default 0,
  add column work_began_at timestamptz,
  add column problem varchar(300);                         -- why the last work came to nothing
create unique index uq_tax_imports_preview on tax_imports(user_id, content_sha256) where state = 'preview';
create table tax_import_lines (
  import_id uuid not null references tax_imports(id) on delete cascade,
  line int not null,
  user_id uuid not null references premium_users(id) on delete cascade,
  status varchar(10) not null check (status in ('new', 'known', 'refused', 'skipped')),
  cells jsonb not null,                          -- by the file's heads, as corrected
  says varchar(500) not null,                    -- what it becomes
  problems jsonb not null,                       -- [{{"column", "reason", "isFatal"}}]
  transaction_ids uuid[] not null,
  primary key (import_id, line)
);
create index idx_tax_import_lines_status on tax_import_lines(import_id, status, line);
create index idx_tax_import_lines_user on tax_import_lines(user_id);
alter table tax_import_lines enable row level security;
create policy tax_import_lines_user on tax_import_lines to premium_app
  using (user_id = {ME}) with check (user_id = {ME});
create policy tax_import_lines_worker on tax_import_lines to premium_worker using (true) with check (true);
grant select, insert, update, delete on tax_import_lines to premium_app, premium_worker;
"""
COLUMNS = (
    *("timezone", "columns", "detected", "is_sure", "fresh", "skipped", "warned", "is_left_out", "revision"),
    *("work", "work_pct", "work_began_at", "problem"),
)


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("drop table tax_import_lines")
    op.execute("drop index uq_tax_imports_preview")
    op.execute(f"alter table tax_imports {', '.join(f'drop column {name}' for name in COLUMNS)}")
