"""Figures over a user's rules, alerts and deliveries: the dashboard, the analytics, and the roll-up that feeds them."""
