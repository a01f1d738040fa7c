"""Two who make the same month's partition at once: the second finds the first's, not an error."""

from alembic import op

revision = "0037_partition_race"
down_revision = "0029_price_points"
branch_labels = None
depends_on = None

# What a function looked up once, to_regclass answers from memory: after the wait only a query sees what is new.
FUNCTION = """
create or replace function ensure_month_partition(parent regclass, at timestamptz) returns void
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  first_day timestamptz := date_trunc('month', at at time zone 'UTC') at time zone 'UTC';
  next_first timestamptz := (date_trunc('month', at at time zone 'UTC') + interval '1 month') at time zone 'UTC';
  child text := parent::text || to_char(first_day at time zone 'UTC', '"_y"YYYY"m"MM');
begin
  if not exists (select from pg_partitioned_table p join pg_class c on c.oid = p.partrelid
      where p.partrelid = parent and p.partstrat = 'r' and c.relnamespace = 'public'::regnamespace) then
    raise exception 'not a table partitioned by month: %', parent;
  end if;
  if to_regclass(child) is not null then return; end if;
  perform pg_advisory_xact_lock(hashtext(child));
  if AGAIN then
    execute format('create table %I partition of %s for values from (%L) to (%L)',
      child, parent, first_day, next_first);
    execute format('alter table %I enable row level security', child);
  end if;
end $$;
"""
BY_QUERY = "not exists (select from pg_class where relname = child and relnamespace = 'public'::regnamespace)"


def upgrade() -> None:
    op.execute(FUNCTION.replace("AGAIN", BY_QUERY))


def downgrade() -> None:
    op.execute(FUNCTION.replace("AGAIN", "to_regclass(child) is null"))
