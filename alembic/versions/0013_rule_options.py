"""Options of alert rules: trigger, hysteresis, active hours, expiry, snooze; and what automation needs of a rule."""

from alembic import op

revision = "0013_rule_options"
down_revision = "0012_readings"
branch_labels = None
depends_on = None

COLUMNS = """
alter table alert_rules
  add column trigger varchar(8) not null default 'edge' check (trigger in ('edge', 'level')),
  add column hysteresis_pct numeric check (hysteresis_pct > 0),
  add column active_hours jsonb,
  add column expires_at timestamptz,
  add column snoozed_until timestamptz,
  add column guard jsonb,
  add column else_actions jsonb not null default '[]',
  add constraint alert_rules_level_pauses check (trigger = 'edge' or frequency = 'once' or cooldown_seconds >= 60)
"""
# A change that matters to the engine stamps the transaction id, and wakes the workers on commit.
FUNCTION = """
create or replace function alert_rules_changed() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' or ({new}) is distinct from ({old}) then
    new.changed_xid := pg_current_xact_id();
    if current_setting('app.bulk_load', true) is distinct from 'on' then
      perform pg_notify('alert_rules_changed', '');
    end if;
  end if;
  return new;
end $$;
drop trigger alert_rules_changed on alert_rules;
create trigger alert_rules_changed before insert or update of {names} on alert_rules
  for each row execute function alert_rules_changed();
"""
FIRST = ("name", "type", "conditions", "actions", "enabled", "frequency", "cooldown_seconds", "deleted_at")
NEW = ("trigger", "hysteresis_pct", "active_hours", "expires_at", "snoozed_until", "guard", "else_actions")


def _watched(names: tuple[str, ...]) -> str:
    new, old = (", ".join(f"{row}.{name}" for name in names) for row in ("new", "old"))
    return FUNCTION.format(new=new, old=old, names=", ".join(names))


def upgrade() -> None:
    op.execute(COLUMNS)
    op.execute(_watched((*FIRST, *NEW)))


def downgrade() -> None:
    op.execute(_watched(FIRST))
    op.execute(f"alter table alert_rules {', '.join(f'drop column {name}' for name in NEW)}")
