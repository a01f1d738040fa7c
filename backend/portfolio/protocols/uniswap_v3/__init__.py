"""Uniswap V3 and the positions of its position manager."""
