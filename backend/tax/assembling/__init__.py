"""From transactions of every source to the engine's events, and what is not settled. Pure."""
