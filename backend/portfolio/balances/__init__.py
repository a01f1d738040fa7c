"""What wallets hold: native and ERC-20 balances of many (wallet, token) pairs, all as of one block of a chain."""
