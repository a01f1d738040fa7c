"""Aave V3: supplied and borrowed, with the health factor."""
