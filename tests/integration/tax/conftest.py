"""Users for the tests of tax."""

from tests.integration.api.conftest import api
from tests.integration.ledger.conftest import new_user

__all__ = ["api", "new_user"]
