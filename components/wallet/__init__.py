"""Browser wallets."""
