"""Portfolio: what a user's wallets hold on every chain, what it is worth, and how that changed."""
