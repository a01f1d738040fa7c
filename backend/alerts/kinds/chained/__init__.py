"""Chained rules: another rule of the user's fired."""

from backend.alerts.kinds.chained.kind import ChainedKind

KIND = ChainedKind()
