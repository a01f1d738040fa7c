"""What the plan holds back: rules it paused, alerts it kept silent."""

from alembic import op

revision = "0011_plan_limits"
down_revision = "0010_identity_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("alter table alert_rules add column paused_by_plan boolean not null default false")
    op.execute("alter table alert_history add column suppressed boolean not null default false")
    # What the newest hours hold is counted when a worker starts; alerts come in the order of time, so this is tiny.
    op.execute("create index idx_alert_history_time on alert_history using brin (triggered_at)")


def downgrade() -> None:
    op.execute("drop index idx_alert_history_time")
    op.execute("alter table alert_history drop column suppressed")
    op.execute("alter table alert_rules drop column paused_by_plan")
