"""Kinds of alerts: one folder each; `registry.py` finds them, so adding one touches nothing else (docs/alerts.md)."""
