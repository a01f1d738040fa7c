"""Imports every table, so that migrations and tests see one complete metadata."""

from sqlmodel import SQLModel

from backend.accounts import models as accounts
from backend.alerts import models as alerts
from backend.chain import models as chain
from backend.market import models as market
from backend.notifications import models as notifications
from backend.subscriptions import models as subscriptions

metadata = SQLModel.metadata

__all__ = ["accounts", "alerts", "chain", "market", "metadata", "notifications", "subscriptions"]
