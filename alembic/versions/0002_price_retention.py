"""Retention of price readings: whole months are dropped, by whoever follows the chains."""

from alembic import op

revision = "0002_price_retention"
down_revision = "0001_foundation"
branch_labels = None
depends_on = None

# Security definer, since only the owner may drop tables; it can only ever drop whole months of price readings that
# ended more than 30 days before now, whatever it is asked.
FUNCTION = """
create function drop_price_months_before(before timestamptz) returns int
  language plpgsql security definer set search_path = public, pg_temp as $$
declare
  child text;
  dropped int := 0;
begin
  if before > now() - interval '30 days' then
    raise exception 'price readings are kept for at least 30 days';
  end if;
  for child in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'price_readings'::regclass and c.relname ~ '^price_readings_y[0-9]{4}m[0-9]{2}$'
      and to_timestamp(substring(c.relname from 'y([0-9]{4}m[0-9]{2})$'), 'YYYY"m"MM') + interval '1 month'
        + interval '1 day' <= before
  loop
    execute format('drop table %I', child);
    dropped := dropped + 1;
  end loop;
  return dropped;
end $$;
revoke all on function drop_price_months_before(timestamptz) from public;
grant execute on function drop_price_months_before(timestamptz) to premium_worker;
"""


def upgrade() -> None:
    op.execute(FUNCTION)


def downgrade() -> None:
    op.execute("drop function drop_price_months_before(timestamptz)")
