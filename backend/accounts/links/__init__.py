"""Links sent by mail: random tokens that work once and not for long; only their hash is kept."""
