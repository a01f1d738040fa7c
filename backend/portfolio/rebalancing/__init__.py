"""Rebalancing: target allocations that users save, how far the portfolio is from them, and the trades that lead back."""
