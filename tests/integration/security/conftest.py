"""Attacks come over the same real socket as everybody else."""

from tests.integration.api.conftest import api

__all__ = ["api"]
