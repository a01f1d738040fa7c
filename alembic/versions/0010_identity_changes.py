"""Whoever caches who a user is and what their plan gives hears of every change when it commits (NOTIFY)."""

from alembic import op

revision = "0010_identity_changes"
down_revision = "0009_privacy"
branch_labels = None
depends_on = None

FUNCTION = """
create function identity_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('identity_changed', coalesce(to_jsonb(new), to_jsonb(old)) ->> TG_ARGV[0]);
  return null;
end $$;
"""
# When a session was last seen is no change of who it belongs to.
TRIGGERS = """
create trigger identity_changed after update or delete on premium_users
  for each row execute function identity_changed('id');
create trigger identity_changed after delete or update of revoked_at, expires_at, token_hash, user_id on user_sessions
  for each row execute function identity_changed('user_id');
"""


def upgrade() -> None:
    op.execute(FUNCTION)
    op.execute(TRIGGERS)


def downgrade() -> None:
    op.execute("drop function identity_changed() cascade")
