"""When the clock has a rule fire next; ids of events of users and protocols are longer than those of blocks."""

from alembic import op

revision = "0018_schedules"
down_revision = "0017_bots"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table alert_rules add column next_due_at timestamptz")
    op.execute("create index idx_alert_rules_due on alert_rules(next_due_at) where next_due_at is not null")
    op.execute(
        "create index idx_alert_rules_expires on alert_rules(expires_at) where expires_at is not null and enabled"
    )
    op.execute("alter table alert_history alter column event_id type varchar(400)")


def downgrade() -> None:
    op.execute("drop index idx_alert_rules_expires")
    op.execute("alter table alert_rules drop column next_due_at")
    op.execute("delete from alert_history where length(event_id) > 160")
    op.execute("alter table alert_history alter column event_id type varchar(160)")
