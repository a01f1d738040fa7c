"""What users answered to recommendations."""

from alembic import op

revision = "0019_recommendations"
down_revision = "0018_schedules"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"


def upgrade() -> None:
    op.execute(
        f"""
        create table recommendation_answers (
          user_id uuid not null references premium_users(id) on delete cascade,
          id uuid not null,
          answer varchar(10) not null check (answer in ('accepted', 'dismissed')),
          answered_at timestamptz not null default now(),
          primary key (user_id, id)
        );
        alter table recommendation_answers enable row level security;
        create policy recommendation_answers_user on recommendation_answers to premium_app
          using (user_id = {ME}) with check (user_id = {ME});
        create policy recommendation_answers_worker on recommendation_answers to premium_worker
          using (true) with check (true);
        grant select, insert, update on recommendation_answers to premium_app;
        grant select, insert, update, delete on recommendation_answers to premium_worker;
        """
    )


def downgrade() -> None:
    op.execute("drop table recommendation_answers")
