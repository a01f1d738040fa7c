"""What happened to a portfolio's wallets: the event ledger with their names, and the jobs that keep it filled."""
