"""Rebalancing: saved target allocations, how far the portfolio is from them, and the trades that lead back."""
