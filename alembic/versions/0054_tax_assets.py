"""Which assets a tax transaction is about stands in its row: a table of its own was most of the time of writing."""

from alembic import op

revision = "0054_tax_assets"
down_revision = "0052_tax_imports"
branch_labels = None
depends_on = None

ME = "(select nullif(current_setting('app.current_user_id', true), ''))::uuid"

UP = """
alter table tax_transactions add column assets text[] not null default '{}';
update tax_transactions t set assets = a.assets
from (
  select user_id, transaction_id, array_agg(asset::text order by asset) as assets
  from tax_transaction_assets group by user_id, transaction_id
) a where t.user_id = a.user_id and t.id = a.transaction_id;
drop table tax_transaction_assets;
drop index idx_tax_transactions_order;
drop index idx_tax_transactions_kind;
create index idx_tax_transactions_order on tax_transactions(user_id, happened_at, id) include (shown_kind);
"""
DOWN = f"""
drop index idx_tax_transactions_order;
create index idx_tax_transactions_order on tax_transactions(user_id, happened_at, id);
create index idx_tax_transactions_kind on tax_transactions(user_id, shown_kind, happened_at, id);
create table tax_transaction_assets (
  user_id uuid not null,
  asset varchar(140) not null,
  happened_at timestamptz not null,
  transaction_id uuid not null,
  primary key (user_id, asset, happened_at, transaction_id),
  foreign key (user_id, transaction_id) references tax_transactions(user_id, id) on delete cascade
);
create index idx_tax_transaction_assets_of on tax_transaction_assets(user_id, transaction_id);
insert into tax_transaction_assets (user_id, asset, happened_at, transaction_id)
select t.user_id, a.asset, t.happened_at, t.id from tax_transactions t, unnest(t.assets) as a(asset);
alter table tax_transactions drop column assets;
alter table tax_transaction_assets enable row level security;
create policy tax_transaction_assets_user on tax_transaction_assets to premium_app
  using (user_id = {ME}) with check (user_id = {ME});
create policy tax_transaction_assets_worker on tax_transaction_assets to premium_worker using (true) with check (true);
grant select, insert, update, delete on tax_transaction_assets to premium_app, premium_worker;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
