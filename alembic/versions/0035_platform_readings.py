"""Readings that belong to no chain are found by series: a worker that starts knows what it knew."""

from alembic import op

revision = "0035_platform_readings"
down_revision = "0019_recommendations"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        create index idx_platform_events_series on platform_events
          ((event->>'metric'), (event->>'subject'), emitted_at, emit_seq, place) where event->>'kind' = 'reading'
        """
    )


def downgrade() -> None:
    op.execute("drop index idx_platform_events_series")
