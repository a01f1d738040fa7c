"""Snapshots of portfolios in time: `service.py` is the door."""
