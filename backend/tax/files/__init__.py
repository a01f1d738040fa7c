"""Files of exchanges and tools, read into transactions: which one it is, what its columns mean, what is wrong. Pure."""
