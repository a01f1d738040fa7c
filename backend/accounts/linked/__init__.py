"""What signs a user in besides a password: wallets, and accounts at Google and GitHub."""
