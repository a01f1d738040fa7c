"""When a rule last fired is read from the history, by an index, instead of being noted in the rule with every alert.

Noting it cost a random page write for each alert, and could only agree with the history or be wrong.
"""

from alembic import op

revision = "0003_newest_alert"
down_revision = "0002_price_retention"
branch_labels = None
depends_on = None


def _unique(columns: str) -> str:
    return f"""
    alter table alert_history drop constraint uq_alert_history_rule_event;
    alter table alert_history add constraint uq_alert_history_rule_event unique ({columns});
    """


def upgrade() -> None:
    op.execute(_unique("alert_rule_id, triggered_at, event_id"))
    op.execute("alter table alert_rules drop column last_triggered_at, reset (fillfactor)")


def downgrade() -> None:
    op.execute("alter table alert_rules add column last_triggered_at timestamptz, set (fillfactor = 80)")
    op.execute(
        """
        update alert_rules r set last_triggered_at = (select max(h.triggered_at) from alert_history h
          where h.alert_rule_id = r.id and h.withdrawn_at is null)
        """
    )
    op.execute(_unique("alert_rule_id, event_id, triggered_at"))
