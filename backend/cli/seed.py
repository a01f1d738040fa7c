"""`premium seed`: makes the demo account."""

from backend.core.settings import Settings


async def seed_database(settings: Settings) -> str:
    """Make the demo account exist, as the owner of the schema; return its address."""
    from backend.accounts.service import seed_demo_account
    from backend.core.db import Database
    from backend.demo.accounts import ACCOUNTS
    from backend.portfolio.wallets.service import seed_wallets
    from backend.tax.review.demo_rules import seed_demo_rules

    database = Database(settings.admin_database_url, pool_size=1)
    try:
        async with database.unit_of_work() as session:
            user = await seed_demo_account(session, settings)
            if settings.is_demo_chain:
                wallets = {ACCOUNTS["demo"]: "Savings", ACCOUNTS["demo_trading"]: "Trading"}
                await seed_wallets(session, user.id, wallets)
                await seed_demo_rules(session, user.id, list(wallets.items()))
    finally:
        await database.close()
    return user.email


def seed(settings: Settings) -> int:
    """Make the demo account and say so; return the exit code."""
    import asyncio
    import sys

    if not settings.admin_database_url:
        print("ADMIN_DATABASE_URL is not set: it names your database as the owner of the schema.", file=sys.stderr)
        return 1
    email = asyncio.run(seed_database(settings))
    print(f"The demo account {email} is there.")
    return 0
