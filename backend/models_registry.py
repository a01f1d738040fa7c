"""Imports every table, so that migrations and tests see one complete metadata."""

from sqlmodel import SQLModel

from backend.accounts import models as accounts
from backend.accounts.linked import models as linked_accounts
from backend.alerts import models as alerts
from backend.chain import models as chain
from backend.market import models as market
from backend.notifications import models as notifications
from backend.subscriptions import models as subscriptions

metadata = SQLModel.metadata

__all__ = ["accounts", "alerts", "chain", "linked_accounts", "market", "metadata", "notifications", "subscriptions"]
