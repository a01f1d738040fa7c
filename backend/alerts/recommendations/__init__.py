"""Rules worth having, and rules worth changing, from what a user watches and was told."""
