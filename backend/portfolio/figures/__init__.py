"""Figures of a portfolio: returns, risk, and what they are compared with. `service.py` is the door."""
