"""Uniswap V2 and what wallets own of its pairs."""
