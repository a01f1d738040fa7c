"""The ledger: what came into a user's wallets and left them, shared by portfolio and tax."""
