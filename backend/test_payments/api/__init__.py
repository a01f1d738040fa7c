"""Stripe's endpoints: which parameters each takes, and what it does."""
