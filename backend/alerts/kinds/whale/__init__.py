"""Whale rules: a transfer that is large, or that touches a watched wallet."""

from backend.alerts.kinds.whale.kind import WhaleKind

KIND = WhaleKind()
