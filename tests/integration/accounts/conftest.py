"""Accounts are tried over the same real socket as everything else."""

from tests.integration.api.conftest import api

__all__ = ["api"]
