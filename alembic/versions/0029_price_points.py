"""Prices of before that are final, and the euro reference rates."""

from alembic import op

revision = "0029_price_points"
down_revision = "0025_portfolio_wallets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Nobody may change or delete a point: what a report was made from reads the same for ever.
    op.execute(
        """
        create table price_points (
          chain_id bigint not null,
          token varchar(80) not null,
          step varchar(4) not null check (step in ('hour', 'day')),
          taken_at timestamptz not null,
          observed_at timestamptz not null,
          price_usd numeric(60,18) not null check (price_usd > 0),
          source varchar(40) not null,
          primary key (chain_id, token, step, taken_at)
        );
        create table fiat_rates (
          currency varchar(3) not null check (currency ~ '^[A-Z]{3}$'),
          day date not null,
          per_eur numeric(20,10) not null check (per_eur > 0),
          source varchar(40) not null,
          fetched_at timestamptz not null,
          primary key (currency, day)
        );
        grant select on price_points, fiat_rates to premium_app;
        grant select, insert on price_points, fiat_rates to premium_worker;
        """
    )


def downgrade() -> None:
    op.execute("drop table price_points, fiat_rates")
